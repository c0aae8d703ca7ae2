"""A screen that reads nothing, on a real socket: old frames are dropped, not kept for it anywhere."""

import asyncio
import contextlib
import socket

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.hub.hubs import running

FRAMES = 4_000
FRAME = '{"number":%d,"filling":"' + "x" * 800 + '"}'
MOST_KEPT = 400


def test_a_stalled_screen_misses_the_old_frames_and_gets_the_newest() -> None:
    async def story() -> list[str]:
        async with running() as (hub, address):
            stalled = await asyncio.to_thread(_open, address)
            for number in range(FRAMES):
                hub.fanout.publish(FRAME % number)
                await asyncio.sleep(0)
            await asyncio.sleep(0.2)
            return await asyncio.to_thread(_read, stalled)

    seen = asyncio.run(story())
    numbers = [int(text.split(":")[1].split(",")[0]) for text in seen if text.startswith('{"number"')]
    assert numbers == sorted(numbers)
    assert numbers[-1] == FRAMES - 1
    assert len(numbers) < MOST_KEPT


def _open(address: str) -> ClientConnection:
    """A screen that takes one frame from its socket, and then no more until it is read."""
    host, port = address.rsplit("//", maxsplit=1)[-1].rsplit(":", 1)
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    line.connect((host, int(port)))
    return connect("ws://hub/v1/watch", sock=line, max_queue=1)


def _read(screen: ClientConnection) -> list[str]:
    seen: list[str] = []
    with screen, contextlib.suppress(TimeoutError, ConnectionClosed):
        while True:
            seen.append(str(screen.recv(timeout=1)))
    return seen
