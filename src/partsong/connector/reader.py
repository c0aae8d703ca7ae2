"""Reader: what a connector reads from a hub. All of it is public, and every request is the same for everybody.

Promised: no cookie, no name of a person or a program, nothing of the person in any address. Watching the room is a
choice of its own; whoever watches asks with the same bytes (but for the 16 random ones that RFC 6455 asks for), at any
level, with or without a finger on the plane.
"""

import asyncio
import http.client
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable
from typing import Final

import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from partsong.connector.events import Joined
from partsong.privacy.ledger import Reading
from partsong.report import Frame, HubUnreachable, MalformedInput, Task, decode_frame

SPACE: Final = "/v1/space"
WATCH: Final = "/v1/watch"
TIMEOUT_S: Final = 10.0
SPACE_LIMIT_BYTES: Final = 1 << 20
FRAME_LIMIT_BYTES: Final = 1 << 16


class _Space(msgspec.Struct):
    """The answer of `GET /v1/space` (docs/reference/protocol.md)."""

    space: str
    question: str
    now: int
    tasks: tuple[str, ...]


_SPACES: Final = msgspec.json.Decoder(_Space)


class SpaceRead(msgspec.Struct, frozen=True):
    """What a hub asks.

    Attributes:
        name: The space's name.
        question: What people are asked.
        tasks: What may be answered.
        now_ms: The hub's clock when `at` was read, Unix milliseconds; half the way there and back is allowed for.
        at: The device's clocks when the answer came.
    """

    name: str
    question: str
    tasks: tuple[Task, ...]
    now_ms: int
    at: Reading

    def joined(self, at: Reading) -> Joined:
        """The event for a session, at a later reading of the same run of the device's clocks."""
        return Joined(frozenset(task.id for task in self.tasks), self.now_ms + at.mono_ms - self.at.mono_ms)


async def read_space(url: str, clock: Callable[[], Reading]) -> SpaceRead:
    """Read what a hub asks; `url` is its HTTP address without a path.

    Raises:
        HubUnreachable: It does not answer, or not with a space.
        MalformedTask: A task's bytes are not canonical.
    """
    before = clock()
    body = await asyncio.to_thread(_get, url + SPACE)
    after = clock()
    try:
        answer = _SPACES.decode(body)
    except msgspec.DecodeError as error:
        raise HubUnreachable(f"{url} does not answer as a hub does.", "Check the address.") from error
    tasks = tuple(Task.from_canonical(text.encode()) for text in answer.tasks)
    now_ms = answer.now + (after.mono_ms - before.mono_ms) // 2
    return SpaceRead(answer.space, answer.question, tasks, now_ms, after)


async def watch(url: str, pause: Callable[[], float]) -> AsyncIterator[Frame | None]:
    """The room's frames as they come; None when the line is lost, and then again after a pause, for ever.

    Args:
        url: The hub's WebSocket address without a path.
        pause: Seconds to wait before trying again: random, at most 8.
    """
    while True:
        try:
            async with connect(
                url + WATCH, compression=None, user_agent_header=None, proxy=None, max_size=FRAME_LIMIT_BYTES
            ) as socket:
                async for message in socket:
                    yield decode_frame(message.encode() if isinstance(message, str) else message)
        except (OSError, TimeoutError, WebSocketException, MalformedInput):
            pass
        yield None
        await asyncio.sleep(pause())


def _get(address: str) -> bytes:
    # No proxy and no redirect: what is asked is asked of this hub. urllib keeps no cookies unless told to.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    opener.addheaders = [("Accept", "application/json")]
    try:
        with opener.open(address, timeout=TIMEOUT_S) as answer:
            body: bytes = answer.read(SPACE_LIMIT_BYTES)
            return body
    except (OSError, urllib.error.URLError, http.client.HTTPException, ssl.SSLError) as error:
        why = getattr(error, "reason", error)
        raise HubUnreachable(f"No hub answers at {address}: {why}.", "Check the address and try again.") from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def hub_addresses(url: str) -> tuple[str, str]:
    """A hub's HTTP and WebSocket addresses without a path, from any address of it (the join page's, for one).

    Raises:
        HubUnreachable: It is not an http, https, ws or wss address.
    """
    parts = urllib.parse.urlsplit(url if "//" in url else f"http://{url}")
    secure = {"http": "", "ws": "", "https": "s", "wss": "s"}.get(parts.scheme)
    if secure is None or not parts.hostname:
        raise HubUnreachable(f"{url!r} is not a hub's address.", "Give one such as http://192.168.1.20:8420.")
    return f"http{secure}://{parts.netloc}", f"ws{secure}://{parts.netloc}"
