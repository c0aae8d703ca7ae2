"""The ledger: what has left this device, and whether more may.

One ledger stands above all tasks, spaces and hubs of a person's device. Promises:

    * Whatever is asked, in whatever order and by whatever clock: in every half-open span [t, t + G) of a promise's unit,
      of an hour and of a day, the draws that were debited sum to no more than the promise allows, over all tasks
      together. This holds for every span whose last draw was made under the promise or within a day after one.
    * The built-in ceilings (`CEILINGS`) are such a promise that is always in force. A task that asks for more is refused.
    * Nothing is ever credited. A debit counts from the moment it is made, whether or not its report arrives, is
      accepted or is even drawn.
    * Ledger time never runs faster than the device's steady clock while one run of that clock lasts (a boot, a page), and
      never runs back. Across a restart it goes by the wall clock, so a clock set forward *and* a restart is the one way
      to shorten it; that takes the person or their device, never a hub.

The rules that callers keep:

    1. `ask` or `debit` with a fresh `Reading` of the device's own clocks.
    2. Append the entry that `debit` gives to a durable store **before** drawing. If that fails, draw nothing.
    3. One ledger at a time over one store. A store can see to it: no two entries have the same `seq`.
    4. After a restart, `restore` from the stored entries, all of at least the last day.

Left to others: the store itself, reading clocks, drawing. Level *open* is not bounded against the circle and is not
debited. The same rules in TypeScript: web/connector/ledger.ts; vectors: tests/vectors/privacy/ledger.json.

Example:
    >>> ledger = Ledger.restore([])
    >>> promise = Promise(unit_ms=900_000, epsilon=Fraction(2), hour=Fraction(8), day=Fraction(16))
    >>> start = Reading(wall_ms=1_000_000, mono_ms=0, run="boot-1")
    >>> ledger.debit(promise, start).seq
    0
    >>> ledger.ask(promise, Reading(wall_ms=1_600_000, mono_ms=600_000, run="boot-1"))
    NotCovered(until_ms=900000, wait_ms=300000, which='unit')
"""

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Final, Literal, NamedTuple, Self

import msgspec

from partsong.report import errors
from partsong.report.errors import CeilingExceeded, LedgerDamaged, NotPermitted, OutOfRange, PartsongError
from partsong.report.rational import format_rational, parse_rational
from partsong.report.task import Task

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
LINE_VERSION: Final = "1"

Which = Literal["unit", "hour", "day"]

_RUN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,15}")


class Reading(msgspec.Struct, frozen=True):
    """One look at the device's two clocks, in whole milliseconds.

    Attributes:
        wall_ms: The wall clock; may be set forward or back by anybody.
        mono_ms: The steady clock; means something only beside another reading of the same run.
        run: Which run of the steady clock this is (a boot, a page), 1 to 64 of `A-Za-z0-9_-`; never used twice.
    """

    wall_ms: int
    mono_ms: int
    run: str

    def __post_init__(self) -> None:
        if not _RUN.fullmatch(self.run):
            raise OutOfRange("A run of the clock is named by 1 to 64 of A-Z, a-z, 0-9, _ and -.")


class Promise(msgspec.Struct, frozen=True):
    """What a task promises about everything that leaves the device: at most so much in any unit, hour and day.

    One draw costs `epsilon`.

    Raises:
        CeilingExceeded: It asks for more than the built-in ceilings, or for a unit longer than a day.
        NotPermitted: One draw alone would break it.
    """

    unit_ms: int
    epsilon: Fraction
    hour: Fraction
    day: Fraction

    def __post_init__(self) -> None:
        if not _within_ceilings(self):
            raise CeilingExceeded(
                "This asks for more than a connector ever gives.",
                "Ask for an epsilon of at most 2 in a unit of 300 to 86,400 s, 8 an hour and 16 a day.",
            )
        if not 0 < self.epsilon <= min(self.hour, self.day):
            raise NotPermitted("One report alone would cost more than this allows in an hour or a day.")

    @classmethod
    def of(cls, task: Task) -> Self:
        """The promise of a task.

        Raises:
            CeilingExceeded, NotPermitted: As above: the task must not be answered.
        """
        return cls(task.unit * 1000, task.epsilon, task.epsilon_hour, task.epsilon_day)

    @property
    def limits(self) -> tuple["Limit", ...]:
        """Its three limits."""
        return (
            Limit("unit", self.unit_ms, self.epsilon),
            Limit("hour", HOUR_MS, self.hour),
            Limit("day", DAY_MS, self.day),
        )


class Limit(NamedTuple):
    """At most `epsilon` in any half-open span of `span_ms`."""

    which: Which
    span_ms: int
    epsilon: Fraction


