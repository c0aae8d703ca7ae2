"""`partsong doctor`: what phones can reach here, and which features will work."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from partsong.cli.up import EVERYWHERE, LanOption, PortOption
from partsong.hub.reach import Diagnosis, diagnose
from partsong.hub.settings import load


def doctor(
    *,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="A TOML file of settings.")] = None,
    lan: LanOption = False,
    port: PortOption = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what phones can reach here, and which features work at each address. Sends nothing to anybody.

        partsong doctor --lan      # before you open the doors

    The exit status is 1 if something must be mended first.
    """
    found = diagnose(load(config, flags={"host": EVERYWHERE if lan else None, "port": port}))
    console = Console()
    if json_:
        console.print_json(msgspec.json.encode(found).decode())
    else:
        _show(console, found)
    if not found.good:
        raise typer.Exit(1)


def _show(console: Console, found: Diagnosis) -> None:
    table = Table("address", "who can come", "secure context", "needs HTTPS", box=None, header_style="dim")
    for place in found.places:
        secure = "[green]yes[/green]" if place.secure else "[yellow]no[/yellow]"
        table.add_row(place.address, place.reach, secure, "\n".join(place.needs_https) or "–")
    console.print(table)
    for check in found.checks:
        mark = "[green]✓[/green]" if check.good else "[red]✗[/red]"
        console.print(f"\n{mark} [bold]{check.what}[/bold]  {check.found}", highlight=False)
        if check.next_step:
            console.print(f"  [dim]{check.next_step}[/dim]")
    console.print("\n[dim]Whether this network lets phones talk to this machine, only a phone can tell: try one.[/dim]")
