"""The demonstration, whole: hub, a thousand people, a picture that opens, and a clean end."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest

from partsong.cli.demo import _line, _settings
from partsong.report import Frame, FrameState
from tests.hub.hubs import listen

PROGRAM = "import typer\nfrom partsong.cli.demo import demo\ntyper.run(demo)"


def frame(state: FrameState, people: int | None = None, groups: tuple[int, int] | None = None) -> Frame:
    return Frame(space="demo", tasks=(), at=0, window=10, state=state, people=people, groups=groups, grid=8)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (frame(FrameState.NOBODY), "nobody has spoken yet"),
        (frame(FrameState.BELOW), "above the minimum"),
        (frame(FrameState.OPEN, 1900, (2, 3)), "about 1,900 people · 2 or 3 groups"),
        (frame(FrameState.OPEN, None, (1, 1)), "people · 1 group "),
        (frame(FrameState.OPEN), "not told apart"),
    ],
)
def test_each_frame_is_one_line(one: Frame, expected: str) -> None:
    assert expected in _line(one).plain


def test_it_stays_on_loopback_unless_told(tmp_path: Path) -> None:
    assert _settings(tmp_path, None, 300, lan=False).host == "127.0.0.1"
    assert _settings(tmp_path, None, 300, lan=True).host == "0.0.0.0"  # noqa: S104 - compared, not bound


def test_a_thousand_people_open_the_picture_and_all_end_with_one_signal() -> None:
    probe = listen("127.0.0.1", 0)
    port = probe.getsockname()[1]
    probe.close()
    command = [sys.executable, "-c", PROGRAM, "--people", "1000", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            newest = until_open(f"http://127.0.0.1:{port}/v1/frames", seconds=120)
            children = psutil.Process(process.pid).children()
        finally:
            process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=20)
    assert newest["state"] == "open"
    assert len(newest["cells"]) == 64
    assert len(children) == 1
    assert not any(child.is_running() for child in children)
    assert (process.returncode, errors) == (0, "")
    assert "Everybody is gone." in said
    assert "300 s" in said


def until_open(address: str, seconds: float) -> dict[str, Any]:
    began, frames = time.monotonic(), list[dict[str, Any]]()
    while time.monotonic() - began < seconds:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own address
                frames = json.load(answer)["frames"]
        except OSError:
            pass
        if frames and frames[-1]["state"] == "open":
            return frames[-1]
        time.sleep(0.5)
    raise AssertionError(frames[-1:])
