"""One person's connector: a session, the device's ledger file, a line, and a source.

    async with await Connector.join("http://127.0.0.1:8420", tell=print) as connector:
        connector.consent()
        await connector.run(source)

Nothing leaves before `consent`, and nothing after `stop`.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from typing import Final, Self

import msgspec

from partsong.connector.events import Consented, Estimated, Stopped
from partsong.connector.reader import SpaceRead, hub_addresses, read_space, watch
from partsong.connector.run.clock import device_clock, random_pause
from partsong.connector.run.driver import Driver, Tell
from partsong.connector.run.files import LedgerFile, default_ledger_path
from partsong.connector.session import Session
from partsong.connector.sources import Source
from partsong.connector.terms import accept
from partsong.privacy.ledger import DAY_MS, HOUR_MS, Ledger
from partsong.report import Affect, Frame, Level, NotPermitted, PartsongError, Task

POLL_S: Final = 0.25

LEAD_MS: Final = 1_000
"""Clocks disagree by less than this without anybody having set one."""


class Spending(msgspec.Struct, frozen=True):
    """What has left this device, over all tasks, and what may: sums of epsilon.

    Attributes:
        hour: In the hour that ends now.
        day: In the day that ends now.
        hour_limit: Most in any hour under this task.
        day_limit: Most in any day under this task.
        next_s: Seconds until the next report may leave; None at private.
    """

    hour: Fraction
    day: Fraction
    hour_limit: Fraction
    day_limit: Fraction
    next_s: float | None


class Connector:
    """One person's connector. Make one with `join`, use it in `async with`."""

    def __init__(self, url: str, space: SpaceRead, file: LedgerFile, tell: Tell) -> None:
        self._http, self._ws = hub_addresses(url)
        self._space, self._file = space, file
        self._task = veiled_task(space)
        self._ledger = Ledger.restore(file.entries)
        file.append(self._ledger.mark(device_clock()))
        file.compact(self._ledger.entries)
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._driver = Driver(
            Session(
                self._task, ledger=self._ledger, store=file, chance=os.urandom, last=file.last_drawn(self._task.id)
            ),
            address=self._ws,
            clock=device_clock,
            pause=random_pause,
            reread=lambda: read_space(self._http, device_clock),
            tell=tell,
            fail=self._failed,
        )
        self._driver.feed(space.joined(device_clock()))

    @classmethod
    async def join(cls, url: str, *, tell: Tell, ledger: Path | None = None) -> Self:
        """Read what a hub asks and open the device's ledger. Nothing of the person leaves.

        Args:
            url: Any address of the hub.
            tell: Gets the news, and the bytes that left with it.
            ledger: The ledger's file; the device's own if None.

        Raises:
            HubUnreachable: The hub does not answer.
            NotPermitted: It asks nothing that may be answered.
            LedgerDamaged: The ledger cannot be used.
        """
        space = await read_space(hub_addresses(url)[0], device_clock)
        veiled_task(space)
        file = LedgerFile(ledger or default_ledger_path())
        try:
            return cls(url, space, file, tell)
        except BaseException:
            file.close()
            raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._driver.close()
        self._file.close()

    @property
    def space(self) -> SpaceRead:
        """What the hub asks."""
        return self._space

    @property
    def task(self) -> Task:
        """What is answered here."""
        return self._task

    @property
    def level(self) -> Level:
        """The sharing level now."""
        return Level.PRIVATE if self._driver.session.next_ms is None else Level.VEILED

    def feel(self, affect: Affect) -> None:
        """The person is here now. It stays on this device."""
        self._driver.feed(Estimated(affect))

    def consent(self) -> None:
        """The person answered the one question with yes."""
        self._driver.feed(Consented())

    def stop(self) -> None:
        """Back to private: nothing leaves from now on."""
        self._driver.feed(Stopped())

    def spending(self) -> Spending:
        """What is spent and when the next report may leave."""
        at, next_ms = device_clock(), self._driver.session.next_ms
        return Spending(
            hour=self._ledger.spent(HOUR_MS, at).epsilon,
            day=self._ledger.spent(DAY_MS, at).epsilon,
            hour_limit=self._task.epsilon_hour,
            day_limit=self._task.epsilon_day,
            next_s=None if next_ms is None else max(0.0, (next_ms - at.mono_ms) / 1000),
        )

    def watch(self) -> AsyncIterator[Frame | None]:
        """The room's frames, for whoever chooses to watch; None when the line is lost."""
        return watch(self._ws, random_pause)

    async def run(self, source: Source, *, seconds: float | None = None) -> None:
        """Poll a source until `finish`, a failure, or for some seconds.

        Raises:
            SourceFailed: The source broke.
            LedgerDamaged: The ledger could not be written; nothing leaves any more.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        source.open()
        try:
            while seconds is None or loop.time() - began < seconds:
                affect = source.poll(loop.time() - began)
                if affect is not None:
                    self.feel(affect)
                self._keep_time()
                if await self._is_over():
                    return
        finally:
            source.close()

    def finish(self) -> None:
        """Let `run` return."""
        if not self._over.done():
            self._over.set_result(None)

    async def _is_over(self) -> bool:
        done, _ = await asyncio.wait([self._over], timeout=POLL_S)
        if done:
            self._over.result()
        return bool(done)

    def _keep_time(self) -> None:
        """Note a wall clock that was set forward, so that a later restart cannot count the jump."""
        at = device_clock()
        if self._ledger.lead_ms(at) > LEAD_MS:
            self._file.append(self._ledger.mark(at))

    def _failed(self, error: PartsongError) -> None:
        if not self._over.done():
            self._over.set_exception(error)


def veiled_task(space: SpaceRead) -> Task:
    """The first task of a hub that this connector may answer.

    Raises:
        NotPermitted: There is none; the reason is the last task's.
    """
    refusal = NotPermitted("This hub asks nothing at level veiled.", "Nothing leaves; the room may still be watched.")
    for task in space.tasks:
        try:
            accept(task)
        except NotPermitted as error:
            refusal = error
        else:
            return task
    raise refusal


async def read_task(url: str) -> Task:
    """The task that a hub asks and a connector may answer.

    Raises:
        HubUnreachable: The hub does not answer.
        NotPermitted: It asks nothing that may be answered.
    """
    return veiled_task(await read_space(hub_addresses(url)[0], device_clock))
