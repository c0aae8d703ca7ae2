"""The join page in a real Chromium, against a hub that is nothing but the documented protocol."""

import json
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.web import rooms
from tests.web.join_hub import JoinHub, make_task

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
SMALL = {"width": 320, "height": 568}
LAPTOP = {"width": 1366, "height": 768}
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"

# Counts what a phone that lies on a table must not do.
COUNTING = """
  window.callbacks = 0;
  const ask = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (then) => ask((time) => { window.callbacks += 1; then(time); });
  window.timers = [];
  const later = window.setTimeout.bind(window);
  window.setTimeout = (then, wait, ...rest) => { window.timers.push(wait ?? 0); return later(then, wait, ...rest); };
  const often = window.setInterval.bind(window);
  window.setInterval = (then, wait, ...rest) => { window.timers.push(wait ?? 0); return often(then, wait, ...rest); };
"""


@pytest.fixture
def hub() -> Iterator[JoinHub]:
    with JoinHub([rooms.frame(room, int(time.time()), 210)]) as hub:
        yield hub


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]  # the stubs want their own TypedDict
    context.set_default_timeout(8000)
    yield context
    context.close()


def room(_: float) -> list[rooms.Voice]:
    return rooms.four(3000)


def visit(context: BrowserContext, hub: JoinHub, fragment: str = "") -> Page:
    page = context.new_page()
    page.goto(f"{hub.address}/join{fragment}")
    expect(page.get_by_text("Put a finger where you are.").or_(page.locator(".trouble"))).to_be_visible()
    return page


def put_finger(page: Page, valence: float, arousal: float) -> None:
    """Press, draw a little, lift."""
    box = page.locator(".field").bounding_box()
    assert box is not None
    x = box["x"] + box["width"] * (arousal + 1) / 2
    y = box["y"] + box["height"] * (1 - valence) / 2
    page.mouse.move(x - 20, y + 20)
    page.mouse.down()
    page.mouse.move(x, y, steps=4)
    page.mouse.up()


