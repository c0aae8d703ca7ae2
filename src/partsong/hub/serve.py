"""The hub's process: uvicorn, its protocols, its limits and its log.

Promised: no address of anybody in the log, at any level (uvicorn's own lines that carry one are below the level that is
written, and what the event loop reports of a fault is cut to the fault's type); as many open files as the system
allows; SIGTERM and SIGINT stop it within `STOP_SECONDS`, with everything that was acknowledged on the disk.
"""

import asyncio
import contextlib
import logging
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

import uvicorn

from partsong.hub.app import build_app
from partsong.hub.clock import SystemClock
from partsong.hub.compose import Hub, compose
from partsong.hub.guard import security_headers
from partsong.hub.protocols import PlainHttp, ReportSocket
from partsong.hub.settings import Settings
from partsong.report import Frame, SettingsInvalid

BACKLOG: Final = 4096
"""A whole hall may come back in the same second."""
STOP_SECONDS: Final = 3
MESSAGE_LIMIT: Final = 1024
"""Bytes of one message of a client; a longer one closes the socket with 1009."""


SEND_BUFFER: Final = 16_384
"""Bytes that the kernel may hold for one socket (it takes twice as much): some forty frames."""


def serve(
    settings: Settings,
    *,
    on_ready: Callable[[str], None] | None = None,
    on_frame: Callable[[Frame], None] | None = None,
) -> None:
    """Run a hub until it is told to stop.

    Args:
        settings: What was set.
        on_ready: Called with the address it listens at (`http://host:port`), once it does.
        on_frame: Called with every frame; must be quick.

    Raises:
        SettingsInvalid: The address is taken, or the certificate cannot be read.
    """
    raise_file_limit()
    quiet_log()
    listener = listen(settings.host, settings.port)
    scheme = "https" if settings.tls_cert else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"{scheme}://{host}:{listener.getsockname()[1]}"
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(_serve(settings, listener, lambda: on_ready(address) if on_ready else None, on_frame))


async def _serve(
    settings: Settings, listener: socket.socket, ready: Callable[[], None], on_frame: Callable[[Frame], None] | None
) -> None:
    asyncio.get_running_loop().set_exception_handler(_without_addresses)
    hub = compose(settings, SystemClock())
    hub.on_frame = on_frame
    server = _Server(_config(settings, hub), hub, ready)
    await server.serve(sockets=[listener])
    if hub.failed.is_set():
        raise SystemExit(1)


class _Server(uvicorn.Server):
    """uvicorn's server, told when it is ready, and telling the streams when it stops."""

    def __init__(self, config: uvicorn.Config, hub: Hub, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._hub, self._ready = hub, ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM, and leave it at that: uvicorn's own would raise them again after the stop."""
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {one: signal.signal(one, self.handle_exit) for one in signals}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.end_streams()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._hub.failed.is_set()


def _config(settings: Settings, hub: Hub) -> uvicorn.Config:
    PlainHttp.refusal_headers = tuple(security_headers("/"))
    return uvicorn.Config(
        build_app(hub),
        http=PlainHttp,
        ws=ReportSocket,
        ws_max_size=MESSAGE_LIMIT,
        ws_per_message_deflate=False,
        log_config=None,
        log_level=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=STOP_SECONDS,
        ssl_certfile=settings.tls_cert or None,
        ssl_keyfile=settings.tls_key or None,
        lifespan="on",
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        SettingsInvalid: The address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted sockets inherit it. The kernel's buffer is a queue too: left to grow, it would hold an hour of old frames
    # for a screen that fell asleep, which then sees them all before the newest.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise SettingsInvalid(f"Cannot listen on {host}:{port}: {error.strerror}.", "Choose another port.") from error
    return listener


def raise_file_limit() -> int:
    """Let this process open as many files, and so sockets, as the system allows it; returns how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def quiet_log() -> None:
    """Write warnings and worse to stderr, and none of the lines that carry an address."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "websockets", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _without_addresses(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # The default handler prints transports, and a transport prints its peer.
    error = context.get("exception")
    logging.getLogger("partsong.hub").error("A fault in the event loop: %s", type(error).__name__ if error else "?")


def _loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 - not on every system
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
