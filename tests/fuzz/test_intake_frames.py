"""Hostile messages against the real process: each gets its typed refusal, none is counted, nobody else is disturbed.

The only errors that may come out of the deciding code are none at all (`ALLOWED`); out of a socket, the close codes of
docs/reference/protocol.md.
"""

import asyncio
import contextlib
import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from partsong.hub.intake import Intake, Limits, Rule
from partsong.hub.store import Store
from partsong.report import Refusal, Task, make_task
from tests.hub.hubs import OUTPUTS, TASK, Process, process, report

ALLOWED: tuple[type[Exception], ...] = ()
CLOSES = {1002, 1003, 1007, 1008, 1009, 1006, 1000}
CHUNK = 100
OTHER = make_task(space="elsewhere")
# One window for the whole run, so that what is late or early is so by its epoch and never by a slow machine.
LONG = {"window": 3600, "unit": 7200, "retention": 14400}

Kind = Callable[["Fuzz"], tuple[bytes, str]]


class Fuzz:
    """Makes hostile messages, and says how each must be refused."""

    def __init__(self, task: Task, rng: np.random.Generator, counted: list[bytes]) -> None:
        self.task, self.rng, self.counted = task, rng, counted
        self.epoch = task.epoch_at(time.time())

    def noise(self, size: int) -> bytes:
        return self.rng.bytes(size)

    def below(self, limit: int) -> int:
        return int(self.rng.integers(limit))

    def good(self, **fields: int) -> bytes:
        return report(self.task, **{"epoch": self.epoch, "connection": self.noise(12), **fields})  # type: ignore[arg-type]

    def one(self) -> tuple[bytes, str]:
        return KINDS[self.below(len(KINDS))](self)


def flipped(fuzz: Fuzz) -> tuple[bytes, str]:
    message, marks = bytearray(fuzz.good()), (0, 1, 2, 35, 40, 43, 44)
    message[marks[fuzz.below(len(marks))]] ^= 1 << fuzz.below(8)
    return bytes(message), "malformed"


def random_bytes(fuzz: Fuzz) -> tuple[bytes, str]:
    return b"\x00" + fuzz.noise(60), "malformed"


def too_soon(fuzz: Fuzz) -> tuple[bytes, str]:
    known = fuzz.counted[fuzz.below(len(fuzz.counted))]
    return report(fuzz.task, epoch=fuzz.epoch, connection=known[45:57], number=1 + fuzz.below(2**31)), "too-soon"


KINDS: tuple[Kind, ...] = (
    lambda fuzz: (fuzz.good()[: fuzz.below(61)], "malformed"),
    lambda fuzz: (fuzz.good() + fuzz.noise(1 + fuzz.below(900)), "malformed"),
    lambda fuzz: (fuzz.counted[fuzz.below(len(fuzz.counted))], "duplicate"),
    lambda fuzz: (fuzz.good(epoch=fuzz.epoch - 2 - fuzz.below(10_000)), "late"),
    lambda fuzz: (fuzz.good(epoch=fuzz.epoch + 2 + fuzz.below(10_000)), "early"),
    lambda fuzz: (report(OTHER, epoch=fuzz.epoch), "unknown-task"),
    lambda fuzz: (fuzz.good(output=OUTPUTS + fuzz.below(65_536 - OUTPUTS)), "out-of-range"),
    lambda fuzz: (fuzz.noise(fuzz.below(60)), "malformed"),
    flipped,
    random_bytes,
    too_soon,
)


def seeded(seed: int) -> np.random.Generator:
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when the test fails
    return np.random.default_rng(seed)


@pytest.fixture
def seed() -> int:
    return int.from_bytes(os.urandom(4), "big")


async def answers(line: ClientConnection, sent: int) -> dict[int, str]:
    """Number -> code, until everything sent so far is answered for."""
    refused: dict[int, str] = {}
    while True:
        answer = json.loads(await asyncio.wait_for(line.recv(), 30))
        if "refused" in answer:
            refused[answer["refused"]] = answer["code"]
        elif answer["ack"] == sent:
            return refused


