"""How many bytes of JavaScript a phone loads for the join page, and a laptop for the stage: brotli, quality 11.

Counted are the scripts that a page names, and every script those name in turn; a script that both pages share counts
for both. There is no peer.
"""

import re
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # it has none

from benchmarks.result import Result
from partsong.hub.pages import STATIC

SCRIPT = re.compile(rb"""["'(`](?:\./|/)?((?:assets/)?[\w.\-]+\.js)["')`]""")


def run(full: bool) -> Result:
    """Measure the bundle that is built."""
    del full
    if not (STATIC / "join.html").exists():
        raise FileNotFoundError("The pages are not built: run `make web`.")
    return Result(
        name="pages",
        ours=float(_compressed("join.html")),
        peer=None,
        peer_name="–",
        unit="bytes of brotli JavaScript",
        detail={
            "stage": _compressed("stage.html"),
            "join_files": sorted(path.name for path in _scripts("join.html")),
            "stage_files": sorted(path.name for path in _scripts("stage.html")),
        },
    )


def _compressed(page: str) -> int:
    return sum(len(brotli.compress(path.read_bytes(), quality=11)) for path in _scripts(page))


def _scripts(page: str) -> set[Path]:
    """Every script that a page loads, directly or by another one."""
    found: set[Path] = set()
    waiting = [STATIC / page]
    while waiting:
        for name in SCRIPT.findall(waiting.pop().read_bytes()):
            path = STATIC / "assets" / name.decode().rsplit("/", 1)[-1]
            if path.exists() and path not in found:
                found.add(path)
                waiting.append(path)
    return found
