import os
import subprocess
import sys
from pathlib import Path


def run(*arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"PYTHONPATH": path} if path else {})
    command = [sys.executable, "-m", "partsong", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_an_error_is_one_sentence_and_its_next_step() -> None:
    done = run("bench", "nothing")
    assert done.returncode == 1
    assert "There is no bench 'nothing'." in done.stderr
    assert "Choose one of intake" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_missing_peer_is_said_so(tmp_path: Path) -> None:
    absent = "raise ModuleNotFoundError('absent', name='multi_freq_ldpy')"
    (tmp_path / "multi_freq_ldpy.py").write_text(absent, encoding="utf-8")
    done = run("bench", "veil", "--json", path=str(tmp_path))
    assert done.returncode == 1
    assert "make bench" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_hub_that_is_not_there_is_said_so() -> None:
    done = run("connect", "http://127.0.0.1:9", "--at", "0.625,-0.375")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "625" not in done.stderr


def test_without_a_command_it_teaches() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert all(command in done.stdout for command in ("demo", "up", "connect", "replay", "doctor", "page", "bench"))
