"""A space: tallies in, one frame a window out.

What is promised: one frame for every window that is asked for; nothing drawn under the task's minimum cohort; the
number of people only above twice the minimum and rounded down; a tally that grows within its grace is taken back into
the picture; and the same tallies give the same frames, so a space that has crashed is rebuilt by handing it what
`Aggregator.watch` still holds.

What is left to others: when a window ends, and which tallies there are (the hub); what is drawn (the stage). What is
not promised: that modes keep their numbers over a restart; they begin again from the oldest tally kept.

    space = Space(task)
    for frame in space.feed(Told((tally,)), at=1_763_900_010): ...
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from partsong.privacy.veil import disk_channel
from partsong.report import Frame, FrameState, Mean, Mode, Task
from partsong.space.aggregator import Tally
from partsong.space.bands import Banded, mean_bands, region_bands
from partsong.space.measures import SPAN_SECONDS, Connection, Measure, individuality
from partsong.space.modes import Peak, Tracks, find_peaks, follow, group_counts
from partsong.space.mood import Follower, Reading, State
from partsong.space.plane import Floats, near_weights

NEAR: Final = 0.25
"""Who is this close to the average counts as near it, in the plane's units."""
UNITS_OF_A_SPEAKER: Final = 2
"""A speaker's last accepted report is at most this many units old."""
SHARE_PARTS: Final = 10_000
PLACE_PARTS: Final = 1_000
HILL_PARTS: Final = 100


class Told(msgspec.Struct, frozen=True):
    """The event a space is fed at the end of a window: every tally that is new or has changed since the last."""

    tallies: tuple[Tally, ...] = ()


class _Moment(NamedTuple):
    """All that is known after one window; kept for the windows whose tallies may still change."""

    state: State
    tracks: Tracks
    peaks: tuple[Peak, ...]
    numbers: tuple[int, ...]


class Space:
    """One space with one veiled task. Several tasks come with a later issue; `frame.tasks` is a list already.

    Args:
        task: The task whose tallies it draws.
    """

    def __init__(self, task: Task) -> None:
        matrix = disk_channel(task.side, task.epsilon).matrix()
        self.task = task
        self._matrix = matrix
        self._follower = Follower(matrix, task.window)
        self._connection = Connection(matrix, task.side)
        self._counts: dict[int, Floats] = {}
        self._smooth: dict[int, Floats] = {}
        self._moments: dict[int, _Moment] = {}
        self._heard: dict[bytes, int] = {}
        self._waiting: dict[int, Tally] = {}

    def feed(self, event: Told, at: int) -> list[Frame]:
        """Take what was told and give the frame of the window that ends at `at` (Unix seconds)."""
        return [self.frame(event.tallies, at)]

    def frame(self, tallies: Sequence[Tally], at: int) -> Frame:
        """The frame of the window that ends at `at`, from all tallies that are new or changed since the last call.

        Tallies of windows that end after `at` wait for their own frame. After a silence of two units the picture
        begins anew.
        """
        last = self.task.epoch_at(at) - 1
        self._waiting.update({tally.epoch: tally for tally in tallies if tally.task == self.task.id})
        self._listen(last)
        self._advance(last)
        speakers = self._speakers(at)
        if speakers == 0:
            return self._empty(at, FrameState.NOBODY)
        if speakers < self.task.cohort:
            return self._empty(at, FrameState.BELOW)
        return self._draw(at, last, speakers)

    # -- what was told

    def _listen(self, last: int) -> None:
        """Take in what was told of the windows up to the last one; what they change is followed anew."""
        for epoch in sorted(epoch for epoch in self._waiting if epoch <= last):
            tally = self._waiting.pop(epoch)
            self._counts[epoch] = np.array(tally.counts, dtype=np.float64)
            for undone in [moment for moment in self._moments if moment >= epoch]:
                del self._moments[undone]
            for connection in tally.connections:
                self._heard[connection] = max(epoch, self._heard.get(connection, 0))

    def _speakers(self, at: int) -> int:
        """How many connections were heard at most two units ago; the age is that of their window's beginning."""
        oldest = at - UNITS_OF_A_SPEAKER * self.task.unit
        self._heard = {
            connection: epoch for connection, epoch in self._heard.items() if self.task.window_start(epoch) >= oldest
        }
        return len(self._heard)

    # -- the mood, window by window

    def _advance(self, last: int) -> None:
        """Follow the mood up to a window, from the latest moment that no changed tally has undone."""
        self._forget(last)
        kept = [epoch for epoch in self._moments if last - self._memory < epoch <= last]
        told = [epoch for epoch in self._counts if epoch <= last]
        if kept:
            first, moment = max(kept) + 1, self._moments[max(kept)]
        else:
            first, moment = min(told, default=last), _Moment(self._follower.start(), Tracks(), (), ())
        silent = np.zeros(self._matrix.shape[1])
        for epoch in range(first, last + 1):
            moment = self._step(moment, epoch, self._counts.get(epoch, silent))
            self._moments[epoch] = moment

    def _step(self, before: _Moment, epoch: int, counts: Floats) -> _Moment:
        state = self._follower.step(before.state, counts)
        reading = self._follower.read(state)
        peaks = find_peaks(reading, self.task.side, before.tracks)
        tracks, numbers = follow(before.tracks, peaks)
        answers = np.append(reading.cells * (1.0 - reading.no_answer), reading.no_answer)
        self._smooth[epoch] = answers @ self._matrix
        return _Moment(state, tracks, tuple(peaks), tuple(numbers))

    def _forget(self, last: int) -> None:
        """Let go of what no later frame needs: old counts, and the moments that no grace can undo any more."""
        for kept in (self._counts, self._smooth):
            for epoch in [epoch for epoch in kept if epoch <= last - self._memory]:
                del kept[epoch]
        grace = math.ceil(self.task.grace / self.task.window) + 1
        for epoch in [epoch for epoch in self._moments if epoch < last - grace - 1]:
            del self._moments[epoch]

    @property
    def _memory(self) -> int:
        """How many windows matter: those of the last two units and of the last ten minutes."""
        return math.ceil(max(UNITS_OF_A_SPEAKER * self.task.unit, SPAN_SECONDS) / self.task.window)

    # -- the frame

    def _empty(self, at: int, state: FrameState) -> Frame:
        task = self.task
        return Frame(space=task.space, tasks=(task.id.hex(),), at=at, window=task.window, state=state, grid=task.side)

    def _draw(self, at: int, last: int, speakers: int) -> Frame:
        moment, side = self._moments[last], self.task.side
        reading = self._follower.read(moment.state)
        peaks = list(moment.peaks)
        return msgspec.structs.replace(
            self._empty(at, FrameState.OPEN),
            people=_rounded(speakers) if speakers > 2 * self.task.cohort else None,
            cells=whole_parts(reading.cells, SHARE_PARTS),
            regions=tuple(_banded(region_bands(reading, side), SHARE_PARTS)),
            mean=_mean(reading, side),
            modes=tuple(_mode(peak, number) for peak, number in zip(peaks, moment.numbers, strict=True)),
            groups=group_counts(reading, side, peaks),
            connection=_measure(self._measure_connection(last), PLACE_PARTS),
            individuality=_measure(individuality(reading, peaks), HILL_PARTS),
        )

    def _measure_connection(self, last: int) -> Measure | None:
        """The connection over the last ten minutes, once half of them have passed."""
        span = math.ceil(SPAN_SECONDS / self.task.window)
        epochs = [epoch for epoch in sorted(self._counts) if last - span < epoch <= last and epoch in self._smooth]
        if not epochs or (last - epochs[0] + 1) * 2 < span:
            return None
        counts, smooth = (np.array([kept[epoch] for epoch in epochs]) for kept in (self._counts, self._smooth))
        return self._connection.measure(counts, smooth)


