"""`partsong`: the one program. Every error of ours ends here as one sentence, its next step, and exit code 1."""

import sys

import typer
from rich.console import Console

from partsong.cli import bench, connect, demo, doctor, page, replay, up
from partsong.report import PartsongError

app = typer.Typer(
    name="partsong",
    help="A group feels together, live, and nobody but themselves sees what one person feels.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,  # a traceback must not print what a person feels
)
app.command("up")(up.up)
app.command("demo")(demo.demo)
app.command("connect")(connect.connect)
app.command("replay")(replay.replay)
app.command("doctor")(doctor.doctor)
app.add_typer(page.app, name="page")
app.command("bench")(bench.bench)


def main() -> None:
    """Run the program."""
    try:
        app()
    except PartsongError as error:
        console = Console(stderr=True)
        console.print(f"[bold]partsong:[/bold] {error.message}", highlight=False)
        if error.next_step:
            console.print(f"  {error.next_step}", style="dim", highlight=False)
        sys.exit(1)
