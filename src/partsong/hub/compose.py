"""The one place that joins the rooms: intake, store, space and fan-out, driven by the hub's clock.

Promised:

- nothing is acknowledged before the store has it; a write that fails is tried again until the disk takes it, and while
  it waits, new reports are answered `busy`;
- one frame a window, at the window's end; a report that comes within its grace is in the next frame;
- after a restart, with or without warning, every acknowledged report is counted, none twice;
- what is older than the retention is deleted within a window.

Left to others: sockets and addresses (`hub.app`, `hub.serve`), what a frame shows (`partsong.space`).

    hub = compose(Settings(store=""), SystemClock())
    async with hub:
        ...
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, Protocol, Self, TypeVar

from sqlalchemy.exc import DatabaseError

from partsong.hub.clock import Clock
from partsong.hub.edge import IntakeEdge, WatchEdge
from partsong.hub.fanout import Fanout
from partsong.hub.intake import Intake, Limits, Rule
from partsong.hub.settings import Settings
from partsong.hub.store import Entry, Store
from partsong.privacy.veil import disk_channel
from partsong.report import Frame, SettingsInvalid, Task, encode_frame, make_task, parse_rational
from partsong.report.errors import MalformedInput
from partsong.space import Space, Tally

RETRY_SECONDS: Final = 0.5
LONGEST_SLEEP: Final = 1.0
"""The wall clock may be set while the hub sleeps; it looks again after this."""
SWEEP_SECONDS: Final = 5.0

_LOG: Final = logging.getLogger("partsong.hub")
T = TypeVar("T")


class Room(Protocol):
    """What makes frames of tallies: `space.Space`, seen from here."""

    def frame(self, tallies: Sequence[Tally], at: int) -> Frame:
        """The frame of the window that ends at `at`, from all tallies that changed since the last call."""
        ...


class Hub:
    """A running hub without its sockets. Use `compose`, then `async with`."""

    def __init__(self, settings: Settings, clock: Clock, store: Store, task: Task, room: Room) -> None:
        self.settings, self.clock, self.task = settings, clock, task
        self.fanout = Fanout(settings.frames_kept, settings.watch_sockets)
        outputs = disk_channel(task.side, task.epsilon).outputs
        limits = Limits(settings.socket_rate, settings.malformed_limit, settings.pending_limit)
        self.intake = Intake([Rule.of(task, outputs)], limits)
        self._woken = asyncio.Event()
        self.intake_edge = IntakeEdge(
            self.intake,
            clock,
            self._woken.set,
            most=settings.intake_sockets,
            idle=settings.idle,
            silence=2 * task.unit + settings.idle,
        )
        self.watch_edge = WatchEdge(self.fanout)
        self.failed = asyncio.Event()
        self.on_frame: Callable[[Frame], None] | None = None
        self._store, self._room = store, room
        # The store is one thread's at a time: this one's.
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="partsong-store")
        self._run = secrets.token_hex(4)
        self._seq = 0
        self._flushing = asyncio.Lock()
        self._jobs: list[asyncio.Task[None]] = []
        self._told: dict[int, int] = {}
        self._turned = 0.0

    async def __aenter__(self) -> Self:
        """Recover what the store has, then start."""
        await self._on_disk(self._recover)
        self._turned = self.clock.steady()
        jobs = (self._flush_for_ever(), self._tick_for_ever(), self._sweep_for_ever())
        self._jobs = [asyncio.create_task(job) for job in jobs]
        for job in self._jobs:
            job.add_done_callback(self._job_ended)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop: what was decided is written and told, then the file is let go of."""
        self.end_streams()
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        if not self.failed.is_set():
            await self.flush()
        self._disk.shutdown()
        self._store.close_file()

    def end_streams(self) -> None:
        """End every stream of frames, so that nobody waits for a hub that stops."""
        self.fanout.end()

    async def flush(self) -> None:
        """Write what was decided since the last flush, then tell it."""
        async with self._flushing:
            flush = self.intake.cut()
            entries = [self._entry(batch.task, batch.epoch, batch.outputs, batch.ids) for batch in flush.batches]
            if entries:
                await self._on_disk(lambda: self._store.merge_all(entries))
            self.intake_edge.answer(self.intake.settle(flush))

    async def tick(self, at: int) -> None:
        """Close what is past its grace, and publish the frame of the window that ends at `at` (Unix seconds)."""
        last = self.task.epoch_at(at) - 1
        closing = self.task.epoch_at(at - self.task.grace - 1) - 1
        self.intake.closed(self.task.id, closing)
        await self.flush()
        tallies = await self._on_disk(lambda: self._tallies(closing, last))
        frame = await asyncio.to_thread(self._room.frame, tallies, at)
        self.fanout.publish(encode_frame(frame).decode())
        if self.on_frame is not None:
            self.on_frame(frame)
        await self._on_disk(lambda: self._store.forget(self.task.epoch_at(at - self.task.retention)))

    # -- inside

    def _recover(self) -> None:
        for epoch, ids in self._store.ids(self.task.id):
            self.intake.remember(self.task.id, epoch, ids)

    def _tallies(self, closing: int, last: int) -> list[Tally]:
        """The windows up to `last` that changed since they were told; those up to `closing` are closed."""
        for epoch in self._store.open_windows(self.task.id):
            if epoch <= closing:
                self._store.close(self.task.id, epoch)
        sizes = {epoch: size for epoch, size in self._store.sizes(self.task.id).items() if epoch <= last}
        changed = sorted(epoch for epoch, size in sizes.items() if self._told.get(epoch) != size)
        self._told = sizes
        return [self._store.tally(self.task.id, epoch) for epoch in changed]

    def _entry(self, task: bytes, epoch: int, outputs: Sequence[int], ids: Sequence[bytes]) -> Entry:
        self._seq += 1
        return Entry(task, epoch, f"hub-{self._run}", self._seq, outputs, ids)

    async def _on_disk(self, work: Callable[[], T]) -> T:
        """Do it in the store's thread, again and again until the disk takes it."""
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._disk, work)
            except DatabaseError as error:
                # The kind of the fault alone: its text would hold ids.
                _LOG.error("The store did not take a write (%s); trying again.", type(error.orig).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    async def _flush_for_ever(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            await self.flush()
            await asyncio.sleep(self.settings.flush)

    async def _tick_for_ever(self) -> None:
        epoch = self.task.epoch_at(self.clock.now())
        while True:
            end = self.task.window_end(epoch)
            await self._sleep_until(end)
            await self.tick(end)
            epoch = max(epoch + 1, self.task.epoch_at(self.clock.now()))

    async def _sleep_until(self, end: float) -> None:
        while (left := end - self.clock.now()) > 0:  # noqa: ASYNC110 - time is what is waited for
            await asyncio.sleep(min(left, LONGEST_SLEEP))

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self.intake_edge.sweep()
            if self.clock.steady() - self._turned > 2 * self.task.unit:
                self._turned = self.clock.steady()
                self.intake.forget()

    def _job_ended(self, job: asyncio.Task[None]) -> None:
        if not job.cancelled():
            _LOG.critical("The hub cannot go on: %s", type(job.exception()).__name__, exc_info=job.exception())
            self.failed.set()


def compose(settings: Settings, clock: Clock, room: Callable[[Task], Room] | None = None) -> Hub:
    """A hub on its store, ready to be started.

    Args:
        settings: What was set.
        clock: What tells the time.
        room: Makes the room of a task; the space's own when not given.

    Raises:
        SettingsInvalid: The settings make no task, or the store cannot be used.
    """
    task = task_of(settings)
    store = Store.open(settings.store)
    store.keep_only({task.id})
    store.add_task(task.id, disk_channel(task.side, task.epsilon).outputs, task.canonical())
    return Hub(settings, clock, store, task, (room or Space)(task))


def task_of(settings: Settings) -> Task:
    """The task that these settings ask: always the same bytes for the same settings, so a restart asks the same.

    Raises:
        SettingsInvalid: They make no task.
    """
    names = ("space", "question", "purpose", "context", "window", "grace", "unit", "cohort", "retention", "expiry")
    fields: dict[str, Any] = {name: getattr(settings, name) for name in names}
    try:
        for name in ("epsilon", "epsilon_hour", "epsilon_day"):
            fields[name] = parse_rational(getattr(settings, name))
        return make_task(side=settings.grid, **fields)
    except MalformedInput as error:
        raise SettingsInvalid(error.message, error.next_step or "See docs/reference/settings.md.") from error