def until(condition: Callable[[], object], seconds: float = 8.0) -> None:
    """Waits for the hub's side of something."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def keep(page: Page) -> Locator:
    return page.get_by_role("button", name="Keep it to myself")


def add(page: Page) -> Locator:
    return page.get_by_role("button", name="Add it")


def stop(page: Page) -> Locator:
    return page.get_by_role("button", name="Stop sharing")


def waiting(page: Page) -> Locator:
    return page.locator(".hindrance", has_text="A part left a short while ago. The next may leave:")


def turn(page: Page, level: str) -> None:
    page.locator(f".levels .{level}").click()


# --- the journey


def test_from_the_first_finger_to_stop(context: BrowserContext, hub: JoinHub) -> None:
    page = visit(context, hub)
    expect(page.get_by_text("Nothing leaves your phone until you say so.")).to_be_visible()
    expect(page.locator(".room.shown")).to_have_count(0)
    put_finger(page, 0.4, -0.3)
    expect(page.locator(".room.shown")).to_have_count(1)
    expect(page.get_by_role("heading", name="Add a blurred part to the room's picture?")).to_be_visible()
    expect(
        page.get_by_text("for light in this room, until you stop. It forgets each part after 1 hour")
    ).to_be_visible()
    assert hub.intakes == 0

    opened = time.time()
    add(page).click()
    until(lambda: hub.reports)
    task = hub.tasks[0].encode()
    report = hub.reports[0][1]
    assert len(report) == 61
    assert report[3:35] == sha256(task).digest()
    assert abs(int.from_bytes(report[36:40], "big") * 10 - opened) < 15
    assert int.from_bytes(report[57:61], "big") == 0

    expect(page.locator(".ring")).to_be_visible()
    expect(page.get_by_text("1 part, 61 bytes")).to_be_visible()
    expect(page.get_by_text("1 of 4 parts")).to_be_visible()
    expect(page.get_by_text("8 times in 10")).to_be_visible()
    page.get_by_role("button", name="What exactly?").click()
    expect(page.get_by_text("in the picture")).to_be_visible()
    shown = "".join(page.locator(".bytes dt").all_text_contents()).replace(" ", "")
    assert shown == report.hex()
    page.get_by_role("button", name="Close").click()

    stop(page).click()
    expect(page.locator(".meaning")).to_have_text("Stopped. Nothing more leaves this phone.")
    expect(page.locator(".ring")).to_have_count(0)
    assert hub.intakes == 1


def test_keep_it_to_myself_opens_no_line(context: BrowserContext, hub: JoinHub) -> None:
    page = visit(context, hub)
    put_finger(page, -0.5, 0.5)
    keep(page).click()
    expect(page.get_by_role("radio", name="Only me")).to_be_checked()
    expect(page.get_by_text("Nothing leaves this phone")).to_be_visible()
    expect(page.get_by_role("radio", name="In two halves")).to_have_count(0)
    put_finger(page, 0.5, 0.5)
    assert hub.intakes == 0
    assert hub.reports == []
    # And the question is not put again.
    expect(add(page)).to_have_count(0)


def test_the_two_answers_are_equal(context: BrowserContext, hub: JoinHub) -> None:
    page = visit(context, hub)
    put_finger(page, 0, 0)
    boxes = [button.bounding_box() for button in (keep(page), add(page))]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert (boxes[0]["width"], boxes[0]["height"]) == (boxes[1]["width"], boxes[1]["height"])
    style = (
        "node => { const s = getComputedStyle(node); return [s.backgroundColor, s.color, s.borderColor, s.fontWeight] }"
    )
    assert keep(page).evaluate(style) == add(page).evaluate(style)


# --- what must never happen


def test_at_private_a_moving_finger_changes_no_byte_and_no_moment(browser: Browser, full: bool) -> None:
    seconds = 30 if full else 4
    seen = [traffic(browser, seconds, moving=moving) for moving in (False, True)]
    assert seen[0]["requests"] == seen[1]["requests"]
    assert seen[0]["headers"] == seen[1]["headers"]
    for each in seen:
        assert each["sent"] == []
        assert each["late"] == [], "nothing leaves after the page has loaded"
        assert not any("cookie" in name.lower() for _, names in each["headers"] for name in names)
        assert "/v1/intake" not in [path for path, _ in each["headers"]]


def traffic(browser: Browser, seconds: float, *, moving: bool) -> dict[str, Any]:
    """Everything that a page lets out at private while `seconds` pass, as the browser and as the hub saw it."""
    late: list[str] = []
    requests: list[tuple[str, str, str | None]] = []
    sent: list[object] = []

    def note(payload: object) -> None:
        sent.append(payload)

    with JoinHub([rooms.frame(room, int(time.time()), 210)], task=make_task()) as hub:
        context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]  # the stubs want their own TypedDict
        page = context.new_page()
        page.on("request", lambda r: requests.append((r.method, r.url.removeprefix(hub.address), r.post_data)))
        page.on("websocket", lambda socket: socket.on("framesent", note))
        page.goto(f"{hub.address}/join")
        page.wait_for_timeout(1500)
        page.on("request", lambda request: late.append(request.url))
        page.on("websocket", lambda socket: late.append(socket.url))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if moving:
                put_finger(page, 0.8 * (time.monotonic() % 1), -0.8 * (time.monotonic() % 0.7))
            page.wait_for_timeout(50)
        headers = sorted((path, tuple(names_of(values, hub))) for path, values in hub.headers)
        context.close()
    return {"requests": sorted(map(str, requests)), "sent": sent, "late": late, "headers": headers}


def names_of(headers: dict[str, str], hub: JoinHub) -> list[str]:
    """Every header as one text, but for what differs between two hubs of a test: the port and the socket's nonce."""
    port = hub.address.rsplit(":", 1)[1]
    drop = {"sec-websocket-key"}
    return [
        f"{name}: {value.replace(port, 'PORT')}" for name, value in sorted(headers.items()) if name.lower() not in drop
    ]


