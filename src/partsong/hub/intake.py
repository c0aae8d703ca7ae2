"""The intake: bytes in, decisions out. It touches no socket, no disk and no clock.

Promised, for every message on every socket (docs/reference/protocol.md, "Intake"):

- it is either waiting to be counted or refused with one typed reason, and both are told, in order, only after the
  flush that holds it is on disk (`cut`, then `settle`): an acknowledgement never runs ahead of the disk;
- a report is taken at most once, whatever comes twice, on whichever socket, before or after a restart (`remember`);
- a connection is taken at most once in a unit;
- nothing here depends on an address, and what one socket sends changes nothing for another.

Left to others: who listens and who may connect (`hub.edge`), durability (`hub.store`), when to cut (`hub.compose`).

    intake = Intake([Rule.of(task, outputs=80)], Limits())
    line = intake.open(now=1000.0)
    intake.take(line, report_bytes, now=1000.0)
    flush = intake.cut()      # write flush.batches to the disk, then:
    intake.settle(flush)      # and line.outbox holds '{"ack":1}'
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from partsong.report import REPORT_BYTES, Refusal, Task
from partsong.report.report import CONNECTION_BYTES, ID_BYTES

BURST_SECONDS: Final = 10
"""A socket may send this many seconds' worth of its rate at once."""

OUTBOX_LIMIT: Final = 1024
"""Answers a socket may leave unread before it is closed."""

POLICY_VIOLATION: Final = 1008

# docs/reference/formats.md, "Report": where the values lie between the marks.
_TASK = slice(3, 35)
_EPOCH = slice(36, 40)
_OUTPUT = slice(41, 43)
_ID_AT = REPORT_BYTES - ID_BYTES
_MARKS: Final = b"\x94\xc4\x20" + bytes(32) + b"\xce" + bytes(4) + b"\xcd" + bytes(2) + b"\xc4\x10"
_MARKED: Final = np.frombuffer(_MARKS, np.uint8).nonzero()[0]
_PINNED: Final = np.unique(np.concatenate([_MARKED, np.arange(3, 35)]))
_LAYOUT: Final = np.dtype(
    {"names": ["epoch", "output"], "formats": [">u4", ">u2"], "offsets": [36, 41], "itemsize": REPORT_BYTES}
)

_WORDS: Final = {
    Refusal.MALFORMED: "This is not a report: 61 bytes in the layout of docs/reference/formats.md.",
    Refusal.UNKNOWN_TASK: "This hub does not ask this task; read its tasks again.",
    Refusal.OUT_OF_RANGE: "The task's channel has no such output.",
    Refusal.EARLY: "Its window has not begun.",
    Refusal.LATE: "Its window is closed.",
    Refusal.ENDED: "The task is not running now.",
    Refusal.DUPLICATE: "This report is already counted.",
    Refusal.TOO_SOON: "This connection has spoken within the task's unit.",
    Refusal.BUSY: "The hub cannot take it now; send the same bytes again later.",
}


class Limits(msgspec.Struct, frozen=True):
    """What one socket may do, and how much may wait.

    Attributes:
        rate: Reports a second from one socket, averaged over `BURST_SECONDS`.
        malformed: A socket with more malformed messages than this is closed.
        pending: Reports waiting for the disk above which new ones are `busy`.
    """

    rate: int = 100
    malformed: int = 32
    pending: int = 200_000


