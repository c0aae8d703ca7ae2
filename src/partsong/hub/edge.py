"""The edge: the two WebSockets as raw ASGI. Thin: it moves bytes, and `intake` and `fanout` decide.

Promised: who may not connect is refused with an HTTP answer that says why; a socket that breaks a rule is closed with
the code that docs/reference/protocol.md gives; a peer that reads slowly, or not at all, holds up nobody; a socket that
brings no report is closed in the end. It runs under any ASGI server; with `hub.protocols` it takes many reports at once.

Left to others: origins and headers (`hub.guard`), and closing what breaks RFC 6455 or is longer than 1,024 bytes
(the server's protocol, 1002 and 1009).
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Final

from partsong.hub.clock import Clock
from partsong.hub.fanout import Fanout, Screen
from partsong.hub.guard import Message, Receive, Scope, Send, refusal
from partsong.hub.intake import Intake, Line
from partsong.hub.protocols import EXTENSION, PUSH

UNSUPPORTED: Final = 1003
POLICY_VIOLATION: Final = 1008
CROWDED: Final = 0.9
"""Above this share of the sockets, silent ones are given less time."""
HURRIED_SECONDS: Final = 10.0


class IntakeEdge:
    """Reports in, acknowledgements out.

    Args:
        intake: What decides.
        clock: The hub's clock.
        wake: Called when something was decided, so that it is flushed.
        most: How many sockets there may be.
        idle: Seconds a socket may take to bring its first report.
        silence: Seconds a socket that has brought one may be silent.
    """

    def __init__(
        self, intake: Intake, clock: Clock, wake: Callable[[], None], *, most: int, idle: float, silence: float
    ) -> None:
        self._intake, self._clock, self._wake = intake, clock, wake
        self._most, self._idle, self._silence = most, idle, silence
        self._sends: dict[Line, Send] = {}
        self._writing: dict[Line, asyncio.Task[None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One socket, from its handshake to its end."""
        await receive()
        if not scope["partsong.may_send"]:
            await _refuse(send, 403, "wrong-origin", "This page may not send reports here.", "Open the hub's own page.")
        elif len(self._sends) >= self._most:
            await _refuse(send, 503, "busy", "The hub has no free socket.", "Try again later.")
        else:
            scope.get("extensions", {}).get(EXTENSION, lambda: None)()
            await send({"type": "websocket.accept"})
            await self._serve(receive, send)

    def answer(self, lines: Iterable[Line]) -> None:
        """These sockets have something to say; say it without waiting for anybody."""
        for line in lines:
            if line in self._sends and line not in self._writing:
                self._writing[line] = asyncio.create_task(self._write(line, self._sends[line]))

    def sweep(self) -> None:
        """Close the sockets that have been silent for too long. Call every few seconds."""
        now, crowded = self._clock.steady(), len(self._sends) > CROWDED * self._most
        idle = min(self._idle, HURRIED_SECONDS) if crowded else self._idle
        for line in self._sends:
            since, limit = (line.opened, idle) if line.heard is None else (line.heard, self._silence)
            if now - since > limit:
                line.close_code = POLICY_VIOLATION
        self.answer([line for line in self._sends if line.close_code])

    async def _serve(self, receive: Receive, send: Send) -> None:
        line = self._intake.open(self._clock.steady())
        self._sends[line] = send
        try:
            code = await self._listen(line, receive)
            if code:
                await _close(send, code)
        finally:
            self._intake.close(line)
            del self._sends[line]
            writing = self._writing.pop(line, None)
            if writing is not None:
                writing.cancel()

    async def _listen(self, line: Line, receive: Receive) -> int:
        """Take messages until the peer is gone (0) or is to be closed (the code)."""
        while not line.close_code:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return 0
            if not self._take(line, event):
                return UNSUPPORTED
            self._wake()
        return line.close_code

    def _take(self, line: Line, event: Message) -> bool:
        block, message = event.get(EXTENSION), event.get("bytes")
        if block is not None:
            self._intake.take_block(line, block, self._clock.now(), self._clock.steady())
        elif message is not None:
            self._intake.take(line, message, self._clock.now(), self._clock.steady())
        return block is not None or message is not None

    async def _write(self, line: Line, send: Send) -> None:
        with contextlib.suppress(OSError):  # the peer is gone; `_listen` learns it too
            while line.outbox and not line.close_code:
                await send({"type": "websocket.send", "text": line.outbox.popleft()})
            if line.close_code:
                await _close(send, line.close_code)
        self._writing.pop(line, None)


class WatchEdge:
    """Frames out, nothing in."""

    def __init__(self, fanout: Fanout) -> None:
        self._fanout = fanout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One socket, from its handshake to its end."""
        await receive()
        if self._fanout.full:
            await _refuse(send, 503, "busy", "The hub has no free socket.", "Try again later.")
            return
        await send({"type": "websocket.accept"})
        screen = self._fanout.open(scope.get("extensions", {}).get(PUSH))
        writing = asyncio.create_task(_show(screen, send))
        try:
            event = await receive()  # there is nothing to say here, so whatever comes is the end
            if event["type"] != "websocket.disconnect":
                await _close(send, POLICY_VIOLATION)
        finally:
            self._fanout.close(screen)
            writing.cancel()


async def _show(screen: Screen, send: Send) -> None:
    with contextlib.suppress(OSError):
        while (frame := await screen.next()) is not None:
            await send({"type": "websocket.send", "text": frame})


async def _close(send: Send, code: int) -> None:
    with contextlib.suppress(OSError, RuntimeError):  # gone, or closed from the other side at the same time
        await send({"type": "websocket.close", "code": code})


async def _refuse(send: Send, status: int, code: str, message: str, next_step: str) -> None:
    for part in refusal(status, code, message, next_step):
        await send(part)
