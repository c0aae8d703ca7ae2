"""A small hub on a real socket, which keeps every byte that it was sent."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from partsong.report import Frame, FrameState, Task, decode_report, encode_frame

if TYPE_CHECKING:
    from websockets.datastructures import Headers


class SocketHub:
    """Answers `GET /v1/space`, counts reports at `/v1/intake`, and shows frames at `/v1/watch`."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.reports: list[bytes] = []
        self.opened: list[str] = []
        self.headers: list[Headers] = []
        self.refuse: str | None = None
        self.drop = 0
        self.nonsense = False
        self.url = ""
        self._server: Server

    def space(self) -> bytes:
        tasks = [self.task.canonical().decode()]
        return json.dumps(
            {"space": "evening", "question": "?", "now": int(time.time() * 1000), "tasks": tasks}
        ).encode()

    async def __aenter__(self) -> Self:
        self._server = await serve(self._socket, "127.0.0.1", 0, process_request=self._request, compression=None)
        self.url = f"http://127.0.0.1:{next(iter(self._server.sockets)).getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    def _request(self, connection: ServerConnection, request: Request) -> Response | None:
        self.opened.append(request.path)
        self.headers.append(request.headers)
        if request.path != "/v1/space":
            return None
        response = connection.respond(200, "")
        response.body = self.space()
        del response.headers["Content-Length"]
        response.headers["Content-Length"] = str(len(response.body))
        return response

    async def _socket(self, socket: ServerConnection) -> None:
        path = socket.request.path if socket.request else ""
        if path == "/v1/watch":
            await self._show(socket)
        elif self.drop:
            self.drop -= 1
            self.reports.append(bytes(await socket.recv(decode=False)))
        else:
            await self._take(socket)

    async def _show(self, socket: ServerConnection) -> None:
        frame = Frame(
            space="evening", tasks=(self.task.id.hex(),), at=1, window=10, state=FrameState.NOBODY, grid=self.task.side
        )
        await socket.send(encode_frame(frame).decode())
        await socket.wait_closed()

    async def _take(self, socket: ServerConnection) -> None:
        number = 0
        async for message in socket:
            number += 1
            assert isinstance(message, bytes)
            self.reports.append(message)
            decode_report(message)
            if self.nonsense:
                self.nonsense = False
                await socket.send("nonsense")
                continue
            if self.refuse:
                await socket.send(json.dumps({"refused": number, "code": self.refuse, "message": "No."}))
                self.refuse = None
            await socket.send(json.dumps({"ack": number}))


class Tap:
    """A listener that keeps every byte and when it came, and answers one thing to every HTTP request."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.received: list[bytearray] = []
        self.times: list[float] = []
        self.port = 0

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["Tap"]:
        server = await asyncio.start_server(self._talk, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bytes_of_line = bytearray()
        self.received.append(bytes_of_line)
        self.times.append(time.monotonic())
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(self.body)}\r\nConnection: close\r\n\r\n".encode()
        try:
            while data := await reader.read(65_536):
                self.times.append(time.monotonic())
                bytes_of_line += data
                if bytes_of_line.endswith(b"\r\n\r\n"):
                    writer.write(head + self.body)
                    await writer.drain()
                    break
        except ConnectionError:
            pass
        finally:
            writer.close()
