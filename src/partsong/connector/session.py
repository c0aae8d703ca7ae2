"""The session: one person's answer to one task, from the one question to the last report. It decides; others do.

Promised, whatever is fed in whatever order:

- At *private*, which is where every session begins, no permit is ever issued and nothing asks for a line.
- A report is asked of the ledger, debited, the debit stored, drawn, the drawn bytes stored, and only then permitted.
  If a store fails, the session has ended: nothing that was not stored can leave.
- A report is drawn once. A retry, a refusal or a crash leads to the same bytes again or to nothing.
- Speaking times are those of `schedule`: no affect has a way into them.

Left to others: the ledger's arithmetic (`privacy.ledger`), the channel (`privacy.veil`), durability (the `Store` passed
in), chance (`chance(n)`, n bytes of the operating system's randomness), sockets and timers (`connector.run`).

    session = Session(task, ledger=ledger, store=store, chance=os.urandom)
    session.feed(Joined(tasks, hub_now_ms), reading)      # []
    session.feed(Consented(), reading)                    # [Told(opted-in), Open()]
    session.feed(Connected(), reading)                    # [<Permit>, Told(sent), Wake(...)]
"""

import enum
from collections.abc import Callable
from typing import Any, ClassVar, Final, Protocol

import msgspec

from partsong.connector import schedule
from partsong.connector.events import (
    Acknowledged,
    Close,
    Connected,
    Consented,
    Disconnected,
    Effect,
    Estimated,
    Event,
    Joined,
    Open,
    Refused,
    Reread,
    Stopped,
    Ticked,
    Told,
    Wake,
    What,
)
from partsong.connector.permit import issue
from partsong.connector.schedule import Pace
from partsong.connector.terms import accept
from partsong.privacy.ledger import Entry, Ledger, NotCovered, Reading, elapsed_ms
from partsong.privacy.veil import below_from, disk_channel, randomise
from partsong.report import Affect, Refusal, Report, Task, decode_report, encode_report, report_id
from partsong.report.report import CONNECTION_BYTES

FRESH_MS: Final = 120_000
"""An estimate older than this is not an answer any more: the "no answer" input is sent instead."""

BUSY_PAUSE_MS: Final = 1_000
BUSY_SPREAD_MS: Final = 4_000
_NOT_COUNTED: Final = -1


class Drawn(msgspec.Struct, frozen=True):
    """A drawn report and when it was drawn; all that is ever sent again."""

    data: bytes
    at: Reading

    def __repr__(self) -> str:
        return "<Drawn>"


class Store(Protocol):
    """Where a device keeps what it must not forget. Everything is durable when the call returns, or the call raises."""

    def append(self, entry: Entry) -> None:
        """Keep a debit."""

    def keep(self, drawn: Drawn) -> None:
        """Keep the task's newest drawn report."""

    def leave(self, task: bytes) -> None:
        """The person has left this task: its drawn report is never sent again."""


class State(enum.StrEnum):
    """Where a session is."""

    NEW = "new"
    """The hub has not been read yet."""
    PRIVATE = "private"
    """Nothing leaves."""
    WAITING = "waiting"
    """Opted in; the next speaking time is ahead."""
    DUE = "due"
    """The speaking time has come and there is no line yet; nothing is drawn."""
    OUT = "out"
    """A report is drawn and not acknowledged, and its window and grace last."""
    LOST = "lost"
    """The hub does not know the task; its tasks are read again."""
    ENDED = "ended"
    """For good: the task is over, or something is wrong that this session cannot mend."""


Handler = Callable[["Session", Any, Reading], list[Effect]]
Row = dict[type[Event], Handler]


