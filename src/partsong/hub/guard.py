"""The guard: what stands between the hub and everyone who asks. Plain ASGI around the whole application.

Promised, on every answer whatever it is (page, data, error, refusal of a WebSocket): a strict content security policy,
no sniffing, no referrer, no framing, no device permissions but those a page of ours asks for; no cookie. What the hub
shows to everyone may be read from any origin. The application inside never learns an address: `scope["client"]` is
None. Whether an origin may send reports is decided here too (`may_send`).

Left to others: bytes that are not HTTP at all (`hub.protocols.PlainHttp` uses the same headers).
"""

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

OPEN_PREFIXES: Final = ("/v1/", "/schema/")
"""Where everything may be read from any origin."""

IMMUTABLE_PREFIX: Final = "/assets/"

_PERMISSIONS: Final = (
    b"accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    b"interest-cohort=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
)
_FIXED: Final[Headers] = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", _PERMISSIONS),
]
_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'self'; "
    "style-src 'self'; font-src 'self'; img-src 'self' data:; manifest-src 'self'; worker-src 'self'; connect-src {}"
)
_OK: Final = 200
_HOST: Final = re.compile(r"[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


class Guard:
    """The outermost ASGI application.

    Args:
        app: What it guards.
        origins: Further origins whose pages may send reports.
        behind_proxy: Whether to believe what a proxy says about scheme and host.
    """

    def __init__(self, app: App, *, origins: Iterable[str] = (), behind_proxy: bool = False) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._behind_proxy = behind_proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, socket or lifespan."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        scope["client"] = None  # nothing inside can write down what it does not know
        host, secure = _where(scope, behind_proxy=self._behind_proxy)
        scope["partsong.may_send"] = may_send(_header(scope, b"origin"), host, self._origins, secure=secure)
        answer = _Answer(send, security_headers(scope["path"], host, secure=secure), scope)
        await self._app(scope, receive, answer.before_send)


class _Answer:
    """One answer on its way out."""

    def __init__(self, send: Send, headers: Headers, scope: Scope) -> None:
        self._send, self._headers, self._scope = send, headers, scope
        self._started = False

    async def before_send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.close" and not self._started:
            await self._refuse()
            return
        if kind in ("http.response.start", "websocket.http.response.start", "websocket.accept"):
            self._started = True
            headers = [*self._headers, *self._caching(message.get("status", 0))]
            ours = {name for name, _ in headers}
            theirs = [(name, value) for name, value in message.get("headers", []) if name.lower() not in ours]
            message = {**message, "headers": [*theirs, *headers]}
        await self._send(message)

    def _caching(self, status: int) -> Headers:
        """Files named by their content may be kept for ever; everything else is asked for again."""
        if self._scope["path"].startswith(OPEN_PREFIXES):
            return []
        found = status == _OK and self._scope["path"].startswith(IMMUTABLE_PREFIX)
        return [(b"cache-control", b"public, max-age=31536000, immutable" if found else b"no-cache")]

    async def _refuse(self) -> None:
        """A socket closed before it was accepted: say so in HTTP, with our headers."""
        for message in refusal(404, "not-found", "There is no socket here.", "See docs/reference/protocol.md."):
            await self.before_send(message)


def security_headers(path: str, host: str = "", *, secure: bool = False) -> Headers:
    """The headers of every answer at this path.

    Args:
        path: The path that was asked.
        host: The hub's own host and port as the browser knows them; "" when it is not known.
        secure: Whether the browser came by https.
    """
    # Older WebKit does not take 'self' for a WebSocket, so our own one is named.
    socket = f"'self' {'wss' if secure else 'ws'}://{host}" if host else "'self'"
    headers = [*_FIXED, (b"content-security-policy", _POLICY.format(socket).encode())]
    shared = path.startswith(OPEN_PREFIXES)
    headers.append((b"cross-origin-resource-policy", b"cross-origin" if shared else b"same-origin"))
    if shared:
        headers.append((b"access-control-allow-origin", b"*"))
        headers.append((b"cache-control", b"no-store"))
    return headers


def may_send(origin: str | None, host: str, origins: frozenset[str], *, secure: bool) -> bool:
    """Whether a socket with this `Origin` may send reports: none at all, our own, or one that the settings name."""
    if origin is None or origin in origins:
        return True
    parts = urlsplit(origin)
    return bool(host) and parts.scheme == ("https" if secure else "http") and parts.netloc.lower() == host.lower()


def refusal(status: int, code: str, message: str, next_step: str) -> list[Message]:
    """The messages that refuse a WebSocket with an HTTP answer."""
    body = error_body(code, message, next_step)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    return [
        {"type": "websocket.http.response.start", "status": status, "headers": headers},
        {"type": "websocket.http.response.body", "body": body},
    ]


def error_body(code: str, message: str, next_step: str) -> bytes:
    """The JSON of an error: what happened, and what to do next."""
    return msgspec.json.encode({"code": code, "message": message, "next": next_step})


def _where(scope: Scope, *, behind_proxy: bool) -> tuple[str, bool]:
    """Our own host as the browser knows it ("" when it is none), and whether the browser came by TLS."""
    host, scheme = _header(scope, b"host") or "", scope.get("scheme", "http")
    if behind_proxy:
        host = _header(scope, b"x-forwarded-host") or host
        scheme = _header(scope, b"x-forwarded-proto") or scheme
    return host if _HOST.fullmatch(host) else "", scheme in ("https", "wss")


def _header(scope: Scope, name: bytes) -> str | None:
    for key, value in scope["headers"]:
        if key.lower() == name:
            return str(value.decode("latin-1"))
    return None
