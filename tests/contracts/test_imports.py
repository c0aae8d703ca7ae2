"""The import contracts hold, and they can fail: violations planted in a copy are caught."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).parent / "lint-imports"

PLANTED = {
    "the hub below the device": ("connector/session.py", "import partsong.hub.app\n"),
    "a sibling": ("space/mood.py", "import partsong.connector.session\n"),
    "a clock in a pure room": ("privacy/ledger.py", "import time\n"),
    "a socket in a pure room": ("space/mood.py", "import socket\n"),
    "another way out": ("connector/session.py", "import partsong.connector.egress\n"),
    "a room without a place": ("analytics/__init__.py", '"""Nobody declared this room."""\n'),
}


def _lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LINT, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("static", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "src"))
    return tmp_path


def test_the_contracts_hold(copy: Path) -> None:
    result = _lint(copy)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_violation_is_caught(copy: Path, name: str) -> None:
    path, line = PLANTED[name]
    file = copy / "src" / "partsong" / path
    file.parent.mkdir(exist_ok=True)
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    file.write_text(text + "\n" + line, encoding="utf-8")
    result = _lint(copy)
    assert result.returncode == 1, result.stdout