def whole_parts(shares: Floats, parts: int) -> tuple[int, ...]:
    """Shares as whole parts that sum to `parts`: rounded down, the largest remainders up (Hamilton's rule)."""
    exact = shares / shares.sum() * parts
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: parts - int(whole.sum())]] += 1
    return tuple(whole.tolist())


def _rounded(people: int) -> int:
    """Rounded down to two figures."""
    step = int(10 ** max(0, len(str(people)) - 2))
    return people // step * step


def _banded(banded: Banded, parts: int) -> list[tuple[int, int, int]]:
    """Values with their bands as whole parts, the bands rounded outward (but for what floats add at the sixth figure)."""
    value = np.rint(banded.value * parts).astype(int)
    low = np.floor(banded.low * parts + 1e-6).astype(int)
    high = np.ceil(banded.high * parts - 1e-6).astype(int)
    return [(v, min(a, v), max(b, v)) for v, a, b in zip(value.tolist(), low.tolist(), high.tolist(), strict=True)]


def _mean(reading: Reading, side: int) -> Mean:
    bands = mean_bands(reading, side)
    valence, arousal = _banded(bands, PLACE_PARTS)
    near = float(reading.cells @ near_weights(side, bands.value, NEAR))
    return Mean(valence=valence, arousal=arousal, near=round(near * SHARE_PARTS))


def _mode(peak: Peak, number: int) -> Mode:
    valence, arousal = np.rint(peak.place * PLACE_PARTS).astype(int).tolist()
    spread = np.rint(np.minimum(peak.spread, 1.0) * PLACE_PARTS).astype(int).tolist()
    [(share, low, high)] = _banded(Banded(*(np.array([part]) for part in peak.share)), SHARE_PARTS)
    return Mode(
        id=number,
        valence=valence,
        arousal=arousal,
        spread=(spread[0], spread[1]),
        share=share,
        low=low,
        high=high,
    )


def _measure(measure: Measure | None, parts: int) -> tuple[int, int, int] | None:
    if measure is None:
        return None
    return _banded(Banded(*(np.array([part]) for part in measure)), parts)[0]
