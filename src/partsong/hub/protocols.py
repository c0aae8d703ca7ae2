"""uvicorn's two protocols, each with the one thing that a hub needs besides.

`ReportSocket` hands whole runs of reports over in one event. A report in a masked frame is always the same 67 bytes
long, so a run of them can be unmasked in one step instead of frame by frame; anything else goes through the ordinary
parser. Promised: an application that knows nothing of it sees the same messages, because only one that finds
`partsong.reports` among the scope's extensions, and asks for it there, gets events with the key `partsong.reports`
(`n` messages of 61 bytes, joined) in place of `n` events with `bytes`. RFC 6455 section 5 is kept: text, fragments and
long frames switch the shortcut off for the rest of the socket.

For a server that sends the same to everyone, it also offers `partsong.frames` (`Push`): bytes that were framed once
(`text_frame`) are written at once if the peer keeps up, and refused if it does not; nothing is ever queued here.

`PlainHttp` puts the hub's headers also on the answer to bytes that are not HTTP, and closes connections on which
nothing was asked for `HELLO_SECONDS`.

Left to others: what the messages mean (`hub.intake`).
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from partsong.report import REPORT_BYTES

EXTENSION: Final = "partsong.reports"
PUSH: Final = "partsong.frames"
Push = Callable[[bytes], bool]
"""Writes a whole frame without waiting; False if the peer does not keep up, and then nothing was written."""

FEWEST: Final = 4
"""A shorter run costs less in the ordinary parser."""

HELLO_SECONDS: Final = 20.0

_HEAD: Final = bytes([0x82, 0x80 | REPORT_BYTES])  # FIN and binary; masked, 61 bytes (RFC 6455 section 5.2)
_HEAD_BYTES: Final = 6
_FRAME_BYTES: Final = _HEAD_BYTES + REPORT_BYTES
_CONTROLS: Final = (0x88, 0x89, 0x8A)  # close, ping, pong: never fragmented (section 5.5)
_MOST_SHORT: Final = 125


class ReportSocket(WebSocketsSansIOProtocol):
    """A WebSocket that hands over runs of reports."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._runs = False
        self._tail = b""

    def handle_connect(self, event: Request) -> None:
        """Offer the extension to the application."""
        super().handle_connect(event)
        if not self.close_sent:
            extensions: Any = self.scope["extensions"]
            extensions[EXTENSION] = self._ask_for_runs
            extensions[PUSH] = self._push

    async def send(self, message: Any) -> None:
        """A refusal in HTTP completes the handshake: uvicorn would take its end for a fault and log one."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True

    def _ask_for_runs(self) -> None:
        """To be called by the application before it accepts: from the first frame on, or not at all."""
        self._runs = not self.handshake_complete

    def _push(self, framed: bytes) -> bool:
        if not self.writable.is_set():
            return False
        if not (self.close_sent or self.transport.is_closing()):
            self.transport.write(framed)
        return True

    def data_received(self, data: bytes) -> None:
        """Bytes from the peer."""
        if not self._runs or self.close_sent or not self.handshake_complete:
            self._runs = self._runs and not self.handshake_initiated
            super().data_received(data)
            return
        data = self._tail + data if self._tail else data
        self._tail = b""
        self._take(data)

    def _take(self, data: bytes) -> None:
        while data and not self.close_sent:
            run = _run_length(data)
            if run >= FEWEST:
                self._hand_over(_unmasked(data[: run * _FRAME_BYTES]))
                data = data[run * _FRAME_BYTES :]
                continue
            size = _short_frame(data)
            if size == 0:  # not one of ours: the ordinary parser has it from here on
                self._runs = False
                super().data_received(data)
                return
            if len(data) < size:
                self._tail = data
                return
            super().data_received(data[:size])
            data = data[size:]

    def _hand_over(self, block: bytes) -> None:
        event: Any = {"type": "websocket.receive", EXTENSION: block}
        self.queue.put_nowait(event)
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()


class PlainHttp(HttpToolsProtocol):
    """HTTP whose every answer carries the hub's headers."""

    refusal_headers: tuple[tuple[bytes, bytes], ...] = ()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection that asks for nothing is not kept: silence must not use up the sockets."""
        super().connection_made(transport)
        self.loop.call_later(HELLO_SECONDS, self._close_if_silent)

    def _close_if_silent(self) -> None:
        asked: object = self.cycle
        if asked is None and self.transport.get_protocol() is self:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP is answered in the hub's own form."""
        del msg
        body = b'{"code":"malformed-request","message":"This is not HTTP.","next":"Speak HTTP/1.1."}'
        lines = [b"HTTP/1.1 400 Bad Request", b"content-type: application/json", b"connection: close"]
        lines += [name + b": " + value for name, value in self.refusal_headers]
        lines += [b"content-length: " + str(len(body)).encode(), b"", body]
        self.transport.write(b"\r\n".join(lines))
        self.transport.close()


def text_frame(text: str) -> bytes:
    """A server's whole text message as one frame (RFC 6455 section 5.2)."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


def _run_length(data: bytes) -> int:
    """How many whole frames of one report each `data` begins with."""
    most = len(data) // _FRAME_BYTES
    if most < FEWEST or data[:2] != _HEAD:
        return 0
    heads = np.frombuffer(data, np.uint8, most * _FRAME_BYTES).reshape(most, _FRAME_BYTES)
    good = (heads[:, 0] == _HEAD[0]) & (heads[:, 1] == _HEAD[1])
    return most if good.all() else int(good.argmin())


def _unmasked(frames: bytes) -> bytes:
    rows = np.frombuffer(frames, np.uint8).reshape(-1, _FRAME_BYTES)
    return (rows[:, _HEAD_BYTES:] ^ rows[:, _MASK_OF]).tobytes()  # RFC 6455 section 5.3


_MASK_OF: Final = 2 + np.arange(REPORT_BYTES) % 4


def _short_frame(data: bytes) -> int:
    """The length of the frame `data` begins with; 0 when it is not a short whole message or a control frame."""
    if data[0] != _HEAD[0] and data[0] not in _CONTROLS:
        return 0
    if len(data) == 1:
        return 2
    length = data[1] & 0x7F
    return _HEAD_BYTES + length if data[1] & 0x80 and length <= _MOST_SHORT else 0
