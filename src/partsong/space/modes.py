"""Modes: the peaks of the mood that the error allows to be told apart, and the numbers they keep.

What is promised: noise is not split into modes. A peak counts as certain only where its share stands above that of the
pass to any higher peak by `CERTAIN` standard deviations of that very difference; between `PERHAPS` and that it is shown
with a low of 0, to be called "perhaps"; below, it belongs to the higher peak. A mode that is already there is kept a
little longer (`KEPT`), so that a small minority does not flicker. A number stays with its mode while it moves; at a
split the nearer part keeps it, at a meeting the larger; who comes back within `REMEMBERED` windows gets the old number.

What is left to others: the mood itself (`partsong.space.mood`). What is not promised: that every group is a mode; two
groups whose disks of likely answers overlap (0.7 of the plane at epsilon 2) need many reports to be told apart.

The thresholds were set on `partsong.crowd`; tests/statistics/test_mood_modes.py says how often they are wrong. Peaks
and passes: topological persistence, Edelsbrunner, Letscher and Zomorodian, Discrete & Computational Geometry 28 (2002).
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from partsong.space.bands import share_band
from partsong.space.mood import Reading
from partsong.space.plane import Floats, centres, neighbours

Mask = npt.NDArray[np.bool_]

CERTAIN: Final = 1.5
PERHAPS: Final = 0.8
KEPT: Final = 0.25
MAYBE: Final = 0.5
"""Reported standard deviations: told apart, shown as perhaps, kept as perhaps, counted in the most there may be. The
mood is smooth before its peaks are sought, so noise seldom makes a second peak at all: a unimodal room passes 1.5 in
fewer than one frame in a hundred."""
LEAST_SHARE: Final = 0.01
"""A peak with less of the group than this is not shown."""
FARTHEST: Final = 0.7
"""How far a mode may move from one window to the next and keep its number."""
REMEMBERED: Final = 30
MOST_MODES: Final = 8


class Peak(NamedTuple):
    """One peak of the mood.

    Attributes:
        cell: Its highest cell.
        basin: Its cells, (side²,) of bool; the basins of all peaks part the plane.
        clear: Standard deviations by which it stands above its pass; infinite for the highest.
        place: Mean (valence, arousal) of its part of the group, (2,).
        spread: Standard deviations of its part, (2,).
        share: Its part of the group, with a 90 % band: (share, low, high).
    """

    cell: int
    basin: Mask
    clear: float
    place: Floats
    spread: Floats
    share: tuple[float, float, float]

    @property
    def certain(self) -> bool:
        """Whether it is told apart from every higher peak."""
        return self.clear >= CERTAIN


class Track(NamedTuple):
    """A mode and the number it keeps.

    Attributes:
        id: The number.
        place: Where it was last, (valence, arousal).
        share: Its share then.
        missed: Windows since it was there.
    """

    id: int
    place: Floats
    share: float
    missed: int = 0


class Tracks(NamedTuple):
    """The numbers given in a sitting so far."""

    tracks: tuple[Track, ...] = ()
    next_id: int = 1


def find_peaks(reading: Reading, side: int, tracks: Tracks | None = None) -> list[Peak]:
    """The peaks at least `PERHAPS` clear (`KEPT` where a mode was), the largest share first.

    Args:
        reading: The mood of one room.
        side: The grid's side.
        tracks: The modes of the window before.
    """
    known = tracks.tracks if tracks else ()
    there = [track.place for track in known if not track.missed]
    parts = _watershed(reading, side, lambda cell: KEPT if _was_there(centres(side)[cell], there) else PERHAPS)
    peaks = [_peak(reading, side, cell, basin, clear) for cell, basin, clear in parts]
    peaks = [peak for peak in peaks if peak.share[0] >= LEAST_SHARE or peak.clear == np.inf]
    return sorted(peaks, key=lambda peak: -peak.share[0])[:MOST_MODES]


def group_counts(reading: Reading, side: int, peaks: list[Peak]) -> tuple[int, int]:
    """The least and the most modes that the error allows."""
    least = max(1, sum(peak.certain for peak in peaks))
    most = sum(
        float(reading.cells[basin].sum()) >= LEAST_SHARE for _, basin, _ in _watershed(reading, side, lambda _: MAYBE)
    )
    return least, max(least, len(peaks), most)


def follow(tracks: Tracks, peaks: list[Peak]) -> tuple[Tracks, list[int]]:
    """Give every peak its number: the tracks after this window, and the numbers in the order of the peaks."""
    matched = _match(tracks.tracks, peaks)
    numbers, next_id = [], tracks.next_id
    for index in range(len(peaks)):
        if index in matched:
            numbers.append(tracks.tracks[matched[index]].id)
        else:
            numbers.append(next_id)
            next_id += 1
    now = [Track(number, peak.place, peak.share[0]) for number, peak in zip(numbers, peaks, strict=True)]
    gone = [track for index, track in enumerate(tracks.tracks) if index not in matched.values()]
    kept = [track._replace(missed=track.missed + 1) for track in gone if track.missed < REMEMBERED]
    return Tracks((*now, *kept), next_id), numbers


def _match(tracks: tuple[Track, ...], peaks: list[Peak]) -> dict[int, int]:
    """Which peak is which track, at the least total way; a larger track and one that was just there come first."""
    if not tracks or not peaks:
        return {}
    ways = np.array([[np.hypot(*(peak.place - track.place)) for track in tracks] for peak in peaks])
    favour = np.array([0.3 * track.share - (0.2 if track.missed else 0.0) for track in tracks])
    cost = np.where(ways <= FARTHEST, ways - favour, 1e3)
    rows, columns = linear_sum_assignment(cost)
    return {int(r): int(c) for r, c in zip(rows, columns, strict=True) if ways[r, c] <= FARTHEST}


def _was_there(place: Floats, there: list[Floats]) -> bool:
    return any(np.hypot(*(place - was)) <= FARTHEST / 2.0 for was in there)


def _watershed(reading: Reading, side: int, threshold: Callable[[int], float]) -> list[tuple[int, Mask, float]]:
    """Flood the log density from above: (highest cell, basin, how clear) of each peak that stays apart."""
    logs, touching = reading.logs, neighbours(side)
    owner = np.full(side * side, -1)
    clear: dict[int, float] = {}
    barred: set[tuple[int, int]] = set()
    for cell in np.argsort(-logs, kind="stable").tolist():
        around = sorted({int(owner[n]) for n in touching[cell] if owner[n] >= 0}, key=lambda peak: -logs[peak])
        if not around:
            owner[cell], clear[cell] = cell, np.inf
            continue
        owner[cell] = owner[max((n for n in touching[cell] if owner[n] >= 0), key=lambda n: logs[n])]
        for lower in around[1:]:
            higher = around[0]
            if (higher, lower) in barred:
                continue
            apart = _clearance(reading, lower, cell)
            if apart >= threshold(lower):
                clear[lower] = min(clear[lower], apart)
                barred.add((higher, lower))
            else:
                owner[owner == lower] = higher
                del clear[lower]
    return [(peak, owner == peak, apart) for peak, apart in clear.items()]


def _clearance(reading: Reading, peak: int, saddle: int) -> float:
    """By how many standard deviations a peak's share stands above its pass's.

    Of shares, not of their logarithms: an almost empty pass has a log density that hardly anything is known about.
    """
    between = np.zeros((1, len(reading.cells)))
    between[0, peak], between[0, saddle] = 1.0, -1.0
    gap, variance = reading.sums(between)
    return float(gap[0] / max(np.sqrt(variance[0]), 1e-9))


def _peak(reading: Reading, side: int, cell: int, basin: Mask, clear: float) -> Peak:
    share, low, high = (1.0, 1.0, 1.0) if basin.all() else _share(reading, basin)
    part = reading.cells * basin / max(share, 1e-12)
    place = part @ centres(side)
    # A cell's own width counts as well: a uniform square of width w has a variance of w²/12.
    spread = np.sqrt(np.maximum(part @ np.square(centres(side) - place), 0.0) + (2.0 / side) ** 2 / 12.0)
    return Peak(cell, basin, clear, place, spread, (share, low if clear >= CERTAIN else 0.0, high))


def _share(reading: Reading, basin: Mask) -> tuple[float, float, float]:
    banded = share_band(*reading.sums(basin[None].astype(np.float64)))
    return float(banded.value[0]), float(banded.low[0]), float(banded.high[0])