@pytest.mark.timeout(900)  # 10^5 messages in a full run
def test_each_hostile_message_is_refused_by_its_name(tmp_path: Path, full: bool, seed: int) -> None:
    count, rng = 100_000 if full else 10_000, seeded(seed)
    limits = {"malformed_limit": 1_000_000, "socket_rate": 100_000}

    async def story(hub: Process) -> int:
        task = hub.task()
        counted: list[bytes] = []
        fuzz = Fuzz(task, rng, counted)
        async with connect(hub.sockets + "/v1/intake") as hostile, connect(hub.sockets + "/v1/intake") as bystander:
            for chunk in range(count // CHUNK):
                counted.append(fuzz.good())
                await bystander.send(counted[-1])
                assert await answers(bystander, len(counted)) == {}
                messages = [fuzz.one() for _ in range(CHUNK)]
                for message, _ in messages:
                    await hostile.send(message)
                refused = await answers(hostile, (chunk + 1) * CHUNK)
                expected = {chunk * CHUNK + n: code for n, (_, code) in enumerate(messages, start=1)}
                assert refused == expected
        return len(counted)

    with process(tmp_path / "hub.sqlite3", **LONG, **limits) as hub:
        good = asyncio.run(story(hub))
        task = hub.task()
        hub.stop()
    store = Store.open(tmp_path / "hub.sqlite3")
    assert sum(tally.reports for tally in store.open_windows(task.id).values()) == good
    assert (tmp_path / "hub.log").read_text() == ""


def test_nothing_escapes_the_deciding_code(full: bool, seed: int) -> None:
    rng = seeded(seed)
    intake = Intake([Rule.of(TASK, OUTPUTS)], Limits(malformed=10**9, rate=10**6))
    line = intake.open(0.0)
    for number in range(100_000 if full else 10_000):
        size = int(rng.integers(0, 130))
        with contextlib.suppress(*ALLOWED):
            intake.take(line, rng.bytes(size), float(rng.uniform(0, 2e9)), float(number))
    flush = intake.cut()
    assert flush.batches == []
    assert all(f'"code":"{Refusal.MALFORMED}"' in text for text in flush.answers[0][2])


def test_bytes_that_break_the_socket_break_no_other(tmp_path: Path, full: bool, seed: int) -> None:
    """Random bytes after the upgrade, before it and instead of it; wrong origins; oversized and text messages."""
    rounds, rng = 400 if full else 60, seeded(seed)

    async def hostile(hub: Process, kind: int) -> None:
        if kind == 0:
            raw_garbage(hub.port, rng, upgraded=True)
        elif kind == 1:
            raw_garbage(hub.port, rng, upgraded=False)
        elif kind == 2:
            with pytest.raises(InvalidStatus):
                await connect(hub.sockets + "/v1/intake", origin="http://evil.example")  # type: ignore[arg-type]
        else:
            await broken(hub, "text" if kind == 3 else rng.bytes(1025))

    async def broken(hub: Process, message: str | bytes) -> None:
        async with connect(hub.sockets + "/v1/intake") as line:
            with contextlib.suppress(ConnectionClosed):
                await line.send(message)
                while True:
                    await line.recv()
            assert line.close_code in CLOSES

    async def story(hub: Process) -> int:
        task = hub.task()
        async with connect(hub.sockets + "/v1/intake") as bystander:
            for number in range(1, rounds + 1):
                await hostile(hub, int(rng.integers(5)))
                await bystander.send(report(task))
                assert await answers(bystander, number) == {}
        return rounds

    with process(tmp_path / "hub.sqlite3", **LONG) as hub:
        good, task = asyncio.run(story(hub)), hub.task()
        hub.stop()
    store = Store.open(tmp_path / "hub.sqlite3")
    assert sum(tally.reports for tally in store.open_windows(task.id).values()) == good
    log = (tmp_path / "hub.log").read_text()
    assert "Traceback" not in log
    assert "ERROR" not in log


def raw_garbage(port: int, rng: np.random.Generator, *, upgraded: bool) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        if upgraded:
            raw.sendall(
                b"GET /v1/intake HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            raw.recv(4096)
        with contextlib.suppress(OSError):
            raw.sendall(rng.bytes(int(rng.integers(1, 3000))))
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(4096):
                pass
