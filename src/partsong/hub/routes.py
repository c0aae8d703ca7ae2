"""The HTTP routes: what anybody may read (docs/reference/protocol.md), and the two sockets beside them.

Promised: every answer but a page or a file is JSON; an error has `code`, `message` and `next`; no route takes a body,
sets a cookie or asks who is there. There is an OpenAPI file and no rendered page of it, because such pages load from
other hosts. Left to others: headers and origins (`hub.guard`), the sockets themselves (`hub.edge`).
"""

import gzip
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.exceptions import HTTPException, NotFoundException, ServiceUnavailableException
from litestar.handlers import ASGIRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.response import Redirect, Stream

from partsong.hub.clock import Clock
from partsong.hub.fanout import Fanout
from partsong.hub.guard import App, error_body
from partsong.hub.pages import Bundle, media_type

JSON: Final = "application/json"
_INTERNAL: Final = 500
_CODES: Final = {404: "not-found", 405: "wrong-method", 426: "upgrade-required", 503: "busy"}
_NEXT: Final = "See docs/reference/protocol.md."
_LOG: Final = logging.getLogger("partsong.hub")


class SpaceDescription(msgspec.Struct, frozen=True):
    """What `GET /v1/space` answers."""

    space: str
    question: str
    now: int
    """The hub's clock, Unix milliseconds."""
    tasks: list[str]
    """The tasks' canonical bytes, each as one string."""


@dataclass(frozen=True)
class Public:
    """All that the routes may see."""

    space: str
    question: str
    tasks: Sequence[str]
    clock: Clock
    fanout: Fanout
    bundle: Bundle
    intake: App
    watch: App
    version: str


def application(public: Public) -> Litestar:
    """The HTTP application with the two sockets mounted in it."""
    readable = [*_data(public), *_pages(public.bundle)]
    return Litestar(
        [*readable, _description(_openapi(readable, public.version)), *_sockets(public)],
        exception_handlers={HTTPException: _on_http_error, Exception: _on_error},
        openapi_config=None,  # its router would add HTML pages, be it for errors only
        logging_config=None,
        request_max_body_size=1024,
    )


def _openapi(readable: list[Any], version: str) -> bytes:
    """The OpenAPI file of these routes."""
    config = OpenAPIConfig(
        title="Partsong hub",
        version=version,
        description="What a hub answers; docs/reference/protocol.md describes the two WebSockets.",
        render_plugins=[JsonRenderPlugin()],
    )
    return msgspec.json.encode(
        Litestar(readable, openapi_config=config, logging_config=None).openapi_schema.to_schema()
    )


def _description(openapi: bytes) -> Any:
    @get("/schema/openapi.json", include_in_schema=False, sync_to_thread=False)
    def description() -> Response[bytes]:
        return Response(openapi, media_type=JSON)

    return description


def _data(public: Public) -> list[Any]:
    @get("/v1/space", summary="The space, its question and its tasks", sync_to_thread=False)
    def space() -> SpaceDescription:
        now = int(public.clock.now() * 1000)
        return SpaceDescription(public.space, public.question, now, list(public.tasks))

    @get("/v1/frames", summary="The frames that are kept, oldest first", sync_to_thread=False)
    def frames() -> Response[bytes]:
        # The frames are JSON already and are not decoded again.
        return Response(f'{{"frames":[{",".join(public.fanout.frames)}]}}'.encode(), media_type=JSON)

    @get("/v1/stream", summary="The frames as server-sent events, the newest at once")
    async def stream() -> Stream:
        if public.fanout.full:
            raise ServiceUnavailableException("The hub has no free socket.")
        return Stream(_events(public.fanout), media_type="text/event-stream")

    return [space, frames, stream]


async def _events(fanout: Fanout) -> AsyncIterator[str]:
    """Server-sent events (HTML Living Standard, section 9.2); a frame is one line."""
    screen = fanout.open()
    try:
        yield "retry: 3000\n\n"
        while (frame := await screen.next()) is not None:
            yield f"data: {frame}\n\n"
    finally:
        fanout.close(screen)


def _pages(bundle: Bundle) -> list[Any]:
    packed = {path: gzip.compress(data, mtime=0) for path, data in bundle.files.items() if _packs(path)}

    def answer(path: str, data: bytes, request: Request[Any, Any, Any]) -> Response[bytes]:
        if path in packed and "gzip" in request.headers.get("accept-encoding", ""):
            headers = {"content-encoding": "gzip", "vary": "accept-encoding"}
            return Response(packed[path], media_type=media_type(path), headers=headers)
        return Response(data, media_type=media_type(path))

    @get("/", include_in_schema=False, sync_to_thread=False)
    def root() -> Redirect:
        return Redirect("/join")

    @get("/join", summary="The join page", media_type="text/html", sync_to_thread=False)
    def join(request: Request[Any, Any, Any]) -> Response[bytes]:
        return answer("join.html", bundle.page("join"), request)

    @get("/stage", summary="The stage page", media_type="text/html", sync_to_thread=False)
    def stage(request: Request[Any, Any, Any]) -> Response[bytes]:
        return answer("stage.html", bundle.page("stage"), request)

    @get(["/assets/{name:path}", "/manifest.json"], include_in_schema=False, sync_to_thread=False)
    def file(request: Request[Any, Any, Any]) -> Response[bytes]:
        path = request.url.path.lstrip("/")
        if path not in bundle.files:
            raise NotFoundException("There is no such file.")
        return answer(path, bundle.files[path], request)

    return [root, join, stage, file]


def _sockets(public: Public) -> list[Any]:
    return [
        ASGIRouteHandler("/v1/intake", copy_scope=False)(_only_sockets(public.intake)),
        ASGIRouteHandler("/v1/watch", copy_scope=False)(_only_sockets(public.watch)),
    ]


def _only_sockets(app: App) -> Any:
    async def handler(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            raise HTTPException("This is a WebSocket.", status_code=426, headers={"upgrade": "websocket"})
        await app(scope, receive, send)

    return handler


def _packs(path: str) -> bool:
    return path.endswith((".html", ".js", ".css", ".json", ".svg"))


def _on_http_error(_request: Any, error: HTTPException) -> Response[bytes]:
    code = _CODES.get(error.status_code, "refused")
    body = error_body(code, error.detail, _NEXT)
    return Response(body, status_code=error.status_code, media_type=JSON, headers=error.headers)


def _on_error(_request: Any, error: Exception) -> Response[bytes]:
    _LOG.error("A request failed: %s", type(error).__name__)  # the type alone: a message may hold what a client sent
    body = error_body("fault", "The hub made a mistake.", "Try again; if it stays, tell whoever runs this hub.")
    return Response(body, status_code=_INTERNAL, media_type=JSON)
