import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from partsong.privacy.ledger import (
    CEILINGS,
    DAY_MS,
    HOUR_MS,
    Covered,
    Entry,
    Ledger,
    NotCovered,
    Promise,
    Reading,
    decode_entry,
    elapsed_ms,
    encode_entry,
)
from partsong.report import CeilingExceeded, LedgerDamaged, NotPermitted, OutOfRange, make_task
from partsong.report.errors import NotCovered as NotCoveredError
from tests.conftest import ROOT
from tests.privacy.checks import FIVE_MINUTES, GENTLE, PROMISES, QUARTER_HOUR, Draw, an_evening, check_spans
from tests.vectors.make_privacy import read_promise

VECTORS: dict[str, list[Any]] = json.loads((ROOT / "tests/vectors/privacy/ledger.json").read_text())
MINUTE = 60_000


def reading(minute: float, *, wall: float | None = None, run: str = "run") -> Reading:
    return Reading(round((minute if wall is None else wall) * MINUTE), round(minute * MINUTE), run)


@pytest.mark.parametrize("story", VECTORS["stories"], ids=lambda story: story["name"])
def test_the_documented_stories(story: dict[str, Any]) -> None:
    ledger, lines = Ledger.restore([]), list[str]()
    for step in story["steps"]:
        if story["restore"]:
            ledger = Ledger.restore(map(decode_entry, lines))
        at, promise, told = Reading(**step["reading"]), read_promise(step["promise"]), step["answer"]
        answer = ledger.ask(promise, at)
        if told["covered"]:
            assert answer == Covered(told["at_ms"])
            lines.append(encode_entry(ledger.debit(promise, at)))
        else:
            assert answer == NotCovered(told["until_ms"], told["wait_ms"], told["which"])
        assert ledger.spent(HOUR_MS, at).epsilon == Fraction(step["hour"])
        assert ledger.spent(DAY_MS, at).epsilon == Fraction(step["day"])
    assert lines == story["lines"]


def test_one_report_a_unit_and_a_unit_is_half_open() -> None:
    ledger = Ledger.restore([])
    ledger.debit(QUARTER_HOUR, reading(0))
    assert ledger.ask(QUARTER_HOUR, Reading(899_999, 899_999, "run")) == NotCovered(900_000, 1, "unit")
    assert ledger.ask(QUARTER_HOUR, Reading(900_000, 900_000, "run")) == Covered(900_000)


def test_a_debit_that_is_not_covered_raises_and_debits_nothing() -> None:
    ledger = Ledger.restore([])
    ledger.debit(QUARTER_HOUR, reading(0))
    with pytest.raises(NotCoveredError) as caught:
        ledger.debit(QUARTER_HOUR, reading(14))
    assert caught.value.code == "not-covered"
    assert len(ledger.entries) == 1


def test_asking_debits_nothing() -> None:
    ledger = Ledger.restore([])
    for _ in range(3):
        assert ledger.ask(CEILINGS, reading(0)) == Covered(0)
    assert ledger.spent(DAY_MS, reading(0)).epsilon == 0


def test_rho_is_summed_beside_epsilon() -> None:
    ledger = Ledger.restore([])
    ledger.debit(QUARTER_HOUR, reading(0), rho=Fraction(1, 8))
    ledger.debit(QUARTER_HOUR, reading(15), rho=Fraction(1, 8))
    assert ledger.spent(HOUR_MS, reading(16)) == (Fraction(4), Fraction(1, 4))


def test_a_second_task_of_a_smaller_unit_gives_no_second_draw() -> None:
    ledger = Ledger.restore([])
    ledger.debit(QUARTER_HOUR, reading(0))
    assert ledger.ask(FIVE_MINUTES, reading(5)) == NotCovered(900_000, 600_000, "unit")


def test_a_stricter_promise_binds_until_a_day_after_its_last_report() -> None:
    ledger = Ledger.restore([])
    ledger.debit(GENTLE, reading(0))
    assert isinstance(ledger.ask(FIVE_MINUTES, reading(23 * 60)), NotCovered)
    assert ledger.ask(FIVE_MINUTES, reading(24 * 60)) == Covered(DAY_MS)


