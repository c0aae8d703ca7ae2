"""The veil as it is drawn: in the right proportions, and no more telling than computed. False alarms: one in a million.

Every run draws afresh; what fails prints its seed.
"""

import os
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from partsong.privacy.channel import Channel, disk_channel
from partsong.privacy.veil import Below, below_from, randomise, randomise_many
from tests.privacy.checks import FIVE_MINUTES, QUARTER_HOUR, Device, check_attack, check_draws, check_ratio

DEFAULT = disk_channel(8, Fraction(2))
CORNER_MIDDLE_NOBODY = (0, 27, 64)


@pytest.fixture
def seed() -> int:
    return int.from_bytes(os.urandom(8))


def by_device(channel: Channel, below: Below) -> Callable[[int, int], npt.NDArray[np.integer]]:
    return lambda answer, n: np.array([randomise(channel, answer, below) for _ in range(n)])


@pytest.mark.parametrize(("side", "epsilon"), [(2, "1/2"), (3, "2"), (8, "2"), (8, "1/10"), (16, "4")])
def test_a_device_draws_in_the_channels_proportions(side: int, epsilon: str, seed: int, full: bool) -> None:
    channel = disk_channel(side, Fraction(epsilon))
    below = below_from(np.random.default_rng(seed).bytes)
    answers = range(channel.inputs) if full and side < 9 else (0, channel.inputs // 2, channel.no_answer)
    check_draws(channel, by_device(channel, below), answers, 100_000 if full else 40_000, f"seed {seed}")


def test_the_operating_systems_bytes_do_too(full: bool) -> None:
    draw = by_device(DEFAULT, below_from(os.urandom))
    check_draws(DEFAULT, draw, CORNER_MIDDLE_NOBODY, 400_000 if full else 40_000, "os.urandom")


@pytest.mark.parametrize(("side", "epsilon"), [(2, "1/2"), (8, "2"), (8, "1/10"), (16, "4")])
def test_a_simulation_draws_in_the_same_proportions(side: int, epsilon: str, seed: int) -> None:
    channel, rng = disk_channel(side, Fraction(epsilon)), np.random.default_rng(seed)

    def draw(answer: int, n: int) -> npt.NDArray[np.integer]:
        return randomise_many(channel, np.full(n, answer), rng)

    check_draws(channel, draw, (0, channel.inputs // 2, channel.no_answer), 2_000_000, f"seed {seed}")


def test_reports_of_a_simulation_are_independent(seed: int) -> None:
    """Pairs of neighbours in one call are spread as if each were drawn alone."""
    channel, rng = disk_channel(2, Fraction(2)), np.random.default_rng(seed)
    outputs = randomise_many(channel, np.full(2_000_000, 1), rng).astype(np.int64)
    row = np.array(channel.row(1)) / channel.total
    seen = np.bincount(outputs[::2] * channel.outputs + outputs[1::2], minlength=channel.outputs**2)
    expected = np.outer(row, row).ravel() * len(outputs) / 2
    statistic = float(((seen - expected) ** 2 / expected).sum())
    freedom = channel.outputs**2 - 1
    assert statistic < freedom + 7 * (2 * freedom) ** 0.5 + 30, f"seed {seed}"


# -- planted faults


def float_generator(rng: np.random.Generator, bits: int) -> Below:
    """What `Math.floor(Math.random() * n)` gives where a random number has few bits."""
    return lambda n: int(int(rng.integers(2**bits)) / 2**bits * n)


@pytest.mark.parametrize("bits", [8, 12])
def test_planted_a_float_generator_is_caught(bits: int, seed: int) -> None:
    draw = by_device(DEFAULT, float_generator(np.random.default_rng(seed), bits))
    with pytest.raises(AssertionError, match="p = "):
        check_draws(DEFAULT, draw, (27,), 400_000, f"seed {seed}")


def test_planted_a_remainder_instead_of_drawing_again_is_caught(seed: int) -> None:
    rng = np.random.default_rng(seed)
    draw = by_device(DEFAULT, lambda n: int(rng.integers(2**25)) % n)
    with pytest.raises(AssertionError, match="p = "):
        check_draws(DEFAULT, draw, CORNER_MIDDLE_NOBODY, 40_000, f"seed {seed}")


def test_planted_a_larger_epsilon_is_caught_by_its_draws_too(seed: int) -> None:
    wider, rng = disk_channel(8, Fraction(12, 5)), np.random.default_rng(seed)
    with pytest.raises(AssertionError):
        check_ratio(wider, Fraction(2))
    with pytest.raises((AssertionError, ValueError)):
        check_draws(DEFAULT, lambda answer, n: randomise_many(wider, np.full(n, answer), rng), (27,), 40_000, seed)


# -- an attacker who keeps everything for an hour

PEOPLE = 4_000


def test_the_best_attacker_is_right_as_often_as_computed(seed: int, full: bool) -> None:
    device = Device(DEFAULT, QUARTER_HOUR, np.random.default_rng(seed))
    check_attack(device, 20_000 if full else PEOPLE, f"seed {seed}")


def test_the_same_for_a_task_of_five_minutes(seed: int, full: bool) -> None:
    device = Device(disk_channel(4, Fraction(2)), FIVE_MINUTES, np.random.default_rng(seed))
    check_attack(device, 20_000 if full else PEOPLE, f"seed {seed}")


class RedrawingRetry(Device):
    """Half of the sockets break, and the retry draws again instead of sending the same bytes."""

    def send(self, cell: int) -> list[int]:
        broken = int(self.rng.integers(2))
        return [self.randomise(cell) for _ in range(1 + broken)]


class SecondDraw(Device):
    """Draws twice in a unit and debits once."""

    def send(self, cell: int) -> list[int]:
        return [self.randomise(cell), self.randomise(cell)]


class LargerEpsilon(Device):
    """Draws from a channel of 1.2 times the epsilon."""

    def randomise(self, cell: int) -> int:
        wider = disk_channel(8, Fraction(12, 5))
        position = randomise(wider, cell, self.below)
        at = wider.positions[position] if position < wider.nothing else None
        return DEFAULT.nothing if at is None else DEFAULT.positions.index(at)


@pytest.mark.parametrize("planted", [RedrawingRetry, SecondDraw, LargerEpsilon])
def test_planted_connectors_are_caught(planted: type[Device], seed: int) -> None:
    with pytest.raises(AssertionError, match="computed"):
        check_attack(planted(DEFAULT, QUARTER_HOUR, np.random.default_rng(seed)), 6_000, f"seed {seed}")
