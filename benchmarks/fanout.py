"""What a frame costs the hub for each subscriber, and whether one that does not read disturbs the others.

1,000 subscribers watch the real hub process, one frame a second, an open picture of 400 people. `ours` is the CPU time
that the 1,000 add, over the same hub with one subscriber, by subscriber and frame; the peer is `websockets`' own
`broadcast` of a message of the same size, measured alike. Then one subscriber stops reading: the others' delay from the
frame's due time, and the hub's memory, are compared with the seconds before.
"""

import asyncio
import contextlib
import gc
import re
import resource
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.intake import _sends, _task
from benchmarks.process import Server, server, upgrade
from benchmarks.result import Result

CALM_AFTER_S = 4
SUBSCRIBERS = 1000
SPEAKERS = 400
SEED = 20261123
AT = re.compile(rb'"at":(\d+)')
SETTINGS = {
    "PARTSONG_PORT": "0",
    "PARTSONG_SOCKET_RATE": "10000",
    "PARTSONG_WINDOW": "1",
    "PARTSONG_GRACE": "5",
    "PARTSONG_UNIT": "300",
    "PARTSONG_COHORT": "100",
}


@dataclass
class Watchers:
    """What all subscribers saw: for each frame's due time, how long after it each of them had it whole."""

    delays: list[tuple[int, float]] = field(default_factory=list)
    bytes: int = 0

    def since(self, due: float) -> list[tuple[int, float]]:
        """The deliveries of frames due at or after a moment: due time, delay in seconds."""
        return [one for one in self.delays if one[0] >= due]


class Watcher(asyncio.Protocol):
    """One subscriber that reads; server frames only, as little work as can be."""

    def __init__(self, port: int, path: str, seen: Watchers) -> None:
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
        self._seen, self._data, self._open = seen, b"", False

    def connection_made(self, transport: Any) -> None:
        """Ask for the upgrade."""
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Note when each frame was whole; answer pings."""
        now = time.time()
        self._data += data
        if not self._open:
            _, found, self._data = self._data.partition(b"\r\n\r\n")
            self._open = bool(found)
        while self._open and len(self._data) >= 4:
            length, head = self._data[1] & 0x7F, 2
            if length == 126:
                length, head = int.from_bytes(self._data[2:4], "big"), 4
            if len(self._data) < head + length:
                return
            self._take(self._data[0], self._data[head : head + length], now)
            self._data = self._data[head + length :]

    def _take(self, kind: int, payload: bytes, now: float) -> None:
        if kind == 0x89:
            mask = bytes(4)
            self._transport.write(bytes([0x8A, 0x80 | len(payload)]) + mask + payload)
        elif kind == 0x81 and (found := AT.search(payload)):
            self._seen.delays.append((int(found[1]), now - int(found[1])))
            self._seen.bytes = len(payload)


def run(full: bool) -> Result:
    """Measure ours, the stall, and the peer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 4 * SUBSCRIBERS:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    stall = 60 if full else 20
    gc.disable()  # a collection among our 1,000 watchers would be read as a late frame of the hub's
    ours = asyncio.run(_ours(stall))
    peer = asyncio.run(_peer(int(ours["frame_bytes"])))
    return Result(
        name="fanout",
        ours=ours.pop("cost"),
        peer=peer,
        peer_name=f"websockets {version('websockets')} broadcast, uvloop",
        unit="CPU microseconds per subscriber and frame",
        detail={"subscribers": SUBSCRIBERS, **ours},
    )


async def _ours(stall: int) -> dict[str, Any]:
    seen = Watchers()
    with tempfile.TemporaryDirectory() as folder, _hub(folder) as hub:
        await _watch(hub, "/v1/watch", seen, 1)
        alone = await _cpu(hub, 2)
        await _watch(hub, "/v1/watch", seen, SUBSCRIBERS - 1)
        began = time.time()
        crowded = await _cpu(hub, 6)
        figures = await _stall(hub, seen, began, stall)
    cost = (crowded - alone) / SUBSCRIBERS * 1e6
    return {"cost": cost, "frame_bytes": seen.bytes, "cpu_ms_a_frame_alone": alone * 1e3, **figures}


@contextlib.contextmanager
def _hub(folder: str) -> Iterator[Server]:
    settings = {**SETTINGS, "PARTSONG_STORE": str(Path(folder) / "hub.sqlite3")}
    with server(["-m", "partsong.hub"], settings) as hub:
        _speak(hub)
        yield hub


def _speak(hub: Server) -> None:
    """400 people speak once, so that the picture is open."""
    line = upgrade(hub.port, "/v1/intake")
    for data in _sends(_task(hub), SPEAKERS, np.random.default_rng(SEED)):
        line.sendall(data)
    line.close()


async def _watch(target: Server, path: str, seen: Watchers, count: int) -> None:
    loop = asyncio.get_running_loop()
    for number in range(count):
        await loop.create_connection(lambda: Watcher(target.port, path, seen), "127.0.0.1", target.port)
        if number % 100 == 0:
            await asyncio.sleep(0.02)
    await asyncio.sleep(1.0)


async def _cpu(target: Server, frames: int) -> float:
    """CPU seconds a frame, from middle to middle between frames."""
    await asyncio.sleep(1.5 - time.time() % 1)
    before = target.cpu_seconds()
    await asyncio.sleep(frames)
    return (target.cpu_seconds() - before) / frames


async def _stall(hub: Server, seen: Watchers, calm_from: float, seconds: int) -> dict[str, Any]:
    """Everybody else's delays and the hub's memory while one subscriber reads nothing, and without it, before and after.

    The pooled p99 is about the worst frame of twenty and so tells the machine's noise as well; the frames' median does not.
    The kernel's own buffers take a stalled subscriber's frames for a while; what happens when they are full is proved
    in tests/hub/test_fanout.py.
    """
    calm, memory = seen.since(calm_from), hub.memory_bytes()
    stalled = upgrade(hub.port, "/v1/watch", receive_buffer=4096)
    began = time.time()
    await asyncio.sleep(seconds)
    rough, grown = seen.since(began), hub.memory_bytes() - memory
    _stop(stalled)
    after = time.time()
    await asyncio.sleep(CALM_AFTER_S)
    calm += seen.since(after)
    return {
        "stall_seconds": seconds,
        "p99_ms_calm": _p99(calm),
        "p99_ms_stalled": _p99(rough),
        "p99_ratio": _pooled(rough) / _pooled(calm),
        "p99_ratio_by_frame": _p99(rough) / _p99(calm),
        "memory_growth_bytes": grown,
    }


def _p99(delays: list[tuple[int, float]]) -> float:
    """Milliseconds: each frame's p99 over its subscribers, and of those the median.

    A stalled subscriber would hold up every frame, while a busy machine holds up some; so the frames' median tells
    them apart, and the p99 of all deliveries pooled (given beside it) does not.
    """
    by_frame: dict[int, list[float]] = {}
    for at, delay in delays:
        by_frame.setdefault(at, []).append(delay)
    return float(np.median([np.percentile(one, 99) for one in by_frame.values()])) * 1e3


def _pooled(delays: list[tuple[int, float]]) -> float:
    return float(np.percentile([delay for _, delay in delays], 99))


def _stop(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


async def _peer(size: int) -> float:
    script = str(Path(__file__).parent / "broadcaster.py")
    with server([script, str(max(size, 64))]) as peer:
        await _watch(peer, "/", Watchers(), SUBSCRIBERS)
        return await _cpu(peer, 4) / SUBSCRIBERS * 1e6
