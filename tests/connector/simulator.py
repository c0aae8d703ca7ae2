"""The other side in memory: a device with clocks that can be set, and a hub that can refuse, drop, hang up and vanish.

The device may crash at any moment and come back from what its store kept; it may run several sessions over its one
ledger. The truth is kept beside it: true time, every debit, every draw, every byte that a hub ever saw.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

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
from partsong.connector.permit import Permit
from partsong.connector.session import Drawn, Session, State
from partsong.privacy.ledger import DAY_MS, HOUR_MS, Entry, Ledger, Reading
from partsong.report import Affect, LedgerDamaged, Refusal, Report, Task, decode_report

START_MS = 1_800_000_000_000


@dataclass
class Store:
    """Durable the moment a call returns; `fail` makes the next call raise before anything is kept."""

    world: "World"
    entries: list[Entry] = field(default_factory=list)
    drawn: dict[bytes, Drawn] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    fail: bool = False

    def append(self, entry: Entry) -> None:
        self._try()
        self.entries.append(entry)
        self.history.append("debit")
        if entry.epsilon:
            self.world.debits.append(self.world.now_ms)

    def keep(self, drawn: Drawn) -> None:
        self._try()
        report = decode_report(drawn.data)
        self.drawn[report.task] = drawn
        self.history.append("drawn")
        self.world.draws.append((self.world.now_ms, report))

    def leave(self, task: bytes) -> None:
        self._try()
        self.drawn.pop(task, None)

    def _try(self) -> None:
        if self.fail:
            self.fail = False
            raise LedgerDamaged("The disk is full.")


class Hub:
    """Counts what it is sent, as docs/reference/protocol.md says, or answers what a test wants."""

    def __init__(self, task: Task, world: "World") -> None:
        self.task, self.world = task, world
        self.up = True
        self.mute = False
        self.answer: Refusal | None = None
        self.ahead_ms = 0
        self.counted: dict[bytes, Report] = {}
        self.seen: list[bytes] = []
        self.last: dict[bytes, int] = {}

    @property
    def now_ms(self) -> int:
        return self.world.now_ms + START_MS + self.ahead_ms

    def joined(self) -> Joined:
        return Joined(frozenset([self.task.id]), self.now_ms)

    def take(self, data: bytes) -> Refusal | None:
        self.seen.append(data)
        report = decode_report(data)
        code, self.answer = self.answer, None
        code = code or self._decide(report)
        if code is None:
            self.counted[report.id] = report
            self.last[report.connection] = report.epoch
        return code

    def _decide(self, report: Report) -> Refusal | None:
        if report.task != self.task.id:
            return Refusal.UNKNOWN_TASK
        if report.id in self.counted:
            return Refusal.DUPLICATE
        if self.now_ms >= (self.task.window_end(report.epoch) + self.task.grace) * 1000:
            return Refusal.LATE
        if self.now_ms < (self.task.window_start(report.epoch) - self.task.grace) * 1000:
            return Refusal.EARLY
        before = self.last.get(report.connection)
        apart = self.task.unit // self.task.window
        return Refusal.TOO_SOON if before is not None and report.epoch - before < apart else None


class Phone:
    """One session, its line, its timer and what it told."""

    def __init__(self, session: Session, hub: Hub, world: "World") -> None:
        self.session, self.hub, self.world = session, hub, world
        self.wanted = self.connected = False
        self.wake_ms: int | None = None
        self.told: list[Told] = []
        self.permits: list[bytes] = []
        self.on_line = 0
        self.reread = False

    def feed(self, event: Event) -> list[Effect]:
        private = self.session.state in (State.NEW, State.PRIVATE, State.ENDED) and not isinstance(event, Consented)
        effects = self.session.feed(event, self.world.reading())
        if private:
            assert not any(isinstance(effect, Open | Permit) for effect in effects), "something left at private"
        for effect in effects:
            self._do(effect)
        return effects

    def settle(self) -> None:
        """Let the line open and the hub answer, until nothing more happens at this moment."""
        while self.wanted and not self.connected and self.hub.up:
            self.connected, self.on_line = True, 0
            self.feed(Connected())
        if self.reread and self.hub.up:
            self.reread = False
            self.feed(self.hub.joined())

    def lose(self) -> None:
        if self.connected:
            self.connected = False
            self.feed(Disconnected())

    def tick(self) -> None:
        self.wake_ms = None
        self.feed(Ticked())

    def _do(self, effect: Effect) -> None:
        if isinstance(effect, Open):
            self.wanted = True
        elif isinstance(effect, Close):
            self.wanted = self.connected = False
        elif isinstance(effect, Wake):
            self.wake_ms = effect.at_ms
        elif isinstance(effect, Reread):
            self.reread = True
        elif isinstance(effect, Told):
            self.told.append(effect)
        else:
            self._send(effect)

    def _send(self, permit: Permit) -> None:
        assert self.world.store.drawn.get(self.hub.task.id) is not None, "a permit before its draw was stored"
        self.permits.append(permit.data)
        if not self.connected:
            return
        self.on_line += 1
        code = self.hub.take(permit.data)
        if self.hub.mute:
            return
        self.world.later.append((self, self.on_line, code))


class World:
    """A device, its sessions, and hubs."""

    def __init__(self, tasks: list[Task], make: Callable[..., Session] = Session) -> None:
        self.now_ms = 0
        self.wall_ahead_ms = 0
        self.boot = 0
        self.boot_at_ms = 0
        self.debits: list[int] = []
        self.draws: list[tuple[int, Report]] = []
        self.later: list[tuple[Phone, int, Refusal | None]] = []
        self.store = Store(self)
        self.make = make
        self.hubs = [Hub(task, self) for task in tasks]
        self.phones: list[Phone] = []
        self._stream = 0
        self.start()

    def reading(self) -> Reading:
        return Reading(START_MS + self.now_ms + self.wall_ahead_ms, self.now_ms - self.boot_at_ms, f"boot-{self.boot}")

    def chance(self, n: int) -> bytes:
        self._stream += 1
        return hashlib.shake_128(self._stream.to_bytes(8, "big")).digest(n)

    def restore(self) -> Ledger:
        return Ledger.restore(self.store.entries)

    def start(self) -> None:
        """Start the device's sessions from what the store kept."""
        self.ledger = self.restore()
        self.store.append(self.ledger.mark(self.reading()))
        self.later.clear()
        self.phones = [Phone(self.session(hub), hub, self) for hub in self.hubs]
        for phone in self.phones:
            phone.feed(phone.hub.joined())

    def session(self, hub: Hub) -> Session:
        last = self.store.drawn.get(hub.task.id)
        return self.make(hub.task, ledger=self.ledger, store=self.store, chance=self.chance, last=last)

    def reboot(self) -> None:
        self.boot, self.boot_at_ms = self.boot + 1, self.now_ms
        self.start()

    def set_wall(self, ahead_ms: int) -> None:
        """Set the wall clock while the device runs, which `connector.run` sees and notes (there: beyond a second).

        A clock that is set forward while nothing runs cannot be told from time that passed: privacy.ledger says so.
        """
        self.wall_ahead_ms = ahead_ms
        if self.ledger.lead_ms(self.reading()) > 0:
            self.store.append(self.ledger.mark(self.reading()))

    def settle(self) -> None:
        for phone in self.phones:
            phone.settle()
        while self.later:
            phone, number, code = self.later.pop(0)
            if phone.connected:
                phone.feed(Refused(number, code)) if code else None
                phone.feed(Acknowledged(number))

    def advance(self, ms: int) -> None:
        """Let true time pass; wake who is to be woken."""
        end = self.now_ms + ms
        while True:
            self.settle()
            wakes = [(p.wake_ms + self.boot_at_ms, n) for n, p in enumerate(self.phones) if p.wake_ms is not None]
            due = min(wakes, default=None)
            if due is None or due[0] > end:
                break
            self.now_ms = max(self.now_ms, due[0])
            self.phones[due[1]].tick()
        self.now_ms = end
        self.settle()

    def feel(self, affect: Affect) -> None:
        for phone in self.phones:
            phone.feed(Estimated(affect))

    def opt_in(self) -> None:
        for phone in self.phones:
            phone.feed(Consented())
        self.settle()

    def stop(self) -> None:
        for phone in self.phones:
            phone.feed(Stopped())

    def spoken(self) -> list[int]:
        """True times of the draws."""
        return [at for at, _ in self.draws]

    def check(self) -> None:
        """What must hold for the truth, whatever happened."""
        self._check_bytes()
        assert len(self.draws) <= len(self.debits), "something was drawn that was not debited"
        by_cost = {hub.task.epsilon for hub in self.hubs}
        assert len(by_cost) == 1
        cost, task = by_cost.pop(), self.hubs[0].task
        unit = min(hub.task.unit for hub in self.hubs) * 1000
        for span, limit in ((unit, task.epsilon), (HOUR_MS, task.epsilon_hour), (DAY_MS, task.epsilon_day)):
            assert most_within(self.spoken(), span) * cost <= limit, f"too much left within {span} ms"

    def _check_bytes(self) -> None:
        drawn = {report.id: report for _, report in self.draws}
        assert len(drawn) == len(self.draws), "a report was drawn twice"
        for hub in self.hubs:
            for data in hub.seen:
                report = decode_report(data)
                assert drawn.get(report.id) == report, "bytes left that were not the stored draw"


def most_within(times: list[int], span: int) -> int:
    """Most of the times that lie in one half-open span."""
    return max((sum(1 for other in times if time <= other < time + span) for time in times), default=0)


def counted(phone: Phone) -> int:
    return sum(told.what is What.COUNTED for told in phone.told)
