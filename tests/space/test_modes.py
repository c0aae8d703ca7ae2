from fractions import Fraction

import numpy as np
import pytest

from partsong.privacy.veil import disk_channel
from partsong.report import Grid
from partsong.space.modes import REMEMBERED, Peak, Track, Tracks, find_peaks, follow, group_counts
from partsong.space.mood import Follower, Reading

SIDE = 8
GRID = Grid(SIDE)
MATRIX = disk_channel(SIDE, Fraction(2)).matrix()


def _reading(*parts: tuple[float, float, float], reports: float = 2000.0, windows: int = 20) -> Reading:
    """The mood after windows of exactly the counts to be expected from people at these (share, valence, arousal)."""
    shares = np.zeros(GRID.cells + 1)
    for share, valence, arousal in parts:
        shares[GRID.cell_at(valence, arousal)] += share
    follower = Follower(MATRIX, 10.0)
    state = follower.start()
    for _ in range(windows):
        state = follower.step(state, shares @ MATRIX * reports / windows)
    return follower.read(state)


def _peak(valence: float, arousal: float, share: float) -> Peak:
    place = np.array([valence, arousal])
    return Peak(0, np.ones(64, dtype=bool), np.inf, place, np.array([0.1, 0.1]), (share, share, share))


def test_one_group_is_one_mode_and_has_everybody() -> None:
    reading = _reading((1.0, 0.3, 0.3))
    [peak] = find_peaks(reading, SIDE)
    assert peak.share == (1.0, 1.0, 1.0)
    assert peak.place == pytest.approx([0.375, 0.375], abs=0.15)
    assert group_counts(reading, SIDE, [peak]) == (1, 1)


def test_two_groups_are_two_certain_modes_with_their_shares() -> None:
    reading = _reading((0.6, -0.6, 0.1), (0.4, 0.7, 0.1), reports=20_000.0)
    first, second = find_peaks(reading, SIDE)
    assert first.certain
    assert second.certain
    assert first.share[0] == pytest.approx(0.6, abs=0.06)
    assert first.share[1] <= 0.6 <= first.share[2]
    assert group_counts(reading, SIDE, [first, second])[0] == 2


def test_a_minority_with_few_reports_is_perhaps() -> None:
    reading = _reading((0.9, 0.5, -0.2), (0.1, -0.8, 0.7), reports=700.0)
    peaks = find_peaks(reading, SIDE)
    assert len(peaks) == 2
    assert not peaks[1].certain
    assert peaks[1].share[1] == 0.0
    assert group_counts(reading, SIDE, peaks) == (1, 2)


def test_nothing_heard_is_one_mode() -> None:
    follower = Follower(MATRIX, 10.0)
    assert len(find_peaks(follower.read(follower.start()), SIDE)) == 1


def test_the_basins_part_the_plane() -> None:
    peaks = find_peaks(_reading((0.5, -0.6, 0.1), (0.5, 0.7, 0.1), reports=20_000.0), SIDE)
    assert (np.stack([peak.basin for peak in peaks]).sum(0) == 1).all()


def test_a_number_stays_with_its_mode_while_it_moves() -> None:
    tracks = Tracks()
    for step in range(20):
        tracks, numbers = follow(tracks, [_peak(-0.8 + 0.08 * step, 0.2, 0.7), _peak(0.1, -0.8, 0.3)])
        assert numbers == [1, 2]


def test_at_a_split_the_nearer_part_keeps_the_number() -> None:
    tracks, _ = follow(Tracks(), [_peak(0.0, 0.0, 1.0)])
    _, numbers = follow(tracks, [_peak(0.5, 0.0, 0.5), _peak(-0.2, 0.0, 0.5)])
    assert numbers == [2, 1]


def test_at_a_meeting_the_larger_keeps_it_and_who_comes_back_gets_the_old_one() -> None:
    tracks, _ = follow(Tracks(), [_peak(0.3, 0.0, 0.7), _peak(-0.3, 0.0, 0.3)])
    tracks, numbers = follow(tracks, [_peak(0.0, 0.0, 1.0)])
    assert numbers == [1]
    tracks, numbers = follow(tracks, [_peak(0.3, 0.0, 0.7), _peak(-0.3, 0.0, 0.3)])
    assert numbers == [1, 2]


def test_who_stays_away_too_long_gets_a_new_number() -> None:
    tracks = Tracks((Track(1, np.array([0.5, 0.5]), 0.6), Track(2, np.array([-0.5, 0.5]), 0.4)), 3)
    for _ in range(REMEMBERED + 2):
        tracks, _ = follow(tracks, [_peak(0.5, 0.5, 1.0)])
    assert follow(tracks, [_peak(0.5, 0.5, 0.6), _peak(-0.5, 0.5, 0.4)])[1] == [1, 3]


def test_crossing_the_plane_at_once_is_another_mode() -> None:
    tracks, _ = follow(Tracks(), [_peak(-0.8, -0.8, 1.0)])
    assert follow(tracks, [_peak(0.8, 0.8, 1.0)])[1] == [2]