def test_a_lost_line_sends_the_same_bytes_again(context: BrowserContext, hub: JoinHub) -> None:
    hub.answer = {}
    context.add_init_script("Math.random = () => 0.05")
    page = visit(context, hub)
    put_finger(page, 0.6, 0.2)
    add(page).click()
    until(lambda: len(hub.reports) >= 2)
    hub.answer = None
    until(lambda: page.get_by_role("button", name="What exactly?").is_visible())
    page.get_by_role("button", name="What exactly?").click()
    expect(page.get_by_text("in the picture")).to_be_visible()
    assert len({report for _, report in hub.reports}) == 1
    expect(page.get_by_text("Part 1,")).to_have_count(1)


def test_a_refusal_leads_to_no_other_draw(context: BrowserContext, hub: JoinHub) -> None:
    hub.answer = {"code": "late", "message": "too late"}
    page = visit(context, hub)
    put_finger(page, 0.6, 0.2)
    add(page).click()
    until(lambda: hub.reports)
    page.get_by_role("button", name="What exactly?").click()
    expect(page.get_by_text("not taken (late)")).to_be_visible()
    page.wait_for_timeout(1500)
    assert len(hub.reports) == 1
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_text("1 of 4 parts")).to_be_visible()


def test_two_tabs_and_a_reload_share_one_ledger(context: BrowserContext, hub: JoinHub) -> None:
    pages = [visit(context, hub), visit(context, hub)]
    for page in pages:
        put_finger(page, 0.6, 0.2)
    for page in pages:
        add(page).click()
    until(lambda: hub.reports)
    until(lambda: pages[0].locator(".hindrance").count() + pages[1].locator(".hindrance").count() == 1)
    pages[0].reload()
    put_finger(pages[0], 0.6, 0.2)
    add(pages[0]).click()
    expect(waiting(pages[0])).to_be_visible()
    assert len(hub.reports) == 1


def test_another_task_and_another_space_draw_from_the_same_ledger(context: BrowserContext, hub: JoinHub) -> None:
    page = visit(context, hub)
    put_finger(page, 0.6, 0.2)
    add(page).click()
    until(lambda: hub.reports)
    stop(page).click()
    hub.tasks = [make_task(space="another", unit=300, question="And now?")]
    page.reload()
    put_finger(page, 0.6, 0.2)
    add(page).click()
    expect(waiting(page)).to_be_visible()
    assert len(hub.reports) == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"epsilon": "3"},
        {"unit": 290},
        {"epsilon_hour": "9"},
        {"epsilon_day": "100"},
        {"context": "workplace"},
        {"delta": "1/10"},
    ],
    ids=str,
)
def test_a_task_above_the_ceilings_is_never_answered(context: BrowserContext, asked: dict[str, Any]) -> None:
    with JoinHub(task=make_task(**asked)) as hub:
        page = visit(context, hub)
        put_finger(page, 0.6, 0.2)
        expect(page.get_by_text("What this hub asks is more than this page ever gives")).to_be_visible()
        expect(add(page)).to_have_count(0)
        assert hub.intakes == 0


def test_without_memory_nothing_can_leave(context: BrowserContext, hub: JoinHub) -> None:
    context.add_init_script("Object.defineProperty(globalThis, 'indexedDB', { value: undefined })")
    page = visit(context, hub)
    put_finger(page, 0.6, 0.2)
    add(page).click()
    expect(page.get_by_text("This browser keeps no memory for this page")).to_be_visible()
    assert hub.intakes == 0


def test_an_idle_phone_lies_still(context: BrowserContext, hub: JoinHub, full: bool) -> None:
    context.add_init_script(COUNTING)
    page = visit(context, hub)
    put_finger(page, 0.6, 0.2)
    add(page).click()
    until(lambda: hub.reports)
    page.wait_for_timeout(500)
    page.evaluate("window.callbacks = 0; window.timers = []")
    end = time.monotonic() + (60 if full else 8)
    while time.monotonic() < end:
        hub.send(rooms.frame(room, int(time.time()), 210))
        page.wait_for_timeout(2000)
    assert page.evaluate("window.callbacks") == 0
    assert all(wait >= 2000 for wait in page.evaluate("window.timers"))


