"""`partsong up`: a hub on this machine, with the addresses people need."""

from pathlib import Path
from typing import Annotated, Any

import segno
import typer
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from partsong.hub.reach import addresses, places
from partsong.hub.serve import serve
from partsong.hub.settings import Settings, load
from partsong.hub.tls import LocalTls, local_tls, steps
from partsong.report import SettingsInvalid

EVERYWHERE = "0.0.0.0"  # noqa: S104 - only with --lan, and then it is what was asked for

LanOption = Annotated[bool, typer.Option("--lan", help="Let phones on this network in. Without it: this machine only.")]
PortOption = Annotated[int | None, typer.Option(help="The port. Default 8420.", min=0, max=65535)]


def up(
    *,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="A TOML file of settings.")] = None,
    lan: LanOption = False,
    host: Annotated[str | None, typer.Option(help="An address to listen on, instead of --lan.")] = None,
    port: PortOption = None,
    store: Annotated[str | None, typer.Option(help="The database file; '' keeps everything in memory.")] = None,
    space: Annotated[str | None, typer.Option(help="The space's name: a-z, 0-9 and dashes.")] = None,
    question: Annotated[str | None, typer.Option(help="What people are asked.")] = None,
    purpose: Annotated[str | None, typer.Option(help="What for; people see it before they answer.")] = None,
    context: Annotated[str | None, typer.Option(help="gathering, concert, museum, rehearsal, circle, …")] = None,
    cohort: Annotated[int | None, typer.Option(help="Nothing is drawn under this many speakers.", min=1)] = None,
    tls_cert: Annotated[str | None, typer.Option(help="A certificate (PEM), for HTTPS.")] = None,
    tls_key: Annotated[str | None, typer.Option(help="Its private key (PEM).")] = None,
    local_authority: Annotated[
        bool, typer.Option("--local-authority", help="HTTPS by an authority of your own; prints the phone's steps.")
    ] = False,
    behind_proxy: Annotated[
        bool | None, typer.Option("--behind-proxy", help="A reverse proxy in front speaks HTTPS.")
    ] = None,
    public_url: Annotated[str | None, typer.Option(help="The address people use, if a proxy has another.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON line instead of the panel.")] = False,
) -> None:
    """Run a hub: phones join, the stage shows the room.

    It listens on this machine only, unless you say **--lan**. Everything is kept in one file, and reports are deleted
    after the retention.

        partsong up                       # try it here
        partsong up --lan                 # phones on this network
        partsong up --lan --local-authority   # the same, with HTTPS

    All settings: docs/reference/settings.md. What phones can reach: `partsong doctor`.
    """
    flags: dict[str, Any] = {
        "host": host or (EVERYWHERE if lan else None),
        "port": port,
        "store": store,
        "space": space,
        "question": question,
        "purpose": purpose,
        "context": context,
        "cohort": cohort,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "behind_proxy": behind_proxy,
        "public_url": public_url,
    }
    settings = load(config, flags=flags)
    authority = None
    if local_authority:
        settings, authority = with_authority(settings)
    run_hub(settings, authority=authority, json_=json_)


def run_hub(settings: Settings, *, authority: LocalTls | None = None, json_: bool = False) -> None:
    """Serve, and say where once it listens."""
    console = Console()

    def ready(address: str) -> None:
        where = addresses_for_people(settings, address)
        if json_:
            console.print_json(data=where)
        else:
            console.print(panel(settings, where, authority))

    serve(settings, on_ready=ready)
    if not json_:
        console.print("[dim]Stopped. Everything that was acknowledged is on the disk.[/dim]")


def with_authority(settings: Settings) -> tuple[Settings, LocalTls]:
    """The same settings with a certificate of a local authority, kept beside the store."""
    if settings.tls_cert:
        raise SettingsInvalid("There is a certificate already.", "Leave out --local-authority, or tls_cert.")
    folder = (Path(settings.store).parent if settings.store else Path.cwd()) / "partsong-tls"
    names = [one for one in addresses() if settings.host in (EVERYWHERE, one)] or [settings.host]
    files = local_tls(folder, [*dict.fromkeys([*names, "localhost"])])
    changed = {"tls_cert": str(files.certificate), "tls_key": str(files.key)}
    return load(flags={**{name: getattr(settings, name) for name in settings.__struct_fields__}, **changed}), files


def addresses_for_people(settings: Settings, address: str) -> dict[str, str]:
    """The addresses of the pages: one that reaches furthest for phones, and this machine's."""
    port = int(address.rsplit(":", 1)[1])
    reached = load(flags={**{name: getattr(settings, name) for name in settings.__struct_fields__}, "port": port})
    best = places(reached)[0].address
    return {"hub": address, "join": f"{best}/join", "stage": f"{best}/stage"}


def panel(settings: Settings, where: dict[str, str], authority: LocalTls | None = None, note: str = "") -> Panel:
    """What a host needs to see."""
    table = Table.grid(padding=(0, 2))
    table.add_row("[dim]stage[/dim]", f"[bold link={where['stage']}]{where['stage']}[/]")
    table.add_row("[dim]join[/dim]", f"[bold link={where['join']}]{where['join']}[/]")
    table.add_row("[dim]asked[/dim]", settings.question)
    table.add_row("[dim]leaves[/dim]", leaves(settings))
    parts: list[Any] = [
        table,
        Text(),
        Text(qr(where["join"]), style="#ffffff on #000000"),
        Text(who_can_come(settings), style="dim"),
    ]
    if note:
        parts.append(Text(note, style="dim"))
    if authority is not None:
        parts += [Text(), *(Text(f"{n}. {step}") for n, step in enumerate(steps(authority, where["hub"]), start=1))]
    parts.append(Text("Ctrl-C stops.", style="dim"))
    return Panel(Group(*parts), title="partsong", border_style="#d9a45b", padding=(1, 3), expand=False, width=84)


def leaves(settings: Settings) -> str:
    """How much of a person may leave, in words."""
    span = f"{settings.unit // 60} minutes" if settings.unit % 60 == 0 else f"{settings.unit} seconds"
    return f"at most epsilon {settings.epsilon} in any {span}, {settings.epsilon_hour} an hour, from each person"


def who_can_come(settings: Settings) -> str:
    """Who can reach the hub, in one sentence."""
    place = places(settings)[0]
    if place.reach == "this machine":
        return "Only this machine can reach it. --lan opens it to phones."
    secure = "" if place.secure else " Over plain http anyone on the same network could alter the page."
    return f"{place.reach.capitalize()} can reach it.{secure}"


def qr(text: str) -> str:
    """A QR code in half blocks, to be printed white on black; error correction M, quiet zone of four."""
    matrix = [list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=4)]
    if len(matrix) % 2:
        matrix.append([0] * len(matrix[0]))
    halves = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
    pairs = zip(matrix[::2], matrix[1::2], strict=True)
    return "\n".join("".join(halves[bool(a), bool(b)] for a, b in zip(*rows, strict=True)) for rows in pairs)