CEILING_UNIT_MS: Final = 300_000
CEILING_EPSILON: Final = Fraction(2)
CEILING_HOUR: Final = Fraction(8)
CEILING_DAY: Final = Fraction(16)


def _within_ceilings(promise: Promise) -> bool:
    return (
        CEILING_UNIT_MS <= promise.unit_ms <= DAY_MS
        and promise.epsilon <= CEILING_EPSILON
        and promise.hour <= CEILING_HOUR
        and promise.day <= CEILING_DAY
    )


CEILINGS: Final = Promise(CEILING_UNIT_MS, CEILING_EPSILON, CEILING_HOUR, CEILING_DAY)
"""Built in: no hub and no charter can raise them."""


class Entry(msgspec.Struct, frozen=True):
    """One line of the ledger.

    Attributes:
        seq: Its number, counting up by one; a store must refuse one that it already has.
        at_ms: Ledger time.
        reading: The clocks at that moment, from which ledger time goes on after a restart.
        epsilon: What it costs; 0 for a mark, which only notes the time.
        rho: What it costs in zero-concentrated differential privacy; 0 for veiled.
        promise: Under which promise it was made.
    """

    seq: int
    at_ms: int
    reading: Reading
    epsilon: Fraction
    rho: Fraction
    promise: Promise


class Covered(msgspec.Struct, frozen=True):
    """One draw may be debited now."""

    at_ms: int


class NotCovered(msgspec.Struct, frozen=True):
    """No draw now.

    Attributes:
        until_ms: Ledger time at which one will be covered if nothing else leaves before.
        wait_ms: How far off that is; more than 0.
        which: The limit that takes longest to free itself.
    """

    until_ms: int
    wait_ms: int
    which: Which


class Spent(NamedTuple):
    """What left within a span."""

    epsilon: Fraction
    rho: Fraction


class Ledger:
    """What has left this device. Made by `Ledger.restore`, from nothing or from what was stored."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._next_seq = 0
        self._now_ms = 0
        self._reading: Reading | None = None

    @classmethod
    def restore(cls, entries: Iterable[Entry]) -> Self:
        """The ledger that made these entries, in the order in which they were stored.

        Raises:
            LedgerDamaged: They are not a gapless stretch of one ledger; nothing may leave.
        """
        ledger = cls()
        for entry in entries:
            ledger._restore_one(entry)
        return ledger

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries that can still matter: those of the last day, and the newest one. A store may forget others."""
        return tuple(self._entries)

    def ask(self, promise: Promise, at: Reading) -> Covered | NotCovered:
        """Whether one draw under this promise may be debited now. Debits nothing."""
        now = self._advance(at)
        waits = list(self._waits(promise, now))
        until, which = max(waits, key=lambda wait: wait[0])
        return Covered(now) if until <= now else NotCovered(until, until - now, which)

    def debit(self, promise: Promise, at: Reading, *, rho: Fraction = Fraction(0)) -> Entry:
        """Pay for one draw: at once and for good. Store the entry durably before drawing.

        Raises:
            NotCovered: (the error) It is not covered now; nothing was debited.
        """
        answer = self.ask(promise, at)
        if isinstance(answer, NotCovered):
            raise errors.NotCovered(
                f"The {answer.which} is spent.", f"Ask again in {-(-answer.wait_ms // 1000)} s of this device's time."
            )
        return self._add(at, promise.epsilon, rho, promise)

    def mark(self, at: Reading) -> Entry:
        """Note the time without cost.

        Stored when `lead_ms` shows that the wall clock was set forward, it keeps a later restart from counting that
        jump; stored at each start, it keeps a wrong clock of long ago from holding ledger time back.
        """
        self._advance(at)
        return self._add(at, Fraction(0), Fraction(0), CEILINGS)

    def lead_ms(self, at: Reading) -> int:
        """How far ahead of ledger time a restart at this moment would be; store a mark if it is more than a little."""
        now = self._advance(at)
        if not self._entries:
            return 0
        newest = self._entries[-1]
        return max(0, newest.at_ms + max(0, at.wall_ms - newest.reading.wall_ms) - now)

    def spent(self, span_ms: int, at: Reading) -> Spent:
        """What left in the span that ends now, over all tasks; `span_ms` up to a day."""
        now = self._advance(at)
        within = [entry for entry in self._entries if entry.at_ms > now - span_ms]
        return Spent(
            sum((entry.epsilon for entry in within), Fraction(0)), sum((entry.rho for entry in within), Fraction(0))
        )

    def _add(self, at: Reading, epsilon: Fraction, rho: Fraction, promise: Promise) -> Entry:
        entry = Entry(self._next_seq, self._now_ms, at, epsilon, rho, promise)
        self._entries.append(entry)
        self._next_seq += 1
        return entry

    def _advance(self, at: Reading) -> int:
        """Move ledger time on to a reading and let go of what is older than a day."""
        if self._reading is not None:
            self._now_ms += elapsed_ms(self._reading, at)
        self._reading = at
        self._forget()
        return self._now_ms

    def _forget(self) -> None:
        old = [entry for entry in self._entries[:-1] if entry.at_ms <= self._now_ms - DAY_MS]
        del self._entries[: len(old)]

    def _restore_one(self, entry: Entry) -> None:
        if self._reading is not None and (entry.seq != self._next_seq or entry.at_ms < self._now_ms):
            raise _damaged(f"entry {entry.seq} does not follow entry {self._next_seq - 1}")
        self._entries.append(entry)
        self._next_seq, self._now_ms, self._reading = entry.seq + 1, entry.at_ms, entry.reading
        self._forget()

    def _waits(self, promise: Promise, now: int) -> Iterator[tuple[int, Which]]:
        """For every limit in force, when it will cover a draw under `promise`."""
        # The same limit under several promises is looked at once: this runs at every event.
        free = {limit: self._free(limit, promise.epsilon, now) for limit in (*promise.limits, *CEILINGS.limits)}
        yield from ((when, limit.which) for limit, when in free.items())
        for other, until in self._in_force(now):
            for limit in other.limits:
                if limit not in free:
                    yield min(self._free(limit, promise.epsilon, now), until), limit.which

    def _in_force(self, now: int) -> list[tuple[Promise, int]]:
        """The promises under which something left within the last day, and until when they bind."""
        newest = {entry.promise: entry.at_ms + DAY_MS for entry in self._entries}
        return [(promise, until) for promise, until in newest.items() if until > now]

    def _free(self, limit: Limit, cost: Fraction, now: int) -> int:
        """The earliest time from now on at which the limit leaves room for `cost`; a day on, if it never does."""
        within = [entry for entry in self._entries if entry.at_ms > now - limit.span_ms]
        excess = sum([entry.epsilon for entry in within], cost) - limit.epsilon
        free = now
        for entry in within:
            if excess <= 0:
                return free
            # Half-open spans: two draws exactly one span apart are never in one.
            excess, free = excess - entry.epsilon, entry.at_ms + limit.span_ms
        return free if excess <= 0 else now + DAY_MS


