"""The join page and a third party's client, each against the real hub process."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.hub.hubs import Process
from tests.web.join_hub import JoinHub
from tests.web.test_join import PHONE, add, put_finger, stop, until

WINDOW = 2


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Process]:
    hub = Process(tmp_path / "hub.sqlite3", window=WINDOW, grace=2, unit=300, cohort=1, space="hall")
    yield hub
    hub.stop()


@pytest.mark.browser
def test_the_first_part_is_in_the_picture_within_one_window(browser: Browser, hub: Process) -> None:
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]  # the stubs want their own TypedDict
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{hub.address}/join")
    put_finger(page, 0.5, -0.4)
    expect(page.get_by_text("Nobody has added a part yet.")).to_be_visible(timeout=3 * WINDOW * 1000)
    add(page).click()
    clicked = time.time()
    page.get_by_role("button", name="What exactly?").click()
    expect(page.get_by_text("in the picture")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    until(lambda: opened(hub))
    assert time.time() - clicked < 2 * WINDOW + 2
    expect(page.locator(".room-note")).to_have_count(0)
    expect(page.locator(".room.shown canvas.now")).to_have_count(1)
    stop(page).click()
    expect(page.locator(".meaning")).to_have_text("Stopped. Nothing more leaves this phone.")
    assert said == [], "the hub's own policy allows all that the page does"
    assert context.cookies() == []
    context.close()


@pytest.mark.browser
def test_a_page_from_elsewhere_is_let_in_where_the_hub_names_it(browser: Browser, tmp_path: Path) -> None:
    with JoinHub(task=None) as elsewhere:
        hub = Process(tmp_path / "hub.sqlite3", window=WINDOW, grace=2, unit=300, cohort=1, origins=elsewhere.address)
        context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]  # the stubs want their own TypedDict
        page = context.new_page()
        page.goto(f"{elsewhere.address}/join#hub={hub.address}")
        put_finger(page, 0.5, -0.4)
        add(page).click()
        until(lambda: opened(hub))
        context.close()
        hub.stop()


@pytest.mark.browser
def test_a_page_from_elsewhere_is_told_where_the_hub_does_not_name_it(browser: Browser, hub: Process) -> None:
    with JoinHub(task=None) as elsewhere:
        context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]  # the stubs want their own TypedDict
        page = context.new_page()
        page.goto(f"{elsewhere.address}/join#hub={hub.address}")
        put_finger(page, 0.5, -0.4)
        add(page).click()
        expect(page.get_by_text("The hub did not take the part.")).to_be_visible(timeout=20_000)
        assert hub.get("/v1/frames")["frames"][-1]["state"] == "nobody"
        context.close()


def test_node_takes_part_through_the_documented_formats_alone(node: str, hub: Process) -> None:
    script = Path(__file__).with_name("node_client.mjs")
    done = subprocess.run([node, str(script), hub.address], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    heard = json.loads(done.stdout)
    refusals = [(answer["refused"], answer["code"]) for answer in heard["answers"] if "refused" in answer]
    assert refusals == [(2, "malformed"), (3, "duplicate")]
    assert len(heard["frame"]["cells"]) == 64


def opened(hub: Process) -> bool:
    """Whether the newest frame is open."""
    frames = hub.get("/v1/frames")["frames"]
    return bool(frames and frames[-1]["state"] == "open")
