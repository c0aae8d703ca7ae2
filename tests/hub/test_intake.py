import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partsong.hub.intake import OUTBOX_LIMIT, Intake, Limits, Line, Rule
from partsong.report import Refusal, Report, encode_report, make_task, report_id
from tests.hub.hubs import OUTPUTS, TASK, report

NOW = 1_000_000.0
EPOCH = TASK.epoch_at(NOW)
SPAN = TASK.unit // TASK.window


def fresh(**limits: int) -> tuple[Intake, Line]:
    intake = Intake([Rule.of(TASK, OUTPUTS)], Limits(**limits))
    return intake, intake.open(NOW)


def told(intake: Intake, line: Line) -> tuple[list[dict[str, object]], int]:
    """What the socket is told after a flush, and how many reports were in the flush."""
    flush = intake.cut()
    intake.settle(flush)
    answers = [json.loads(text) for text in line.outbox]
    line.outbox.clear()
    return answers, sum(len(batch.ids) for batch in flush.batches)


def refusal_of(message: bytes, now: float = NOW, *, intake: Intake | None = None) -> str | None:
    intake = intake or fresh()[0]
    line = intake.open(now)
    intake.take(line, message, now)
    answers, counted = told(intake, line)
    assert counted == (len(answers) == 1)
    assert answers[-1] == {"ack": 1}
    return str(answers[0]["code"]) if len(answers) == 2 else None


def test_a_good_report_is_counted_and_acknowledged_after_the_flush_only() -> None:
    intake, line = fresh()
    intake.take(line, report(epoch=EPOCH, output=7), NOW)
    assert not line.outbox
    flush = intake.cut()
    assert not line.outbox
    assert [(batch.task, batch.epoch, batch.outputs, len(batch.ids)) for batch in flush.batches] == [
        (TASK.id, EPOCH, [7], 1)
    ]
    assert intake.settle(flush) == [line]
    assert list(line.outbox) == ['{"ack":1}']


def test_every_refusal_has_its_code() -> None:
    good = report(epoch=EPOCH)
    other = make_task(space="other")
    ended = make_task(space="ended", expiry=int(NOW))
    coming = make_task(space="coming", not_before=int(NOW) + 1)
    intake = Intake([Rule.of(task, OUTPUTS) for task in (TASK, ended, coming)], Limits())
    assert refusal_of(good, intake=intake) is None
    assert refusal_of(good, intake=intake) == Refusal.DUPLICATE
    assert refusal_of(b"", intake=intake) == Refusal.MALFORMED
    assert refusal_of(good[:-1], intake=intake) == Refusal.MALFORMED
    assert refusal_of(good + b"\0", intake=intake) == Refusal.MALFORMED
    assert refusal_of(report(other, epoch=EPOCH), intake=intake) == Refusal.UNKNOWN_TASK
    assert refusal_of(report(ended, epoch=EPOCH), intake=intake) == Refusal.ENDED
    assert refusal_of(report(coming, epoch=EPOCH), intake=intake) == Refusal.ENDED
    assert refusal_of(report(epoch=EPOCH, output=OUTPUTS), intake=intake) == Refusal.OUT_OF_RANGE
    assert refusal_of(report(epoch=EPOCH, output=OUTPUTS - 1), intake=intake) is None
    assert refusal_of(report(epoch=EPOCH + 1), intake=intake) == Refusal.EARLY
    assert refusal_of(report(epoch=EPOCH - 2), intake=intake) == Refusal.LATE


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-5, None), (-5.01, "early"), (0, None), (9.99, None), (10, None), (15, None), (15.01, "late")],
)
def test_a_window_is_open_from_grace_before_to_grace_after(seconds: float, expected: str | None) -> None:
    assert refusal_of(report(epoch=EPOCH), TASK.window_start(EPOCH) + seconds) == expected


def test_a_connection_is_taken_once_in_a_unit() -> None:
    intake, connection = fresh()[0], bytes(12)

    def speak(epoch: int, number: int) -> str | None:
        message = report(epoch=epoch, connection=connection, number=number)
        return refusal_of(message, TASK.window_start(epoch) + 1.0, intake=intake)

    assert speak(EPOCH, 0) is None
    assert speak(EPOCH, 1) == Refusal.TOO_SOON
    assert speak(EPOCH, 0) == Refusal.DUPLICATE
    assert speak(EPOCH + SPAN - 1, 1) == Refusal.TOO_SOON
    assert speak(EPOCH + SPAN, 1) is None
    intake.forget()
    assert speak(EPOCH + 2 * SPAN - 1, 2) == Refusal.TOO_SOON
    intake.forget()
    intake.forget()
    assert speak(EPOCH + 2 * SPAN - 1, 2) is None


def test_ids_are_remembered_over_a_restart() -> None:
    intake = fresh()[0]
    counted = report(epoch=EPOCH, connection=bytes(12))
    intake.remember(TASK.id, EPOCH, [counted[45:]])
    assert refusal_of(counted, intake=intake) == Refusal.DUPLICATE
    assert refusal_of(report(epoch=EPOCH, connection=bytes(12), number=1), intake=intake) == Refusal.TOO_SOON


