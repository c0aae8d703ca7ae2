"""`partsong demo`: a hub, a stage, and an audience of synthetic people who take part as phones do."""

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from partsong.cli.up import EVERYWHERE, LanOption, PortOption, addresses_for_people, panel
from partsong.crowd import Kind
from partsong.hub.serve import raise_file_limit, serve
from partsong.hub.settings import Settings, load
from partsong.report import Frame, FrameState

PEOPLE = 2_000
FEWEST = 1_000
UNIT = 300


def demo(
    *,
    people: Annotated[int, typer.Option(help="How many synthetic people.", min=FEWEST, max=20_000)] = PEOPLE,
    crowd: Annotated[Kind, typer.Option(help="What the audience is like.")] = Kind.EVENING,
    lan: LanOption = False,
    port: PortOption = None,
    unit: Annotated[int, typer.Option(help="Seconds of one privacy unit.", min=300, max=3600)] = UNIT,
    seed: Annotated[int, typer.Option(help="The audience's seed.")] = 7,
) -> None:
    """Show the whole thing at work: open the stage and watch a room of 2,000 come together or apart.

    Everyone in it is synthetic, but each has a connector, a ledger and a line of their own, through the same intake as
    a phone. Whoever has spent an hour's allowance leaves, and a fresh person comes. Join with a phone, too (--lan).
    """
    raise_file_limit()
    with tempfile.TemporaryDirectory(prefix="partsong-demo-") as folder:
        settings = _settings(Path(folder), port, unit, lan=lan)
        _run(settings, people, crowd, seed)


def _settings(folder: Path, port: int | None, unit: int, *, lan: bool) -> Settings:
    flags = {
        "host": EVERYWHERE if lan else "127.0.0.1",
        "port": port,
        "store": str(folder / "demo.sqlite3"),
        "space": "demo",
        "purpose": "a demonstration with synthetic people",
        "context": "research",
        "unit": unit,
    }
    return load(flags=flags)


def _run(settings: Settings, people: int, crowd: Kind, seed: int) -> None:
    console = Console()
    with contextlib.ExitStack() as stack:
        live = Live(console=console, refresh_per_second=4, transient=True)

        def ready(address: str) -> None:
            where = addresses_for_people(settings, address)
            note = (
                f"{people:,} synthetic people take part. They are asked with a unit of {settings.unit} s, not the "
                "default 900 s, so that the picture moves sooner. Nothing of it is kept."
            )
            console.print(panel(settings, where, note=note))
            stack.enter_context(_audience(f"http://127.0.0.1:{address.rsplit(':', 1)[1]}", people, crowd, seed))
            stack.enter_context(live)
            live.update(Text("  the first picture comes when 100 have spoken …", style="dim"))

        serve(settings, on_ready=ready, on_frame=lambda frame: live.update(_line(frame)))
    console.print("[dim]Stopped. Everybody is gone.[/dim]")


@contextlib.contextmanager
def _audience(url: str, people: int, crowd: Kind, seed: int) -> Iterator[None]:
    """The audience's process; it ends with its standard input, so it never outlives this one."""
    command = [sys.executable, "-m", "partsong.cli.audience", url, str(people), crowd.value, str(seed)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - our own module
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)
        if process.stdin is not None:
            process.stdin.close()


def _line(frame: Frame) -> Text:
    """One line about the newest frame."""
    if frame.state is FrameState.NOBODY:
        return Text("  nobody has spoken yet", style="dim")
    if frame.state is FrameState.BELOW:
        return Text("  people are speaking; the picture opens above the minimum", style="dim")
    people = f"about {frame.people:,} people" if frame.people else "people"
    groups = f"{frame.groups[0]} or {frame.groups[1]} groups" if frame.groups else "groups not told apart yet"
    if frame.groups and frame.groups[0] == frame.groups[1]:
        groups = "1 group" if frame.groups[0] == 1 else f"{frame.groups[0]} groups"
    return Text(f"  {people} · {groups} · next picture in {frame.window} s", style="#d9a45b")
