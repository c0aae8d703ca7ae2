"""An hour of the real session against the best attacker, who keeps everything a hub was sent.

Lines break and hubs are busy, so reports are sent again; the attacker is right exactly as often as computed for the
draws that the ledger shows. False alarms: one in a million. Planted faults are caught by the same test.
"""

import os
from typing import Any

import numpy as np
import pytest

from partsong.connector.session import Session
from partsong.privacy.channel import disk_channel
from partsong.report import Affect, Refusal, Task, decode_report, make_task
from tests.privacy.checks import QUARTER_HOUR, Device, Hour, check_attack

from .simulator import World
from .test_session_machine import HalfUnit, OwnLedgers, Redraws

TASK = make_task(space="evening")
STEP_MS = 100_000


class Chance(World):
    """Draws from a seeded stream in place of the simulator's own."""

    def __init__(self, tasks: list[Task], make: Any, rng: np.random.Generator) -> None:
        self.rng = rng
        super().__init__(tasks, make)

    def chance(self, n: int) -> bytes:
        return self.rng.bytes(n)


class Session_(Device):  # noqa: N801  a device that is the real session
    make: Any = Session
    world: type[Chance] = Chance
    tasks: tuple[Task, ...] = (TASK,)
    busy = 0.3

    def hour(self, cell: int) -> Hour:
        world = self.world(list(self.tasks), type(self).make, self.rng)
        valence, arousal = TASK.grid.centre(cell)
        world.feel(Affect(valence=valence, arousal=arousal))
        self._trouble(world)
        world.opt_in()
        for _ in range(3_600_000 // STEP_MS - 1):
            world.feel(Affect(valence=valence, arousal=arousal))
            self._trouble(world)
            world.advance(STEP_MS)
        # A resend is the same bytes and tells nothing new.
        seen = {data for hub in world.hubs for data in hub.seen}
        return Hour([decode_report(data).output for data in seen], sum(e.epsilon > 0 for e in world.store.entries))

    def _trouble(self, world: World) -> None:
        for phone in world.phones:
            phone.hub.mute = False
            phone.lose()
            phone.hub.answer = Refusal.BUSY if self.rng.random() < self.busy else None


class Redrawing(Session_):
    make = Redraws
    busy = 1.0


class TwiceAUnit(Session_):
    make = HalfUnit

    def hour(self, cell: int) -> Hour:
        hour = super().hour(cell)
        return Hour(hour.outputs, 4)  # what its ledger should have shown


class TwoLedgers(Session_):
    class world(OwnLedgers, Chance):  # noqa: N801
        pass

    tasks = (TASK, make_task(space="other"))

    def hour(self, cell: int) -> Hour:
        return Hour(super().hour(cell).outputs, 4)


@pytest.fixture
def seed() -> int:
    return int.from_bytes(os.urandom(8), "big")


def _attack(device: type[Session_], people: int, seed: int) -> None:
    check_attack(
        device(disk_channel(8, TASK.epsilon), QUARTER_HOUR, np.random.default_rng(seed)), people, f"seed {seed}"
    )


def test_the_best_attacker_is_right_as_often_as_computed(seed: int, full: bool) -> None:
    _attack(Session_, 20_000 if full else 1_000, seed)


@pytest.mark.parametrize("planted", [Redrawing, TwiceAUnit, TwoLedgers])
def test_a_planted_fault_is_caught(planted: type[Session_], seed: int) -> None:
    with pytest.raises(AssertionError, match="computed"):
        _attack(planted, 1_000, seed)
