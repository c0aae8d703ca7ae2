import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partsong.privacy.veil import disk_channel
from partsong.report import OutOfRange
from partsong.space.mood import Follower

SIDE = 5
MATRIX = disk_channel(SIDE, Fraction(2)).matrix()
OUTPUTS = MATRIX.shape[1]


def _expected(cell: int, people: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    counts: np.ndarray[tuple[int], np.dtype[np.float64]] = MATRIX[cell] * people
    return counts


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 400), min_size=OUTPUTS, max_size=OUTPUTS), min_size=1, max_size=4))
def test_whatever_is_counted_the_mood_is_a_distribution(windows: list[list[int]]) -> None:
    follower = Follower(MATRIX, 10.0)
    state = follower.start()
    for counts in windows:
        state = follower.step(state, np.array(counts))
        reading = follower.read(state)
        assert reading.cells.sum() == pytest.approx(1.0)
        assert reading.weight.sum() == pytest.approx(1.0)
        assert (reading.cells > 0).all()
        assert 0.0 <= float(reading.no_answer) <= 1.0
        assert (reading.sums(np.eye(SIDE**2))[1] >= 0).all()


def test_a_constant_room_is_found_and_the_error_shrinks() -> None:
    follower = Follower(MATRIX, 10.0)
    state, errors = follower.start(), []
    for _ in range(30):
        state = follower.step(state, _expected(6, 200.0))
        errors.append(float(follower.read(state).sums(np.eye(SIDE**2)[6:7])[1][0]))
    assert follower.read(state).cells.argmax() == 6
    assert errors[-1] < errors[4]


def test_silence_widens_the_error_and_jumps_are_followed() -> None:
    follower = Follower(MATRIX, 10.0)
    state = follower.start()
    for _ in range(20):
        state = follower.step(state, _expected(6, 100.0))
    known = follower.read(state).sums(np.eye(SIDE**2)[6:7])[1]
    silent = state
    for _ in range(5):
        silent = follower.step(silent, np.zeros(OUTPUTS))
    assert (follower.read(silent).sums(np.eye(SIDE**2)[6:7])[1] > known).all()
    for _ in range(3):
        state = follower.step(state, _expected(18, 100.0))
    assert follower.read(state).cells.argmax() == 18


def test_very_many_reports_and_a_leap_do_not_break_it() -> None:
    follower = Follower(MATRIX, 10.0)
    state = follower.step(follower.start(), _expected(0, 1e6))
    reading = follower.read(follower.step(state, _expected(SIDE**2 - 1, 1e6)))
    assert np.isfinite(reading.cells).all()
    assert reading.cells.argmax() == SIDE**2 - 1


def test_those_with_nothing_to_say_are_told_apart() -> None:
    follower = Follower(MATRIX, 10.0)
    state = follower.start()
    for _ in range(10):
        state = follower.step(state, 0.6 * _expected(12, 500.0) + 0.4 * _expected(SIDE**2, 500.0))
    assert float(follower.read(state).no_answer) == pytest.approx(0.4, abs=0.1)


def test_many_rooms_at_once_are_as_each_alone() -> None:
    follower = Follower(MATRIX, 10.0)
    rng = np.random.default_rng(5)
    counts = rng.poisson(3.0, (4, 3, OUTPUTS)).astype(float)
    together = follower.start((3,))
    for window in counts:
        together = follower.step(together, window)
    for room in range(3):
        alone = follower.start()
        for window in counts:
            alone = follower.step(alone, window[room])
        assert np.allclose(follower.read(together).room(room).cells, follower.read(alone).cells, atol=1e-3)


def test_longer_windows_forget_as_much_in_the_same_time() -> None:
    short, long = Follower(MATRIX, 10.0), Follower(MATRIX, 60.0)
    state, other = short.start(), long.start()
    state, other = short.step(state, _expected(6, 600.0)), long.step(other, _expected(6, 600.0))
    for _ in range(6):
        state = short.step(state, np.zeros(OUTPUTS))
    other = long.step(other, np.zeros(OUTPUTS))
    one, same = short.read(state).cells[6], long.read(other).cells[6]
    assert one == pytest.approx(same, rel=0.15)


@pytest.mark.parametrize("side", [2, 16])
def test_the_smallest_and_the_largest_grid_work(side: int) -> None:
    matrix = disk_channel(side, Fraction(1)).matrix()
    follower = Follower(matrix, 10.0)
    reading = follower.read(follower.step(follower.start(), matrix[0] * 100.0))
    assert math.isclose(reading.cells.sum(), 1.0)


def test_what_is_no_channel_is_refused() -> None:
    with pytest.raises(OutOfRange):
        Follower(np.eye(4), 10.0)
    with pytest.raises(OutOfRange):
        Follower(MATRIX, 0.0)
