"""A session's ways, one by one."""

import pickle
from fractions import Fraction
from typing import Any

import pytest

from partsong.connector import schedule
from partsong.connector.events import Connected, Consented, Event, Ticked, What
from partsong.connector.permit import Permit
from partsong.connector.session import FRESH_MS, Session, State
from partsong.report import (
    Affect,
    CeilingExceeded,
    ContextRefused,
    LedgerDamaged,
    Level,
    NotPermitted,
    Refusal,
    Task,
    decode_report,
    make_task,
)

from .simulator import START_MS, World, counted

G = 900_000
HERE = Affect(valence=0.4, arousal=-0.3)


def world(*tasks: Task, **fields: Any) -> World:
    return World(list(tasks) or [make_task(space="evening", **fields)])


def test_the_first_report_leaves_at_once_and_is_counted() -> None:
    w = world()
    w.feel(HERE)
    w.opt_in()
    assert w.spoken() == [0]
    assert counted(w.phones[0]) == 1
    assert len(w.hubs[0].seen[0]) == 61
    assert decode_report(w.hubs[0].seen[0]).epoch == START_MS // 10_000


def test_the_second_comes_after_one_to_two_units_and_the_rest_every_unit() -> None:
    w = world()
    w.opt_in()
    w.advance(5 * G)
    first, second, third, fourth = w.spoken()[:4]
    assert first == 0
    assert G <= second < 2 * G
    assert third - second == fourth - third == G
    w.check()


def test_nothing_happens_at_private_whatever_comes() -> None:
    w = world()
    session = w.phones[0].session
    for step in range(100):
        w.now_ms += 1000
        affect = Affect(valence=step / 100, arousal=-step / 100)
        w.feel(affect)
        assert session.feed(Ticked(), w.reading()) == []
    assert session.state is State.PRIVATE
    assert session.next_ms is None
    assert w.hubs[0].seen == []


def test_opting_in_before_the_hub_is_read_does_nothing() -> None:
    w = world()
    session = w.session(w.hubs[0])
    effects = session.feed(Consented(), w.reading())
    assert [getattr(effect, "what", None) for effect in effects] == [What.TOO_EARLY]
    assert session.state is State.NEW


def test_stop_ends_it_and_opting_in_again_is_another_connection_after_a_unit() -> None:
    w = world()
    w.opt_in()
    w.stop()
    w.advance(60_000)
    assert w.phones[0].session.state is State.PRIVATE
    w.opt_in()
    told = w.phones[0].told[-1]
    assert (told.what, told.code, told.next_ms) == (What.SKIPPED, "unit", G)
    w.advance(2 * G)
    assert w.spoken()[:2] == [0, G]
    first, second = (report.connection for _, report in w.draws[:2])
    assert first != second


def test_the_hour_and_the_day_end_it_for_a_while_and_say_when() -> None:
    w = world(unit=300)
    w.opt_in()
    w.advance(24 * 3_600_000)
    w.check()
    codes = [told.code for told in w.phones[0].told if told.what is What.SKIPPED]
    assert {"hour", "day"} >= set(codes) >= {"hour"}
    assert len(w.draws) == 8
    assert all(told.next_ms is not None for told in w.phones[0].told if told.what is What.SKIPPED)


def test_without_a_fresh_estimate_the_no_answer_input_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs: list[int] = []

    def randomise(_: Any, answer: int, __: Any) -> int:
        inputs.append(answer)
        return 0

    monkeypatch.setattr("partsong.connector.session.randomise", randomise)
    w = world()
    w.feel(HERE)
    w.advance(FRESH_MS)
    w.opt_in()
    w.advance(2 * G)
    task = w.hubs[0].task
    assert inputs[0] == task.grid.cell_of(HERE)
    assert set(inputs[1:]) == {task.grid.no_answer}


def test_a_line_that_breaks_brings_the_same_bytes_again() -> None:
    w = world()
    w.hubs[0].mute = True
    w.opt_in()
    w.phones[0].lose()
    w.hubs[0].mute = False
    w.advance(2000)
    assert len(w.hubs[0].seen) == 2
    assert len(set(w.hubs[0].seen)) == 1
    assert counted(w.phones[0]) == 1  # the hub says "duplicate", which is as good
    assert len(w.debits) == 1


def test_busy_brings_the_same_bytes_again_a_little_later() -> None:
    w = world()
    w.hubs[0].answer = Refusal.BUSY
    w.opt_in()
    assert counted(w.phones[0]) == 0
    w.advance(6000)
    assert len(w.hubs[0].seen) == 2
    assert len(set(w.hubs[0].seen)) == 1
    assert counted(w.phones[0]) == 1


