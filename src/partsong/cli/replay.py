"""`partsong replay`: recorded people take part again, one true connector each."""

import asyncio
import contextlib
import os
import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from partsong.connector.events import What
from partsong.connector.run import LedgerFile, Many, read_task
from partsong.connector.schedule import Pace
from partsong.connector.sources.recording import read_folder
from partsong.crowd import Recorded, copies_needed
from partsong.privacy.veil import below_from
from partsong.report import Task

REPORT_S: Final = 10.0
FILES_A_PERSON: Final = 4
DEFAULT_HUB: Final = "http://127.0.0.1:8420"


def replay(
    folder: Annotated[Path, typer.Argument(help="A folder of recordings: docs/howto/replay-recordings.md.")],
    url: Annotated[str, typer.Argument(help="Any address of the hub.")] = DEFAULT_HUB,
    *,
    copies: Annotated[
        int, typer.Option(help="How often each person plays; 0: just enough for the minimum cohort.")
    ] = 0,
    speed: Annotated[float, typer.Option(help="Seconds of recording to a second; never moves a ledger's clock.")] = 1.0,
    ledgers: Annotated[
        Path | None, typer.Option(help="Folder of the people's ledgers; a temporary one if not given.")
    ] = (None),
    seconds: Annotated[float | None, typer.Option(help="Stop after this many seconds.")] = None,
) -> None:
    """Play recorded people against a running hub: each has a connector, a ledger and a line of their own."""
    traces = read_folder(folder)
    task = asyncio.run(read_task(url))
    copies = copies or copies_needed(len(traces), task.cohort)
    audience = Recorded(list(traces.values()), copies=copies, speed=speed)
    console = Console(stderr=True)
    console.print(f"{len(traces)} people, {copies} times each, against {url}; they join over {task.unit} s.")
    _raise_file_limit(len(audience) * FILES_A_PERSON)
    names = [f"{name}-{copy}" for copy in range(1, copies + 1) for name in traces]
    with _folder(ledgers) as place, contextlib.suppress(KeyboardInterrupt):
        many = Many(
            url,
            audience,
            pace=Pace.AT_ONCE,
            arrivals=_arrivals(len(audience), task),
            store=lambda person: LedgerFile(place / f"{names[person]}.ledger"),
        )
        asyncio.run(_play(many, seconds, console))


async def _play(many: Many, seconds: float | None, console: Console) -> None:
    progress = asyncio.create_task(_progress(many, console))
    try:
        await many.run(seconds=seconds)
    finally:
        progress.cancel()
        console.print(_summary(many))


async def _progress(many: Many, console: Console) -> None:
    while True:
        await asyncio.sleep(REPORT_S)
        console.print(_summary(many), style="dim")


def _summary(many: Many) -> str:
    counts = many.counts
    skipped = f", {counts[What.SKIPPED]} times nothing left" if counts[What.SKIPPED] else ""
    return f"{many.people} here, {counts[What.SENT]} reports left, {counts[What.COUNTED]} counted{skipped}"


def _arrivals(people: int, task: Task) -> list[float]:
    """Joining times, uniform over one unit, in seconds."""
    below = below_from(os.urandom)
    return [below(task.unit * 1000) / 1000 for _ in range(people)]


@contextlib.contextmanager
def _folder(ledgers: Path | None) -> Iterator[Path]:
    if ledgers is not None:
        yield ledgers
        return
    with tempfile.TemporaryDirectory(prefix="partsong-replay-") as place:
        yield Path(place)


def _raise_file_limit(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, wanted + 256)), hard))
