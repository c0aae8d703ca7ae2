"""Many connectors in one process: each its own session, ledger and line, as on so many devices.

For demonstrations and replays. Every person goes through the same session, ledger and intake as a phone; only chance
decides about them and only their own ledger bounds them. Their feelings come from an audience (`partsong.crowd`), asked
at the moment a report is drawn. The ledgers of synthetic people are in memory (`MemoryStore`), because nobody is there
to be protected; recorded people get a file each.

    await run_many("http://127.0.0.1:8420", make_crowd("stimulus", 1_000, rng), renew=True)
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from partsong.connector.events import Consented, Stopped, Told, What
from partsong.connector.reader import SpaceRead, hub_addresses, read_space
from partsong.connector.run.clock import device_clock, random_pause
from partsong.connector.run.driver import Driver
from partsong.connector.run.files import LedgerFile
from partsong.connector.run.one import veiled_task
from partsong.connector.schedule import Pace
from partsong.connector.session import Drawn, Session
from partsong.privacy.ledger import Entry, Ledger
from partsong.report import Affect, PartsongError

LOOK_S: Final = 0.5
"""How often it is looked who came and who went."""
REREAD_S: Final = 5.0
"""A space that was read less than this ago is not read again, however many ask."""
SPENT: Final = frozenset({"hour", "day"})


@runtime_checkable
class Audience(Protocol):
    """People to speak for. `crowd.Crowd` and `crowd.Recorded` are audiences.

    An audience may also have `present`, (n,) of bool, who is there now; and `replace(person)`, called when a fresh
    person takes a place.
    """

    def __len__(self) -> int:
        """How many there are, present or not."""
        ...

    def at(self, elapsed: float) -> NDArray[np.float64]:
        """Where everybody is `elapsed` seconds after the start, (n, 2); NaN for whoever says nothing."""
        ...


class MemoryStore:
    """A store that forgets with the process: for synthetic people alone."""

    entries: Sequence[Entry] = ()

    def append(self, entry: Entry) -> None:
        """Nothing: the session's ledger has it."""

    def keep(self, drawn: Drawn) -> None:
        """Nothing: there is no crash to come back from."""

    def leave(self, task: bytes) -> None:
        """Nothing."""

    def last_drawn(self, task: bytes) -> Drawn | None:
        """Nothing was kept."""
        del task
        return None

    def close(self) -> None:
        """Nothing."""


StoreFor = Callable[[int], MemoryStore | LedgerFile]


class Many:
    """An audience's connectors. Use `run_many`, or this class to look at the counts meanwhile.

    Args:
        url: Any address of the hub.
        audience: Where everybody is.
        pace: How those begin who are there at the start. `Pace.SPREAD`: as if they had come within the unit before.
            Whoever comes later begins as people do, `Pace.AT_ONCE`.
        arrivals: When each person joins, in seconds from the start; all at once if None.
        renew: Whether whoever has spent an hour's or a day's allowance leaves and a fresh person takes the place.
        store: Gives each person's store; in memory if None.
    """

    def __init__(
        self,
        url: str,
        audience: Audience,
        *,
        pace: Pace = Pace.SPREAD,
        arrivals: Sequence[float] | None = None,
        renew: bool = False,
        store: StoreFor | None = None,
    ) -> None:
        self._http, self._ws = hub_addresses(url)
        self._audience, self._pace, self._renew = audience, pace, renew
        self._arrivals = np.zeros(len(audience)) if arrivals is None else np.asarray(arrivals, dtype=np.float64)
        self._store: StoreFor = store or (lambda _: MemoryStore())
        self._people: dict[int, tuple[Driver, MemoryStore | LedgerFile]] = {}
        self._space: SpaceRead | None = None
        self._began = 0.0
        self._failure: PartsongError | None = None
        self.counts: Counter[What] = Counter()
        """How often each kind of news was told."""
        self.renewed = 0
        """How many fresh persons took a place."""

    @property
    def people(self) -> int:
        """How many are here."""
        return len(self._people)

    async def run(self, *, seconds: float | None = None) -> None:
        """Run until cancelled, or for some seconds.

        Raises:
            HubUnreachable: The hub does not answer at the start. Later losses are waited out.
            NotPermitted: It asks nothing that may be answered.
            LedgerDamaged: A ledger's file failed.
        """
        loop = asyncio.get_running_loop()
        await self._read()
        self._began = loop.time()
        try:
            self._come_and_go(self._pace)
            while seconds is None or loop.time() - self._began < seconds:
                self._come_and_go(Pace.AT_ONCE)
                if self._failure is not None:
                    raise self._failure
                await asyncio.sleep(LOOK_S)
        finally:
            for person in tuple(self._people):
                self._dismiss(person)

    def _elapsed(self) -> float:
        return asyncio.get_running_loop().time() - self._began

    def _come_and_go(self, pace: Pace) -> None:
        wanted = self._wanted()
        for person in self._people.keys() - wanted:
            self._dismiss(person)
        for person in wanted - self._people.keys():
            self._admit(person, pace)

    def _wanted(self) -> set[int]:
        elapsed = self._elapsed()
        here = self._arrivals <= elapsed
        if hasattr(self._audience, "present"):
            self._audience.at(elapsed)  # who is there may change with time alone
            here &= self._audience.present
        return set(np.flatnonzero(here).tolist())

    def _admit(self, person: int, pace: Pace) -> None:
        space = self._space
        if space is None:
            return
        store, task = self._store(person), veiled_task(space)
        ledger, last = Ledger.restore(store.entries), store.last_drawn(task.id)
        driver = Driver(
            Session(task, ledger=ledger, store=store, chance=os.urandom, pace=pace, last=last),
            address=self._ws,
            clock=device_clock,
            pause=random_pause,
            reread=self._read,
            tell=lambda told, _: self._told(person, told),
            fail=self._failed,
            feel=lambda: self._feel(person),
        )
        self._people[person] = driver, store
        driver.feed(space.joined(device_clock()))
        driver.feed(Consented())

    def _dismiss(self, person: int) -> None:
        driver, store = self._people.pop(person)
        driver.feed(Stopped())
        driver.close()
        store.close()

    def _told(self, person: int, told: Told) -> None:
        self.counts[told.what] += 1
        if self._renew and told.what is What.SKIPPED and told.code in SPENT:
            asyncio.get_running_loop().call_soon(self._replace, person)

    def _replace(self, person: int) -> None:
        if person not in self._people:
            return
        self._dismiss(person)
        replace = getattr(self._audience, "replace", None)
        if replace is not None:
            replace(person)
        self.renewed += 1
        self._admit(person, Pace.AT_ONCE)

    def _feel(self, person: int) -> Affect | None:
        valence, arousal = self._audience.at(self._elapsed())[person]
        return None if np.isnan(valence + arousal) else Affect(valence=float(valence), arousal=float(arousal))

    def _failed(self, error: PartsongError) -> None:
        self._failure = error

    async def _read(self) -> SpaceRead:
        at = device_clock()
        if self._space is None or at.mono_ms - self._space.at.mono_ms > REREAD_S * 1000:
            self._space = await read_space(self._http, device_clock)
        return self._space


async def run_many(
    url: str,
    audience: Audience,
    *,
    pace: Pace = Pace.SPREAD,
    arrivals: Sequence[float] | None = None,
    renew: bool = False,
    store: StoreFor | None = None,
    seconds: float | None = None,
) -> None:
    """Run an audience's connectors until cancelled, or for some seconds. Arguments and errors: `Many`."""
    await Many(url, audience, pace=pace, arrivals=arrivals, renew=renew, store=store).run(seconds=seconds)
