"""What may happen to a session (events) and what a session asks of the world or tells the person (effects).

Plain frozen values. An estimate prints as its kind, never as a place on the plane; a permit prints as nothing.
"""

import enum

import msgspec

from partsong.connector.permit import Permit
from partsong.report import Affect, Refusal


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something that happened."""


class Joined(Event, frozen=True):
    """The hub's `GET /v1/space` was read.

    Attributes:
        tasks: The ids of the tasks that are asked, 32 bytes each.
        now_ms: The hub's clock at this event's reading, Unix milliseconds: stamps windows, never times the ledger.
    """

    tasks: frozenset[bytes]
    now_ms: int


class Consented(Event, frozen=True):
    """The person answered the one question with yes, for the session's task and its level."""


class Estimated(Event, frozen=True):
    """A source knows where the person is."""

    affect: Affect


class Ticked(Event, frozen=True):
    """A wake time has come, or any other moment: a tick too many does no harm."""


class Connected(Event, frozen=True):
    """A line to the intake is open; its count of reports begins at 0."""


class Disconnected(Event, frozen=True):
    """The line is gone."""


class Acknowledged(Event, frozen=True):
    """The hub has decided the first `count` reports of this line."""

    count: int


class Refused(Event, frozen=True):
    """The hub did not count report `number` (from 1) of this line."""

    number: int
    code: Refusal


class Stopped(Event, frozen=True):
    """The person went back to private, or left."""


class Open(Event, frozen=True):
    """Open a line to the intake, and try until there is one; a line lives for one report."""


class Close(Event, frozen=True):
    """Close the line, or give up opening one. Nothing is told of it."""


class Wake(Event, frozen=True):
    """Feed `Ticked` when the steady clock reads `at_ms`. A newer wake replaces an older one."""

    at_ms: int


class Reread(Event, frozen=True):
    """Read `GET /v1/space` again and feed `Joined`."""


class What(enum.StrEnum):
    """What a session tells the person about."""

    OPTED_IN = "opted-in"
    SENT = "sent"
    SENT_AGAIN = "sent-again"
    COUNTED = "counted"
    NOT_COUNTED = "not-counted"
    SKIPPED = "skipped"
    STOPPED = "stopped"
    ENDED = "ended"
    TOO_EARLY = "too-early"


class Told(Event, frozen=True, kw_only=True):
    """News for the person, in plain data; the words are the screen's.

    Attributes:
        what: The kind of news.
        number: Which report of this opting-in, from 0.
        size: Bytes that left with this news.
        next_ms: When the next report may leave, in milliseconds of the steady clock.
        code: Why: a refusal of the hub, `hour`, `day`, `unit` (the ledger), `no-line`, `expired`, `task-gone`.
    """

    what: What
    number: int | None = None
    size: int = 0
    next_ms: int | None = None
    code: str = ""


Effect = Open | Close | Permit | Wake | Reread | Told
