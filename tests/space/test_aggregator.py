"""The dict beside an oracle in SQL, over logs that hypothesis makes up."""

import sqlite3
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partsong.report import OutOfRange, report_id
from partsong.space import DictAggregator, Tally

TASKS = {b"\x01" * 32: 5, b"\x02" * 32: 5}
OUTPUTS = 5
Row = tuple[bytes, int, int, bytes]


def _row(task: int, connection: int, number: int) -> Row:
    """A report is a function of its id, as a resend's is: the same bytes."""
    epoch, output = 3 + (connection + number) % 3, (7 * connection + 3 * number) % OUTPUTS
    return (list(TASKS)[task], epoch, output, report_id(bytes([connection]) * 12, number))


rows = st.builds(_row, st.integers(0, 1), st.integers(0, 6), st.integers(0, 3))
batches = st.lists(st.lists(rows, max_size=8), max_size=12)


def _oracle(log: Sequence[Sequence[Row]]) -> dict[tuple[bytes, int], tuple[int, ...]]:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE reports (task, epoch, output, id, PRIMARY KEY (task, id))")
    for batch in log:
        database.executemany("INSERT OR IGNORE INTO reports VALUES (?, ?, ?, ?)", batch)
    found: dict[tuple[bytes, int], list[int]] = {}
    for task, epoch, output, how_many in database.execute(
        "SELECT task, epoch, output, COUNT(*) FROM reports GROUP BY task, epoch, output"
    ):
        found.setdefault((task, epoch), [0] * OUTPUTS)[output] = how_many
    database.close()
    return {key: tuple(counts) for key, counts in found.items()}


def _merge(aggregator: DictAggregator, log: Sequence[Sequence[Row]]) -> None:
    for seq, batch in enumerate(log):
        for task, epoch in sorted({(row[0], row[1]) for row in batch}):
            part = [row for row in batch if row[:2] == (task, epoch)]
            aggregator.merge(task, epoch, "edge", seq, [row[2] for row in part], [row[3] for row in part])


def _tallies(log: Sequence[Sequence[Row]]) -> dict[tuple[bytes, int], Tally]:
    aggregator = DictAggregator(TASKS)
    _merge(aggregator, log)
    found = {(task, epoch): aggregator.close(task, epoch) for task in TASKS for epoch in range(3, 6)}
    return {key: tally for key, tally in found.items() if tally.reports}


@settings(deadline=None)
@given(batches)
def test_the_counts_are_those_of_a_group_by(log: list[list[Row]]) -> None:
    assert {key: tally.counts for key, tally in _tallies(log).items()} == _oracle(log)


@settings(deadline=None)
@given(batches, st.randoms(use_true_random=False))
def test_order_repeats_and_cuts_change_nothing(log: list[list[Row]], dice: object) -> None:
    other = [[row] for batch in log for row in batch] + log
    dice.shuffle(other)  # type: ignore[attr-defined]
    assert _tallies(other) == _tallies(log)


@settings(deadline=None)
@given(batches, batches)
def test_merging_is_commutative_and_associative(one: list[list[Row]], other: list[list[Row]]) -> None:
    assert _tallies(one + other) == _tallies(other + one) == _tallies([*one, [row for b in other for row in b]])


@settings(deadline=None)
@given(batches)
def test_what_a_merge_tells_adds_up(log: list[list[Row]]) -> None:
    aggregator, counted = DictAggregator(TASKS), 0
    for seq, batch in enumerate(log):
        for row in batch:
            merged = aggregator.merge(row[0], row[1], "edge", seq, [row[2]], [row[3]])
            assert merged.counted + len(merged.duplicates) == 1
            counted += merged.counted
    assert counted == sum(sum(counts) for counts in _oracle(log).values())


@settings(deadline=None)
@given(batches, st.integers(3, 6))
def test_what_is_forgotten_is_gone_and_the_rest_is_kept(log: list[list[Row]], horizon: int) -> None:
    aggregator = DictAggregator(TASKS)
    _merge(aggregator, log)
    for task in TASKS:
        for epoch in range(3, 6):
            aggregator.close(task, epoch)
    aggregator.forget(horizon)
    kept = {(tally.task, tally.epoch): tally.counts for task in TASKS for tally in aggregator.watch(task)}
    expected = {key: counts for key, counts in _oracle(log).items() if key[1] >= horizon}
    assert {key: counts for key, counts in kept.items() if sum(counts)} == expected
    assert not aggregator._windows.keys() & {(task, epoch) for task in TASKS for epoch in range(horizon)}


def test_speakers_follow_from_the_tallies() -> None:
    aggregator = DictAggregator(TASKS)
    task = next(iter(TASKS))
    ids = [report_id(b"a" * 12, 0), report_id(b"b" * 12, 4)]
    aggregator.merge(task, 3, "edge", 0, [1, 2], ids)
    assert aggregator.close(task, 3).connections == (b"a" * 12, b"b" * 12)


def test_an_unknown_task_is_refused() -> None:
    with pytest.raises(OutOfRange):
        DictAggregator({}).merge(b"\x01" * 32, 0, "edge", 0, [], [])
