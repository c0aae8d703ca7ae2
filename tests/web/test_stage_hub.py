"""The stage against the real hub process, on a name that is not this machine, over plain http."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.sync.client import connect

from tests.conftest import CHROMIUM_FLAGS
from tests.hub.hubs import OUTPUTS, Process, report
from tests.web.seeing import chroma, pixels
from tests.web.test_join import AXE, chromium_path, serious, until

WINDOW = 2
PEOPLE = 40


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Process]:
    hub = Process(tmp_path / "hub.sqlite3", window=WINDOW, grace=2, unit=300, cohort=10, space="hall")
    yield hub
    hub.stop()


@pytest.fixture
def page(browser: Browser, hub: Process) -> Iterator[Page]:
    """A page of a browser that knows the hub as `hall.test`."""
    flags = [*CHROMIUM_FLAGS, "--host-resolver-rules=MAP hall.test 127.0.0.1"]
    special = browser.browser_type.launch(executable_path=chromium_path(), args=flags)
    page = special.new_page(viewport={"width": 1366, "height": 768}, bypass_csp=True)
    page.goto(f"http://hall.test:{hub.port}/stage")
    yield page
    special.close()


def speak(hub: Process) -> None:
    """Forty people who all feel pleasant, as the veil might give them."""
    task = hub.task()
    with connect(f"{hub.sockets}/v1/intake") as line:
        for _ in range(PEOPLE):
            line.send(report(task, output=OUTPUTS - 30 + os.urandom(1)[0] % 20))
        assert line.recv(timeout=10)


@pytest.mark.browser
def test_the_stage_shows_the_room_without_a_secure_context(page: Page, hub: Process, browser: Browser) -> None:
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    assert page.evaluate("isSecureContext") is False
    expect(page.get_by_text("How is it, right now?").first).to_be_visible()
    assert chroma(pixels(browser, page.screenshot())).max() < 24, "nobody is there, and nothing is coloured"
    speak(hub)
    until(lambda: hub.get("/v1/frames")["frames"][-1]["state"] == "open")
    until(lambda: int(chroma(pixels(browser, page.screenshot())).max()) > 40)
    page.add_script_tag(path=AXE)
    assert serious(page) == []
    assert troubles == []


def test_a_report_is_in_the_frame_of_its_own_window(hub: Process) -> None:
    while time.time() % WINDOW > WINDOW / 2:
        time.sleep(0.05)
    speak(hub)
    spoken = time.time()
    end = (int(spoken) // WINDOW + 1) * WINDOW
    until(lambda: any(frame["at"] == end for frame in hub.get("/v1/frames")["frames"]))
    assert time.time() - spoken < WINDOW + 1
    (frame,) = (frame for frame in hub.get("/v1/frames")["frames"] if frame["at"] == end)
    assert frame["state"] == "open"
    assert frame["people"] == PEOPLE
