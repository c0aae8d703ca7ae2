from fractions import Fraction

import numpy as np
import pytest

from partsong.privacy.veil import disk_channel
from partsong.space.measures import IN_A_SQUARE, Connection, individuality
from partsong.space.modes import find_peaks
from partsong.space.mood import Follower
from partsong.space.plane import Floats, distances

SIDE = 8
MATRIX = disk_channel(SIDE, Fraction(2)).matrix()


def _true_connection(shares: Floats) -> float:
    apart = distances(SIDE) + IN_A_SQUARE * 2.0 / SIDE * np.eye(SIDE**2)
    total = shares.mean(0) @ apart @ shares.mean(0)
    within = np.einsum("wc,cd,wd->w", shares, apart, shares).mean()
    return float((total - within) / total)


def _course(move: bool) -> Floats:
    """Sixty windows: a square that rests, or one that goes from corner to corner."""
    shares = np.zeros((60, SIDE, SIDE))
    for window in range(60):
        corner = (window // 15) % 4 if move else 0
        v, a = (0, 0, 4, 4)[corner], (0, 4, 4, 0)[corner]
        shares[window, v : v + 4, a : a + 4] = 1.0 / 16.0
    return shares.reshape(60, -1)


@pytest.mark.parametrize("move", [False, True])
def test_connection_is_the_energy_decomposition_of_the_truth(move: bool) -> None:
    shares = _course(move)
    smooth = np.pad(shares, ((0, 0), (0, 1))) @ MATRIX
    rng = np.random.default_rng(11)
    counts = np.stack([rng.multinomial(2000, row) for row in smooth]).astype(float)
    measure = Connection(MATRIX, SIDE).measure(counts, smooth)
    assert measure is not None
    assert measure.value == pytest.approx(_true_connection(shares), abs=0.04)
    assert measure.high - measure.low < 0.05


def test_a_room_that_rests_has_none_and_one_that_moves_has_much() -> None:
    assert _true_connection(_course(move=False)) == pytest.approx(0.0)
    assert _true_connection(_course(move=True)) > 0.4


def test_too_few_reports_give_no_connection() -> None:
    counts = np.zeros((60, MATRIX.shape[1]))
    counts[:, 3] = 1.0
    smooth = np.full_like(counts, 1.0 / MATRIX.shape[1])
    assert Connection(MATRIX, SIDE).measure(counts, smooth) is None
    counts[:, 4] = 3.0
    assert Connection(MATRIX, SIDE).measure(counts, smooth) is None


def test_a_uniform_room_has_an_individuality_of_one() -> None:
    follower = Follower(MATRIX, 10.0)
    state = follower.start()
    for _ in range(20):
        state = follower.step(state, MATRIX[27] * 200.0)
    reading = follower.read(state)
    measure = individuality(reading, find_peaks(reading, SIDE))
    assert measure is not None
    assert measure == pytest.approx((1.0, 1.0, 1.0))


def test_two_even_groups_have_an_individuality_of_two() -> None:
    follower = Follower(MATRIX, 10.0)
    state = follower.start()
    for _ in range(20):
        state = follower.step(state, (MATRIX[9] + MATRIX[54]) * 500.0)
    reading = follower.read(state)
    measure = individuality(reading, find_peaks(reading, SIDE))
    assert measure is not None
    assert measure.low <= measure.value == pytest.approx(2.0, abs=0.05)
    assert measure.low > 1.8