@pytest.mark.parametrize("code", [Refusal.EARLY, Refusal.LATE, Refusal.TOO_SOON])
def test_a_refusal_is_never_answered_by_another_draw(code: Refusal) -> None:
    w = world()
    w.hubs[0].answer = code
    w.opt_in()
    w.advance(G - 1)
    assert len(w.draws) == len(w.hubs[0].seen) == 1
    assert w.phones[0].told[-1].code == code
    w.advance(G + 1)
    assert len(w.draws) == 2


@pytest.mark.parametrize("code", [Refusal.MALFORMED, Refusal.OUT_OF_RANGE, Refusal.ENDED])
def test_some_refusals_end_it(code: Refusal) -> None:
    w = world()
    w.hubs[0].answer = code
    w.opt_in()
    w.advance(10 * G)
    assert w.phones[0].session.state is State.ENDED
    assert len(w.draws) == 1


def test_an_unknown_task_is_looked_up_again() -> None:
    w = world()
    w.hubs[0].answer = Refusal.UNKNOWN_TASK
    w.opt_in()
    assert w.phones[0].reread
    w.advance(2 * G)  # it is still asked
    assert len(w.draws) == 2


def test_a_late_clock_is_set_again_and_windows_stay_a_unit_apart() -> None:
    w = world()
    w.hubs[0].ahead_ms = 60_000
    w.opt_in()
    assert w.phones[0].told[-1].code == Refusal.LATE
    w.advance(4 * G)
    assert counted(w.phones[0]) >= 2
    assert len(w.draws) == counted(w.phones[0]) + 1


def test_a_hub_that_is_away_costs_nothing() -> None:
    w = world()
    w.hubs[0].up = False
    w.opt_in()
    w.advance(2 * G)
    assert w.debits == []
    w.hubs[0].up = True
    w.advance(1000)
    assert counted(w.phones[0]) == 1


def test_a_later_time_without_a_line_is_skipped_and_keeps_its_place() -> None:
    w = world()
    w.opt_in()
    w.advance(2 * G)
    second = w.spoken()[1]
    w.hubs[0].up = False
    w.advance(second + G + 20_000 - w.now_ms)
    w.hubs[0].up = True
    assert w.phones[0].told[-1].code == "no-line"
    w.advance(G)
    assert w.spoken()[2] == second + 2 * G
    assert len(w.debits) == 3


def test_a_device_that_slept_keeps_its_place() -> None:
    w = world()
    w.opt_in()
    w.advance(2 * G)
    second = w.spoken()[1]
    w.now_ms = second + 4 * G + 400_000
    w.advance(G)
    assert w.spoken()[2] == second + 5 * G


def test_a_crash_brings_the_same_bytes_again_or_nothing() -> None:
    w = world()
    w.hubs[0].mute = True
    w.opt_in()
    w.hubs[0].mute = False
    w.start()
    assert w.phones[0].session.state is State.PRIVATE  # nothing leaves before the person says so again
    w.opt_in()
    assert len(w.hubs[0].seen) == 2
    assert len(set(w.hubs[0].seen)) == 1
    w.advance(2 * G)
    w.check()
    assert w.draws[0][1].connection == w.draws[1][1].connection


def test_after_its_window_a_stored_draw_is_never_sent() -> None:
    w = world()
    w.hubs[0].mute = True
    w.opt_in()
    w.now_ms += 15_001
    w.start()
    w.opt_in()
    w.advance(60_000)
    assert len(w.hubs[0].seen) == 1


def test_a_left_task_is_not_resumed() -> None:
    w = world()
    w.hubs[0].mute = True
    w.opt_in()
    w.stop()
    w.start()
    w.opt_in()
    w.advance(60_000)
    assert len(w.hubs[0].seen) == 1


def test_a_crash_between_debit_and_draw_leaves_the_debit() -> None:
    w = world()
    original = w.store.append

    def append_then_crash(entry: Any) -> None:
        original(entry)
        raise LedgerDamaged("Crash.")

    w.store.append = append_then_crash  # type: ignore[method-assign]
    with pytest.raises(LedgerDamaged):
        w.opt_in()
    assert w.phones[0].session.state is State.ENDED
    w.store.append = original  # type: ignore[method-assign]
    w.start()
    w.opt_in()
    assert w.draws == []
    w.advance(G)
    assert w.spoken() == [G]


