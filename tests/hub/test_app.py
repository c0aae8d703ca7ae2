"""The hub under its real server, on loopback: every answer's headers, every refusal, and nobody's address."""

import asyncio
import contextlib
import json
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from partsong.report import Frame, decode_frame
from tests.hub.hubs import Process, process, report, running

REQUIRED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with process(tmp_path_factory.mktemp("hub") / "hub.sqlite3", window=1, unit=300) as one:
        yield one


def answer(hub: Process, path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(hub.address + path, method=method)  # noqa: S310 - our own address
    try:
        with urllib.request.urlopen(request, timeout=10) as found:  # noqa: S310 - our own address
            body = b"" if path == "/v1/stream" else found.read()
            return found.status, {name.lower(): value for name, value in found.headers.items()}, body
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read()


def check_headers(headers: dict[str, str]) -> None:
    for name, value in REQUIRED.items():
        assert headers[name] == value
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "set-cookie" not in headers


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/join", 200),
        ("/stage", 200),
        ("/", 200),
        ("/v1/space", 200),
        ("/v1/frames", 200),
        ("/v1/stream", 200),
        ("/schema/openapi.json", 200),
        ("/manifest.json", 200),
        ("/assets/none.js", 404),
        ("/assets/../../compose.py", 404),
        ("/nothing", 404),
        ("/v1/nothing", 404),
        ("/v1/intake", 426),
        ("/v1/watch", 426),
    ],
)
def test_every_answer_has_the_headers(hub: Process, path: str, status: int) -> None:
    found, headers, body = answer(hub, path)
    assert found == status or (path == "/manifest.json" and found == 404)
    check_headers(headers)
    if path.startswith(("/v1/", "/schema/")):
        assert headers["access-control-allow-origin"] == "*"
    if found >= 400:
        assert set(json.loads(body)) == {"code", "message", "next"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_do_nothing_and_have_the_headers(hub: Process, method: str) -> None:
    found, headers, _ = answer(hub, "/v1/space", method)
    assert found in ((204, 405) if method == "OPTIONS" else (405,))
    check_headers(headers)


def test_every_asset_has_the_headers_and_may_be_kept(hub: Process) -> None:
    _, _, page = answer(hub, "/join")
    for name in re.findall(rb'"\./(assets/[^"]+)"', page):
        status, headers, _ = answer(hub, "/" + name.decode())
        assert status == 200
        check_headers(headers)
        assert "immutable" in headers["cache-control"]
    assert "immutable" not in answer(hub, "/assets/none.js")[1]["cache-control"]


@pytest.mark.parametrize("data", [b"\r\n\r\nnot http\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01" + bytes(60)])
def test_bytes_that_are_not_http_have_the_headers(hub: Process, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", hub.port), timeout=5) as raw:
        raw.sendall(data)
        head, _, body = b"".join(iter(lambda: raw.recv(4096), b"")).partition(b"\r\n\r\n")
    lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    check_headers(lines)
    assert json.loads(body)["code"] == "malformed-request"


async def refused(address: str, **options: Any) -> InvalidStatus:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(address, **options):
            pass
    return caught.value


@pytest.mark.parametrize(
    ("path", "origin", "status", "code"),
    [
        ("/v1/intake", "http://evil.example", 403, "wrong-origin"),
        ("/v1/intake", "null", 403, "wrong-origin"),
        ("/v1/nothing", None, 404, "not-found"),
        ("/join", None, 404, "not-found"),
    ],
)
def test_refused_sockets_have_the_headers(hub: Process, path: str, origin: Any, status: int, code: str) -> None:
    error = asyncio.run(refused(hub.sockets + path, origin=origin))
    assert error.response.status_code == status
    assert error.response.body is not None
    assert json.loads(error.response.body)["code"] == code
    check_headers({name.lower(): value for name, value in error.response.headers.raw_items()})


def test_an_accepted_socket_has_the_headers(hub: Process) -> None:
    async def story() -> None:
        for path, origin in (("/v1/intake", hub.address), ("/v1/watch", "http://elsewhere.example")):
            async with connect(hub.sockets + path, origin=origin) as socket:  # type: ignore[arg-type]
                assert socket.response is not None
                check_headers({name.lower(): value for name, value in socket.response.headers.raw_items()})
                assert "sec-websocket-extensions" not in {name.lower() for name in socket.response.headers}

    asyncio.run(story())


@pytest.mark.parametrize(
    ("path", "message", "code"),
    [
        ("/v1/intake", "text", 1003),
        ("/v1/intake", bytes(1025), 1009),
        ("/v1/watch", "text", 1008),
        ("/v1/watch", b"x", 1008),
    ],
)
def test_a_socket_that_breaks_a_rule_is_closed(hub: Process, path: str, message: str | bytes, code: int) -> None:
    async def story() -> int:
        async with connect(hub.sockets + path) as socket:
            with contextlib.suppress(ConnectionClosed):
                await socket.send(message)
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await socket.recv()
            return socket.close_code or 0

    assert asyncio.run(story()) == code


def test_too_many_malformed_messages_close_the_socket(hub: Process) -> None:
    async def story() -> int:
        async with connect(hub.sockets + "/v1/intake") as socket:
            with contextlib.suppress(ConnectionClosed):
                for _ in range(40):
                    await socket.send(b"x")
                while True:
                    await socket.recv()
            return socket.close_code or 0

    assert asyncio.run(story()) == 1008


def test_the_space_describes_itself(hub: Process) -> None:
    described = hub.get("/v1/space")
    assert set(described) == {"space", "question", "now", "tasks"}
    assert hub.task().window == 1


def test_frames_come_by_socket_stream_and_list(hub: Process) -> None:
    async def by_socket() -> Frame:
        async with connect(hub.sockets + "/v1/watch") as socket:
            return decode_frame(str(await asyncio.wait_for(socket.recv(), 10)).encode())

    frame = asyncio.run(by_socket())
    with urllib.request.urlopen(hub.address + "/v1/stream", timeout=10) as stream:  # noqa: S310 - our own address
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = [stream.readline() for _ in range(3)]
    assert lines[0] == b"retry: 3000\n"
    assert json.loads(lines[2].removeprefix(b"data: "))["v"] == 1
    assert hub.get("/v1/frames")["frames"][-1]["at"] >= frame.at


def test_the_openapi_file_lists_the_routes_and_no_page_shows_it(hub: Process) -> None:
    described = hub.get("/schema/openapi.json")
    assert set(described["paths"]) == {"/join", "/stage", "/v1/space", "/v1/frames", "/v1/stream"}
    for path in ("/schema", "/schema/redoc", "/schema/swagger", "/schema/elements", "/schema/rapidoc"):
        assert "html" not in answer(hub, path)[1]["content-type"]


def test_nobodys_address_is_written_anywhere(tmp_path: Path) -> None:
    """Canaries: whoever comes from 127.0.0.77 and 127.0.0.78, well-behaved or not, leaves no trace of it."""

    async def visit(hub: Process, local: str) -> None:
        here: Any = {"local_addr": (local, 0)}
        task = hub.task()
        async with connect(hub.sockets + "/v1/intake", **here) as socket:
            await socket.send(report(task))
            await socket.recv()
            await socket.send("text")
        with contextlib.suppress(InvalidStatus):
            async with connect(hub.sockets + "/v1/intake", origin="http://evil.example", **here):  # type: ignore[arg-type]
                pass
        async with connect(hub.sockets + "/v1/watch", **here) as watching:
            watching.transport.abort()
        for data in (b"nonsense\r\n\r\n", b"GET /v1/frames HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 127.0.0.79\r\n\r\n"):
            with socket_from(local, hub.port) as raw:
                raw.sendall(data)
                raw.recv(100)

    with process(tmp_path / "hub.sqlite3", window=1, unit=300) as hub:
        for local in ("127.0.0.77", "127.0.0.78"):
            asyncio.run(visit(hub, local))
        hub.stop()
    for path in tmp_path.rglob("*"):
        content = path.read_bytes()
        for canary in (b"127.0.0.77", b"127.0.0.78", b"127.0.0.79", bytes([127, 0, 0, 77]), bytes([127, 0, 0, 78])):
            assert canary not in content, path


@contextlib.contextmanager
def socket_from(local: str, port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(local, 0)) as raw:
        yield raw


def test_behind_a_proxy_the_public_origin_may_send() -> None:
    async def story() -> None:
        async with running(behind_proxy=True) as (_, where):
            headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "room.example"}
            address = f"ws://{where}/v1/intake"
            async with connect(address, origin="https://room.example", additional_headers=headers) as socket:  # type: ignore[arg-type]
                assert socket.response is not None
                assert "wss://room.example" in socket.response.headers["content-security-policy"]
        async with running() as (_, where):
            await refused(f"ws://{where}/v1/intake", origin="https://room.example", additional_headers=headers)

    asyncio.run(story())


def test_a_hub_with_no_free_socket_says_so_and_one_socket_makes_room() -> None:
    async def story() -> None:
        async with running(intake_sockets=2, watch_sockets=1) as (_, where):
            async with connect(f"ws://{where}/v1/intake"), connect(f"ws://{where}/v1/intake"):
                error = await refused(f"ws://{where}/v1/intake")
                assert error.response.status_code == 503
            async with connect(f"ws://{where}/v1/watch"):
                assert (await refused(f"ws://{where}/v1/watch")).response.status_code == 503
            await asyncio.sleep(0.1)
            async with connect(f"ws://{where}/v1/intake"), connect(f"ws://{where}/v1/watch"):
                pass

    asyncio.run(story())


def test_a_socket_that_says_nothing_is_closed_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partsong.hub.compose.SWEEP_SECONDS", 0.05)

    async def story() -> None:
        async with (
            running(idle=0.2) as (hub, where),
            connect(f"ws://{where}/v1/intake") as speaking,
            connect(f"ws://{where}/v1/intake") as idle,
        ):
            await speaking.send(report(hub.task))
            await speaking.recv()
            await asyncio.wait_for(idle.wait_closed(), 5)
            assert idle.close_code == 1008
            await speaking.send(report(hub.task))
            assert await speaking.recv() == '{"ack":2}'

    asyncio.run(story())


def test_what_is_sent_is_acknowledged_before_the_hub_is_gone() -> None:
    async def story() -> None:
        async with running(flush=0.2) as (hub, where), connect(f"ws://{where}/v1/intake") as socket:
            await socket.send(report(hub.task))
            assert await socket.recv() == '{"ack":1}'
            await socket.send(report(hub.task))
            await socket.send(report(hub.task))
            assert await socket.recv() == '{"ack":3}'

    asyncio.run(story())
