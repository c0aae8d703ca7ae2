"""Why a hub did not count a report: the codes of the intake protocol (docs/reference/protocol.md)."""

import enum


class Refusal(enum.StrEnum):
    """One code for each reason; a refused report stays spent on the device."""

    MALFORMED = "malformed"
    UNKNOWN_TASK = "unknown-task"
    OUT_OF_RANGE = "out-of-range"
    EARLY = "early"
    LATE = "late"
    ENDED = "ended"
    DUPLICATE = "duplicate"
    TOO_SOON = "too-soon"
    BUSY = "busy"
