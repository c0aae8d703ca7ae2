"""The plane, the screen, recordings, and the words."""

import os
import pty
import select
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest

from partsong.connector.events import Told, What
from partsong.connector.sources.plane import Plane, Pointed, read_keys
from partsong.connector.sources.recording import Recording, read_folder
from partsong.connector.sources.screen import COLUMNS, LEFT, ROWS, TOP, View, point_at, render, word_near
from partsong.connector.words import as_data, parts, sentence, until, what_it_tells
from partsong.crowd import make_trace
from partsong.report import Affect, Frame, FrameState, Level, SourceFailed, make_task

CEAP = "video,t_s,valence_1_9,arousal_1_9\n"
TASK = make_task(space="evening")


def test_keys_and_pointers_are_read() -> None:
    assert read_keys(b"\x1b[A\x1bOBlh") == ["up", "down", "right", "left"]
    assert read_keys(b"yq\x1b[<0;20;10M\x1b[<32;21;11M") == ["y", "q", Pointed(20, 10), Pointed(21, 11)]
    assert read_keys(b"\x1b[<0;20;10m\x1b[<64;1;1M\xff\x1b[5~") == ["\x1b", "[", "5", "~"]


def test_up_is_pleasant_and_right_is_stirred() -> None:
    plane = Plane()
    plane.open()
    assert plane.poll(0.0) is None
    plane.move("up")
    plane.move("right")
    plane.move("right")
    assert plane.poll(0.1) == Affect(valence=0.1, arousal=0.2)
    assert plane.poll(0.2) is None
    plane.put(7.0, -7.0)
    assert plane.point == (1.0, -1.0)


def test_the_pointer_hits_the_plane() -> None:
    assert point_at(Pointed(LEFT + 1, TOP + 1)) == (1.0, -1.0)
    assert point_at(Pointed(LEFT + COLUMNS, TOP + ROWS)) == (-1.0, 1.0)
    assert point_at(Pointed(LEFT, TOP + 1)) is None
    assert point_at(Pointed(LEFT + 1, TOP + ROWS + 1)) is None
    assert (word_near(0.9, -0.9), word_near(0.0, 0.0), word_near(-0.9, 0.9)) == ("calm", "even", "tense")


def view(**fields: object) -> View:
    base = {
        "space": "evening",
        "question": "How is it?",
        "purpose": "the picture",
        "until": "you stop",
        "level": Level.PRIVATE,
    }
    return View(**(base | fields))  # type: ignore[arg-type]


def frame(state: FrameState = FrameState.OPEN) -> Frame:
    cells = (10_000, *[0] * 63) if state is FrameState.OPEN else ()
    return Frame(space="evening", tasks=(), at=1, window=10, state=state, grid=8, cells=cells, groups=(1, 2))


def test_the_screen_says_that_nothing_leaves() -> None:
    text = render(view())
    assert "Only me" in text
    assert "Nothing leaves this device." in text
    assert "Add a blurred part" not in text
    assert text.index("pleasant") < text.index("unpleasant")


def test_the_one_question_has_two_answers_and_says_who_asks() -> None:
    text = render(view(asked=True, point=(0.0, 0.0)))
    assert "Add a blurred part to the room's picture?" in text
    assert "Keep it to myself" in text
    assert "Add it" in text
    assert "Asked by evening, for the picture, until you stop." in text


def test_the_room_appears_only_beneath_ones_own_point_and_by_choice() -> None:
    assert "@" in render(view(watching=True, frame=frame(), point=(0.0, 0.0)))
    for hidden in (
        view(watching=True, frame=frame()),
        view(watching=False, frame=frame(), point=(0.0, 0.0)),
        view(watching=True, frame=frame(FrameState.BELOW), point=(0.0, 0.0)),
    ):
        assert "@" not in render(hidden)
    assert "waiting" in render(view(watching=True, point=(0.0, 0.0)))


def test_what_left_and_when_the_next_may_leave_are_shown() -> None:
    text = render(view(level=Level.VEILED, left=("94c420",), spent_hour="1 of 4 parts", next_s=65.0, said="It is in."))
    assert "Left this device: 94c420" in text
    assert "1 of 4 parts" in text
    assert "1:05" in text
    assert "It is in." in text
    assert "now" in render(view(level=Level.VEILED, next_s=0.0))


def test_words() -> None:
    assert parts(Fraction(4), Fraction(8), TASK) == "2 of 4 parts"
    assert until(TASK) == "you stop"
    assert until(make_task(space="evening", expiry=1_800_000_000)).endswith(":00")
    assert "61 bytes" in sentence(Told(what=What.SENT, size=61))
    assert all(sentence(Told(what=what, code="hour")) for what in What)
    assert "8" in what_it_tells(TASK) or "9" in what_it_tells(TASK)
    assert as_data(Told(what=What.SENT, number=3, size=61, next_ms=2500), b"\x94", 1000) == {
        "what": "sent",
        "number": 3,
        "next_s": 1.5,
        "bytes": "94",
    }