def test_what_was_told_under_a_wider_promise_does_not_shut_out_a_stricter_one_for_good() -> None:
    ledger = Ledger.restore([])
    ledger.debit(FIVE_MINUTES, reading(0))
    answer = ledger.ask(GENTLE, reading(1))
    assert answer == NotCovered(DAY_MS, DAY_MS - MINUTE, "day")


@pytest.mark.parametrize("case", VECTORS["promises"], ids=str)
def test_promises_above_the_ceilings_are_refused(case: dict[str, Any]) -> None:
    if case["error"] is None:
        assert read_promise(case["promise"]).unit_ms >= 300_000
        return
    with pytest.raises((CeilingExceeded, NotPermitted)) as caught:
        read_promise(case["promise"])
    assert type(caught.value).__name__ == case["error"]


@pytest.mark.parametrize(
    "fields", [{"epsilon": Fraction(3)}, {"unit": 200}, {"epsilon_hour": Fraction(9)}, {"epsilon_day": Fraction(17)}]
)
def test_a_hubs_task_above_the_ceilings_has_no_promise(fields: dict[str, Any]) -> None:
    with pytest.raises(CeilingExceeded):
        Promise.of(make_task(space="greedy", **fields))


def test_the_promise_of_the_default_task() -> None:
    assert Promise.of(make_task(space="evening")) == QUARTER_HOUR


@pytest.mark.parametrize(
    ("before", "at", "elapsed"),
    [
        (Reading(0, 0, "a"), Reading(9_000, 1_000, "a"), 1_000),  # set forward
        (Reading(9_000, 0, "a"), Reading(0, 1_000, "a"), 0),  # set back
        (Reading(0, 0, "a"), Reading(500, 1_000, "a"), 500),
        (Reading(0, 5_000, "a"), Reading(700, 10, "b"), 700),  # restarted
        (Reading(900, 5_000, "a"), Reading(100, 10, "b"), 0),  # restarted with the clock set back
        (Reading(0, 5_000, "a"), Reading(700, 10, "a"), 0),  # a steady clock that is not steady
    ],
)
def test_ledger_time_takes_the_lesser_clock(before: Reading, at: Reading, elapsed: int) -> None:
    assert elapsed_ms(before, at) == elapsed


def test_a_mark_keeps_a_jump_from_being_counted_after_a_restart() -> None:
    def after_restart(*, marked: bool) -> Covered | NotCovered:
        ledger = Ledger.restore([])
        entries = [ledger.debit(QUARTER_HOUR, reading(0))]
        jumped = reading(1, wall=61)
        assert ledger.lead_ms(jumped) == 60 * MINUTE
        if marked:
            entries.append(ledger.mark(jumped))
        return Ledger.restore(entries).ask(QUARTER_HOUR, reading(0, wall=62, run="second"))

    assert isinstance(after_restart(marked=False), Covered)
    assert after_restart(marked=True) == NotCovered(15 * MINUTE, 13 * MINUTE, "unit")


def test_a_clock_that_goes_right_has_no_lead() -> None:
    ledger = Ledger.restore([])
    assert ledger.lead_ms(reading(0)) == 0
    ledger.debit(QUARTER_HOUR, reading(1))
    assert ledger.lead_ms(reading(2)) == 0
    assert ledger.lead_ms(reading(3, wall=0)) == 0


def test_a_restart_forgets_nothing() -> None:
    ledger = Ledger.restore([])
    entries = [ledger.debit(QUARTER_HOUR, reading(15 * n)) for n in range(4)]
    again = Ledger.restore([decode_entry(encode_entry(entry)) for entry in entries])
    assert again.entries == ledger.entries
    assert again.ask(QUARTER_HOUR, reading(59)) == ledger.ask(QUARTER_HOUR, reading(59))


def test_entries_older_than_a_day_are_let_go_and_the_numbers_go_on() -> None:
    ledger = Ledger.restore([])
    for hour in range(50):
        ledger.debit(QUARTER_HOUR, reading(180 * hour))
    assert len(ledger.entries) == 8
    assert Ledger.restore(ledger.entries).debit(QUARTER_HOUR, reading(180 * 50)).seq == 50


@pytest.mark.parametrize("line", VECTORS["bad_lines"])
def test_damaged_lines_are_refused(line: str) -> None:
    with pytest.raises(LedgerDamaged):
        decode_entry(line)


