"""The port through which reports become counts, and its embedded form, a dict.

What is promised, for every implementation (run `partsong.space.checks.check_aggregator` on yours):

- **Idempotent.** A report's id is counted at most once in its task, however often and in however many batches it
  comes; merging a batch again, named by `(edge, seq)`, changes nothing.
- **Order-free and mergeable.** The same batches in any order, cut in any other way, give the same tallies, as long as
  an id always stands for the same epoch and output (a resend carries the same bytes).
- **One write.** When `merge` returns, the ids and the counts of the batch are both kept, or neither is, so that a
  report that was acknowledged is neither lost nor counted twice. How durable "kept" is, the implementation says; this
  one keeps it in memory.
- **Closed is closed.** `close` answers the same tally each time; a report that is new after it is late, never counted.

What is left to others: whether a report's epoch may still be taken (the intake has the clock), whether an id comes to
the edge that owns it (the hub routes by hash), and what to make of the counts (`partsong.space.room`).

    >>> aggregator = DictAggregator({b"t" * 32: 5})
    >>> ids = (b"c" * 12 + bytes(4), b"d" * 12 + bytes(4))
    >>> aggregator.merge(b"t" * 32, 7, "hub", 0, (2, 4), ids).counted
    2
    >>> aggregator.close(b"t" * 32, 7).counts
    (0, 0, 1, 0, 1)
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from partsong.report import OutOfRange
from partsong.report.report import CONNECTION_BYTES


class Merged(msgspec.Struct, frozen=True):
    """What became of a batch. Counted and duplicate reports are kept: acknowledge both. Late ones: refuse.

    Attributes:
        counted: How many reports were new and were counted.
        duplicates: The ids that had been counted before (or came twice in the batch), in the batch's order.
        late: The new ids whose window had been closed or forgotten, in the batch's order.
    """

    counted: int
    duplicates: tuple[bytes, ...] = ()
    late: tuple[bytes, ...] = ()


class Tally(msgspec.Struct, frozen=True):
    """One closed window of one task.

    Attributes:
        task: The task's id, 32 bytes.
        epoch: Which window.
        counts: How often each output came; as many as the task's channel has outputs.
        connections: The 12-byte connections that were heard in it, sorted. Who spoke last when, and so how many
            speakers there are, follows from the tallies alone.
    """

    task: bytes
    epoch: int
    counts: tuple[int, ...]
    connections: tuple[bytes, ...] = ()

    @property
    def reports(self) -> int:
        """How many reports the window holds."""
        return sum(self.counts)


class Aggregator(Protocol):
    """Replicated, idempotent, mergeable counts per task and window."""

    def merge(  # noqa: PLR0917 - the words of the port, in its order
        self, task: bytes, epoch: int, edge: str, seq: int, delta: Sequence[int], report_ids: Sequence[bytes]
    ) -> Merged:
        """Count a batch of reports of one window.

        Args:
            task: The task's id.
            epoch: The window all of them belong to.
            edge: Who took them in.
            seq: The edge's number for this batch; a number names one batch only, for ever.
            delta: The outputs, aligned with `report_ids`.
            report_ids: The reports' ids, 16 bytes each.

        Raises:
            OutOfRange: The task is unknown, an output is none of its channel, or the batch is not aligned. Nothing of
                the batch is kept then.
        """
        ...

    def close(self, task: bytes, epoch: int) -> Tally:
        """Close a window, once and for ever, and give its tally. A window that nobody spoke in is all zeros.

        Raises:
            OutOfRange: The task is unknown, or the window has been forgotten.
        """
        ...

    def watch(self, task: bytes) -> tuple[Tally, ...]:
        """The tallies of all closed windows still kept, oldest first: what a room is rebuilt from after a crash.

        Windows closed with no report in them may be left out.
        """
        ...

    def forget(self, before_epoch: int) -> int:
        """Forget every window before this one, of all tasks, with its ids, and take nothing for it any more.

        Returns:
            How many windows that held reports were forgotten.
        """
        ...


@dataclasses.dataclass
class _Window:
    """The counts of one window, who owns them: DictAggregator."""

    counts: list[int]
    connections: set[bytes] = dataclasses.field(default_factory=set)
    ids: set[bytes] = dataclasses.field(default_factory=set)
    closed: bool = False


class DictAggregator:
    """The embedded aggregator: a dict in memory. Not durable; a crash forgets it.

    Args:
        outputs: How many outputs the channel of each task has. May be added to while it runs.
    """

    def __init__(self, outputs: Mapping[bytes, int]) -> None:
        self._outputs = outputs
        self._windows: dict[tuple[bytes, int], _Window] = {}
        self._epoch_of: dict[bytes, dict[bytes, int]] = {}
        self._horizon = 0

    def merge(  # noqa: PLR0917 - the port's
        self, task: bytes, epoch: int, edge: str, seq: int, delta: Sequence[int], report_ids: Sequence[bytes]
    ) -> Merged:
        """Count a batch: `Aggregator.merge`. Ids alone make it idempotent, so edge and seq need no memory here."""
        del edge, seq
        _check_batch(self._size(task), delta, report_ids)
        if epoch < self._horizon:
            return Merged(0, late=tuple(report_ids))
        return self._count(task, epoch, delta, report_ids)

    def close(self, task: bytes, epoch: int) -> Tally:
        """Close a window: `Aggregator.close`."""
        if epoch < self._horizon:
            raise OutOfRange("This window has been forgotten.", "Close windows before their retention ends.")
        window = self._window(task, epoch)
        window.closed = True
        return _tally(task, epoch, window)

    def watch(self, task: bytes) -> tuple[Tally, ...]:
        """The closed windows still kept: `Aggregator.watch`."""
        kept = sorted((epoch, window) for (of, epoch), window in self._windows.items() if of == task and window.closed)
        return tuple(_tally(task, epoch, window) for epoch, window in kept)

    def forget(self, before_epoch: int) -> int:
        """Forget old windows and their ids: `Aggregator.forget`."""
        self._horizon = max(self._horizon, before_epoch)
        old = [key for key in self._windows if key[1] < self._horizon]
        windows = {key: self._windows.pop(key) for key in old}
        for (task, _), window in windows.items():
            for report_id in window.ids:
                del self._epoch_of[task][report_id]
        return sum(bool(window.ids) for window in windows.values())

    def _size(self, task: bytes) -> int:
        if task not in self._outputs:
            raise OutOfRange("This task is not counted here.")
        return self._outputs[task]

    def _window(self, task: bytes, epoch: int) -> _Window:
        key = (task, epoch)
        if key not in self._windows:
            self._windows[key] = _Window([0] * self._size(task))
        return self._windows[key]

    def _count(self, task: bytes, epoch: int, delta: Sequence[int], report_ids: Sequence[bytes]) -> Merged:
        window, known = self._window(task, epoch), self._epoch_of.setdefault(task, {})
        duplicates, late, counted = [], [], 0
        for output, report_id in zip(delta, report_ids, strict=True):
            if report_id in known:
                duplicates.append(report_id)
            elif window.closed:
                late.append(report_id)
            else:
                known[report_id] = epoch
                window.ids.add(report_id)
                window.connections.add(report_id[:CONNECTION_BYTES])
                window.counts[output] += 1
                counted += 1
        return Merged(counted, tuple(duplicates), tuple(late))


def _check_batch(size: int, delta: Sequence[int], report_ids: Sequence[bytes]) -> None:
    if len(delta) != len(report_ids):
        raise OutOfRange("A batch gives one output for each id.")
    if not all(0 <= output < size for output in delta):
        raise OutOfRange("An output is none of the task's channel.")


def _tally(task: bytes, epoch: int, window: _Window) -> Tally:
    return Tally(task, epoch, tuple(window.counts), tuple(sorted(window.connections)))