def test_both_formats_are_read_and_strangers_passed_over(tmp_path: Path) -> None:
    (tmp_path / "ana.csv").write_text("t_s,valence,arousal\n0,0.5,-0.5\n2,1,1\n", encoding="utf-8")
    (tmp_path / "P01_annotation.csv").write_text(
        CEAP + "V2,0.5,9,1\nV1,0,5,5\nV1,59,1,9\nV1,60.5,3,3\n", encoding="utf-8"
    )
    (tmp_path / "sam_ratings.csv").write_text("participant,video\nP01,V1\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not one", encoding="utf-8")
    people = read_folder(tmp_path)
    assert list(people) == ["P01_annotation", "ana"]
    assert people["ana"].at(1.0) == (0.75, 0.25)
    assert people["P01_annotation"].at(0.0) == (0.0, 0.0)
    assert people["P01_annotation"].at(59.0) == (-1.0, 1.0)
    assert people["P01_annotation"].at(60.5) == (1.0, -1.0)


@pytest.mark.parametrize(
    "text", ["t_s,valence,arousal\n0,2,0\n", "t_s,valence,arousal\n0,x,0\n", "t_s,valence,arousal\n", CEAP + "V1,5,5\n"]
)
def test_a_damaged_recording_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "ben.csv").write_text(text, encoding="utf-8")
    with pytest.raises(SourceFailed, match=r"ben\.csv"):
        read_folder(tmp_path)


def test_a_folder_without_recordings_is_said_to_have_none(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(SourceFailed):
            read_folder(folder)


def test_the_recordings_of_ceap_work_as_they_are(partsong_data: Path) -> None:
    people = read_folder(partsong_data / "signals" / "ceap360vr")
    assert len(people) == 24
    assert all(470 < trace.length < 480 for trace in people.values())


def test_a_recording_plays_at_its_speed_and_loops() -> None:
    recording = Recording(make_trace([(0.0, 0.0, 0.0), (10.0, 1.0, -1.0)]), speed=2.0)
    recording.open()
    said = [recording.poll(elapsed) for elapsed in (0.0, 0.05, 2.5, 5.0, 7.5)]
    assert said[1] is None
    assert [affect and affect.valence for affect in said] == [0.0, None, 0.5, 0.0, 0.5]
    begun = Recording(make_trace([(0.0, 0.0, 0.0), (10.0, 1.0, -1.0)]), loop=20.0, begin=15.0)
    begun.open()
    later = begun.poll(0.0)
    assert later is not None
    assert later.valence == 1.0


SHOW = """
import sys, typer
from partsong.cli.connect import connect
app = typer.Typer(); app.command()(connect); app()
"""


def test_a_terminal_shows_the_plane_and_is_left_as_it_was(tmp_path: Path) -> None:
    hub = subprocess.Popen(
        [sys.executable, "-c", HUB],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with hub:
        assert hub.stdout is not None
        url = hub.stdout.readline().strip()
        try:
            text = _in_a_terminal(url, tmp_path / "ledger")
        finally:
            hub.kill()
    assert "Nothing leaves this device." in text
    assert "Add a blurred part to the room's picture?" in text
    assert "It is in the room's picture." in text
    assert text.rstrip().endswith("\x1b[?1049l")


HUB = """
import asyncio
from partsong.report import make_task
from tests.connector.socket_hub import SocketHub

async def main():
    async with SocketHub(make_task(space="evening", grace=60)) as hub:
        print(hub.url, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def _in_a_terminal(url: str, ledger: Path) -> str:
    """Move, answer yes, wait until it is counted, quit."""
    terminal, inside = pty.openpty()
    command = [sys.executable, "-c", SHOW, url, "--ledger", str(ledger)]
    with subprocess.Popen(command, stdin=inside, stdout=inside, stderr=inside, start_new_session=True) as process:
        os.close(inside)
        text = _played(terminal)
    os.close(terminal)
    assert process.returncode == 0, text
    return text


def _played(terminal: int) -> str:
    text, typed, end = "", 0, time.monotonic() + 30
    script = [("Only me", b"\x1b[Al"), ("Add it", b"y"), ("It is in the room's picture.", b"q")]
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            text += os.read(terminal, 65_536).decode(errors="replace")
        except OSError:  # the other end is closed
            break
        if typed < len(script) and script[typed][0] in text:
            os.write(terminal, script[typed][1])
            typed += 1
    return text
