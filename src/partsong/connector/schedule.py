"""Speaking times: when the next report may leave. They are all a hub learns from timing, and tell nothing.

The first report leaves at once on opting in, the second after G + uniform(0, G), then one every G (G is the task's
unit). No function here takes an affect, and none can: times come from the time of the last report and from chance.
All times are milliseconds of the device's steady clock.
"""

import enum
from collections.abc import Callable


class Pace(enum.StrEnum):
    """How a connection begins."""

    AT_ONCE = "at-once"
    """As people do: the first report at once."""
    SPREAD = "spread"
    """As if the person had come within the unit before: the first report at a uniform time in the next unit, then one
    every unit. For audiences that should be spread from the beginning."""


def first(now_ms: int, unit_ms: int, pace: Pace, below: Callable[[int], int]) -> int:
    """When the first report may leave."""
    return now_ms if pace is Pace.AT_ONCE else now_ms + below(unit_ms)


def following(last_ms: int, number: int, unit_ms: int, pace: Pace, below: Callable[[int], int]) -> int:
    """When the report after report `number` may leave, if that one left at `last_ms`."""
    spread = below(unit_ms) if number == 0 and pace is Pace.AT_ONCE else 0
    return last_ms + unit_ms + spread


def skipped(due_ms: int, until_ms: int, unit_ms: int) -> int:
    """The first of the times `due_ms` + k units, k >= 1, that is not before `until_ms`."""
    behind = max(1, -((due_ms - until_ms) // unit_ms))
    return due_ms + behind * unit_ms
