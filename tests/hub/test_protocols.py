"""Runs of reports take the short way; what an application sees is what stock uvicorn gives it."""

import asyncio
import itertools
import os
import struct
from typing import Any

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st

from partsong.hub.protocols import EXTENSION, ReportSocket

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def frame(opcode: int, payload: bytes, *, fin: bool = True, mask: bytes | None = None) -> bytes:
    mask = os.urandom(4) if mask is None else mask
    head = bytes([(0x80 if fin else 0) | opcode])
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
    return head + length + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        del name
        return default


class Listener:
    """An ASGI application that notes all it receives."""

    def __init__(self, *, short_way: bool) -> None:
        self.short_way, self.seen, self.events = short_way, list[Any](), 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if self.short_way:
            scope["extensions"][EXTENSION]()
        await send({"type": "websocket.accept"})
        while self._note(await receive()):
            pass

    def _note(self, event: Any) -> bool:
        self.events += 1
        if event["type"] == "websocket.disconnect":
            self.seen.append(event["code"])
            return False
        block = event.get(EXTENSION)
        if block is None:
            self.seen.append(event.get("bytes", event.get("text")))
        else:
            self.seen.extend(block[at : at + 61] for at in range(0, len(block), 61))
        return True


async def rest() -> None:
    """Let the application take what there is."""
    for _ in range(5):
        await asyncio.sleep(0)


def messages(chunks: list[bytes], *, short_way: bool) -> tuple[list[Any], bytes, int]:
    """All that an application receives, what is written back, and how many events it took."""

    async def story() -> tuple[list[Any], bytes, int]:
        app, transport = Listener(short_way=short_way), Transport()
        config = uvicorn.Config(
            app, ws_max_size=1024, ws_per_message_deflate=False, log_config=None, ws_ping_interval=None
        )
        config.load()
        protocol = ReportSocket(config, uvicorn.server.ServerState(), {})
        protocol.connection_made(transport)
        protocol.data_received(UPGRADE)
        await rest()
        before = len(transport.written)
        for chunk in chunks:
            if not transport.closed:
                protocol.data_received(chunk)
            await rest()
        protocol.connection_lost(None)
        await rest()
        return app.seen, transport.written[before:], app.events

    return asyncio.run(story())


REPORTS = st.lists(st.binary(min_size=61, max_size=61), min_size=1, max_size=12).map(
    lambda payloads: b"".join(frame(2, payload, mask=b"abcd") for payload in payloads)
)
ODD = st.one_of(
    st.binary(max_size=125).map(lambda payload: frame(2, payload, mask=b"efgh")),
    st.binary(min_size=126, max_size=1100).map(lambda payload: frame(2, payload, mask=b"efgh")),
    st.just(frame(1, b"text", mask=b"ijkl")),
    st.just(frame(9, b"ping", mask=b"ijkl")),
    st.just(frame(10, b"pong", mask=b"ijkl")),
    st.just(frame(2, b"a" * 61, fin=False, mask=b"ijkl") + frame(0, b"b", mask=b"ijkl")),
    st.just(frame(8, b"\x03\xe8", mask=b"ijkl")),
    st.just(b"\x82\x3d" + bytes(61)),  # not masked
    st.just(b"\xff\xff"),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(REPORTS | REPORTS | ODD, max_size=6), st.lists(st.integers(0, 3000), max_size=8))
def test_the_short_way_gives_the_same_messages(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(parts)
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    chunks = [data[a:b] for a, b in itertools.pairwise(places)]
    short, back, _ = messages(chunks, short_way=True)
    long, expected, _ = messages(chunks, short_way=False)
    assert back == expected
    assert short[-1:] == long[-1:]
    if long[-1] in (1002, 1009):
        # Stock uvicorn throws away the good messages that came in the same chunk before a broken one; we need not.
        assert short[: len(long) - 1] == long[:-1]
    else:
        assert short == long


def test_a_run_is_one_event() -> None:
    payloads = [os.urandom(61) for _ in range(100)]
    seen, _, events = messages([b"".join(frame(2, payload) for payload in payloads)], short_way=True)
    assert seen[:-1] == payloads
    assert events == 2


def test_an_application_that_does_not_ask_sees_plain_events() -> None:
    payloads = [os.urandom(61) for _ in range(10)]
    seen, _, events = messages([b"".join(frame(2, payload) for payload in payloads)], short_way=False)
    assert seen[:-1] == payloads
    assert events == 11


@pytest.mark.parametrize("size", [1, 3, 66, 67, 68, 200])
def test_frames_may_come_in_pieces(size: int) -> None:
    payloads = [os.urandom(61) for _ in range(20)]
    data = b"".join(frame(2, payload) for payload in payloads)
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    assert messages(chunks, short_way=True)[0][:-1] == payloads
