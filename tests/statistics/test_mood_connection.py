"""Connection is unbiased by the blur, and its 90 % band covers: rooms that rest score zero.

Hits are binomial over independent rooms; a bound is broken only by a count that would come less than once in a
million runs. The planted fault, a plug-in that pairs reports with themselves, must break it.
"""

from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import binom

from partsong.privacy.veil import disk_channel
from partsong.space.measures import Connection
from partsong.space.plane import Floats

SIDE = 8
MATRIX = disk_channel(SIDE, Fraction(2)).matrix()
CHANCE = 1e-6
WINDOWS = 60


class PlugIn(Connection):
    """Pairs reports with themselves, as a distance of estimated distributions does."""

    def _pairs(self, counts: Floats) -> tuple[Floats, float]:
        shares = counts / counts.sum(1, keepdims=True)
        within = np.einsum("wo,op,wp->w", shares, self._kernel, shares)
        return within, super()._pairs(counts)[1]


def _resting() -> Floats:
    shares = np.zeros((SIDE, SIDE))
    shares[1:6, 2:7] = 1.0 / 25.0
    outputs: Floats = np.append(shares.ravel(), 0.0) @ MATRIX
    return outputs


def _holds_zero(measured: Connection, rng: np.random.Generator, count: int) -> int:
    outputs = _resting()
    smooth = np.tile(outputs, (WINDOWS, 1))
    found = [measured.measure(rng.multinomial(200, outputs, WINDOWS).astype(float), smooth) for _ in range(count)]
    return sum(measure is None or measure.low == 0.0 for measure in found)


def test_a_room_that_rests_has_no_connection(full: bool) -> None:
    seed, count = 31, 600 if full else 120
    rng = np.random.default_rng(seed)
    held = _holds_zero(Connection(MATRIX, SIDE), rng, count)
    assert binom.cdf(held, count, 0.92) > CHANCE, f"{held} of {count}, seed {seed}"
    fault = _holds_zero(PlugIn(MATRIX, SIDE), rng, count)
    assert binom.cdf(fault, count, 0.92) <= CHANCE, f"the planted fault passed: {fault} of {count}, seed {seed}"


def test_the_blur_adds_nothing_on_average() -> None:
    seed = 32
    rng = np.random.default_rng(seed)
    connection, outputs, between = Connection(MATRIX, SIDE), _resting(), []
    for _ in range(150):
        within, across = connection._pairs(rng.multinomial(200, outputs, WINDOWS).astype(float))
        between.append((across - within.mean()) / across)
    error = np.std(between) / np.sqrt(len(between))
    assert np.mean(between) == pytest.approx(0.0, abs=4.9 * error), f"seed {seed}"
