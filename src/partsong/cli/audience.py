"""The demonstration's audience, a process of its own: `python -m partsong.cli.audience URL PEOPLE KIND SEED`.

Every synthetic person has a session, a ledger and a line of their own (`connector.run.many`). It runs until it is told
to stop or its standard input ends, so that it never outlives the demonstration.
"""

import asyncio
import contextlib
import os
import signal
import sys

import numpy as np

from partsong.connector.run import run_many
from partsong.crowd import make_crowd
from partsong.hub.serve import raise_file_limit
from partsong.report import PartsongError


async def attend(url: str, people: int, kind: str, seed: int) -> None:
    """Take part for as long as somebody holds the other end of standard input."""
    crowd = make_crowd(kind, people, np.random.default_rng(seed))
    taking_part = asyncio.create_task(run_many(url, crowd, renew=True))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, taking_part.cancel)
    loop.add_signal_handler(signal.SIGINT, taking_part.cancel)
    loop.add_reader(sys.stdin.fileno(), lambda: os.read(0, 4096) or taking_part.cancel())
    with contextlib.suppress(asyncio.CancelledError):
        await taking_part


def main(arguments: list[str]) -> int:
    """Run; the exit status."""
    url, people, kind, seed = arguments
    raise_file_limit()
    try:
        asyncio.run(attend(url, int(people), kind, int(seed)))
    except PartsongError as error:
        sys.stderr.write(f"partsong: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