def test_a_closed_window_is_late() -> None:
    intake = fresh()[0]
    intake.closed(TASK.id, EPOCH)
    assert refusal_of(report(epoch=EPOCH), intake=intake) == Refusal.LATE


def test_too_many_malformed_messages_close_the_socket_and_no_other() -> None:
    intake, line = fresh(malformed=3)
    other = intake.open(NOW)
    for _ in range(4):
        assert not line.close_code
        intake.take(line, b"x", NOW)
    intake.take(other, report(epoch=EPOCH), NOW)
    assert line.close_code == 1008
    assert not other.close_code
    assert told(intake, other)[0] == [{"ack": 1}]


def test_one_socket_is_limited_and_another_is_not() -> None:
    intake, line = fresh(rate=2)
    for _ in range(21):
        intake.take(line, report(epoch=EPOCH), NOW)
    answers, counted = told(intake, line)
    assert counted == 20
    assert [answer.get("code") for answer in answers] == ["busy", None]
    assert refusal_of(report(epoch=EPOCH), intake=intake) is None
    intake.take(line, report(epoch=EPOCH), NOW, NOW + 1)
    assert told(intake, line) == ([{"ack": 22}], 1)


def test_what_waits_for_the_disk_is_bounded() -> None:
    intake, line = fresh(pending=3)
    flushes = []
    for _ in range(2):
        for _ in range(2):
            intake.take(line, report(epoch=EPOCH), NOW)
        flushes.append(intake.cut())
    assert [len(flush.batches[0].ids) for flush in flushes] == [2, 1]
    assert "busy" in flushes[1].answers[0][2][0]


def test_a_socket_that_reads_no_answers_is_closed() -> None:
    intake, line = fresh()
    for _ in range(OUTBOX_LIMIT + 1):
        intake.take(line, report(epoch=EPOCH), NOW, NOW + line.received)
        intake.settle(intake.cut())
    assert line.close_code == 1008


def test_a_socket_that_is_gone_leaves_its_reports() -> None:
    intake, line = fresh()
    intake.take(line, report(epoch=EPOCH), NOW)
    intake.close(line)
    flush = intake.cut()
    assert len(flush.batches[0].ids) == 1
    assert intake.settle(flush) == []


CONNECTIONS = [bytes([number]) * 12 for number in range(4)]
OTHER = make_task(space="other")
MESSAGES = st.one_of(
    st.builds(
        lambda task, epoch, output, connection, number: encode_report(
            Report(task.id, epoch, output, report_id(connection, number))
        ),
        st.sampled_from([TASK, TASK, TASK, OTHER]),
        st.sampled_from([EPOCH, EPOCH, EPOCH - 1, EPOCH + 1, EPOCH - SPAN]),
        st.sampled_from([0, 3, OUTPUTS - 1, OUTPUTS]),
        st.sampled_from(CONNECTIONS) | st.binary(min_size=12, max_size=12),
        st.integers(0, 2),
    ),
    st.binary(min_size=61, max_size=61),
)


@settings(max_examples=200)
@given(st.lists(MESSAGES, min_size=1, max_size=12), st.floats(NOW, NOW + 20))
def test_a_block_is_decided_like_its_messages_one_by_one(messages: list[bytes], now: float) -> None:
    (singly, one), (together, block) = fresh(), fresh()
    for message in messages:
        singly.take(one, message, now)
    together.take_block(block, b"".join(messages), now)
    first, second = singly.cut(), together.cut()
    assert [(batch.epoch, batch.outputs, batch.ids) for batch in first.batches] == [
        (batch.epoch, batch.outputs, batch.ids) for batch in second.batches
    ]
    assert first.answers[0][1:] == second.answers[0][1:]
    assert (one.malformed, one.received, one.heard) == (block.malformed, block.received, block.heard)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 2), MESSAGES | st.binary(max_size=80)), max_size=30))
def test_every_message_is_counted_once_or_refused_once(sent: list[tuple[int, bytes]]) -> None:
    intake = fresh()[0]
    lines = [intake.open(NOW) for _ in range(3)]
    counted: list[bytes] = []
    for step, (which, message) in enumerate(sent):
        intake.take(lines[which], message, NOW)
        if step % 7 == 6:
            flush = intake.cut()
            counted += [one for batch in flush.batches for one in batch.ids]
            intake.settle(flush)
    flush = intake.cut()
    counted += [one for batch in flush.batches for one in batch.ids]
    intake.settle(flush)
    answers = [json.loads(text) for line in lines for text in line.outbox]
    refused = [answer for answer in answers if "refused" in answer]
    assert len(counted) == len(set(counted))
    assert len(counted) + len(refused) == len(sent)
    assert {answer["code"] for answer in refused} <= set(Refusal)
    for which, line in enumerate(lines):
        total = sum(one == which for one, _ in sent)
        assert line.acknowledged == total


def test_a_whole_block_of_new_people_is_counted() -> None:
    intake, line = fresh(rate=1000)
    block = b"".join(report(epoch=EPOCH, output=number % OUTPUTS) for number in range(500))
    intake.take_block(line, block, NOW)
    flush = intake.cut()
    assert len(flush.batches[0].ids) == 500
    assert np.bincount(flush.batches[0].outputs).sum() == 500
    assert flush.answers[0][1:] == (500, [])
