"""The contract suite of the `Aggregator` port: run it on yours.

    >>> from partsong.space import DictAggregator
    >>> check_aggregator(DictAggregator)

Each check is a function that takes a way to make a fresh aggregator and raises `AssertionError` with one sentence when
a law is broken. The suite has no chance in it: it goes through all orders and cuts of a small log that holds resends,
a batch sent twice, ids shared between batches and two tasks.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence

from partsong.report import OutOfRange
from partsong.space.aggregator import Aggregator, Tally

Make = Callable[[Mapping[bytes, int]], Aggregator]
"""Makes a fresh, empty aggregator that knows these tasks and how many outputs the channel of each has."""

Reopen = Callable[[Aggregator], Aggregator]
"""Leaves an aggregator as a crash would, without closing it in order, and opens what it kept."""

Batch = tuple[bytes, int, str, int, tuple[int, ...], tuple[bytes, ...]]

TASKS: Mapping[bytes, int] = {b"\x01" * 32: 4, b"\x02" * 32: 3}
ONE, TWO = TASKS


def _id(connection: int, number: int) -> bytes:
    return bytes([connection]) * 12 + number.to_bytes(4, "big")


LOG: tuple[Batch, ...] = (
    (ONE, 7, "a", 0, (0, 3), (_id(1, 0), _id(2, 0))),
    (ONE, 7, "a", 1, (3, 1), (_id(2, 0), _id(3, 0))),  # a resend beside a new report
    (ONE, 8, "a", 2, (2,), (_id(1, 1),)),
    (ONE, 7, "b", 0, (1,), (_id(4, 0),)),  # another edge, the same number
    (TWO, 7, "b", 1, (0,), (_id(1, 0),)),  # another task, the same id
)
EXPECTED = {
    (ONE, 7): Tally(ONE, 7, (1, 2, 0, 1), tuple(bytes([c]) * 12 for c in (1, 2, 3, 4))),
    (ONE, 8): Tally(ONE, 8, (0, 0, 1, 0), (bytes([1]) * 12,)),
    (TWO, 7): Tally(TWO, 7, (1, 0, 0), (bytes([1]) * 12,)),
}


def _merge_all(aggregator: Aggregator, log: Sequence[Batch]) -> None:
    for batch in log:
        aggregator.merge(*batch)


def _expect_tallies(aggregator: Aggregator, law: str) -> None:
    for (task, epoch), tally in EXPECTED.items():
        found = aggregator.close(task, epoch)
        if found != tally:
            raise AssertionError(f"{law}: window {epoch} gave {found}, not {tally}.")


def _expect(condition: bool, law: str) -> None:
    if not condition:
        raise AssertionError(law)


def check_counts(make: Make) -> None:
    """A log is counted, and what was merged is told."""
    aggregator = make(TASKS)
    first, second = aggregator.merge(*LOG[0]), aggregator.merge(*LOG[1])
    _expect(first.counted == len(LOG[0][5]) and not first.duplicates, "New reports are counted.")
    _expect(second.counted == 1 and second.duplicates == (_id(2, 0),), "A resend is told as a duplicate.")
    _merge_all(aggregator, LOG[2:])
    _expect_tallies(aggregator, "Counting")


def check_order(make: Make) -> None:
    """Any order of the batches gives the same tallies."""
    for log in itertools.permutations(LOG):
        aggregator = make(TASKS)
        _merge_all(aggregator, log)
        _expect_tallies(aggregator, "Order-free")


def check_idempotence(make: Make) -> None:
    """A batch sent again, at once or later, changes nothing and counts nothing."""
    aggregator = make(TASKS)
    _merge_all(aggregator, [batch for batch in LOG for _ in range(2)])
    again = [aggregator.merge(*batch) for batch in LOG]
    _expect(all(merged.counted == 0 for merged in again), "A repeated batch counts nothing.")
    _expect(all(m.duplicates == b[5] for m, b in zip(again, LOG, strict=True)), "A repeated batch is all duplicates.")
    _expect_tallies(aggregator, "Idempotent")


def check_cuts(make: Make) -> None:
    """The same reports one by one, under other batch numbers, give the same tallies."""
    aggregator = make(TASKS)
    ones = [(b[0], b[1], b[2], output, rid) for b in LOG for output, rid in zip(b[4], b[5], strict=True)]
    for seq, (task, epoch, edge, output, report_id) in enumerate(ones):
        aggregator.merge(task, epoch, edge, seq, (output,), (report_id,))
    _expect_tallies(aggregator, "Mergeable")


def check_twice_in_a_batch(make: Make) -> None:
    """An id that comes twice in one batch is counted once."""
    aggregator = make(TASKS)
    merged = aggregator.merge(ONE, 7, "a", 0, (1, 1), (_id(1, 0), _id(1, 0)))
    _expect(merged.counted == 1 and merged.duplicates == (_id(1, 0),), "An id is counted once in a batch.")
    _expect(aggregator.close(ONE, 7).counts == (0, 1, 0, 0), "An id is counted once in a batch.")


def check_other_epoch(make: Make) -> None:
    """An id that comes again under another window is a duplicate there."""
    aggregator = make(TASKS)
    aggregator.merge(ONE, 7, "a", 0, (1,), (_id(1, 0),))
    merged = aggregator.merge(ONE, 8, "a", 1, (1,), (_id(1, 0),))
    _expect(merged.counted == 0 and merged.duplicates == (_id(1, 0),), "An id belongs to one window of its task.")


def check_closing(make: Make) -> None:
    """A closed window stays as it was: new reports are late, old ones duplicates, close answers the same."""
    aggregator = make(TASKS)
    _merge_all(aggregator, LOG)
    before = aggregator.close(ONE, 7)
    merged = aggregator.merge(ONE, 7, "a", 9, (0, 0), (_id(9, 0), _id(1, 0)))
    _expect(merged.counted == 0, "A closed window counts nothing.")
    _expect(merged.late == (_id(9, 0),), "A new report of a closed window is late.")
    _expect(merged.duplicates == (_id(1, 0),), "A resend to a closed window is a duplicate.")
    _expect(aggregator.close(ONE, 7) == before, "Closing again gives the same tally.")
    _expect(aggregator.close(TWO, 99).counts == (0, 0, 0), "A window nobody spoke in is all zeros.")


def check_watching(make: Make) -> None:
    """Watching tells the closed windows, oldest first, and no open one."""
    aggregator = make(TASKS)
    _merge_all(aggregator, LOG)
    _expect(aggregator.watch(ONE) == (), "An open window is not told.")
    aggregator.close(ONE, 8)
    aggregator.close(ONE, 7)
    told = tuple(tally for tally in aggregator.watch(ONE) if tally.reports)
    _expect(told == (EXPECTED[ONE, 7], EXPECTED[ONE, 8]), "Closed windows are told, oldest first.")


def check_forgetting(make: Make) -> None:
    """Forgotten windows are gone, with their ids, and take nothing any more."""
    aggregator = make(TASKS)
    _merge_all(aggregator, LOG)
    for task, epoch in EXPECTED:
        aggregator.close(task, epoch)
    _expect(aggregator.forget(8) == len([key for key in EXPECTED if key[1] < 8]), "forget tells how many.")  # noqa: PLR2004 - the log's second window
    _expect(aggregator.watch(TWO) == (), "A forgotten window is not told.")
    _expect(aggregator.watch(ONE) == (EXPECTED[ONE, 8],), "A later window is kept.")
    late = aggregator.merge(ONE, 7, "a", 9, (0,), (_id(9, 0),))
    _expect(late.counted == 0 and late.late == (_id(9, 0),), "A forgotten window takes nothing.")
    _expect(_refuses(lambda: aggregator.close(ONE, 7)), "A forgotten window cannot be closed again.")
    _expect(aggregator.forget(8) == 0, "Forgetting again forgets nothing.")


def check_refusals(make: Make) -> None:
    """What is not a batch is refused whole."""
    aggregator = make(TASKS)
    bad: tuple[Batch, ...] = (
        (b"\x03" * 32, 7, "a", 0, (0,), (_id(1, 0),)),
        (ONE, 7, "a", 0, (0, 4), (_id(1, 0), _id(2, 0))),
        (ONE, 7, "a", 0, (0, -1), (_id(1, 0), _id(2, 0))),
        (ONE, 7, "a", 0, (0,), (_id(1, 0), _id(2, 0))),
    )
    for batch in bad:
        _expect(_refuses(lambda batch=batch: aggregator.merge(*batch)), f"Refused: {batch}.")  # type: ignore[misc]
    _expect(aggregator.close(ONE, 7).reports == 0, "A refused batch leaves nothing behind.")


def check_reopening(make: Make, reopen: Reopen) -> None:
    """What a merge has told is there after a crash: counts, ids and what was closed."""
    aggregator = make(TASKS)
    aggregator.merge(*LOG[0])
    aggregator = reopen(aggregator)
    _expect(aggregator.merge(*LOG[0]).duplicates == LOG[0][5], "Ids outlive a crash.")
    _merge_all(aggregator, LOG)
    aggregator.close(ONE, 8)
    aggregator = reopen(aggregator)
    _expect(aggregator.watch(ONE) == (EXPECTED[ONE, 8],), "Closed windows outlive a crash.")
    late = aggregator.merge(ONE, 8, "a", 9, (0,), (_id(9, 0),))
    _expect(late.late == (_id(9, 0),), "A closed window stays closed after a crash.")
    _expect_tallies(aggregator, "Recovering")


CHECKS: tuple[Callable[[Make], None], ...] = (
    check_counts,
    check_order,
    check_idempotence,
    check_cuts,
    check_twice_in_a_batch,
    check_other_epoch,
    check_closing,
    check_watching,
    check_forgetting,
    check_refusals,
)


def check_aggregator(make: Make, reopen: Reopen | None = None) -> None:
    """Run every check.

    Args:
        make: Makes a fresh, empty aggregator (see `Make`); it is called some 150 times.
        reopen: For durable ones: opens what a crash has left (see `Reopen`).

    Raises:
        AssertionError: A law is broken; the message names it.
    """
    for check in CHECKS:
        check(make)
    if reopen is not None:
        check_reopening(make, reopen)


def _refuses(call: Callable[[], object]) -> bool:
    try:
        call()
    except OutOfRange:
        return True
    return False
