"""A server in a process of its own, whose CPU time and memory the benches read, and frames prepared beforehand."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import psutil

START_SECONDS = 30.0


@dataclass(frozen=True)
class Server:
    """A process that listens.

    Attributes:
        port: Where, on loopback.
        process: Its process, with all threads.
    """

    port: int
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """User and system time of all its threads so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def memory_bytes(self) -> int:
        """Its resident memory."""
        return int(self.process.memory_info().rss)


@contextlib.contextmanager
def server(arguments: list[str], environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Start a Python process that prints its address (`...:port`) once it listens; stop it at the end."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline().strip() if process.stdout else ""
        if not line:
            raise RuntimeError(f"{arguments} did not start")
        yield Server(int(line.rsplit(":", 1)[1]), psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(10)


def upgrade(port: int, path: str, receive_buffer: int = 0) -> socket.socket:
    """A WebSocket, opened by hand, so that the load costs as little as it can."""
    raw = socket.socket()
    if receive_buffer:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    raw.connect(("127.0.0.1", port))
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    raw.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += raw.recv(1)
    if b" 101 " not in answer.split(b"\r\n", 1)[0]:
        raise RuntimeError(answer.decode("latin-1"))
    return raw


def masked(messages: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Binary frames of a client (RFC 6455 section 5): `(n, size)` bytes in, `(n, size + 6)` out; size below 126."""
    count, size = messages.shape
    masks = rng.integers(0, 256, (count, 4), np.uint8)
    heads = np.tile(np.array([0x82, 0x80 | size], np.uint8), (count, 1))
    return np.hstack([heads, masks, messages ^ masks[:, np.arange(size) % 4]])
