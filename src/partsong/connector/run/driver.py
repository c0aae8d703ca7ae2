"""A driver carries out what one session asks for: it opens and closes the line, sends permits, and wakes in time.

It decides nothing. Everything happens on the event loop that it was made on; it starts no thread.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from partsong.connector.egress import Egress
from partsong.connector.events import Close, Connected, Effect, Estimated, Event, Open, Reread, Ticked, Told, Wake
from partsong.connector.permit import Permit
from partsong.connector.reader import SpaceRead
from partsong.connector.session import Session
from partsong.privacy.ledger import Reading
from partsong.report import Affect, PartsongError

LONGEST_SLEEP_S: Final = 60.0
"""The loop's timers stand still while the device sleeps; looking again this often keeps speaking times true."""

Tell = Callable[[Told, bytes], None]
"""Gets news and the bytes that left with it (none for most news)."""


class Driver:
    """Runs one session on the event loop.

    Args:
        session: What decides.
        address: The hub's WebSocket address without a path.
        clock: Reads the device's clocks.
        pause: Seconds before a line is tried again.
        reread: Reads the hub's tasks again.
        tell: Gets the news.
        fail: Gets an error that ends the session: its store failed.
        feel: If given, asked where the person is just before anything that may lead to a report.
    """

    def __init__(
        self,
        session: Session,
        *,
        address: str,
        clock: Callable[[], Reading],
        pause: Callable[[], float],
        reread: Callable[[], Awaitable[SpaceRead]],
        tell: Tell,
        fail: Callable[[PartsongError], None],
        feel: Callable[[], Affect | None] | None = None,
    ) -> None:
        self._session, self._clock, self._reread, self._tell, self._fail = session, clock, reread, tell, fail
        self._feel, self._pause = feel, pause
        self._egress = Egress(address, self.feed, pause)
        self._timer: asyncio.TimerHandle | None = None
        self._wake_ms = 0
        self._rereading: asyncio.Task[None] | None = None

    @property
    def session(self) -> Session:
        """What decides."""
        return self._session

    def feed(self, event: Event) -> None:
        """Feed the session now, and do what follows."""
        at = self._clock()
        try:
            if self._feel is not None and isinstance(event, Ticked | Connected):
                affect = self._feel()
                self._perform([] if affect is None else self._session.feed(Estimated(affect), at))
            self._perform(self._session.feed(event, at))
        except PartsongError as error:
            self.close()
            self._fail(error)

    def close(self) -> None:
        """Close the line and wake no more; what the session knows stays."""
        self._egress.close()
        if self._timer is not None:
            self._timer.cancel()
        if self._rereading is not None:
            self._rereading.cancel()

    def _perform(self, effects: list[Effect]) -> None:
        left = b""
        for effect in effects:
            if isinstance(effect, Permit):
                left = effect.data
                self._egress.send(effect)
            elif isinstance(effect, Told):
                self._tell(effect, left if effect.size else b"")
            elif isinstance(effect, Wake):
                self._wake_ms = effect.at_ms
                self._arm()
            else:
                self._attend(effect)

    def _attend(self, effect: Open | Close | Reread) -> None:
        if isinstance(effect, Open):
            self._egress.open()
        elif isinstance(effect, Close):
            self._egress.close()
        elif self._rereading is None or self._rereading.done():
            self._rereading = asyncio.get_running_loop().create_task(self._read_again())

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        delay_s = (self._wake_ms - self._clock().mono_ms) / 1000
        self._timer = asyncio.get_running_loop().call_later(min(max(delay_s, 0.0), LONGEST_SLEEP_S), self._ring)

    def _ring(self) -> None:
        if self._clock().mono_ms < self._wake_ms:
            self._arm()
        else:
            self.feed(Ticked())

    async def _read_again(self) -> None:
        while True:
            await asyncio.sleep(self._pause())
            try:
                space = await self._reread()
            except PartsongError:
                continue
            self.feed(space.joined(self._clock()))
            return
