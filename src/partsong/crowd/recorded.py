"""Recorded people: rows in, affect at any moment out, looping.

A trace is one person's course over time. Traces of people who saw the same things keep their common clock: all loop
with the same length, so that what happened together plays together. Copies of a person follow the same trace.
"""

import math
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from partsong.report import OutOfRange

Points = NDArray[np.float64]


class Trace(msgspec.Struct, frozen=True):
    """One person's course.

    Attributes:
        times: Seconds from the start, (rows,), ascending.
        points: Valence and arousal in [-1, 1], (rows, 2).
    """

    times: NDArray[np.float64]
    points: Points

    def __repr__(self) -> str:
        """Say how long it is, never what was felt."""
        return f"<Trace of {self.length:.0f} s>"

    @property
    def length(self) -> float:
        """Seconds from the start to the last row."""
        return float(self.times[-1])

    def at(self, elapsed: float) -> tuple[float, float]:
        """Where the person was at `elapsed` seconds; before the first and after the last row, as there."""
        valence = np.interp(elapsed, self.times, self.points[:, 0])
        arousal = np.interp(elapsed, self.times, self.points[:, 1])
        return float(valence), float(arousal)


class Recorded:
    """An audience of recorded people, each played `copies` times, looping.

    Args:
        traces: One each.
        copies: How many times each trace plays, at least 1.
        speed: Seconds of recording to a second of playing, above 0.

    Raises:
        OutOfRange: There is no trace, or a number is out of its range.
    """

    def __init__(self, traces: Sequence[Trace], *, copies: int = 1, speed: float = 1.0) -> None:
        if not traces or copies < 1 or not (math.isfinite(speed) and speed > 0):
            raise OutOfRange("A replay needs a trace, at least one copy and a speed above 0.")
        self._traces = tuple(traces)
        self._copies = copies
        self._speed = speed
        self._loop = max([trace.length for trace in traces] + [1e-3])

    def __len__(self) -> int:
        return len(self._traces) * self._copies

    @property
    def loop(self) -> float:
        """Seconds of recording after which everything begins again."""
        return self._loop

    def point(self, person: int, elapsed: float) -> tuple[float, float]:
        """Where one person is after `elapsed` seconds of playing."""
        return self._traces[person % len(self._traces)].at(elapsed * self._speed % self._loop)

    def at(self, elapsed: float) -> Points:
        """Where everybody is after `elapsed` seconds of playing: (n, 2)."""
        once = [self.point(person, elapsed) for person in range(len(self._traces))]
        return np.tile(np.asarray(once), (self._copies, 1))


def make_trace(rows: Iterable[tuple[float, float, float]]) -> Trace:
    """A trace from rows of (seconds, valence, arousal), the last two in [-1, 1].

    Raises:
        OutOfRange: There is no row, a value is not finite or out of range, or time runs backwards.
    """
    table = np.array([tuple(row) for row in rows], dtype=np.float64).reshape(-1, 3)
    if not len(table) or not np.isfinite(table).all():
        raise OutOfRange("A recording has at least one row of three finite numbers.")
    if (np.diff(table[:, 0]) < 0).any() or table[0, 0] < 0:
        raise OutOfRange("A recording's times begin at 0 or later and never run backwards.")
    if (np.abs(table[:, 1:]) > 1.0).any():
        raise OutOfRange("A recording's valence and arousal lie in [-1, 1].", "Scale the values first.")
    return Trace(table[:, 0], table[:, 1:])


def copies_needed(people: int, cohort: int) -> int:
    """The fewest copies of `people` recordings that reach a minimum cohort.

    Raises:
        OutOfRange: There are no people.
    """
    if people < 1:
        raise OutOfRange("There is nobody to copy.")
    return max(1, math.ceil(cohort / people))