@pytest.mark.parametrize("line", VECTORS["good_lines"])
def test_lines_have_one_form(line: str) -> None:
    assert encode_entry(decode_entry(line)) == line


def test_a_gap_or_a_repeat_is_damage() -> None:
    ledger = Ledger.restore([])
    one, two, three = (ledger.debit(FIVE_MINUTES, reading(5 * n)) for n in range(3))
    for entries in ([one, three], [one, one], [two, one]):
        with pytest.raises(LedgerDamaged):
            Ledger.restore(entries)
    assert len(Ledger.restore([two, three]).entries) == 2


@given(st.text())
def test_any_text_is_a_line_or_damage(text: str) -> None:
    with pytest.raises(LedgerDamaged):
        decode_entry(text)


@pytest.mark.parametrize("run", ["", "a b", "a\n", "x" * 65, "é"])
def test_a_run_has_a_plain_name(run: str) -> None:
    with pytest.raises(OutOfRange):
        Reading(0, 0, run)


# -- an evening, and planted faults that it must catch


class ResetByClock(Ledger):
    """Begins anew when the wall clock was set."""

    def ask(self, promise: Promise, at: Reading) -> Covered | NotCovered:
        before = self._reading
        if before is not None and abs((at.wall_ms - before.wall_ms) - (at.mono_ms - before.mono_ms)) > HOUR_MS:
            self._entries = []
        return super().ask(promise, at)


class WallClock(Ledger):
    """Believes the wall clock."""

    def ask(self, promise: Promise, at: Reading) -> Covered | NotCovered:
        return super().ask(promise, Reading(at.wall_ms, at.wall_ms, at.run))

    def debit(self, promise: Promise, at: Reading, *, rho: Fraction = Fraction(0)) -> Entry:
        return super().debit(promise, Reading(at.wall_ms, at.wall_ms, at.run), rho=rho)


class Credited(Ledger):
    """Gives back what was refused: every fifth."""

    def debit(self, promise: Promise, at: Reading, *, rho: Fraction = Fraction(0)) -> Entry:
        entry = super().debit(promise, at, rho=rho)
        if entry.seq % 5 == 4:
            self._entries.pop()
        return entry


class OwnUnitOnly(Ledger):
    """Looks at the new promise only, so that a second task of a smaller unit draws again."""

    def _in_force(self, now: int) -> list[tuple[Promise, int]]:
        return [one for one in super()._in_force(now) if one[1] < 0]


class LedgerPerTask:
    """One ledger for each task."""

    def __init__(self) -> None:
        self._ledgers: dict[Promise, Ledger] = {}

    def ask(self, promise: Promise, at: Reading) -> Covered | NotCovered:
        return self._ledgers.setdefault(promise, Ledger.restore([])).ask(promise, at)

    def debit(self, promise: Promise, at: Reading) -> Entry:
        return self._ledgers[promise].debit(promise, at)


def test_an_evening_of_three_tasks_two_clocks_and_a_crash() -> None:
    draws = an_evening(Ledger.restore)
    assert len(draws) >= 5
    check_spans(draws)


@pytest.mark.parametrize("planted", [ResetByClock, WallClock, Credited, OwnUnitOnly])
def test_planted_ledgers_are_caught(planted: type[Ledger]) -> None:
    with pytest.raises(AssertionError, match=r"in the (unit|hour|day)"):
        check_spans(an_evening(planted.restore))


def test_planted_a_ledger_per_task_is_caught() -> None:
    with pytest.raises(AssertionError, match=r"in the (unit|hour|day)"):
        check_spans(an_evening(lambda _: LedgerPerTask()))


def test_planted_a_ledger_lost_in_a_crash_is_caught() -> None:
    with pytest.raises(AssertionError, match=r"in the (unit|hour|day)"):
        check_spans(an_evening(lambda _: Ledger.restore([])))


# -- against an oracle that looks at every span


