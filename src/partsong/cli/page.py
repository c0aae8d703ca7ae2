"""`partsong page`: which pages a hub serves, compared with a digest, from outside.

A page that a hub serves is only as honest as the hub was when it was loaded. This compares every file a hub serves with
the bundle that is installed here, or with a digest that a release published.
"""

import re
import urllib.error
import urllib.request
from typing import Annotated, Final

import typer
from rich.console import Console

from partsong.hub.pages import PAGES, Bundle, digest, sha256
from partsong.report import HubUnreachable

app = typer.Typer(help="The pages' digest, and whether a hub serves these pages.", no_args_is_help=True)

SECONDS: Final = 10.0
LARGEST: Final = 16 << 20
REFERENCE: Final = re.compile(
    rb"""["'(`](?:\./|/)?((?:assets/)?[\w.\-]+\.(?:js|css|woff2|svg|png|json|webp))["')`?#]"""
)


@app.command("digest")
def show_digest(
    *,
    files: Annotated[bool, typer.Option("--files", help="List every file with its SHA-256.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the digest of the pages installed here: SHA-256 over the sorted listing of their files."""
    listing = Bundle.read().listing()
    console = Console(soft_wrap=True, highlight=False)
    if json_:
        console.print_json(data={"digest": digest(listing), "files": listing})
        return
    if files:
        for path, one in listing.items():
            console.print(f"{one}  {path}")
    console.print(digest(listing))


@app.command("verify")
def verify(
    url: Annotated[str, typer.Argument(help="Any address of the hub, such as https://room.example.org.")],
    expected: Annotated[
        str, typer.Option("--digest", help="A published digest; without it, the bundle installed here.")
    ] = "",
    *,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Fetch every page file a hub serves and compare it. Exit status 1 if anything differs.

    What it cannot tell: whether the hub serves the same to a phone as to this machine, or will in a minute.
    """
    installed = Bundle.read().listing()
    served = fetch_listing(url.rstrip("/"), tuple(installed))
    found, wanted = digest(served), expected or digest(installed)
    different = sorted(path for path in served.keys() | installed.keys() if served.get(path) != installed.get(path))
    same = found == wanted.lower()
    if json_:
        result = {"same": same, "served": found, "expected": wanted, "different": [] if same else different}
        Console().print_json(data=result)
    else:
        _show(url, found, wanted, [] if same or expected else different)
    if not same:
        raise typer.Exit(1)


def fetch_listing(url: str, known: tuple[str, ...] = ()) -> dict[str, str]:
    """Every page file that a hub serves: path -> SHA-256. Pages are followed to all files that they name.

    Args:
        url: The hub's address, without a slash at its end.
        known: Further paths to ask for; those that the hub does not have are left out.

    Raises:
        HubUnreachable: The hub does not answer, or a page is missing.
    """
    waiting, seen = [f"{page}.html" for page in PAGES] + list(known), dict[str, str]()
    asked: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in asked:
            continue
        asked.add(path)
        data = _fetch(f"{url}/{path.removesuffix('.html')}")
        if data is not None:
            seen[path] = sha256(data)
            waiting += _named_in(path, data)
    if not all(f"{page}.html" in seen for page in PAGES):
        raise HubUnreachable(f"{url} does not serve the pages.", "Check the address; a hub answers at /join.")
    return dict(sorted(seen.items()))


def _named_in(path: str, data: bytes) -> list[str]:
    """The files that a page, script or style sheet names, as paths of the bundle."""
    if not path.endswith((".html", ".js", ".css")):
        return []
    names = {name.decode() for name in REFERENCE.findall(data)}
    return [name if "/" in name else f"assets/{name}" for name in names]


def _fetch(address: str) -> bytes | None:
    """The bytes at an address, or None if there is nothing."""
    request = urllib.request.Request(address, headers={"Accept-Encoding": "identity"})  # noqa: S310 - an address the person gave
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - see above
            return bytes(answer.read(LARGEST))
    except urllib.error.HTTPError as error:
        error.close()
        return None
    except (OSError, ValueError) as error:
        raise HubUnreachable(f"{address} does not answer: {error}.", "Check the address and the network.") from error


def _show(url: str, found: str, wanted: str, different: list[str]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    if found == wanted.lower():
        console.print(f"[green]✓[/green] {url} serves exactly these pages.\n  [dim]{found}[/dim]")
        return
    console.print(f"[red]✗[/red] {url} serves other pages.\n  served    {found}\n  expected  {wanted}")
    for path in different:
        console.print(f"  differs   {path}")