@pytest.mark.parametrize("broken", ["append", "keep"])
def test_what_cannot_be_stored_does_not_leave(broken: str) -> None:
    w = world()

    def fail(_: object) -> None:
        raise LedgerDamaged("The disk is full.")

    setattr(w.store, broken, fail)
    with pytest.raises(LedgerDamaged):
        w.opt_in()
    w.advance(10 * G)
    assert w.hubs[0].seen == []
    assert w.phones[0].session.state is State.ENDED


def test_two_tasks_on_one_device_share_the_ledger() -> None:
    w = world(make_task(space="one"), make_task(space="two", unit=600))
    w.opt_in()
    w.advance(3 * 3_600_000)
    w.check()
    assert len(w.draws) == 8


def test_a_clock_set_forward_credits_nothing() -> None:
    w = world()
    w.opt_in()
    for _ in range(20):
        w.wall_ahead_ms += 86_400_000
        w.advance(60_000)
        w.stop()
        w.opt_in()
    w.check()


def test_it_ends_with_the_task() -> None:
    w = world(expiry=START_MS // 1000 + 3600)
    w.opt_in()
    w.advance(10 * G)
    assert w.phones[0].session.state is State.ENDED
    assert w.phones[0].told[-1].code == "expired"
    assert all(at < 3_600_000 for at in w.spoken())


def test_it_waits_for_the_task_to_begin() -> None:
    w = world(not_before=START_MS // 1000 + 600)
    w.opt_in()
    w.advance(G)
    assert w.spoken() == [600_000]


def test_spread_begins_within_the_unit_and_goes_on_every_unit() -> None:
    firsts = []
    for seed in range(50):
        w = World(
            [make_task(space="evening")],
            make=lambda task, **parts: Session(task, pace=schedule.Pace.SPREAD, **parts),
        )
        w._stream = seed * 1000
        w.opt_in()
        w.advance(3 * G)
        first, second, third = w.spoken()
        assert 0 <= first < G
        assert third - second == second - first == G
        firsts.append(first)
    assert max(firsts) - min(firsts) > G // 2


@pytest.mark.parametrize(
    "fields",
    [
        {"epsilon": Fraction(21, 10)},
        {"unit": 290},
        {"epsilon_hour": Fraction(9)},
        {"epsilon_day": Fraction(17)},
        {"unit": 86_410},
    ],
)
def test_a_task_above_the_ceilings_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(CeilingExceeded):
        world(**fields)


@pytest.mark.parametrize("context", ["workplace", "school pupils", "school-pupils", "Workplace", "office"])
def test_a_context_without_leave_is_refused(context: str) -> None:
    with pytest.raises(ContextRefused):
        world(context=context)


@pytest.mark.parametrize(
    "fields", [{"level": Level.WOVEN}, {"level": Level.OPEN}, {"noise": "none"}, {"epsilon_hour": Fraction(1)}]
)
def test_a_task_of_another_kind_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(NotPermitted):
        world(**fields)


def test_speaking_times_and_traffic_do_not_depend_on_affect() -> None:
    def run(affects: list[Affect]) -> list[tuple[int, list[str]]]:
        w = world()
        w.opt_in()
        trail = []
        for step in range(400):
            if affects:
                w.feel(affects[step % len(affects)])
            w.advance(17_000)
            trail.append((w.now_ms, [type(told).__name__ + told.what for told in w.phones[0].told]))
        return [(at, names) for at, names in trail] + [(at, []) for at in w.spoken()]

    still = run([])
    assert still == run([HERE]) == run([Affect(valence=-1.0, arousal=1.0), Affect(valence=1.0, arousal=-1.0)])


def test_a_permit_cannot_be_made_kept_or_read_by_accident() -> None:
    with pytest.raises(NotPermitted):
        Permit(bytes(61), seal=object())
    w = world()
    w.phones[0].feed(Consented())
    w.phones[0].connected = True
    permit = next(e for e in w.phones[0].session.feed(Connected(), w.reading()) if isinstance(e, Permit))
    assert repr(permit) == str(permit) == "<Permit>"
    with pytest.raises(NotPermitted):
        pickle.dumps(permit)
    assert not hasattr(permit, "__dict__")


def test_events_that_no_state_expects_change_nothing() -> None:
    class Strange(Event, frozen=True):
        pass

    w = world()
    assert w.phones[0].session.feed(Strange(), w.reading()) == []