class Oracle:
    """The same rules without cleverness: keeps everything, tries every span."""

    def __init__(self) -> None:
        self.now = 0
        self.before: Reading | None = None
        self.draws: list[Draw] = []

    def advance(self, at: Reading) -> None:
        if self.before is not None:
            steps = [at.wall_ms - self.before.wall_ms]
            if at.run == self.before.run:
                steps.append(at.mono_ms - self.before.mono_ms)
            self.now += max(0, min(steps))
        self.before = at

    def covers(self, promise: Promise, now: int) -> bool:
        draws = [*self.draws, Draw(now, promise)]
        binding = {draw.promise for draw in draws if draw.at_ms > now - DAY_MS} | {CEILINGS}
        limits = {limit for each in binding for limit in each.limits}
        return all(
            sum(d.promise.epsilon for d in draws if start.at_ms <= d.at_ms < start.at_ms + limit.span_ms)
            <= limit.epsilon
            for limit in limits
            for start in draws
            if start.at_ms + limit.span_ms > now
        )


class LedgerMachine(RuleBasedStateMachine):
    """Time passes, clocks are set, pages are loaded again, tasks ask."""

    book: type[Ledger] = Ledger

    @initialize()
    def begin(self) -> None:
        self.oracle, self.ledger = Oracle(), self.book.restore([])
        self.entries: list[Entry] = []
        self.true_ms, self.ahead_ms, self.run, self.begun_ms = 0, 0, 0, 0
        self.honest = True
        self.drawn: list[Draw] = []
        self.when: dict[int, int] = {}

    def at(self) -> Reading:
        return Reading(10**9 + self.true_ms + self.ahead_ms, self.true_ms - self.begun_ms, f"run-{self.run}")

    @rule(ms=st.sampled_from([1, 299_999, 300_000, 600_000, 899_999, 900_000, 3_000_000, 3_600_000, 40_000_000]))
    def time_passes(self, ms: int) -> None:
        self.true_ms += ms

    @rule(ms=st.sampled_from([-90_000_000, -3_600_000, -1, 1, 900_000, 90_000_000]))
    def clock_is_set(self, ms: int) -> None:
        self.look()
        self.ahead_ms += ms
        self.look()

    def look(self) -> None:
        """What a connector does at every event: it reads the clocks."""
        self.oracle.advance(self.at())
        self.ledger.spent(HOUR_MS, self.at())

    @rule(marked=st.booleans())
    def page_is_loaded_again(self, marked: bool) -> None:
        if marked:
            self.oracle.advance(self.at())
            self.entries.append(self.ledger.mark(self.at()))
            self.when[self.entries[-1].seq] = self.true_ms
        last = self.entries[-1] if self.entries else None
        self.run, self.begun_ms = self.run + 1, self.true_ms
        self.ledger = self.book.restore([decode_entry(encode_entry(entry)) for entry in self.entries])
        self.oracle.before = last.reading if last else None
        self.oracle.now = last.at_ms if last else 0
        if last is not None and self.at().wall_ms - last.reading.wall_ms > self.true_ms - self.when[last.seq]:
            self.honest = False  # set forward, then restarted: the one way to shorten ledger time

    @rule(promise=st.sampled_from(PROMISES))
    def task_asks(self, promise: Promise) -> None:
        at = self.at()
        self.oracle.advance(at)
        answer = self.ledger.ask(promise, at)
        assert isinstance(answer, Covered) == self.oracle.covers(promise, self.oracle.now)
        if isinstance(answer, NotCovered):
            assert answer.until_ms - answer.wait_ms == self.oracle.now
            assert self.oracle.covers(promise, answer.until_ms)
            assert not self.oracle.covers(promise, answer.until_ms - 1)
            return
        self.entries.append(self.ledger.debit(promise, at))
        self.when[self.entries[-1].seq] = self.true_ms
        self.oracle.draws.append(Draw(self.oracle.now, promise))
        self.drawn.append(Draw(self.true_ms, promise))

    @invariant()
    def true_time_is_kept_too(self) -> None:
        if self.honest:
            check_spans(self.drawn)


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("planted", [ResetByClock, WallClock, Credited, OwnUnitOnly])
def test_planted_ledgers_are_caught_by_the_oracle(planted: type[Ledger]) -> None:
    machine = type("Planted", (LedgerMachine,), {"book": planted})
    few = settings(max_examples=200, stateful_step_count=40, deadline=None, database=None, phases=[Phase.generate])
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=few)
