"""The mood beside plain decoding of the same reports with the best decay in hindsight.

In rooms that move it must be nearer the present group. In rooms that hardly move, whoever knows that beforehand does
best by adding up everything; not knowing it may cost the follower a quarter. The rooms are fixed by their seed, so a
failure is a change of ours and not chance.
"""

from fractions import Fraction

import numpy as np
import pytest

from benchmarks import rooms
from partsong.privacy.veil import decode, disk_channel
from partsong.space.mood import Follower
from partsong.space.plane import Floats

SIDE = 8
CHANNEL = disk_channel(SIDE, Fraction(2))
DECAYS = (0.5, 0.7, 0.9, 0.97)


def _error(shares: Floats, truth: rooms.Truth) -> float:
    return float(rooms.sliced_wasserstein(shares[6:], truth.cells[6:], SIDE).mean())


def _followed(told: Floats) -> Floats:
    follower = Follower(CHANNEL.matrix(), rooms.WINDOW)
    state, cells = follower.start(), []
    for window in told:
        state = follower.step(state, window)
        cells.append(follower.read(state).cells)
    return np.stack(cells)


def _decayed(told: Floats, decay: float) -> Floats:
    sums = [np.zeros(told.shape[1])]
    for window in told:
        sums.append(sums[-1] * decay + window)
    return decode(CHANNEL, np.stack(sums[1:])).cells


@pytest.mark.parametrize(
    ("kind", "most"), [("stimulus", 0.9), ("drifting", 1.25), ("minority", 1.25), ("polarising", 1.25)]
)
def test_following_beside_decoding_with_the_best_decay_in_hindsight(kind: str, most: float) -> None:
    rng = np.random.default_rng(4)
    ours, theirs = [], []
    for _ in range(4):
        room = rooms.synthetic_course(kind, rng, rooms.PEOPLE, 300)
        told = rooms.counts(rooms.answers(room, SIDE, rng), CHANNEL, rng)
        truth = rooms.truth(room, SIDE)
        ours.append(_error(_followed(told), truth))
        theirs.append([_error(_decayed(told, decay), truth) for decay in DECAYS])
    assert np.mean(ours) < most * np.mean(theirs, axis=0).min()
