"""The fan-out: a frame is encoded once and offered to everyone; a slow screen misses frames, and never holds one up.

Promised: `publish` costs no waiting, whatever the screens do. Each screen holds one frame at most, the newest it has
not taken yet, so memory is flat and nobody's delay depends on anybody else.

Left to others: writing to sockets (`hub.edge`), making frames (`partsong.space`).

    fanout = Fanout()
    screen = fanout.open()
    fanout.publish("frame 1"); fanout.publish("frame 2")
    await screen.next()
    'frame 2'
"""

import asyncio
from collections import deque
from collections.abc import Iterable

from partsong.hub.protocols import Push, text_frame


class Screen:
    """One subscriber: room for one frame.

    Args:
        frame: What it has at once.
        push: Writes to its socket without waiting, where the server can; then a screen that keeps up needs no task to
            be woken.
    """

    __slots__ = ("_frame", "_push", "_waiter", "ended")

    def __init__(self, frame: str | None, push: Push | None = None) -> None:
        self._frame, self._push = frame, push
        self._waiter: asyncio.Future[None] | None = None
        self.ended = False

    def offer(self, frame: str, framed: bytes) -> None:
        """Write a frame, or put it in the place of whatever was not taken."""
        # With nothing waiting, all that was taken is written, so the order is kept.
        if self._frame is not None or self._push is None or not self._push(framed):
            self._frame = frame
            self._wake()

    def end(self) -> None:
        """No more frames: `next` gives None once the last is taken."""
        self.ended = True
        self._wake()

    async def next(self) -> str | None:
        """The newest frame not taken yet; waits for one. None at the end."""
        while self._frame is None and not self.ended:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        frame, self._frame = self._frame, None
        return frame

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Fanout:
    """Everyone who watches, and the frames that are kept.

    Args:
        kept: How many frames to keep for those who come later.
        most: How many screens there may be.
    """

    def __init__(self, kept: int = 360, most: int = 20_000) -> None:
        self._frames: deque[str] = deque(maxlen=kept)
        self._screens: set[Screen] = set()
        self._most = most
        self._ended = False

    @property
    def frames(self) -> Iterable[str]:
        """The frames that are kept, oldest first."""
        return tuple(self._frames)

    @property
    def full(self) -> bool:
        """Whether no further screen is taken."""
        return len(self._screens) >= self._most

    def publish(self, frame: str) -> None:
        """Keep a frame and offer it to everyone."""
        self._frames.append(frame)
        framed = text_frame(frame)
        for screen in self._screens:
            screen.offer(frame, framed)

    def open(self, push: Push | None = None) -> Screen:
        """A new screen; it has the newest frame at once. `push`: see `Screen`."""
        screen = Screen(self._frames[-1] if self._frames else None, push)
        screen.ended = self._ended
        self._screens.add(screen)
        return screen

    def close(self, screen: Screen) -> None:
        """The screen is gone."""
        self._screens.discard(screen)

    def end(self) -> None:
        """The hub is stopping: every screen ends, those that come later too."""
        self._ended = True
        for screen in self._screens:
            screen.end()
