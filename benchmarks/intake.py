"""How many reports one CPU-second of the hub takes: decoded, deduplicated, counted on disk and acknowledged.

100 frames of one report each go in one TCP send, over eight sockets, from another process, as raw bytes that were
prepared beforehand. Every report is of a connection of its own. Ours is the real hub process on a real database file
with full sync, and a report counts only once it is acknowledged; the peer, `benchmarks/bare.py`, only decodes and
counts, in memory. CPU seconds are those of the whole process, all threads, from the first byte to the last answer.
"""

import json
import os
import socket
import tempfile
import time
import urllib.request
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks.process import Server, masked, server, upgrade
from benchmarks.result import Result
from partsong.report import Task

SOCKETS = 8
A_SEND = 100
SEED = 20261123
# One socket brings what a whole hall would, so its rate is set out of the way; the window is long enough that every
# report that was prepared is still of the open one.
SETTINGS = {
    "PARTSONG_PORT": "0",
    "PARTSONG_SOCKET_RATE": "10000000",
    "PARTSONG_PENDING_LIMIT": "1000000",
    "PARTSONG_WINDOW": "3600",
    "PARTSONG_UNIT": "7200",
    "PARTSONG_RETENTION": "14400",
}


def run(full: bool) -> Result:
    """Measure ours and the peer, in turns, and take the medians."""
    rounds, count = (5, 400_000) if full else (3, 160_000)
    ours, peers = [], []
    for turn in range(rounds):
        rng = np.random.default_rng(SEED + turn)
        peers.append(_peer(count, rng))
        ours.append(_ours(count, rng))
    rng = np.random.default_rng(SEED - 1)
    singly = {"ours": _ours(count // 4, rng, a_send=1)["rate"], "peer": _peer(count // 4, rng, a_send=1)}
    return Result(
        name="intake",
        ours=float(np.median([one["rate"] for one in ours])),
        peer=float(np.median(peers)),
        peer_name=f"bare ASGI handler, uvicorn {version('uvicorn')} websockets-sansio",
        unit="reports per CPU-second",
        detail={
            "reports": count,
            "rounds": rounds,
            "frames_a_send": A_SEND,
            "sockets": SOCKETS,
            "reports_per_second": float(np.median([one["wall_rate"] for one in ours])),
            "one_frame_a_send": singly,
            "acknowledged": int(sum(one["acknowledged"] for one in ours)),
        },
    )


def _ours(count: int, rng: np.random.Generator, a_send: int = A_SEND) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        settings = {**SETTINGS, "PARTSONG_STORE": str(Path(folder) / "hub.sqlite3")}
        with server(["-m", "partsong.hub"], settings) as hub:
            sends = _sends(_task(hub), count, rng, a_send)
            cpu, wall, acknowledged = _load(hub, sends, "/v1/intake", a_send)
    if acknowledged != count:
        raise RuntimeError(f"{acknowledged} of {count} reports were acknowledged")
    return {"rate": count / cpu, "wall_rate": count / wall, "acknowledged": acknowledged}


def _peer(count: int, rng: np.random.Generator, a_send: int = A_SEND) -> float:
    task = bytes(rng.integers(0, 256, 32, np.uint8))
    with server([str(Path(__file__).parent / "bare.py")]) as bare:
        cpu, _, counted = _load(bare, _sends(_Like(task), count, rng, a_send), "/", a_send)
    if counted != count:
        raise RuntimeError(f"the peer counted {counted} of {count}")
    return count / cpu


class _Like:
    """As much of a task as the load needs."""

    def __init__(self, task: bytes, window: int = 3600, outputs: int = 64) -> None:
        self.id, self.window, self.outputs = task, window, outputs


def _task(hub: Server) -> _Like:
    with urllib.request.urlopen(f"http://127.0.0.1:{hub.port}/v1/space") as answer:
        task = Task.from_canonical(json.load(answer)["tasks"][0].encode())
    return _Like(task.id, task.window)


def _sends(task: _Like, count: int, rng: np.random.Generator, a_send: int = A_SEND) -> list[bytes]:
    """The load: `count / a_send` byte strings of `a_send` masked frames each."""
    reports = np.empty((count, 61), np.uint8)
    reports[:] = np.frombuffer(
        b"\x94\xc4\x20"
        + task.id
        + b"\xce"
        + int(time.time() // task.window).to_bytes(4, "big")
        + b"\xcd\0\0\xc4\x10"
        + bytes(16),
        np.uint8,
    )
    reports[:, 42] = rng.integers(0, task.outputs, count)
    reports[:, 45:57] = rng.integers(0, 256, (count, 12), np.uint8)
    frames = masked(reports, rng)
    return [frames[at : at + a_send].tobytes() for at in range(0, count, a_send)]


def _load(target: Server, sends: list[bytes], path: str, a_send: int) -> tuple[float, float, int]:
    """Send everything and wait until all is answered: CPU seconds, seconds, and how many were answered for."""
    sockets = [upgrade(target.port, path) for _ in range(SOCKETS)]
    before, began = target.cpu_seconds(), time.perf_counter()
    for number, data in enumerate(sends):
        sockets[number % SOCKETS].sendall(data)
    answered = _counted(sockets) if path == "/" else _acknowledged(sockets, len(sends), a_send)
    spent, took = target.cpu_seconds() - before, time.perf_counter() - began
    for one in sockets:
        one.close()
    return spent, took, answered


def _acknowledged(sockets: list[socket.socket], sends: int, a_send: int) -> int:
    total = 0
    for number, one in enumerate(sockets):
        expected = len(range(number, sends, SOCKETS)) * a_send
        text = b""
        while b'{"ack":%d}' % expected not in text:
            text = text[-64:] + one.recv(65536)
            if b"refused" in text:
                raise RuntimeError(text.decode("latin-1"))
        total += expected
    return total


def _counted(sockets: list[socket.socket]) -> int:
    """Ask the peer on every socket, so that each has come to its end; the last answer is the largest."""
    answers = []
    for one in sockets:
        one.sendall(b"\x81\x80" + os.urandom(4))
        answers.append(int(one.recv(64)[2:]))
    return max(answers)
