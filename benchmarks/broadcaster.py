"""The peer of the fan-out bench: `websockets`' own server and `broadcast`, one text message a second of a given size."""

import asyncio
import sys
import time

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve


async def main(size: int) -> None:
    """Serve on a free port of loopback, print where, and send a message at every full second."""
    everyone: set[ServerConnection] = set()

    async def watch(connection: ServerConnection) -> None:
        everyone.add(connection)
        try:
            await connection.wait_closed()
        finally:
            everyone.discard(connection)

    async with serve(watch, "127.0.0.1", 0, compression=None, backlog=4096) as server:
        sys.stdout.write(f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}\n")
        sys.stdout.flush()
        at = int(time.time()) + 1
        while True:
            await asyncio.sleep(max(0.0, at - time.time()))
            head = f'{{"v":1,"at":{at},"pad":"'
            broadcast(everyone, head + "x" * (size - len(head) - 2) + '"}')
            at += 1


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
