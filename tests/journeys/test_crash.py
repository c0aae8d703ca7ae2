"""The real process, killed and stopped: what was acknowledged stays, once; what is open ends in time; all come back."""

import asyncio
import contextlib
import json
import os
import socket
import sqlite3
import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from partsong.hub.serve import raise_file_limit
from partsong.report import Task
from tests.hub.hubs import Process, process, report, running

LONG = {"window": 3600, "unit": 7200, "retention": 14400, "socket_rate": 10_000}
SOCKETS = 1000
PHONES = 2000
GONE = (OSError, ConnectionClosed, InvalidHandshake, TimeoutError)


class Phones:
    """People who send, and send again what was not acknowledged, as the protocol asks."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.acknowledged: set[bytes] = set()
        self.unsure: list[bytes] = []
        self.answers: Counter[str] = Counter()

    async def speak(self, address: str) -> None:
        """Send until the hub is gone."""
        with contextlib.suppress(*GONE):
            async with connect(address + "/v1/intake") as line:
                sent: list[bytes] = []
                again, self.unsure = self.unsure, []
                try:
                    while True:
                        batch = [*again, *(report(self.task) for _ in range(7))]
                        again = []
                        sent += batch
                        for message in batch:
                            await line.send(message)
                        await self._hear(line, sent)
                finally:
                    self.unsure += [one for one in [*sent, *again] if one not in self.acknowledged]

    async def _hear(self, line: object, sent: list[bytes]) -> None:
        refused: dict[int, str] = {}
        while True:
            answer = json.loads(await line.recv())  # type: ignore[attr-defined]
            if "refused" in answer:
                refused[answer["refused"]] = answer["code"]
                self.answers[answer["code"]] += 1
                continue
            assert set(refused.values()) <= {"duplicate"}
            self.acknowledged.update(sent[: answer["ack"]])
            if answer["ack"] == len(sent):
                return


def stored(path: Path) -> tuple[Counter[bytes], int]:
    """Every id in the database with how often it is there, and how many outputs are counted; read with sqlite alone."""
    ids: Counter[bytes] = Counter()
    outputs = 0
    with contextlib.closing(sqlite3.connect(path)) as database:
        for blob, counted in database.execute("SELECT ids, outputs FROM batches"):
            ids.update(blob[at : at + 16] for at in range(0, len(blob), 16))
            outputs += len(counted) // 2
    return ids, outputs


@pytest.mark.timeout(900)  # 50 restarts in a full run
def test_a_kill_at_any_moment_loses_nothing_acknowledged_and_counts_nothing_twice(tmp_path: Path, full: bool) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when the test fails
    rng, path, phones = np.random.default_rng(seed), tmp_path / "hub.sqlite3", None

    async def until_killed(hub: Process, phones: Phones, seconds: float) -> None:
        speaking = [asyncio.create_task(phones.speak(hub.sockets)) for _ in range(3)]
        await asyncio.sleep(seconds)
        hub.kill()
        await asyncio.gather(*speaking)

    for _ in range(50 if full else 5):
        with process(path, **LONG) as hub:
            phones = phones or Phones(hub.task())
            asyncio.run(until_killed(hub, phones, float(rng.uniform(0.02, 0.6))))
        ids, outputs = stored(path)
        assert max(ids.values(), default=1) == 1, "counted twice"
        assert outputs == len(ids)
        assert {one[45:] for one in phones.acknowledged} <= ids.keys(), "lost"
    assert phones is not None
    assert phones.acknowledged


async def open_sockets(hub: Process, path: str, count: int) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    return list(await asyncio.gather(*(open_socket(hub.port, path) for _ in range(count))))


async def open_socket(port: int, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        if path != "/v1/stream"
        else f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.split(b" ", 2)[1] in (b"101", b"200"), head
    return reader, writer


def test_sigterm_with_a_thousand_open_sockets_stops_within_five_seconds(tmp_path: Path) -> None:
    raise_file_limit()

    async def story(hub: Process) -> float:
        everyone = await open_sockets(hub, "/v1/watch", SOCKETS // 2)
        everyone += await open_sockets(hub, "/v1/intake", SOCKETS - SOCKETS // 2 - 50)
        everyone += await open_sockets(hub, "/v1/stream", 50)
        took = await asyncio.to_thread(hub.stop)
        for _, writer in everyone:
            writer.transport.abort()
        return took

    with process(tmp_path / "hub.sqlite3") as hub:
        assert asyncio.run(story(hub)) < 5
    assert (tmp_path / "hub.log").read_text() == ""


def test_two_thousand_phones_behind_one_address_are_back_within_ten_seconds(tmp_path: Path) -> None:
    raise_file_limit()
    rng = np.random.default_rng(7)

    async def come(hub: Process, pause: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        await asyncio.sleep(pause)
        return await open_socket(hub.port, "/v1/intake")

    async def story(hub: Process) -> None:
        everyone = await asyncio.gather(*(come(hub, float(pause)) for pause in rng.uniform(0, 2, PHONES)))
        hub.kill()
        with process(tmp_path / "hub.sqlite3", port=hub.port) as again:
            began = time.monotonic()
            back = await asyncio.gather(*(come(again, float(pause)) for pause in rng.uniform(0, 8, PHONES)))
            assert time.monotonic() - began < 10
            for _, writer in [*everyone, *back]:
                writer.transport.abort()

    with process(tmp_path / "hub.sqlite3") as hub:
        asyncio.run(story(hub))


def test_a_subscriber_that_does_not_read_holds_up_nobody_and_costs_no_memory(full: bool) -> None:
    frames, padding = (20_000 if full else 4_000), "x" * 4000

    async def story() -> None:
        async with running() as (hub, where):
            port = int(where.rsplit(":", 1)[1])
            stalled = socket.socket()
            stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stalled.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(stalled, ("127.0.0.1", port))
            await loop.sock_sendall(
                stalled,
                b"GET /v1/watch HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
            )
            async with connect(f"ws://{where}/v1/watch", max_size=None) as reading:
                memory = 0
                for number in range(frames):
                    hub.fanout.publish(f'{{"n":{number},"p":"{padding}"}}')
                    began = time.monotonic()
                    while json.loads(await asyncio.wait_for(reading.recv(), 5))["n"] != number:
                        pass
                    assert time.monotonic() - began < 2
                    if number == frames // 4:
                        memory = psutil.Process().memory_info().rss
            assert psutil.Process().memory_info().rss - memory < 2 << 20
            stalled.close()

    asyncio.run(story())
