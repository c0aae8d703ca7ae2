"""Whatever happens, in whatever order: the session against a hub that refuses, drops, hangs up and vanishes.

The same machine run with planted faults must fail, so it can see them.
"""

import itertools
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Self

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from partsong.connector.events import Effect, Joined, What
from partsong.connector.session import Drawn, Session
from partsong.privacy.ledger import Covered, Entry, Ledger, NotCovered, Promise, Reading
from partsong.report import Affect, Refusal, encode_report, make_task

from .simulator import World

TASKS = [make_task(space="one"), make_task(space="two", unit=600)]
PLACES = st.builds(Affect, valence=st.floats(-1, 1), arousal=st.floats(-1, 1))


class Life(RuleBasedStateMachine):
    """A device with two sessions over one ledger, lived through at random."""

    make: ClassVar[Callable[..., Session]] = Session
    world_of: ClassVar[Callable[..., World]] = World

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).world_of(TASKS, type(self).make)

    @rule(affect=PLACES)
    def feel(self, affect: Affect) -> None:
        self.world.feel(affect)

    @rule()
    def opt_in(self) -> None:
        self.world.opt_in()

    @rule()
    def stop(self) -> None:
        self.world.stop()

    @rule(ms=st.sampled_from([1, 500, 4_000, 10_000, 15_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000]))
    def wait(self, ms: int) -> None:
        self.world.advance(ms)

    @rule(phone=st.integers(0, 1), code=st.sampled_from([None, *Refusal]))
    def prepare_a_refusal(self, phone: int, code: Refusal | None) -> None:
        self.world.hubs[phone].answer = code

    @rule(phone=st.integers(0, 1), mute=st.booleans(), up=st.booleans())
    def change_the_hub(self, phone: int, mute: bool, up: bool) -> None:
        self.world.hubs[phone].mute, self.world.hubs[phone].up = mute, up

    @rule(phone=st.integers(0, 1), ahead=st.integers(-100_000, 100_000))
    def set_the_hubs_clock(self, phone: int, ahead: int) -> None:
        self.world.hubs[phone].ahead_ms = ahead
        self.world.phones[phone].feed(self.world.hubs[phone].joined())

    @rule(phone=st.integers(0, 1), chance=st.integers(0, 9))
    def withdraw_the_task(self, phone: int, chance: int) -> None:
        if chance:  # rarely: it ends a session for good
            return
        self.world.phones[phone].feed(Joined(frozenset(), self.world.hubs[phone].now_ms))

    @rule(phone=st.integers(0, 1))
    def break_the_line(self, phone: int) -> None:
        self.world.phones[phone].lose()
        self.world.settle()

    @rule(ahead=st.integers(-86_400_000, 86_400_000))
    def set_the_wall_clock(self, ahead: int) -> None:
        self.world.set_wall(ahead)

    @rule()
    def crash(self) -> None:
        self.world.start()

    @rule()
    def reboot(self) -> None:
        self.world.reboot()

    @precondition(lambda self: self.world.now_ms < 20 * 86_400_000)
    @rule()
    def sleep_a_night(self) -> None:
        self.world.now_ms += 8 * 3_600_000
        self.world.advance(1_000)

    @invariant()
    def the_promise_holds(self) -> None:
        self.world.check()

    @invariant()
    def sessions_speak_a_unit_apart(self) -> None:
        for hub in self.world.hubs:
            times = [at for at, report in self.world.draws if report.task == hub.task.id]
            for before, after in itertools.pairwise(times):
                assert after - before >= hub.task.unit * 1000, "two draws are not a unit apart"


def _run(machine: type[RuleBasedStateMachine], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_promise_survives_any_life(full: bool) -> None:
    _run(Life, 600 if full else 60, 60)


class Redraws(Session):
    """A retry that draws again."""

    def _send(self, what: What) -> list[Effect]:
        if what is What.SENT_AGAIN and self._out is not None and self._up:
            self._number = self._out.number
            self._out = self._draw(Reading(0, self._out.epoch * 10_000 - self._offset_ms, "x"))
            self._store.keep(type(self)._kept(encode_report(self._out)))
        return super()._send(what)

    @staticmethod
    def _kept(data: bytes) -> Any:
        return Drawn(data, Reading(0, 0, "x"))


class HalfUnit(Session):
    """A second draw in a unit: half the schedule, and a ledger that is not asked."""

    def __init__(self, *args: Any, **parts: Any) -> None:
        super().__init__(*args, **parts)
        self._ledger = Generous.of(self._ledger)

    @property
    def _unit_ms(self) -> int:
        return super()._unit_ms // 2

    def _earliest_ms(self) -> int:
        return 0


class Generous(Ledger):
    """A ledger that covers everything."""

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        generous = cls()
        generous.__dict__.update(ledger.__dict__)
        return generous

    def ask(self, promise: Promise, at: Reading) -> Covered | NotCovered:
        super().ask(promise, at)
        return Covered(0)


class OwnLedgers(World):
    """Each task has a ledger of its own."""

    def session(self, hub: Any) -> Session:
        self.ledger = Ledger.restore([])
        return super().session(hub)

    def restore(self) -> Ledger:
        return Ledger.restore([])


class Forgets(World):
    """A restart begins the ledger anew."""

    def restore(self) -> Ledger:
        self.store.entries.clear()
        return super().restore()


class FastClock(Ledger):
    """Goes by the wall clock alone: setting it forward credits."""

    def _advance(self, at: Reading) -> int:
        return super()._advance(Reading(at.wall_ms, 0, f"wall-{abs(at.wall_ms)}"))

    @classmethod
    def restore(cls, entries: Iterable[Entry]) -> Self:
        return super().restore(entries)


class ClockCredits(World):
    def restore(self) -> Ledger:
        return FastClock.restore(self.store.entries)


PLANTED: dict[str, tuple[str, dict[str, Any]]] = {
    "a retry that redraws": ("drawn twice|a unit apart", {"make": Redraws}),
    "a second draw in a unit": ("a unit apart|too much left", {"make": HalfUnit}),
    "a second task in parallel with a ledger of its own": ("too much left", {"world_of": OwnLedgers}),
    "a ledger reset by a restart": ("too much left|a unit apart", {"world_of": Forgets}),
    "a ledger credited by a clock change": ("too much left|a unit apart", {"world_of": ClockCredits}),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_seen(fault: str) -> None:
    seen, parts = PLANTED[fault]
    machine = type("Faulty", (Life,), parts)
    with pytest.raises(AssertionError, match=seen):
        _run(machine, 300, 60)