def elapsed_ms(before: Reading, at: Reading) -> int:
    """How far ledger time moves between two readings: the lesser of both clocks within a run, else the wall clock."""
    wall = max(0, at.wall_ms - before.wall_ms)
    return min(wall, max(0, at.mono_ms - before.mono_ms)) if at.run == before.run else wall


def encode_entry(entry: Entry) -> str:
    """The one line that stands for an entry, without a line end. Form: docs/reference/veil.md, "Ledger lines"."""
    promise, reading = entry.promise, entry.reading
    times = (entry.seq, entry.at_ms, reading.wall_ms, reading.mono_ms, reading.run)
    rationals = (entry.epsilon, entry.rho, promise.epsilon, promise.hour, promise.day)
    return " ".join((LINE_VERSION, *map(str, times), *map(format_rational, rationals), str(promise.unit_ms)))


def decode_entry(line: str) -> Entry:
    """Read such a line.

    Raises:
        LedgerDamaged: It is not exactly what `encode_entry` writes; nothing may leave.
    """
    try:
        entry = _read_entry(line.split(" "))
    except (PartsongError, ValueError) as error:
        raise _damaged(str(error)) from error
    if encode_entry(entry) != line:
        raise _damaged("a line is not in its one form")
    return entry


def _read_entry(fields: list[str]) -> Entry:
    version, seq, at_ms, wall_ms, mono_ms, run, epsilon, rho, unit_epsilon, hour, day, unit_ms = fields
    if version != LINE_VERSION:
        raise ValueError(f"version {version[:8]!r}")
    promise = Promise(_whole(unit_ms), parse_rational(unit_epsilon), parse_rational(hour), parse_rational(day))
    entry = Entry(
        seq=_whole(seq),
        at_ms=_whole(at_ms),
        reading=Reading(_whole(wall_ms), _whole(mono_ms), run),
        epsilon=parse_rational(epsilon),
        rho=parse_rational(rho),
        promise=promise,
    )
    if entry.seq < 0 or entry.at_ms < 0 or entry.epsilon not in (0, promise.epsilon):
        raise ValueError("a number out of range")
    return entry


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text[:20]!r} is not a whole number")
    return int(text)


def _damaged(what: str) -> LedgerDamaged:
    return LedgerDamaged(
        f"What this device keeps of its ledger is damaged: {what}.",
        "Nothing leaves until a day has passed: keep the file, move it away, and start a new one after that day.",
    )
