"""Hubs to test against: the real process on loopback, one in this process, and reports for both."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import uvicorn

from partsong.hub.clock import SystemClock
from partsong.hub.compose import Hub, compose
from partsong.hub.serve import _config, listen
from partsong.hub.settings import Settings
from partsong.report import Report, Task, encode_report, make_task, report_id

OUTPUTS = 145
TASK = make_task(space="test")


def report(
    task: Task = TASK, *, epoch: int | None = None, output: int = 3, connection: bytes | None = None, number: int = 0
) -> bytes:
    """61 bytes; now, and of a fresh connection, unless told otherwise."""
    epoch = task.epoch_at(time.time()) if epoch is None else epoch
    connection = os.urandom(12) if connection is None else connection
    return encode_report(Report(task.id, epoch, output, report_id(connection, number)))


class Process:
    """The real hub process."""

    def __init__(self, store: Path, port: int = 0, **settings: object) -> None:
        environment = {f"PARTSONG_{name.upper()}": str(value) for name, value in settings.items()}
        self.log = store.with_suffix(".log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "partsong.hub"],
            env={**os.environ, "PARTSONG_STORE": str(store), "PARTSONG_PORT": str(port), **environment},
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().decode().strip()
        assert self.address, store.with_suffix(".log").read_text()
        self.port = int(self.address.rsplit(":", 1)[1])
        self.pid = self._process.pid

    @property
    def sockets(self) -> str:
        return self.address.replace("http", "ws", 1)

    def task(self) -> Task:
        return Task.from_canonical(self.get("/v1/space")["tasks"][0].encode())

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.address + path, timeout=10) as answer:  # noqa: S310 - our own address
            return json.load(answer)

    def kill(self) -> None:
        """`kill -9`."""
        self._process.send_signal(signal.SIGKILL)
        self._end()

    def stop(self, seconds: float = 10) -> float:
        """SIGTERM; how long it took, and the exit status must be 0."""
        began = time.monotonic()
        self._process.terminate()
        status = self._end(seconds)
        assert status == 0, status
        return time.monotonic() - began

    def _end(self, seconds: float = 10) -> int:
        try:
            return self._process.wait(seconds)
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            self._process.stdout.close()  # type: ignore[union-attr]
            self.log.close()

    def ended(self) -> bool:
        return self._process.poll() is not None


@contextlib.contextmanager
def process(store: Path, **settings: Any) -> Iterator[Process]:
    """A hub process that is stopped at the end if it still runs."""
    hub = Process(store, **settings)
    try:
        yield hub
    finally:
        if not hub.ended():
            hub.kill()


@contextlib.asynccontextmanager
async def running(hub: Hub | None = None, **settings: Any) -> AsyncIterator[tuple[Hub, str]]:
    """A hub in this process, under the same uvicorn as the real one: the hub and its `host:port`."""
    settings = {"store": "", "port": 0, **settings}
    made = Settings(**settings)
    hub = hub or compose(made, SystemClock())
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(_config(made, hub))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server._serve([listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield hub, f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        hub.end_streams()
        server.should_exit = True
        await task


__all__ = ["OUTPUTS", "TASK", "Process", "listen", "process", "report", "running"]
