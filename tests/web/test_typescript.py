"""The TypeScript of the pages: its types hold, and its own tests pass, vectors included."""

import subprocess
from pathlib import Path

WEB = Path(__file__).parents[2] / "web"


def run(node: str, *arguments: str) -> None:
    done = subprocess.run([node, *arguments], cwd=WEB, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_types_hold(node: str) -> None:
    run(node, "node_modules/typescript/bin/tsc", "--noEmit")


def test_its_own_tests_pass(node: str) -> None:
    run(node, "--test", *sorted(path.relative_to(WEB).as_posix() for path in WEB.glob("tests/*.test.ts")))
