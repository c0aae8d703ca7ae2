"""The stage in a real browser, at three sizes, beside a hub that only plays back.

Each scene is measured, not compared with a stored picture: where there is colour and where there must be none, that a
split is dark between its strands, that words sit on nothing. `PARTSONG_PICTURES=folder` keeps the screenshots.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

import brotli  # type: ignore[import-untyped]
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import rooms, seeing
from tests.web.fake_hub import STATIC, FakeHub

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

SIZES = {"phone": (390, 844), "laptop": (1366, 768), "wall": (1920, 1080)}
COLOURED = 24  # farther from grey than any ground, grain or text on the page
STRETCH = 50  # milliseconds
LOOSE = 4  # a loose thread may stray this far from its strand, in parts of 100 of the height
PICTURES = os.environ.get("PARTSONG_PICTURES")


class Stage(NamedTuple):
    """An open stage with the hub it watches."""

    page: Page
    hub: FakeHub
    browser: Browser
    size: str

    def look(self, name: str) -> seeing.Pixels:
        self.page.evaluate("document.getAnimations().forEach((each) => each.finish())")
        png = self.page.screenshot()
        seeing.keep(PICTURES, f"{name}-{self.size}", png)
        return seeing.pixels(self.browser, png)

    def wait(self, milliseconds: int) -> None:
        """Lets time pass on the page's clock: a jump, then a few frames one by one."""
        if milliseconds > STRETCH:
            self.page.clock.fast_forward(milliseconds - STRETCH)
        self.page.clock.run_for(min(STRETCH, milliseconds))
        self.page.wait_for_timeout(60)


Opener = Callable[..., AbstractContextManager[Stage]]


@pytest.fixture
def open_stage(browser: Browser) -> Opener:
    """Opens the stage of these frames with the page's clock in the test's hand."""

    @contextmanager
    def opened(
        frames: list[rooms.Frame], size: str = "laptop", query: str = "", *, reduced: bool = False
    ) -> Iterator[Stage]:
        now = frames[-1]["at"] + 2 if frames else rooms.START
        width, height = SIZES[size]
        query = "&".join(part for part in (query, "wall" if size == "wall" else "") if part)
        with FakeHub(frames, now=now) as hub:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                timezone_id="UTC",
                reduced_motion="reduce" if reduced else "no-preference",
            )
            page = context.new_page()
            faults: list[str] = []
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("console", lambda message: faults.append(message.text) if is_fault(message.text) else None)
            page.clock.install(time=now - 1)
            page.clock.pause_at(now)
            page.goto(f"{hub.address}/stage?{query}")
            expect(page.locator("h1")).to_have_text("How is it, right now?")
            if "at=" not in query:
                until(page, lambda: hub.watchers == 1)
            page.evaluate("document.fonts.ready.then(() => null)")
            page.wait_for_timeout(50)
            try:
                yield Stage(page, hub, browser, size)
                assert faults == []
            finally:
                context.close()

    return opened


def is_fault(message: str) -> bool:
    """Broken connections are part of some tests; everything else on the console is a fault."""
    return "GL Driver Message" not in message and "ERR_CONNECTION" not in message and "WebSocket" not in message


