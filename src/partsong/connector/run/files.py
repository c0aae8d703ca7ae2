"""The ledger's file: what a device must not forget, durable when a call returns.

One line a record: a CRC-32 in hex, the kind, the rest, a line feed.

    9f1c2ab0 debit 1 0 0 1700000000000 5012 3f0e... 2 0 2 8 16 900000     (privacy.ledger.encode_entry)
    77aa01d2 drawn 1700000000001 5013 3f0e... 94c420...                   (clock readings, the 61 bytes in hex)
    01b2c3d4 left 5a5a...                                                 (a task's id: the person left it)

A record is appended in one write and forced to the disk before the call returns. Only the last line can be unfinished,
by a crash within an append that never returned; it is cut off, because nothing was drawn on it. Anything else that does
not fit is damage: then nothing may leave, and a person decides. One process at a time holds the file (flock on a file
beside it), so that two connectors of one device cannot spend the same allowance.
"""

import fcntl
import os
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Self

from partsong.connector.session import Drawn
from partsong.privacy.ledger import Entry, Reading, decode_entry, encode_entry
from partsong.report import LedgerDamaged, PartsongError, decode_report

COMPACT_LINES: Final = 256
"""A file of more lines is written anew when it is opened, without what no longer matters."""


class LedgerFile:
    """A device's ledger file, held until `close`. It is a `connector.session.Store`.

    Args:
        path: The file; it and its folder are made where missing, readable by their owner alone.
        sync: Forces a file descriptor to the disk; tests count the calls.

    Raises:
        LedgerDamaged: It is not a ledger's file, or another process holds it.
    """

    def __init__(self, path: Path, *, sync: Callable[[int], None] = os.fsync) -> None:
        self._path, self._sync = path, sync
        self._entries: list[Entry] = []
        self._drawn: dict[bytes, Drawn] = {}
        self._lines = 0
        self._whole = True
        self._fd = -1
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._hold()
            self._fd = self._open(path)
            self._load()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The debits that are kept, oldest first: what `Ledger.restore` takes."""
        return tuple(self._entries)

    def load(self) -> tuple[Entry, ...]:
        """The same as `entries`."""
        return self.entries

    def last_drawn(self, task: bytes) -> Drawn | None:
        """The task's newest drawn report, if the person has not left the task since."""
        return self._drawn.get(task)

    def append(self, entry: Entry) -> None:
        """Keep a debit; durable on return.

        Raises:
            LedgerDamaged: It could not be kept; nothing more can be, until the file is opened again.
        """
        if self._entries and entry.seq <= self._entries[-1].seq:
            raise LedgerDamaged(f"Two ledgers write to {self._path}.", "Nothing leaves. A device has one ledger.")
        self._write(_debit(entry))
        self._entries.append(entry)

    def keep(self, drawn: Drawn) -> None:
        """Keep a drawn report; durable on return. Raises like `append`."""
        self._write(_draw(drawn))
        self._note_drawn(drawn)

    def leave(self, task: bytes) -> None:
        """The person left a task; durable on return. Raises like `append`."""
        if task in self._drawn:
            self._write(f"left {task.hex()}")
            del self._drawn[task]

    def compact(self, entries: Iterable[Entry]) -> None:
        """Write a long file anew with these entries alone (`Ledger.entries`): what one did last year is nobody's record.

        The old file stands until the new one is on the disk.
        """
        if self._lines <= COMPACT_LINES:
            return
        self._entries = list(entries)
        records = [*map(_debit, self._entries), *map(_draw, self._drawn.values())]
        fresh = self._path.with_name(self._path.name + ".new")
        fresh.unlink(missing_ok=True)
        old, self._fd = self._fd, self._open(fresh)
        os.close(old)
        self._lines = 0
        self._append("".join(map(_line, records)).encode())
        fresh.rename(self._path)
        self._sync_folder()
        self._lines = len(records)

    def close(self) -> None:
        """Let go of the file; may be called more than once."""
        for fd in (self._fd, self._lock):
            if fd >= 0:
                os.close(fd)
        self._fd = self._lock = -1

    def _hold(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LedgerDamaged(
                f"Another connector holds the ledger {self._path}.", "Stop it first: a device has one ledger."
            ) from error

    @staticmethod
    def _open(path: Path) -> int:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _load(self) -> None:
        data = self._path.read_bytes()
        lines, torn = _split(data)
        for number, line in enumerate(lines, start=1):
            self._take(line, number)
        self._lines = len(lines)
        if torn:
            os.ftruncate(self._fd, len(data) - len(torn))
            self._sync(self._fd)
        self._sync_folder()

    def _take(self, line: bytes, number: int) -> None:
        try:
            self._note(_read(line))
        except (ValueError, PartsongError) as error:
            raise LedgerDamaged(
                f"Line {number} of the ledger {self._path} is damaged.",
                "Nothing leaves. Move it away only after a day without taking part: by then it would be empty.",
            ) from error

    def _note(self, record: Entry | Drawn | bytes) -> None:
        if isinstance(record, Entry):
            self._entries.append(record)
        elif isinstance(record, Drawn):
            self._note_drawn(record)
        else:
            self._drawn.pop(record, None)

    def _note_drawn(self, drawn: Drawn) -> None:
        self._drawn[decode_report(drawn.data).task] = drawn

    def _write(self, record: str) -> None:
        self._append(_line(record).encode())
        self._lines += 1

    def _append(self, data: bytes) -> None:
        if not self._whole:
            raise LedgerDamaged(f"The ledger {self._path} could not be written before.", "Start the connector again.")
        self._whole = False  # after a failed write or sync only opening the file again tells what the disk holds
        try:
            written = os.write(self._fd, data)
            self._sync(self._fd)
        except OSError as error:
            raise self._unwritten(str(error)) from error
        if written != len(data):
            raise self._unwritten("the disk is full")
        self._whole = True

    def _unwritten(self, why: str) -> LedgerDamaged:
        return LedgerDamaged(f"The ledger {self._path} cannot be written: {why}.", "Nothing leaves until it can be.")

    def _sync_folder(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._sync(folder)
        finally:
            os.close(folder)


def default_ledger_path() -> Path:
    """Where this device keeps its ledger: `$XDG_STATE_HOME/partsong/ledger`, or `~/.local/state/partsong/ledger`."""
    state = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return base / "partsong" / "ledger"


def _split(data: bytes) -> tuple[list[bytes], bytes]:
    """The whole lines, and what a crash left of an unfinished append."""
    *lines, torn = data.split(b"\n")
    # A disk may keep the end of an unfinished append but not its beginning, which then reads as zeros.
    if not torn and lines and b"\0" in lines[-1]:
        torn = lines.pop() + b"\n"
    return lines, torn


def _line(record: str) -> str:
    return f"{zlib.crc32(record.encode()):08x} {record}\n"


def _debit(entry: Entry) -> str:
    return f"debit {encode_entry(entry)}"


def _draw(drawn: Drawn) -> str:
    return f"drawn {drawn.at.wall_ms} {drawn.at.mono_ms} {drawn.at.run} {drawn.data.hex()}"


def _read(line: bytes) -> Entry | Drawn | bytes:
    """One record; a left task is its id.

    Raises:
        ValueError, PartsongError: It is not one.
    """
    kind, rest = _checked(line.decode("ascii"))
    if kind == "debit":
        return decode_entry(rest)
    if kind == "left":
        return bytes.fromhex(rest)
    if kind != "drawn":
        raise ValueError(kind)
    wall_ms, mono_ms, run, data = rest.split(" ")
    decode_report(bytes.fromhex(data))
    return Drawn(bytes.fromhex(data), Reading(int(wall_ms), int(mono_ms), run))


def _checked(text: str) -> tuple[str, str]:
    crc, _, record = text.partition(" ")
    if crc != f"{zlib.crc32(record.encode()):08x}":
        raise ValueError("checksum")
    kind, _, rest = record.partition(" ")
    return kind, rest
