"""The pages as they are built: the same bytes anywhere, fresh by content, small, and without a word inline."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import brotli  # type: ignore[import-untyped]  # it has no types
import pytest

from partsong.hub import pages

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "src" / "partsong" / "hub" / "static"
JOIN_BYTES, STAGE_BYTES = 61_440, 153_600


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("partsong_web_build", ROOT / "web" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def manifest() -> dict[str, object]:
    path = STATIC / pages.MANIFEST
    assert path.exists(), "the pages are not built: run `make web`"
    return dict(json.loads(path.read_text()))


def copied(folder: Path) -> Path:
    """The web sources in another place, with the packages of this one."""
    web = folder / "web"
    shutil.copytree(ROOT / "web", web, ignore=shutil.ignore_patterns("node_modules"))
    (web / "node_modules").mkdir()
    for package in (ROOT / "web" / "node_modules").iterdir():
        (web / "node_modules" / package.name).symlink_to(package)
    return web


def digest_of(web: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(web / "build.py"), *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[0]


def test_the_pages_are_fresh(build: ModuleType, manifest: dict[str, object]) -> None:
    assert not build.is_stale(), "the pages are stale: run `make web`"
    assert manifest["digest"] == pages.Bundle.read(STATIC).digest()


def test_the_same_sources_give_the_same_bytes_anywhere(tmp_path: Path, manifest: dict[str, object]) -> None:
    web = copied(tmp_path / "somewhere else")
    assert digest_of(web) == manifest["digest"]
    assert digest_of(web, "--force") == manifest["digest"]


def test_only_content_makes_the_pages_stale(tmp_path: Path) -> None:
    web = copied(tmp_path)
    digest_of(web)
    built = tmp_path / "src" / "partsong" / "hub" / "static"
    stamp = (built / "join.html").stat().st_mtime_ns
    (web / "shared" / "task.ts").touch()
    (web / "tests" / "task.test.ts").write_text("// tests do not count")
    digest_of(web)
    assert (built / "join.html").stat().st_mtime_ns == stamp
    (built / "join.html").write_text("altered")
    digest_of(web)
    assert "module" in (built / "join.html").read_text()


@pytest.mark.parametrize(("page", "most"), [("join", JOIN_BYTES), ("stage", STAGE_BYTES)])
def test_a_page_is_small(page: str, most: int) -> None:
    html = (STATIC / f"{page}.html").read_text()
    scripts = set(re.findall(r'(?:src|href)="\./(assets/[^"]+\.js)"', html))
    assert scripts
    assert sum(len(brotli.compress((STATIC / script).read_bytes())) for script in scripts) <= most


@pytest.mark.parametrize("page", ["join", "stage"])
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(page: str) -> None:
    html = (STATIC / f"{page}.html").read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)", html) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=|https?:|//", html) == []
    for sheet in STATIC.glob("assets/*.css"):
        assert re.findall(r"url\((?!\./)|@import", sheet.read_text()) == []


def test_the_lock_names_no_address() -> None:
    lock = (ROOT / "web" / "package-lock.json").read_text()
    assert '"resolved"' not in lock


def test_what_the_pages_carry_is_permissively_licensed() -> None:
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"]
    shipped = {name: package.get("license") for name, package in lock.items() if name and not package.get("dev")}
    assert shipped
    assert set(shipped.values()) <= {"MIT", "Apache-2.0", "BSD-3-Clause", "ISC", "OFL-1.1"}, shipped