class Session:
    """One opting-in after another, for one task.

    Args:
        task: What is asked. Sessions of one device share one ledger.
        ledger: The device's ledger.
        store: Where debits and draws are kept.
        chance: `chance(n)` gives n random bytes of the operating system.
        pace: `Pace.AT_ONCE`, as people do.
        last: The task's newest drawn report from the store, if the person has not left since.

    Raises:
        CeilingExceeded: The task asks for more than the built-in ceilings.
        ContextRefused: The task asks where Partsong must not be used.
        NotPermitted: The task is of a kind that this connector does not answer.
    """

    def __init__(
        self,
        task: Task,
        *,
        ledger: Ledger,
        store: Store,
        chance: Callable[[int], bytes],
        pace: Pace = Pace.AT_ONCE,
        last: Drawn | None = None,
    ) -> None:
        self._task, self._promise = task, accept(task)
        self._channel = disk_channel(task.side, task.epsilon)
        self._ledger, self._store = ledger, store
        self._chance, self._below = chance, below_from(chance)
        self._pace, self._last = pace, last
        self._state = State.NEW
        self._offset_ms = 0
        self._estimate: tuple[Affect, int] | None = None
        self._connection = b""
        self._number = 0
        self._epoch_before: int | None = None
        self._due_ms = 0
        self._patience_ms: int | None = None
        self._out: Report | None = None
        self._again_ms: int | None = None
        self._up = False
        self._on_line: list[int] = []
        self._wake_ms: int | None = None

    @property
    def state(self) -> State:
        """Where the session is."""
        return self._state

    @property
    def task(self) -> Task:
        """What is asked."""
        return self._task

    @property
    def next_ms(self) -> int | None:
        """When the next report may leave, in milliseconds of the steady clock; None at private and after the end."""
        return self._due_ms if self._state in _OPTED_IN else None

    def feed(self, event: Event, at: Reading) -> list[Effect]:
        """What follows from an event at a reading of the device's clocks; one that `_TABLE` lacks changes nothing.

        Raises:
            OSError, LedgerDamaged: The store failed; the session has ended.
        """
        handler = self._TABLE[self._state].get(type(event))
        if handler is None:
            return []
        return [*handler(self, event, at), *self._wake()]

    # -- before and after

    def _join(self, event: Joined, at: Reading) -> list[Effect]:
        self._offset_ms = event.now_ms - at.mono_ms
        self._state = State.PRIVATE if self._task.id in event.tasks else State.ENDED
        return [] if self._state is State.PRIVATE else [Told(what=What.ENDED, code="task-gone")]

    def _too_early(self, _: Event, __: Reading) -> list[Effect]:
        return [Told(what=What.TOO_EARLY)]

    def _note(self, event: Estimated, at: Reading) -> list[Effect]:
        self._estimate = (event.affect, at.mono_ms)
        return []

    def _begin(self, _: Event, at: Reading) -> list[Effect]:
        self._state = State.WAITING
        if not self._resume(at):
            self._connection, self._number, self._epoch_before = self._chance(CONNECTION_BYTES), 0, None
            self._due_ms = schedule.first(at.mono_ms, self._unit_ms, self._pace, self._below)
        again: list[Effect] = [Open()] if self._out else []
        return [Told(what=What.OPTED_IN, next_ms=self._due_ms), *again, *self._tick(Ticked(), at)]

    def _resume(self, at: Reading) -> bool:
        """After a crash: go on with the opting-in whose last report was drawn within the last unit."""
        last, self._last = self._last, None
        if last is None:
            return False
        report, elapsed = decode_report(last.data), elapsed_ms(last.at, at)
        if report.task != self._task.id or elapsed >= self._unit_ms:
            return False
        self._connection, self._number, self._epoch_before = report.connection, report.number + 1, report.epoch
        self._due_ms = self._following(at.mono_ms - elapsed)
        if at.mono_ms < self._lapse_ms(report):
            self._out, self._state = report, State.OUT
        return True

    def _stop(self, _: Event, __: Reading) -> list[Effect]:
        self._state, self._out, self._again_ms = State.PRIVATE, None, None
        closed = self._close()
        self._store.leave(self._task.id)
        return [*closed, Told(what=What.STOPPED)]

    def _end(self, code: str) -> list[Effect]:
        self._state, self._out, self._again_ms = State.ENDED, None, None
        return [*self._close(), Told(what=What.ENDED, code=code)]

    # -- speaking

    def _tick(self, _: Event, at: Reading) -> list[Effect]:
        effects = self._lapse(at)
        if self._state is State.DUE:
            return effects + self._lose_patience(at)
        if at.mono_ms >= self._due_ms:
            return effects + self._come_due(at)
        return effects + self._try_again(at)

    def _come_due(self, at: Reading) -> list[Effect]:
        dropped = self._drop("no-line")
        return [*dropped, *(self._hindered(at) or self._want_line())]

    def _want_line(self) -> list[Effect]:
        self._state = State.DUE
        # The first report waits for its line; a later one gives up with its window and keeps its place in time.
        self._patience_ms = self._due_ms + self._window_ms if self._number else None
        return [Open()]

    def _hindered(self, at: Reading) -> list[Effect]:
        """What follows if nothing may leave now; empty if something may."""
        if self._public_ms(at) >= self._task.expiry * 1000:
            return self._end("expired")
        if self._number and at.mono_ms - self._due_ms > self._window_ms:
            return self._skip(at.mono_ms, "asleep")
        if self._public_ms(at) < self._earliest_ms():
            return self._put_off(self._earliest_ms() - self._offset_ms, "not-begun")
        answer = self._ledger.ask(self._promise, at)
        return self._put_off(at.mono_ms + answer.wait_ms, answer.which) if isinstance(answer, NotCovered) else []

    def _speak(self, at: Reading) -> list[Effect]:
        hindered = self._hindered(at)
        if hindered:
            return hindered
        self._state = State.ENDED  # until the report is stored: a store that fails must leave nothing that could leave
        self._store.append(self._ledger.debit(self._promise, at))
        report = self._draw(at)
        self._store.keep(Drawn(encode_report(report), at))
        self._state, self._out, self._epoch_before = State.OUT, report, report.epoch
        self._number += 1
        self._due_ms = self._following(at.mono_ms)
        return self._send(What.SENT)

    def _draw(self, at: Reading) -> Report:
        output = randomise(self._channel, self._input(at), self._below)
        return Report(self._task.id, self._epoch(at), output, report_id(self._connection, self._number))

    def _input(self, at: Reading) -> int:
        if self._estimate is None or at.mono_ms - self._estimate[1] > FRESH_MS:
            return self._task.grid.no_answer
        return self._task.grid.cell_of(self._estimate[0])

    def _send(self, what: What) -> list[Effect]:
        if self._out is None or not self._up:
            return []
        self._on_line.append(self._out.number)
        told = Told(what=what, number=self._out.number, size=len(encode_report(self._out)), next_ms=self._due_ms)
        return [issue(encode_report(self._out)), told]

    def _put_off(self, until_ms: int, which: str) -> list[Effect]:
        """This time is not covered: wait for the next one that is, and say when."""
        close = until_ms - self._due_ms <= self._window_ms  # a difference of clocks, not a time to skip
        if close or not self._number:
            self._due_ms, self._state = until_ms, State.WAITING
            return self._close() if close else [*self._close(), Told(what=What.SKIPPED, next_ms=until_ms, code=which)]
        return self._skip(until_ms, which)

    def _skip(self, until_ms: int, why: str) -> list[Effect]:
        self._due_ms = schedule.skipped(self._due_ms, until_ms, self._unit_ms)
        self._state = State.WAITING
        return [*self._close(), Told(what=What.SKIPPED, next_ms=self._due_ms, code=why)]

    def _lose_patience(self, at: Reading) -> list[Effect]:
        late = self._patience_ms is not None and at.mono_ms >= self._patience_ms
        return self._skip(at.mono_ms, "no-line") if late else []

    # -- the line

    def _hang_up(self, _: Event, __: Reading) -> list[Effect]:
        return [Close()]

    def _line_up(self, _: Event, at: Reading) -> list[Effect]:
        self._up, self._on_line = True, []
        effects = self._lapse(at)
        if self._state is State.DUE:
            return effects + self._speak(at)
        return effects + self._send(What.SENT_AGAIN)

    def _line_down(self, _: Event, __: Reading) -> list[Effect]:
        self._up, self._on_line, self._again_ms = False, [], None
        return [Open()] if self._state in (State.DUE, State.OUT) else []

    def _close(self) -> list[Effect]:
        self._up, self._on_line = False, []
        return [Close()]

    def _acknowledged(self, event: Acknowledged, _: Reading) -> list[Effect]:
        decided = self._out is not None and self._out.number in self._on_line[: event.count]
        return self._counted() if decided else []

    def _counted(self) -> list[Effect]:
        out, self._out, self._state = self._out, None, State.WAITING
        number = out.number if out else None
        return [*self._close(), Told(what=What.COUNTED, number=number, next_ms=self._due_ms)]

    def _refused(self, event: Refused, at: Reading) -> list[Effect]:
        known = 1 <= event.number <= len(self._on_line)
        if not known or self._out is None or self._on_line[event.number - 1] != self._out.number:
            return []
        return self._AFTER_REFUSAL[event.code](self, event, at)

    def _refused_for_good(self, event: Refused, _: Reading) -> list[Effect]:
        return self._end(event.code)

    def _refused_once(self, event: Refused, _: Reading) -> list[Effect]:
        return self._drop(event.code)

    def _refused_by_the_clock(self, event: Refused, _: Reading) -> list[Effect]:
        return [*self._drop(event.code), Reread()]

    def _refused_twin(self, _: Refused, __: Reading) -> list[Effect]:
        return self._counted()

    def _refused_busy(self, event: Refused, at: Reading) -> list[Effect]:
        # The acknowledgement that covers this number must not be taken for a report that was counted.
        self._on_line[event.number - 1] = _NOT_COUNTED
        self._again_ms = at.mono_ms + BUSY_PAUSE_MS + self._below(BUSY_SPREAD_MS)
        return []

    def _refused_unknown(self, event: Refused, _: Reading) -> list[Effect]:
        dropped = self._drop(event.code)
        self._state = State.LOST
        return [*dropped, Reread()]

    def _rest(self, _: Event, __: Reading) -> list[Effect]:
        return []

    def _resync(self, event: Joined, at: Reading) -> list[Effect]:
        if self._task.id not in event.tasks:
            return self._end("task-gone")
        self._offset_ms = event.now_ms - at.mono_ms
        return []

    def _found(self, event: Joined, at: Reading) -> list[Effect]:
        self._state = State.WAITING
        return self._resync(event, at) or self._tick(Ticked(), at)

    def _lapse(self, at: Reading) -> list[Effect]:
        lapsed = self._out is not None and at.mono_ms >= self._lapse_ms(self._out)
        return self._drop("no-line" if not self._up else Refusal.LATE) if lapsed else []

    def _try_again(self, at: Reading) -> list[Effect]:
        if self._again_ms is None or at.mono_ms < self._again_ms:
            return []
        self._again_ms = None
        return self._send(What.SENT_AGAIN)

    def _drop(self, code: str) -> list[Effect]:
        """Give the report up. It stays spent."""
        out, self._out, self._again_ms = self._out, None, None
        if out is None:
            return []
        self._state = State.WAITING
        return [*self._close(), Told(what=What.NOT_COUNTED, number=out.number, code=code, next_ms=self._due_ms)]

    # -- times

    @property
    def _unit_ms(self) -> int:
        return self._task.unit * 1000

    @property
    def _window_ms(self) -> int:
        return self._task.window * 1000

    def _public_ms(self, at: Reading) -> int:
        return at.mono_ms + self._offset_ms

    def _epoch(self, at: Reading) -> int:
        return self._public_ms(at) // self._window_ms

    def _earliest_ms(self) -> int:
        """In public time: the task has begun, and the hub counts a whole unit of windows since the last report."""
        after = 0 if self._epoch_before is None else self._epoch_before + self._task.unit // self._task.window
        return max(self._task.not_before, self._task.window_start(after)) * 1000

    def _lapse_ms(self, report: Report) -> int:
        return (self._task.window_end(report.epoch) + self._task.grace) * 1000 - self._offset_ms

    def _following(self, last_ms: int) -> int:
        return schedule.following(last_ms, self._number - 1, self._unit_ms, self._pace, self._below)

    def _wake(self) -> list[Effect]:
        at_ms = self._next_wake()
        changed, self._wake_ms = at_ms != self._wake_ms, at_ms
        return [Wake(at_ms)] if changed and at_ms is not None else []

    def _next_wake(self) -> int | None:
        if self._state not in (State.WAITING, State.DUE, State.OUT):
            return None
        due = self._patience_ms if self._state is State.DUE else self._due_ms
        lapse = None if self._out is None else self._lapse_ms(self._out)
        return min((time for time in (due, lapse, self._again_ms) if time is not None), default=None)

    # -- the whole behaviour: in which state which event leads where; what is not here changes nothing

    _BEFORE: ClassVar[Row] = {Joined: _join, Estimated: _note}
    _LIVE: ClassVar[Row] = {
        Joined: _resync,
        Estimated: _note,
        Ticked: _tick,
        Connected: _line_up,
        Disconnected: _line_down,
        Acknowledged: _acknowledged,
        Refused: _refused,
        Stopped: _stop,
    }
    _TABLE: ClassVar[dict[State, Row]] = {
        State.NEW: _BEFORE | {Consented: _too_early},
        State.PRIVATE: _BEFORE | {Consented: _begin, Connected: _hang_up},
        State.WAITING: _LIVE,
        State.DUE: _LIVE,
        State.OUT: _LIVE,
        State.LOST: _LIVE | {Joined: _found, Ticked: _rest},
        State.ENDED: {Connected: _hang_up},
    }
    _AFTER_REFUSAL: ClassVar[dict[Refusal, Handler]] = {
        Refusal.MALFORMED: _refused_for_good,
        Refusal.OUT_OF_RANGE: _refused_for_good,
        Refusal.ENDED: _refused_for_good,
        Refusal.UNKNOWN_TASK: _refused_unknown,
        Refusal.EARLY: _refused_by_the_clock,
        Refusal.LATE: _refused_by_the_clock,
        Refusal.TOO_SOON: _refused_once,
        Refusal.DUPLICATE: _refused_twin,
        Refusal.BUSY: _refused_busy,
    }


_OPTED_IN: Final = (State.WAITING, State.DUE, State.OUT, State.LOST)
