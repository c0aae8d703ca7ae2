"""The README's connector runs as it stands there, against a real hub, and is counted."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def example() -> str:
    (block,) = FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    return str(block)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    environment = os.environ | {"PARTSONG_PORT": "0", "PARTSONG_STORE": str(tmp_path / "hub.sqlite3")}
    process = subprocess.Popen(
        [sys.executable, "-m", "partsong.hub"], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.terminate()
    assert process.wait(timeout=50) == 0
    process.stdout.close()


def test_the_readme_s_connector_takes_part(hub: str, tmp_path: Path) -> None:
    file = tmp_path / "tide.py"
    file.write_text(example(), encoding="utf-8")
    environment = os.environ | {"HUB": hub, "SECONDS": "3", "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, file], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "How is it, right now? For the picture of this room." in done.stdout
    sent = next(line for line in done.stdout.splitlines() if line.startswith("sent "))
    assert len(bytes.fromhex(sent.split()[1])) == 61
    assert any(line.startswith("counted") for line in done.stdout.splitlines())


def test_the_readme_s_connector_is_short() -> None:
    assert sum(bool(line.strip()) for line in example().splitlines()) <= 20
