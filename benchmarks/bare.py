"""The peer of the intake bench: a bare ASGI handler under stock uvicorn that decodes reports and counts them.

It keeps nothing, acknowledges nothing and refuses nothing. A text message is answered with the count.
"""

import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import uvicorn


class Report(msgspec.Struct, array_like=True, gc=False):
    """The same 61 bytes, as MessagePack."""

    task: bytes
    epoch: int
    output: int
    id: bytes


DECODER = msgspec.msgpack.Decoder(Report)
COUNTS = [0] * 4096


async def app(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Decode and count."""
    await receive()
    if scope["type"] != "websocket":
        return
    await send({"type": "websocket.accept"})
    while True:
        event = await receive()
        if event["type"] == "websocket.disconnect":
            return
        data = event.get("bytes")
        if data is not None:
            COUNTS[DECODER.decode(data).output] += 1
        else:
            await send({"type": "websocket.send", "text": str(sum(COUNTS))})


def main() -> None:
    """Serve on a free port of loopback and print where."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        loop="uvloop",
        lifespan="off",
        log_level="warning",
        ws_per_message_deflate=False,
        access_log=False,
    )
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
