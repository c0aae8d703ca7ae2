"""A hub that takes part: the pages of `FakeHub`, and an intake that answers as docs/reference/protocol.md says.

It keeps every byte that arrived and when, so that a test can say what left a page. Nothing of ours is inside it.
"""

import contextlib
import json
import time
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection

from tests.web import rooms
from tests.web.fake_hub import FakeHub, reply


class JoinHub(FakeHub):
    """A hub for one page.

    Args:
        frames: What it plays; the newest one is sent to every watcher at once.
        task: The canonical bytes of its task, as text; None asks nothing.
    """

    def __init__(self, frames: list[rooms.Frame] | None = None, *, task: str | None = "", **settings: Any) -> None:
        super().__init__(frames or [], now=settings.pop("now", time.time()))
        self.tasks = [] if task is None else [task or make_task(**settings)]
        self.reports: list[tuple[float, bytes]] = []
        self.intakes = 0
        self.answer: dict[str, Any] | None = None
        """What the intake says in place of an acknowledgement; `{}` says nothing and breaks the line."""
        self.headers: list[tuple[str, dict[str, str]]] = []

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        self.headers.append((request.path, dict(request.headers.raw_items())))
        path = request.path.split("?")[0]
        if path == "/v1/intake":
            self.requests.append(path)
            return None
        if path == "/v1/space":
            self.requests.append(path)
            question = json.loads(self.tasks[0])["question"] if self.tasks else "How is it, right now?"
            now = round(time.time() * 1000)
            return reply({"space": "evening-rehearsal", "question": question, "now": now, "tasks": self.tasks})
        return super()._answer(connection, request)

    def _watch(self, connection: ServerConnection) -> None:
        if connection.request is not None and connection.request.path == "/v1/intake":
            self._take(connection)
        else:
            super()._watch(connection)

    def _take(self, connection: ServerConnection) -> None:
        self.intakes += 1
        with contextlib.suppress(ConnectionClosed):
            for number, message in enumerate(connection, start=1):
                assert isinstance(message, bytes)
                self.reports.append((time.monotonic(), message))
                if self.answer == {}:
                    connection.close(1011)
                    return
                if self.answer is not None:
                    connection.send(json.dumps({"refused": number, **self.answer}))
                connection.send(json.dumps({"ack": number}))


def make_task(**fields: Any) -> str:
    """The canonical bytes of a task that is open now, as text; name what differs from the defaults."""
    base = json.loads(rooms.task()) | {"not_before": 0, "expiry": 4_102_444_800} | fields
    return json.dumps(base, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
