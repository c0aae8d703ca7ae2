"""The store: counts and ids in SQLite, durable before anything is acknowledged.

Promised: the `Aggregator` port with its whole contract (`partsong.space.checks`), where "kept" means on the disk:
SQLite in WAL mode with `synchronous=FULL`, so a `kill -9` and a power cut lose nothing that `merge` has returned. One
flush is one transaction with one row a window: the ids as one blob, and the outputs as another, *sorted*, so that the
file never says which id gave which output (a flush of a single report excepted). `forget` deletes rows, overwrites
their pages (`secure_delete`) and empties the write-ahead log. No address of anybody ever comes here.

One process at a time: a second hub on the same file is refused at its start.

Left to others: one thread at a time (`hub.compose` gives it one of its own), and what is worth keeping for how long.

    store = Store.open("partsong.sqlite3")
    store.add_task(task, outputs=80)
    store.merge(task.id, epoch, "hub", 0, outputs, ids).counted
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import (
    BLOB,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    event,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import StaticPool

from partsong.report import OutOfRange, SettingsInvalid, Task
from partsong.report.report import CONNECTION_BYTES, ID_BYTES
from partsong.space import Merged, Tally

SCHEMA: Final = 1
PATIENCE_SECONDS = 3.0
"""How long another process may take to let go of the file: one that is just being stopped."""

_METADATA = MetaData()
_TASKS = Table(
    "tasks",
    _METADATA,
    Column("id", BLOB, primary_key=True),
    Column("canonical", BLOB, nullable=False),
    Column("outputs", Integer, nullable=False),
)
_BATCHES = Table(
    "batches",
    _METADATA,
    Column("number", Integer, primary_key=True),
    Column("task", BLOB, nullable=False),
    Column("epoch", Integer, nullable=False, index=True),
    Column("edge", String, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("ids", BLOB, nullable=False),
    Column("outputs", BLOB, nullable=False),
)
_CLOSED = Table(
    "closed",
    _METADATA,
    Column("task", BLOB, primary_key=True),
    Column("epoch", Integer, primary_key=True),
)
_HORIZON = Table("horizon", _METADATA, Column("one", Integer, primary_key=True), Column("epoch", Integer))

_OUTPUT: Final = np.dtype("<u2")
_NONE: Final[frozenset[bytes]] = frozenset()


@dataclass(slots=True)
class _Window:
    """One window in memory; the disk holds the same, batch by batch. Owned by: Store."""

    counts: np.ndarray[Any, np.dtype[np.int64]]
    ids: set[bytes] = field(default_factory=set)
    closed: bool = False


@dataclass(slots=True, frozen=True)
class Entry:
    """One batch to be merged: the arguments of `Aggregator.merge`."""

    task: bytes
    epoch: int
    edge: str
    seq: int
    delta: Sequence[int]
    report_ids: Sequence[bytes]


class Store:
    """The durable aggregator. Use `Store.open`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._outputs: dict[bytes, int] = {}
        self._canonical: dict[bytes, bytes] = {}
        self._windows: dict[tuple[bytes, int], _Window] = {}
        self._known: dict[bytes, set[bytes]] = {}
        self._horizon = 0

    @classmethod
    def open(cls, path: str | Path = "") -> "Store":
        """Open the file, make it if it is not there, and read back what it holds.

        Args:
            path: The database file; empty keeps everything in memory.

        Raises:
            SettingsInvalid: The file cannot be opened, or is not a store of this version.
        """
        store = cls(_engine(str(path)))
        try:
            store._prepare()
        except (DatabaseError, OSError) as error:
            raise SettingsInvalid(f"The store {path} cannot be used: {error}.", "Name another file.") from error
        return store

    def close_file(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    # -- tasks

    def add_task(self, task: bytes, outputs: int, canonical: bytes = b"") -> None:
        """Count this task from now on, here and after every restart."""
        with self._engine.begin() as connection:
            row = {"id": task, "canonical": canonical, "outputs": outputs}
            connection.execute(upsert(_TASKS).values(row).on_conflict_do_nothing())
        self._outputs[task], self._canonical[task] = outputs, canonical

    def tasks(self) -> tuple[Task, ...]:
        """The tasks counted here, oldest first."""
        return tuple(Task.from_canonical(canonical) for canonical in self._canonical.values() if canonical)

    def keep_only(self, tasks: AbstractSet[bytes]) -> None:
        """Delete every other task with all its windows.

        The horizon starts again with it, because the windows of another task may be of another length.
        """
        others = [task for task in self._outputs if task not in tasks]
        if not others:
            return
        for key in [key for key in self._windows if key[0] in others]:
            self._drop(key)
        with self._engine.begin() as connection:
            for table, column in ((_BATCHES, _BATCHES.c.task), (_CLOSED, _CLOSED.c.task), (_TASKS, _TASKS.c.id)):
                connection.execute(delete(table).where(column.in_(others)))
            connection.execute(delete(_HORIZON))
        self._horizon = 0
        for task in others:
            self._known.pop(task, None)
            del self._outputs[task], self._canonical[task]
        self._empty_log()

    # -- the port

    def merge(  # noqa: PLR0917 - the port's signature
        self, task: bytes, epoch: int, edge: str, seq: int, delta: Sequence[int], report_ids: Sequence[bytes]
    ) -> Merged:
        """Count a batch, on the disk when it returns: `Aggregator.merge`."""
        return self.merge_all([Entry(task, epoch, edge, seq, delta, report_ids)])[0]

    def merge_all(self, entries: Sequence[Entry]) -> list[Merged]:
        """Count several batches in one write; all of them are kept, or none.

        Raises:
            OutOfRange: As `merge`.
            DatabaseError: The disk did not take it; nothing of it is counted, and it may be tried again.
        """
        for entry in entries:
            self._check(entry)
        taken: dict[bytes, set[bytes]] = {}
        plans = [self._plan(entry, taken.setdefault(entry.task, set())) for entry in entries]
        rows = [plan.row() for plan in plans if plan.ids]
        if rows:
            with self._engine.begin() as connection:
                connection.execute(insert(_BATCHES), rows)
        for plan in plans:
            self._apply(plan.entry.task, plan.entry.epoch, plan.outputs, plan.ids)
        return [plan.merged for plan in plans]

    def close(self, task: bytes, epoch: int) -> Tally:
        """Close a window, on the disk: `Aggregator.close`."""
        if epoch < self._horizon:
            raise OutOfRange("This window has been forgotten.", "Close windows before their retention ends.")
        window = self._window(task, epoch)
        if not window.closed:
            with self._engine.begin() as connection:
                connection.execute(upsert(_CLOSED).values(task=task, epoch=epoch).on_conflict_do_nothing())
            window.closed = True
        return _tally(task, epoch, window)

    def watch(self, task: bytes) -> tuple[Tally, ...]:
        """The closed windows still kept: `Aggregator.watch`."""
        kept = sorted(epoch for (of, epoch), window in self._windows.items() if of == task and window.closed)
        return tuple(_tally(task, epoch, self._windows[task, epoch]) for epoch in kept)

    def forget(self, before_epoch: int) -> int:
        """Delete old windows and their ids from the disk and its log: `Aggregator.forget`."""
        self._horizon = max(self._horizon, before_epoch)
        old = [key for key in self._windows if key[1] < self._horizon]
        held = [self._drop(key) for key in old]
        with self._engine.begin() as connection:
            gone = connection.execute(delete(_BATCHES).where(_BATCHES.c.epoch < self._horizon)).rowcount
            connection.execute(delete(_CLOSED).where(_CLOSED.c.epoch < self._horizon))
            connection.execute(
                upsert(_HORIZON)
                .values(one=1, epoch=self._horizon)
                .on_conflict_do_update(index_elements=["one"], set_={"epoch": self._horizon})
            )
        if gone:
            self._empty_log()
        return sum(held)

    # -- what the hub draws from and rebuilds from

    def sizes(self, task: bytes) -> Mapping[int, int]:
        """How many reports each window still kept holds, closed or open."""
        return {epoch: len(window.ids) for (of, epoch), window in self._windows.items() if of == task}

    def tally(self, task: bytes, epoch: int) -> Tally:
        """What a window holds so far, closed or open."""
        return _tally(task, epoch, self._window(task, epoch))

    def open_windows(self, task: bytes) -> Mapping[int, Tally]:
        """The windows not closed yet, with what they hold so far."""
        found = {epoch: window for (of, epoch), window in self._windows.items() if of == task and not window.closed}
        return {epoch: _tally(task, epoch, window) for epoch, window in sorted(found.items())}

    def ids(self, task: bytes) -> Iterable[tuple[int, frozenset[bytes]]]:
        """The ids counted in each window still kept."""
        return [(epoch, frozenset(window.ids)) for (of, epoch), window in self._windows.items() if of == task]

    # -- inside

    def _check(self, entry: Entry) -> None:
        size = self._size(entry.task)
        if len(entry.delta) != len(entry.report_ids):
            raise OutOfRange("A batch gives one output for each id.")
        if entry.delta and not (min(entry.delta) >= 0 and max(entry.delta) < size):
            raise OutOfRange("An output is none of the task's channel.")

    def _plan(self, entry: Entry, taken: set[bytes]) -> "_Plan":
        """What of a batch is new, given the memory and what this write already takes."""
        if entry.epoch < self._horizon:
            return _Plan(entry, [], [], Merged(0, late=tuple(entry.report_ids)))
        known, closed = self._known.get(entry.task, _NONE), self._is_closed(entry.task, entry.epoch)
        ids = set(entry.report_ids)
        fresh = taken.isdisjoint(ids) and known.isdisjoint(ids) and len(ids) == len(entry.report_ids)
        if fresh and not closed:
            taken |= ids
            return _Plan(entry, entry.delta, entry.report_ids, Merged(len(ids)))
        return _one_by_one(entry, known, taken, closed=closed)

    def _apply(self, task: bytes, epoch: int, outputs: Sequence[int], ids: Sequence[bytes]) -> None:
        if ids:
            window = self._window(task, epoch)
            window.counts += np.bincount(np.asarray(outputs, np.int64), minlength=len(window.counts))
            window.ids.update(ids)
            self._known.setdefault(task, set()).update(ids)

    def _is_closed(self, task: bytes, epoch: int) -> bool:
        window = self._windows.get((task, epoch))
        return window is not None and window.closed

    def _size(self, task: bytes) -> int:
        if task not in self._outputs:
            raise OutOfRange("This task is not counted here.")
        return self._outputs[task]

    def _window(self, task: bytes, epoch: int) -> _Window:
        key = (task, epoch)
        if key not in self._windows:
            self._windows[key] = _Window(np.zeros(self._size(task), np.int64))
        return self._windows[key]

    def _drop(self, key: tuple[bytes, int]) -> bool:
        ids = self._windows.pop(key).ids
        self._known.get(key[0], set()).difference_update(ids)
        return bool(ids)

    def _prepare(self) -> None:
        with self._engine.begin() as connection:
            version = connection.execute(text("PRAGMA user_version")).scalar_one()
            if version not in (0, SCHEMA):
                raise SettingsInvalid(f"The store has version {version}, not {SCHEMA}.", "Name another file.")
            connection.execute(text(f"PRAGMA user_version = {SCHEMA}"))
            _METADATA.create_all(connection)
            self._read(connection)

    def _read(self, connection: Connection) -> None:
        for task, canonical, outputs in connection.execute(select(_TASKS)):
            self._outputs[task], self._canonical[task] = outputs, canonical
        self._horizon = connection.execute(select(_HORIZON.c.epoch)).scalar() or 0
        columns = select(_BATCHES.c.task, _BATCHES.c.epoch, _BATCHES.c.ids, _BATCHES.c.outputs)
        for task, epoch, ids, outputs in connection.execute(columns):
            split = [ids[at : at + ID_BYTES] for at in range(0, len(ids), ID_BYTES)]
            self._apply(task, epoch, np.frombuffer(outputs, _OUTPUT).tolist(), split)
        for task, epoch in connection.execute(select(_CLOSED)):
            self._window(task, epoch).closed = True

    def _empty_log(self) -> None:
        with self._engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


@dataclass(slots=True, frozen=True)
class _Plan:
    """What of a batch will be written, and what is told about it."""

    entry: Entry
    outputs: Sequence[int]
    ids: Sequence[bytes]
    merged: Merged

    def row(self) -> dict[str, Any]:
        # Sorted apart from the ids: the file must not say who sent what.
        outputs = np.sort(np.asarray(self.outputs, _OUTPUT)).tobytes()
        one = self.entry
        return {
            "task": one.task,
            "epoch": one.epoch,
            "edge": one.edge,
            "seq": one.seq,
            "ids": b"".join(self.ids),
            "outputs": outputs,
        }


def _one_by_one(entry: Entry, known: AbstractSet[bytes], taken: set[bytes], *, closed: bool) -> _Plan:
    outputs, ids, duplicates, late = [], [], [], []
    for output, one in zip(entry.delta, entry.report_ids, strict=True):
        if one in taken or one in known:
            duplicates.append(one)
        elif closed:
            late.append(one)
        else:
            taken.add(one)
            outputs.append(output)
            ids.append(one)
    return _Plan(entry, outputs, ids, Merged(len(ids), tuple(duplicates), tuple(late)))


def _tally(task: bytes, epoch: int, window: _Window) -> Tally:
    connections = {one[:CONNECTION_BYTES] for one in window.ids}
    return Tally(task, epoch, tuple(window.counts.tolist()), tuple(sorted(connections)))


def _engine(path: str) -> Engine:
    # One connection for one thread at a time; the hub owns that thread.
    engine = create_engine(
        f"sqlite:///{path}" if path else "sqlite://",
        poolclass=StaticPool,
        connect_args={"check_same_thread": False, "timeout": PATIENCE_SECONDS},
    )
    event.listen(engine, "connect", _on_connect)
    return engine


def _on_connect(connection: Any, _record: object) -> None:
    for pragma in (
        "locking_mode=EXCLUSIVE",
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "journal_size_limit=0",
    ):
        connection.execute(f"PRAGMA {pragma}")