@dataclass(slots=True)
class Rule:
    """What the intake must know of a task; times in Unix seconds."""

    id: bytes
    outputs: int
    window: int
    grace: int
    span: int
    """Windows in a unit: the least distance between two reports of a connection."""
    not_before: int
    expiry: int
    floor: int = 0
    """The first window that is not closed yet."""

    @classmethod
    def of(cls, task: Task, outputs: int) -> "Rule":
        """The rule of a task whose channel has this many outputs."""
        return cls(task.id, outputs, task.window, task.grace, task.unit // task.window, task.not_before, task.expiry)

    def runs(self, now: float) -> bool:
        """Whether the task is asked at this moment."""
        return self.not_before <= now < self.expiry

    def earliest(self, now: float) -> int:
        """The first window whose reports are taken: it ended at most `grace` ago and is not closed."""
        return max(self.floor, -int((self.grace - now) // self.window) - 1)

    def latest(self, now: float) -> int:
        """The last window whose reports are taken: it begins at most `grace` ahead."""
        return int((now + self.grace) // self.window)


@dataclass(slots=True, eq=False)
class Line:
    """One intake socket, as the intake sees it: counters and answers, and nothing about who it is."""

    opened: float
    tokens: float
    refilled: float
    received: int = 0
    acknowledged: int = 0
    malformed: int = 0
    heard: float | None = None
    """When its last report was taken."""
    refusals: list[str] = field(default_factory=list)
    outbox: deque[str] = field(default_factory=deque)
    close_code: int = 0
    """Not 0: the socket is to be closed with this code."""


@dataclass(slots=True)
class Batch:
    """Reports of one window of one task, outputs aligned with ids."""

    task: bytes
    epoch: int
    outputs: list[int] = field(default_factory=list)
    ids: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class Flush:
    """What goes to the disk in one write, and what may be told once it is there."""

    batches: list[Batch]
    answers: list[tuple[Line, int, list[str]]]


class Intake:
    """Decides about every report.

    Args:
        rules: The tasks that are asked.
        limits: What one socket may do.
    """

    def __init__(self, rules: Iterable[Rule], limits: Limits) -> None:
        self._rules = {rule.id: rule for rule in rules}
        self._limits = limits
        self._heard = _Heard()
        self._batches: dict[tuple[bytes, int], Batch] = {}
        self._touched: set[Line] = set()
        self._waiting = 0
        self._flying = 0

    @property
    def waiting(self) -> bool:
        """Whether anything is to be cut."""
        return bool(self._touched)

    def open(self, now: float) -> Line:
        """A new socket, at `now` seconds of a clock that never goes back."""
        return Line(opened=now, tokens=self._burst, refilled=now)

    def close(self, line: Line) -> None:
        """The socket is gone: nobody is left to answer. What it brought stays."""
        self._touched.discard(line)

    def take(self, line: Line, message: bytes, now: float, steady: float | None = None) -> None:
        """One message from a socket.

        Args:
            line: The socket.
            message: Its bytes, whatever they are.
            now: Unix seconds.
            steady: Seconds of a clock that never goes back, for the rate; `now` when not given.
        """
        line.received += 1
        self._touched.add(line)
        refusal = self._decide(line, message, now, now if steady is None else steady)
        if refusal is not None:
            self._refuse(line, refusal)

    def take_block(self, line: Line, block: bytes, now: float, steady: float | None = None) -> None:
        """Many messages of 61 bytes each, joined: the same decisions as `take` on each, cheaper where all are good."""
        if not self._take_whole(line, block, now, now if steady is None else steady):
            for at in range(0, len(block), REPORT_BYTES):
                self.take(line, block[at : at + REPORT_BYTES], now, steady)

    def cut(self) -> Flush:
        """Everything decided since the last cut. Cut again only after settling this one."""
        answers = [(line, line.received, line.refusals) for line in self._touched]
        flush = Flush(list(self._batches.values()), answers)
        for line in self._touched:
            line.refusals = []
        self._touched, self._batches = set(), {}
        self._flying, self._waiting = self._waiting, 0
        return flush

    def settle(self, flush: Flush) -> list[Line]:
        """The flush is on disk: put its answers into the outboxes, refusals before the acknowledgement.

        Returns:
            The sockets that have something to say now.
        """
        self._flying = 0
        for line, received, refusals in flush.answers:
            line.outbox.extend(refusals)
            line.outbox.append(f'{{"ack":{received}}}')
            line.acknowledged = received
            if len(line.outbox) > OUTBOX_LIMIT:
                line.close_code = POLICY_VIOLATION
        return [line for line, _, _ in flush.answers]

    def closed(self, task: bytes, epoch: int) -> None:
        """This window and all before it are closed: their reports are late from now on."""
        rule = self._rules[task]
        rule.floor = max(rule.floor, epoch + 1)

    def remember(self, task: bytes, epoch: int, ids: Iterable[bytes]) -> None:
        """After a restart: these ids of this window are counted already."""
        for report_id in ids:
            self._heard.put(task, report_id, epoch)

    def forget(self) -> None:
        """Call once in two units: connections silent for longer than that are forgotten."""
        self._heard.turn()

    @property
    def _burst(self) -> float:
        return float(self._limits.rate * BURST_SECONDS)

    def _afford(self, line: Line, count: int, steady: float) -> bool:
        line.tokens = min(self._burst, line.tokens + (steady - line.refilled) * self._limits.rate)
        line.refilled = steady
        if line.tokens < count or self._waiting + self._flying + count > self._limits.pending:
            return False
        line.tokens -= count
        return True

    def _decide(self, line: Line, message: bytes, now: float, steady: float) -> Refusal | None:
        if not _has_layout(message):
            return Refusal.MALFORMED
        if not self._afford(line, 1, steady):
            return Refusal.BUSY
        rule = self._rules.get(message[_TASK])
        if rule is None:
            return Refusal.UNKNOWN_TASK
        epoch, output = int.from_bytes(message[_EPOCH], "big"), int.from_bytes(message[_OUTPUT], "big")
        refusal = _fits(rule, epoch, output, now) or self._heard.refusal(rule, message[_ID_AT:], epoch)
        if refusal is None:
            self._count((rule.id, epoch), [output], [message[_ID_AT:]])
            line.heard = steady
        return refusal

    def _count(self, key: tuple[bytes, int], outputs: list[int], ids: Sequence[bytes]) -> None:
        batch = self._batches.get(key)
        if batch is None:
            batch = self._batches[key] = Batch(*key)
        batch.outputs += outputs
        batch.ids += ids
        self._heard.put_all(*key, ids)
        self._waiting += len(ids)

    def _take_whole(self, line: Line, block: bytes, now: float, steady: float) -> bool:
        """Take a block in which every report is good, of one window, and of a connection not heard before; else not."""
        rule = self._rules.get(block[_TASK])
        if rule is None or not rule.runs(now):
            return False
        values = _uniform(block)
        if values is None or not rule.earliest(now) <= int(values["epoch"][0]) <= rule.latest(now):
            return False
        if int(values["output"].max()) >= rule.outputs:
            return False
        ids = [block[at : at + ID_BYTES] for at in range(_ID_AT, len(block), REPORT_BYTES)]
        if not self._heard.all_new(rule.id, ids) or not self._afford(line, len(ids), steady):
            return False
        line.received += len(ids)
        self._touched.add(line)
        self._count((rule.id, int(values["epoch"][0])), values["output"].tolist(), ids)
        line.heard = steady
        return True

    def _refuse(self, line: Line, refusal: Refusal) -> None:
        line.refusals.append(_refused(line.received, refusal))
        if refusal is Refusal.MALFORMED:
            line.malformed += 1
            if line.malformed > self._limits.malformed:
                line.close_code = POLICY_VIOLATION
        if len(line.refusals) > OUTBOX_LIMIT:
            line.close_code = POLICY_VIOLATION


class _Heard:
    """Who was heard when: for each task, connection -> window and number of its last report, for two units and more.

    Two generations: what is not heard for two whole turns is gone, without ever walking through everybody. Because a
    report is only taken within its window's grace, which is shorter than a unit, the last report of a connection is
    all that is needed to know a resend.
    """

    def __init__(self) -> None:
        self._new: dict[bytes, int] = {}
        self._old: dict[bytes, int] = {}

    def put(self, task: bytes, report_id: bytes, epoch: int) -> None:
        key = task[:8] + report_id[:CONNECTION_BYTES]
        value = _stamp(epoch, report_id)
        if value > self._new.get(key, -1):
            self._new[key] = value

    def put_all(self, task: bytes, epoch: int, ids: Sequence[bytes]) -> None:
        head, high = task[:8], epoch << 32
        self._new.update(
            (head + one[:CONNECTION_BYTES], high | int.from_bytes(one[CONNECTION_BYTES:], "big")) for one in ids
        )

    def all_new(self, task: bytes, ids: Sequence[bytes]) -> bool:
        head = task[:8]
        keys = {head + one[:CONNECTION_BYTES] for one in ids}
        return len(keys) == len(ids) and self._new.keys().isdisjoint(keys) and self._old.keys().isdisjoint(keys)

    def refusal(self, rule: Rule, report_id: bytes, epoch: int) -> Refusal | None:
        key = rule.id[:8] + report_id[:CONNECTION_BYTES]
        last = self._new.get(key)
        if last is None:
            last = self._old.get(key)
        if last is None or epoch >= (last >> 32) + rule.span:
            return None
        return Refusal.DUPLICATE if last == _stamp(epoch, report_id) else Refusal.TOO_SOON

    def turn(self) -> None:
        self._old, self._new = self._new, {}


def _has_layout(message: bytes) -> bool:
    return (
        len(message) == REPORT_BYTES
        and message[:3] == b"\x94\xc4\x20"
        and message[35] == 0xCE  # noqa: PLR2004 - MessagePack's mark of a 32-bit integer
        and message[40] == 0xCD  # noqa: PLR2004 - and of a 16-bit one
        and message[43:45] == b"\xc4\x10"
    )


def _stamp(epoch: int, report_id: bytes) -> int:
    return epoch << 32 | int.from_bytes(report_id[CONNECTION_BYTES:], "big")


def _fits(rule: Rule, epoch: int, output: int, now: float) -> Refusal | None:
    if not rule.runs(now):
        return Refusal.ENDED
    if output >= rule.outputs:
        return Refusal.OUT_OF_RANGE
    if epoch < rule.earliest(now):
        return Refusal.LATE
    return Refusal.EARLY if epoch > rule.latest(now) else None


def _uniform(block: bytes) -> NDArray[np.void] | None:
    """Epochs and outputs of a block whose reports share layout, task and window; else None."""
    cells = np.frombuffer(block, np.uint8).reshape(-1, REPORT_BYTES)
    if not (cells[:, _PINNED] == _like(cells[0])).all():
        return None
    values = np.frombuffer(block, _LAYOUT)
    return values if (values["epoch"] == values["epoch"][0]).all() else None


def _like(first: NDArray[np.uint8]) -> NDArray[np.uint8]:
    pinned: NDArray[np.uint8] = np.frombuffer(_MARKS, np.uint8).copy()
    pinned[3:35] = first[3:35]
    return pinned.take(_PINNED)


def _refused(number: int, refusal: Refusal) -> str:
    return msgspec.json.encode({"refused": number, "code": refusal.value, "message": _WORDS[refusal]}).decode()
