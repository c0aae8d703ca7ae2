import subprocess
import sys


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "partsong", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_an_error_is_one_sentence_and_its_next_step() -> None:
    done = run("bench", "nothing")
    assert done.returncode == 1
    assert "There is no bench 'nothing'." in done.stderr
    assert "Choose one of intake" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_missing_peer_is_said_so() -> None:
    done = run("bench", "veil", "--json")
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
