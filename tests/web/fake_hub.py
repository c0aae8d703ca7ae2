"""A hub that only plays back: the built pages, `/v1/space`, `/v1/frames` and `/v1/watch`, on loopback.

It speaks the documented protocol and nothing of ours is inside it, so a page that works here works from the documents
alone. Its answers carry the same content security policy as the real hub's.
"""

import http
import json
import mimetypes
import os
import threading
from pathlib import Path
from typing import Any, Self

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from tests.web import rooms

STATIC = Path(os.environ.get("PARTSONG_PAGES", Path(__file__).parents[2] / "src" / "partsong" / "hub" / "static"))
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self' ws: wss: http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class FakeHub:
    """Plays frames to whoever watches; a context manager that holds a port while it is open."""

    def __init__(self, frames: list[rooms.Frame], *, now: float, question: str = "How is it, right now?") -> None:
        self.frames = frames
        self.now = now
        self.question = question
        self.requests: list[str] = []
        self._watchers: set[ServerConnection] = set()
        self._lock = threading.Lock()
        self._server: Server | None = None

    def __enter__(self) -> Self:
        self._server = serve(self._watch, "127.0.0.1", 0, process_request=self._answer, compression=None)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_silent()

    @property
    def address(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.socket.getsockname()[1]}"

    @property
    def watchers(self) -> int:
        with self._lock:
            return len(self._watchers)

    def send(self, frame: rooms.Frame) -> None:
        """Closes a window: the frame goes to everyone and is kept."""
        self.frames.append(frame)
        with self._lock:
            for watcher in self._watchers:
                watcher.send(json.dumps(frame))

    def go_silent(self) -> None:
        """The hub is gone: sockets break, and nothing answers any more."""
        if self._server is not None:
            self._server.shutdown()
        with self._lock:
            for watcher in self._watchers:
                watcher.socket.close()

    def _watch(self, connection: ServerConnection) -> None:
        with self._lock:
            self._watchers.add(connection)
            if self.frames:
                connection.send(json.dumps(self.frames[-1]))
        try:
            for _ in connection:
                connection.close(1008, "watchers say nothing")
        except (ConnectionClosed, OSError):
            pass
        finally:
            with self._lock:
                self._watchers.discard(connection)

    def _answer(self, _: ServerConnection, request: Request) -> Response | None:
        path = request.path.split("?")[0]
        self.requests.append(path)
        if path == "/v1/watch":
            return None
        if path == "/v1/space":
            return reply(self._space())
        if path == "/v1/frames":
            return reply({"frames": self.frames})
        return page(path)

    def _space(self) -> dict[str, Any]:
        now = round(self.now * 1000)
        return {"space": "evening-rehearsal", "question": self.question, "now": now, "tasks": [rooms.task()]}


def page(path: str) -> Response:
    """A file of the built pages."""
    name = {"/stage": "stage.html", "/join": "join.html"}.get(path, path.lstrip("/"))
    file = (STATIC / name).resolve()
    if not file.is_relative_to(STATIC.resolve()) or not file.is_file():
        return respond(http.HTTPStatus.NOT_FOUND, "text/plain", b"no such page")
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return respond(http.HTTPStatus.OK, kind, file.read_bytes())


def reply(value: object) -> Response:
    """A JSON answer."""
    return respond(http.HTTPStatus.OK, "application/json", json.dumps(value).encode())


def respond(status: http.HTTPStatus, kind: str, body: bytes) -> Response:
    """An answer with the headers that every answer carries."""
    headers = Headers(
        {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            "Connection": "close",
        }
    )
    return Response(status.value, status.phrase, headers, body)
