"""`python -m partsong.hub [FILE]`: a hub with nothing around it, for service managers, tests and benches.

Settings come from the file, if one is named, and from the environment. Once the hub listens, one line on stdout gives
its address. `partsong up` is the same hub for people.
"""

import sys
from pathlib import Path

from partsong.hub.serve import serve
from partsong.hub.settings import load
from partsong.report import PartsongError


def main(arguments: list[str]) -> int:
    """Run; the exit status."""
    try:
        serve(load(Path(arguments[0]) if arguments else None), on_ready=_say)
    except PartsongError as error:
        sys.stderr.write(f"partsong: {error}\n")
        return 1
    return 0


def _say(address: str) -> None:
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
