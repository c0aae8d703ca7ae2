"""`partsong bench`: our figures beside the installed peers', measured in the same run.

The benches live in `benchmarks/` of a checkout, one module each with `run(full: bool) -> Result`; they are not part of
an installed package, because their peers are not.
"""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from partsong.report import PartsongError

NAMES = ("intake", "fanout", "veil", "mood", "pages")


def bench(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(NAMES)}.")] = "",
    *,
    all_: Annotated[bool, typer.Option("--all", help="Run every bench and print a table.")] = False,
    full: Annotated[bool, typer.Option("--full", help="The whole statistics: minutes instead of seconds.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object a bench.")] = False,
) -> None:
    """Measure ours beside the peer in the same run, and print the ratio.

    Peers live in an environment of their own: `make bench` sets it up and runs everything there.
    """
    names = NAMES if all_ else (name,)
    if not set(names) <= set(NAMES):
        raise PartsongError(f"There is no bench {name!r}.", f"Choose one of {', '.join(NAMES)}, or --all.")
    results = [_run(one, full=full, quiet=json_) for one in names]
    if json_:
        sys.stdout.writelines(json.dumps(result) + "\n" for result in results)
    else:
        Console().print(_table(results))


def _run(name: str, *, full: bool, quiet: bool) -> dict[str, Any]:
    if not quiet:
        Console(stderr=True).print(f"[dim]· {name} …[/dim]")
    try:
        result: dict[str, Any] = _load(name).run(full=full).as_dict()
    except ModuleNotFoundError as error:
        message = f"The bench {name} compares with {error.name}, which is not installed here."
        raise PartsongError(message, "`make bench` sets up the peers; then .venv-bench/bin/partsong bench.") from error
    return result


def _load(name: str) -> ModuleType:
    path = _folder() / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"benchmarks.{name}", path)
    if spec is None or spec.loader is None:
        raise PartsongError(f"The bench {path} cannot be read.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _folder() -> Path:
    for root in (Path.cwd(), *Path(__file__).resolve().parents):
        if (root / "benchmarks" / "result.py").is_file():
            sys.path.insert(0, str(root))  # benches import `benchmarks.result`
            return root / "benchmarks"
    raise PartsongError("The benches are part of a checkout, not of an installed package.", "Run it in a clone.")


def _table(results: list[dict[str, Any]]) -> Table:
    table = Table("bench", "ours", "peer", "ratio", "unit", "peer is", box=None, header_style="dim")
    for result in results:
        peer, ratio = result["peer"], result["ratio"]
        table.add_row(
            result["name"],
            _figure(result["ours"]),
            "–" if peer is None else _figure(peer),
            "–" if ratio is None else f"{ratio:.2f}",
            result["unit"],
            result["peer_name"],
        )
    return table


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004  three figures either way