# --- where the page may come from


def test_it_works_over_plain_http_on_a_name_that_is_not_this_machine(browser: Browser, hub: JoinHub) -> None:
    with browser.browser_type.launch(
        executable_path=chromium_path(), args=["--no-sandbox", "--host-resolver-rules=MAP hall.test 127.0.0.1"]
    ) as other:
        context = other.new_context(viewport=PHONE)  # type: ignore[arg-type]  # the stubs want their own TypedDict
        page = context.new_page()
        page.goto(f"{hub.address.replace('127.0.0.1', 'hall.test')}/join")
        assert page.evaluate("[isSecureContext, typeof crypto.subtle, typeof navigator.locks]") == [
            False,
            "undefined",
            "undefined",
        ]
        put_finger(page, 0.6, 0.2)
        add(page).click()
        until(lambda: hub.reports)
        page.get_by_text("What these promises rest on").click()
        expect(page.get_by_text("Anyone on this network could have altered it")).to_be_visible()
        context.close()


def chromium_path() -> str:
    import shutil  # noqa: PLC0415  one test needs a second browser

    return shutil.which("chromium") or ""


def test_a_page_from_elsewhere_joins_this_hub(context: BrowserContext, hub: JoinHub) -> None:
    with JoinHub(task=None) as elsewhere:
        page = visit(context, elsewhere, f"#hub={hub.address}")
        # The hub answers pages of any origin only if it says so; this one is asked with the header added in between.
        page.route(
            f"{hub.address}/v1/space",
            lambda route: route.fulfill(response=route.fetch(), headers={"access-control-allow-origin": "*"}),
        )
        page.reload()
        put_finger(page, 0.6, 0.2)
        add(page).click()
        until(lambda: hub.reports)
        page.get_by_text("What these promises rest on").click()
        expect(page.get_by_text(f"This page came from {elsewhere.address}, not from the hub")).to_be_visible()


def test_a_hub_that_is_gone_and_comes_back(context: BrowserContext, hub: JoinHub) -> None:
    page = context.new_page()
    page.route("**/v1/space", lambda route: route.abort())
    page.goto(f"{hub.address}/join")
    expect(page.get_by_text("The hub does not answer.")).to_be_visible()
    put_finger(page, 0.2, 0.2)
    page.unroute("**/v1/space")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Add a blurred part")).to_be_visible()


def test_wrong_addresses_say_so(context: BrowserContext, hub: JoinHub) -> None:
    expect(visit(context, hub, "#hub=nonsense:x").get_by_text("This address leads to no hub.")).to_be_visible()
    page = context.new_page()
    page.route("**/v1/space", lambda route: route.fulfill(body="<html>", status=200))
    page.goto(f"{hub.address}/join")
    expect(page.get_by_text("This is not a Partsong hub.")).to_be_visible()


def test_nothing_asked_leaves_the_plane_to_the_person(context: BrowserContext) -> None:
    with JoinHub(task=None) as hub:
        page = visit(context, hub)
        put_finger(page, 0.2, 0.2)
        expect(page.get_by_text("Nothing is asked here now.")).to_be_visible()


# --- the room beneath


def test_how_much_of_the_room_is_let_in(context: BrowserContext, hub: JoinHub) -> None:
    page = visit(context, hub)
    put_finger(page, 0.2, 0.2)
    keep(page).click()
    before = list(hub.requests)
    page.locator(".letting .glimpse").click()
    expect(page.locator(".room.glimpse.shown")).to_have_count(1)
    assert hub.requests == before, "a glimpse and all are one request"
    page.locator(".letting .none").click()
    until(lambda: hub.watchers == 0)
    expect(page.locator(".room.shown")).to_have_count(0)
    page.locator(".letting .all").click()
    until(lambda: hub.watchers == 1)
    expect(page.locator(".room.shown canvas.now")).to_have_count(1)


