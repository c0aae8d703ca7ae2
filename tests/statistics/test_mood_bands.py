"""How often the mood's 90 % bands hold the truth, over rooms the widths were not learned from.

Each test may fail by chance once in a million runs: rooms are independent of each other, so the mean coverage of n
rooms is compared with its bounds at 4.75 standard errors (the normal's one-sided 1e-6). The planted fault, bands of
half the width, must fail the same test.
"""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from benchmarks import rooms
from partsong.privacy.veil import disk_channel
from partsong.space.bands import Banded, mean_bands, region_bands
from partsong.space.mood import Follower
from partsong.space.plane import Floats

SIDE = 8
ERRORS = 4.75
CHANNEL = disk_channel(SIDE, Fraction(2))


def _coverage(made: list[Floats], rng: np.random.Generator, *, squeeze: float = 1.0) -> Floats:
    """How often each of the eleven bands held the truth in each room, (rooms, 11), after the first minute."""
    told = np.stack([rooms.counts(rooms.answers(room, SIDE, rng), CHANNEL, rng) for room in made])
    truths = [rooms.truth(room, SIDE) for room in made]
    follower = Follower(CHANNEL.matrix(), rooms.WINDOW)
    state, held = follower.start((len(made),)), []
    for window in range(told.shape[1]):
        state = follower.step(state, told[:, window])
        reading = follower.read(state)
        true = np.stack([np.concatenate([truth.regions[window], truth.mean[window]]) for truth in truths])
        bands = [_squeezed(band(reading, SIDE), squeeze) for band in (region_bands, mean_bands)]
        low, high = (np.concatenate([getattr(band, end) for band in bands], axis=1) for end in ("low", "high"))
        held.append((low - 5e-5 <= true) & (true <= high + 5e-5))
    coverage: Floats = np.stack(held[6:]).mean(0)
    return coverage


def _squeezed(band: Banded, part: float) -> Banded:
    return Banded(band.value, band.value + part * (band.low - band.value), band.value + part * (band.high - band.value))


def _within(coverage: Floats, low: float, high: float) -> bool:
    """Whether the pooled coverage may lie in these bounds, at one in a million."""
    each = coverage.mean(1)
    error = ERRORS * each.std(ddof=1) / np.sqrt(len(each))
    return bool(low - error <= each.mean() <= high + error)


def _lumpy(rng: np.random.Generator, how_many: int) -> list[Floats]:
    courses = [rooms.synthetic_course("stimulus", rng, 24, 300) for _ in range(how_many)]
    return [rooms.copies(course, rng, rooms.PEOPLE) for course in courses]


def test_synthetic_rooms_of_another_seed_are_covered_and_half_bands_are_not(full: bool) -> None:
    seed = 77
    rng = np.random.default_rng(seed)
    made = _lumpy(rng, 60 if full else 12)
    assert _within(_coverage(made, rng), 0.87, 0.95), f"seed {seed}"
    assert not _within(_coverage(made, rng, squeeze=0.5), 0.87, 0.95), f"seed {seed}"


@pytest.mark.parametrize("kind", ["bimodal", "drifting", "conflict"])
def test_smooth_rooms_are_covered_at_least_as_often_as_promised(kind: str, full: bool) -> None:
    seed = 78
    rng = np.random.default_rng(seed)
    made = [rooms.synthetic_course(kind, rng, rooms.PEOPLE, 300) for _ in range(20 if full else 5)]
    assert _within(_coverage(made, rng), 0.90, 1.0), f"seed {seed}"


def test_recorded_people_are_covered(partsong_data: Path, full: bool) -> None:
    seed = 79
    rng = np.random.default_rng(seed)
    recorded = rooms.traces(partsong_data)
    coverage = _coverage([rooms.recorded_room(recorded, rng) for _ in range(100 if full else 10)], rng)
    assert _within(coverage, 0.87, 0.93), f"seed {seed}"
    for one in range(coverage.shape[1]):
        assert _within(coverage[:, [one]], 0.80, 0.97), f"band {one}, seed {seed}"