def until(page: Page, holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        page.wait_for_timeout(25)
    pytest.fail("it never came")


def one_hour(room: rooms.Room, people: int = 212) -> list[rooms.Frame]:
    return rooms.sequence(room, people, rooms.kept(3600))


def coloured(picture: seeing.Pixels) -> int:
    return int((seeing.chroma(picture) > COLOURED).sum())


def assert_sound(stage: Stage) -> None:
    """What holds in every scene: nothing scrolls sideways, no words on words, all words can be read."""
    page = stage.page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight + 1")
    boxes = seeing.texts(page)
    width, height = SIZES[stage.size]
    for i, box in enumerate(boxes):
        assert box.x >= 0 and box.x + box.width <= width + 1, box  # noqa: PT018 - one statement about one box
        assert box.y >= 0 and box.y + box.height <= height + 1, box  # noqa: PT018
        for other in boxes[:i]:
            assert not box.overlaps(other), (box, other)
    for text, ratio in seeing.contrasts(page):
        assert ratio >= 4.5, (text, ratio)


def assert_clear_labels(stage: Stage) -> None:
    """No label sits on a strand: with the words taken away, there is next to no colour where they stood."""
    boxes = stage.page.evaluate(
        "[...document.querySelectorAll('.label')].map((e) => e.getBoundingClientRect().toJSON())"
    )
    assert boxes
    stage.page.evaluate("for (const e of document.querySelectorAll('.label')) e.style.visibility = 'hidden'")
    bare = seeing.chroma(seeing.pixels(stage.browser, stage.page.screenshot()))
    stage.page.evaluate("for (const e of document.querySelectorAll('.label')) e.style.visibility = ''")
    for box in boxes:
        under = bare[int(box["y"]) : int(box["y"] + box["height"]), int(box["x"]) : int(box["x"] + box["width"])]
        assert (under > COLOURED).mean() < 0.01, box


def profile(picture: seeing.Pixels, stage: Stage) -> list[tuple[int, int]]:
    """The strands just left of the reed: stretches of colour from top to bottom, in pixels."""
    reed = stage.page.locator(".reed").bounding_box()
    assert reed is not None
    column = seeing.chroma(picture)[:, int(reed["x"]) - 9 : int(reed["x"]) - 1].max(axis=1)
    top, bottom = int(reed["y"]), int(reed["y"] + reed["height"])
    return [
        (a + top, b + top)
        for a, b in seeing.runs(column[top:bottom] > COLOURED, gap=LOOSE * SIZES[stage.size][1] // 100)
    ]


@pytest.mark.parametrize("size", SIZES)
def test_the_first_ten_seconds_show_grey_warp_the_question_and_the_code(open_stage: Opener, size: str) -> None:
    with open_stage([], size) as stage:
        stage.wait(3000)
        picture = stage.look("first")
        assert coloured(picture) == 0
        text = stage.page.inner_text("body")
        assert "Put a finger where you are." in text
        assert "Nothing leaves your phone until you say so." in text
        assert f"{stage.hub.address.removeprefix('http://')}/join" in text
        assert "%" not in text
        assert_sound(stage)
        assert warp_light(picture, stage) > 0.002


def warp_light(picture: seeing.Pixels, stage: Stage) -> float:
    """How much brighter than the ground the loom is, left of the reed, as a part of white."""
    box = stage.page.locator(".picture").bounding_box()
    assert box is not None
    top, left, width = int(box["y"]) + 40, int(box["x"]) + 30, int(box["width"] * 0.6) - 40
    loom = picture[top : top + int(box["height"] * 0.3), left : left + width].mean()
    return float(loom - np.array([11, 11, 16]).mean()) / 255


@pytest.mark.parametrize("size", SIZES)
def test_nobody_yet_is_warp_alone(open_stage: Opener, size: str) -> None:
    with open_stage(rooms.sequence(rooms.calm, 0, [10, 20, 30]), size) as stage:
        stage.wait(9000)
        stage.hub.send(rooms.frame(rooms.calm, rooms.START + 40, 0))
        stage.page.wait_for_timeout(100)
        stage.wait(4000)
        picture = stage.look("nobody")
        assert coloured(picture) == 0
        assert "share" not in stage.page.inner_text("body")
        assert_sound(stage)


@pytest.mark.parametrize("size", SIZES)
def test_below_the_cohort_it_says_when_it_begins_and_never_how_many_are_missing(open_stage: Opener, size: str) -> None:
    with open_stage(rooms.sequence(rooms.calm, 30, [10, 20, 30]), size) as stage:
        stage.wait(9000)
        stage.hub.send(rooms.frame(rooms.calm, rooms.START + 40, 30))
        stage.page.wait_for_timeout(100)
        stage.wait(4000)
        picture = stage.look("below")
        assert coloured(picture) == 0
        sentence = stage.page.locator(".sentence")
        expect(sentence).to_have_text("The picture begins when enough of us share.")
        assert not re.search(r"\d", sentence.inner_text() + stage.page.inner_text(".counts"))
        assert_sound(stage)


@pytest.mark.parametrize("size", SIZES)
def test_an_evening_of_four_groups(open_stage: Opener, size: str) -> None:
    with open_stage(one_hour(rooms.four), size) as stage:
        stage.wait(4000)
        picture = stage.look("open")
        assert coloured(picture) > 10_000
        expect(stage.page.locator(".counts")).to_have_text("about 210 people·4 or 5 groups")
        names = stage.page.locator(".label b, .listed b").all_inner_texts()
        assert sorted(names) == ["pleasant, quiet", "pleasant, stirred", "unpleasant, quiet", "unpleasant, stirred"]
        assert "asked for light in this room, until 22:00" in stage.page.inner_text(".asked")
        assert_sound(stage)
        assert_clear_labels(stage)


@pytest.mark.parametrize("size", SIZES)
def test_a_split_leaves_a_dark_gap(open_stage: Opener, size: str) -> None:
    with open_stage(rooms.sequence(rooms.split, 212, rooms.kept(3330)), size) as stage:
        stage.wait(4000)
        picture = stage.look("split")
        strands = profile(picture, stage)
        assert len(strands) == 2, strands
        (_, above), (below, _) = strands
        assert below - above > 0.08 * SIZES[size][1]
        warm, cold = (
            picture[a:b, int(reed_of(stage)) - 9 : int(reed_of(stage)) - 1].mean(axis=(0, 1)) for a, b in strands
        )
        assert warm[0] > warm[2]
        assert cold[2] > cold[0]
        assert_sound(stage)
        assert_clear_labels(stage)


def reed_of(stage: Stage) -> float:
    box = stage.page.locator(".reed").bounding_box()
    assert box is not None
    return box["x"]


@pytest.mark.parametrize("size", SIZES)
def test_a_minority_stays_a_strand_of_its_own(open_stage: Opener, size: str) -> None:
    with open_stage(one_hour(rooms.minority, 2000), size) as stage:
        stage.wait(4000)
        strands = profile(stage.look("minority"), stage)
        assert len(strands) == 2, strands
        assert strands[1][1] - strands[1][0] >= 3
        assert "perhaps" not in stage.page.inner_text("body")
        assert_sound(stage)
        assert_clear_labels(stage)


def test_a_minority_within_its_error_is_called_perhaps(open_stage: Opener) -> None:
    with open_stage(one_hour(rooms.minority, 130)) as stage:
        stage.wait(4000)
        stage.look("perhaps")
        assert "perhaps 5 %" in stage.page.inner_text("body")
        assert stage.page.locator(".counts").inner_text().count("people") == 0
        assert_sound(stage)


@pytest.mark.parametrize("size", SIZES)
def test_colour_drains_when_the_connection_is_lost(open_stage: Opener, size: str) -> None:
    with open_stage(one_hour(rooms.four), size) as stage:
        stage.wait(4000)
        before = coloured(stage.look("before"))
        stage.hub.go_silent()
        stage.page.wait_for_timeout(150)
        stage.wait(4100)
        stage.wait(2500)
        half = coloured(stage.look("draining"))
        stage.wait(3500)
        picture = stage.look("lost")
        assert before > 10_000
        assert 0 < half < before
        assert coloured(picture) == 0
        expect(stage.page.locator(".counts")).to_have_text("Last picture 19:00. Your phones keep your part.")
        assert stage.page.locator(".label").count() == 0
        assert picture.max() > 90  # the marks are still there, as outlines
        assert_sound(stage)


def test_a_new_frame_brings_the_colour_back(open_stage: Opener) -> None:
    frames = one_hour(rooms.four)
    with open_stage(frames) as stage:
        stage.wait(4000)
        stage.wait(40_000)  # the hub says nothing for four windows
        assert coloured(stage.look("silent")) == 0
        stage.hub.send(rooms.frame(rooms.four, frames[-1]["at"] + 60, 212))
        stage.page.wait_for_timeout(150)
        stage.wait(4000)
        assert coloured(stage.look("back")) > 10_000


def test_between_two_frames_the_cloth_slides_and_then_rests(open_stage: Opener) -> None:
    frames = rooms.sequence(rooms.split, 212, rooms.kept(3000))
    with open_stage(frames) as stage:
        stage.page.evaluate(COUNT_FRAMES)
        stage.wait(6000)
        stage.hub.send(rooms.frame(rooms.split, frames[-1]["at"] + 10, 212))
        stage.page.wait_for_timeout(150)
        stage.page.clock.run_for(400)
        assert stage.page.evaluate("drawn") > 3
        stage.wait(4000)
        stage.page.evaluate("drawn = 0")
        stage.page.clock.run_for(1000)
        assert stage.page.evaluate("drawn") == 0


COUNT_FRAMES = """() => {
  globalThis.drawn = 0;
  const ask = requestAnimationFrame;
  globalThis.requestAnimationFrame = (then) => ask((at) => { globalThis.drawn += 1; then(at); });
}"""


def test_who_wants_less_motion_gets_a_cross_fade(open_stage: Opener) -> None:
    frames = one_hour(rooms.calm)
    with open_stage(frames, reduced=True) as stage:
        stage.wait(6000)
        old = stage.look("still")
        jump = rooms.frame(rooms.minority, frames[-1]["at"] + 10, 2000)
        stage.hub.send(jump)
        stage.page.wait_for_timeout(150)
        stage.wait(1500)
        between = stage.look("still-between")
        stage.wait(2500)
        new = stage.look("still-after")
        changed = np.abs(new - old).sum()
        assert changed > 100_000
        assert 0.2 < np.abs(between - old).sum() / changed < 0.9


def test_the_average_is_a_hollow_cross_on_key_a(open_stage: Opener) -> None:
    with open_stage(one_hour(rooms.four)) as stage:
        stage.wait(4000)
        cross = stage.page.locator(".cross")
        assert cross.count() == 0
        stage.page.keyboard.press("a")
        expect(cross).to_be_visible()
        expect(stage.page.locator(".average")).to_have_text("the average: hardly anyone is near it")
        stage.look("average")
        assert_sound(stage)
        stage.page.keyboard.press("a")
        expect(cross).to_have_count(0)


def test_where_people_are_near_the_average_it_says_how_many(open_stage: Opener) -> None:
    with open_stage(one_hour(rooms.calm)) as stage:
        stage.wait(4000)
        stage.page.get_by_role("button", name="the average").click()
        expect(stage.page.locator(".average")).to_have_text(re.compile(r"the average: about \d\d % are near it"))


def test_a_kept_moment_is_the_same_picture_every_time(open_stage: Opener) -> None:
    frames = one_hour(rooms.four)
    at = frames[-30]["at"] + 1
    pictures = []
    for _ in range(2):
        with open_stage(frames, query=f"at={at}") as stage:
            expect(stage.page.locator(".label")).not_to_have_count(0)
            stage.wait(3000)
            pictures.append(stage.look("kept"))
    assert np.array_equal(pictures[0], pictures[1])


def test_a_daylight_room_has_dark_threads_on_a_light_ground(open_stage: Opener) -> None:
    with open_stage(one_hour(rooms.four), query="light") as stage:
        stage.wait(4000)
        picture = stage.look("light")
        assert np.median(picture) > 235
        assert coloured(picture) > 10_000
        assert_sound(stage)


def test_without_webgl_the_same_strands_are_drawn_flat(open_stage: Opener) -> None:
    with open_stage(rooms.sequence(rooms.split, 212, rooms.kept(3330)), query="flat") as stage:
        stage.wait(4000)
        assert len(profile(stage.look("flat"), stage)) == 2
        assert_sound(stage)


def test_the_page_asks_its_hub_and_nobody_else(open_stage: Opener) -> None:
    with open_stage(one_hour(rooms.calm)) as stage:
        stage.wait(4000)
        asked = {request for request in stage.hub.requests if not request.startswith("/assets/")}
        assert asked == {"/stage", "/v1/space", "/v1/frames", "/v1/watch"}


@pytest.mark.parametrize("size", SIZES)
def test_a_long_question_keeps_its_place(open_stage: Opener, size: str) -> None:
    with open_stage(rooms.sequence(rooms.four, 212, rooms.kept(600)), size) as stage:
        stage.page.evaluate(
            "document.querySelector('h1').textContent = 'How is it for you, here, right now, all of you? '.repeat(4)"
        )
        stage.wait(4000)
        stage.look("long")
        assert_sound(stage)


def test_the_stage_is_light() -> None:
    scripts = [
        STATIC / path for path in re.findall(r'(?:src|href)="\./([^"]+\.js)"', (STATIC / "stage.html").read_text())
    ]
    assert scripts
    assert sum(len(brotli.compress(script.read_bytes())) for script in scripts) <= 60_000
