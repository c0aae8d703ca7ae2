"""Egress: the only code of a connector that writes to a hub. It takes permits and nothing else.

Promised: nothing is sent but the 61 bytes of permits, one message each, on a line that a session asked for; at private
there is no line at all. The handshake is the same for everybody but for the 16 random bytes that RFC 6455 asks for: no
cookie, no name of a program, no compression. An answer that is not of the protocol closes the line.

Left to others: what to send and whether to send it again (`connector.session`).
"""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from partsong.connector.events import Acknowledged, Connected, Disconnected, Event, Refused
from partsong.connector.permit import Permit
from partsong.report import NotPermitted, Refusal

INTAKE: Final = "/v1/intake"
OPEN_TIMEOUT_S: Final = 10.0
ANSWER_LIMIT_BYTES: Final = 4096


class _Answer(msgspec.Struct):
    """A message of the intake (docs/reference/protocol.md)."""

    ack: int = -1
    refused: int = -1
    code: Refusal | None = None


_ANSWERS: Final = msgspec.json.Decoder(_Answer)


class Egress:
    """A session's line to one intake.

    Args:
        url: The hub's WebSocket address without a path, such as `ws://127.0.0.1:8420`.
        hear: Gets `Connected`, `Disconnected`, `Acknowledged` and `Refused`, in order, on the event loop.
        pause: Seconds to wait before trying again after a line was lost or not had: random, at most 8.
    """

    def __init__(self, url: str, hear: Callable[[Event], None], pause: Callable[[], float]) -> None:
        self._url, self._hear, self._pause = url + INTAKE, hear, pause
        self._task: asyncio.Task[None] | None = None
        self._socket: ClientConnection | None = None
        self._writes: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Try until there is a line, and after a loss again until `close`, each time after a random pause; idempotent."""
        if self._task is None:
            self._task = asyncio.create_task(self._have_line())

    def close(self) -> None:
        """Give the line up. Nothing is heard of it any more."""
        task, self._task, self._socket = self._task, None, None
        if task is not None:
            task.cancel()

    def send(self, permit: Permit) -> None:
        """Send a permit's bytes on the line; without one they are dropped, and the session will know from the loss.

        Raises:
            NotPermitted: This is not a permit.
        """
        if type(permit) is not Permit:
            raise NotPermitted("Only a permit leaves.")
        if self._socket is not None:
            write = asyncio.create_task(_write(self._socket, permit))
            self._writes.add(write)
            write.add_done_callback(self._writes.discard)

    async def _have_line(self) -> None:
        lost = False
        while True:
            if lost:
                await asyncio.sleep(self._pause())
            try:
                await self._one_line()
            except (OSError, TimeoutError, WebSocketException, msgspec.DecodeError):
                lost = True

    async def _one_line(self) -> None:
        async with _connect(self._url) as socket:
            self._socket = socket
            self._hear(Connected())
            try:
                async for message in socket:
                    self._hear(_heard(message))
            finally:
                mine, self._socket = self._socket is socket, None
                if mine:
                    self._hear(Disconnected())
        raise ConnectionResetError


def _connect(url: str) -> connect:
    return connect(
        url,
        compression=None,
        user_agent_header=None,
        proxy=None,
        ping_interval=None,  # a line lives for one report: nothing is sent on it to keep it
        open_timeout=OPEN_TIMEOUT_S,
        close_timeout=1.0,
        max_size=ANSWER_LIMIT_BYTES,
    )


async def _write(socket: ClientConnection, permit: Permit) -> None:
    try:
        await socket.send(permit.data)
    except WebSocketException:
        return  # the reading side reports the loss


def _heard(message: str | bytes) -> Event:
    answer = _ANSWERS.decode(message)
    if answer.code is not None:
        return Refused(answer.refused, answer.code)
    if answer.ack < 0:
        raise msgspec.DecodeError("neither an acknowledgement nor a refusal")
    return Acknowledged(answer.ack)