def test_the_states_of_the_room_are_said(context: BrowserContext) -> None:
    with JoinHub([rooms.frame(room, int(time.time()), 0)]) as hub:
        page = visit(context, hub)
        put_finger(page, 0.2, 0.2)
        expect(page.get_by_text("Nobody has added a part yet.")).to_be_visible()
        hub.send(rooms.frame(room, int(time.time()), 40))
        expect(page.get_by_text("The picture begins when enough of us share.")).to_be_visible()
        hub.send(rooms.frame(room, int(time.time()), 210))
        keep(page).click()
        expect(page.get_by_text("about 210 people")).to_be_visible()
        hub.go_silent()
        expect(page.get_by_text("Connection lost. Last picture")).to_be_visible()


# --- for everybody


def test_keys_alone_are_enough(context: BrowserContext, hub: JoinHub) -> None:
    page = visit(context, hub)
    page.keyboard.press("Tab")
    for key in ("ArrowUp", "ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
    focused = page.evaluate("[document.activeElement.ariaLabel, document.activeElement.ariaValueText]")
    assert focused == ["Quiet to stirred", "5 of 100, near alert"]
    assert page.locator(".self").evaluate("node => [node.style.left, node.style.top]") == ["52.5%", "45%"]
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Add it":
            break
    page.keyboard.press("Enter")
    until(lambda: hub.reports)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Stop sharing":
            break
    page.keyboard.press("Enter")
    expect(page.locator(".meaning")).to_have_text("Stopped. Nothing more leaves this phone.")


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_nothing_serious_stands_in_anybodys_way(browser: Browser, hub: JoinHub, scheme: Any) -> None:
    context = browser.new_context(viewport=PHONE, color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]  # as above
    page = visit(context, hub)
    page.add_script_tag(path=AXE)
    found = {"open": serious(page)}
    put_finger(page, 0.2, 0.2)
    found["question"] = serious(page)
    keep(page).click()
    found["private"] = serious(page)
    turn(page, "blurred")
    until(lambda: hub.reports)
    found["blurred"] = serious(page)
    page.get_by_role("button", name="What exactly?").click()
    found["exactly"] = serious(page)
    context.close()
    assert not any(found.values()), found


def serious(page: Page) -> list[str]:
    """What axe finds of impact serious or critical."""
    page.wait_for_timeout(400)
    found = page.evaluate(
        "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })"
    )
    return [
        f"{rule['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("size", [PHONE, SMALL, LAPTOP], ids=["phone", "small", "laptop"])
def test_it_fits(browser: Browser, hub: JoinHub, size: Any, direction: str) -> None:
    context = browser.new_context(viewport=size)
    page = visit(context, hub)
    page.evaluate("direction => { document.documentElement.dir = direction }", direction)
    put_finger(page, 0.7, 0.7)
    inside(page, keep(page), add(page))
    add(page).click()
    until(lambda: hub.reports)
    inside(page, stop(page), page.locator(".levels"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = page.locator(".plane").bounding_box()
    assert box is not None
    assert box["width"] * box["height"] > 0.5 * size["width"] * size["height"]
    # One orientation in every language: pleasant up, stirred right.
    point = page.locator(".self").evaluate("node => [node.style.left, node.style.top].map(Number.parseFloat)")
    assert point[0] > 50 > point[1]
    context.close()


def inside(page: Page, *things: Locator) -> None:
    height = page.evaluate("innerHeight")
    for thing in things:
        box = thing.bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height + 0.5


def test_the_policy_holds_and_nothing_comes_from_elsewhere(context: BrowserContext, hub: JoinHub) -> None:
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{hub.address}/join")
    put_finger(page, 0.2, 0.2)
    add(page).click()
    until(lambda: hub.reports)
    page.get_by_role("button", name="What exactly?").click()
    page.wait_for_timeout(300)
    assert said == []
    assert all(url.startswith((hub.address, "data:")) for url in asked)
    assert json.loads(page.evaluate("JSON.stringify(document.cookie)")) == ""
