"""The documents are tested: what is not described, and what is described but not there, fails the build."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from partsong.cli.main import app
from partsong.report import Refusal, Task, errors, make_task

ROOT = Path(__file__).resolve().parents[2]
PAGES = [p for p in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")] if p.name != "CHANGELOG.md"]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def _commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    # Typer carries a Click of its own, whose classes are not public: a group is what has commands.
    if hasattr(command, "commands"):
        for name, child in command.commands.items():
            yield from _commands(child, f"{path} {name}")
    else:
        yield path, command


def test_every_command_and_option_is_described() -> None:
    text = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    for path, command in _commands(typer.main.get_command(app), "partsong"):
        assert f"`{path}" in text, f"{path} is not in docs/reference/commands.md"
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--"):
                    assert option in text, f"{path} {option} is not in docs/reference/commands.md"
        assert (command.help or "").strip(), f"{path} has no help"


def test_every_refusal_is_described() -> None:
    text = (ROOT / "docs/reference/protocol.md").read_text(encoding="utf-8")
    assert all(f"`{code}`" in text for code in Refusal)


def test_every_field_of_a_task_is_described() -> None:
    text = (ROOT / "docs/reference/formats.md").read_text(encoding="utf-8")
    fields = set(Task.__struct_fields__) - {"side"} | {"grid"}
    assert make_task(space="evening").canonical().count(b'":') == len(fields)
    assert all(f"| `{name}` |" in text for name in fields)


def test_every_error_is_described() -> None:
    text = (ROOT / "docs/reference/errors.md").read_text(encoding="utf-8")
    for name, _ in inspect.getmembers(errors, inspect.isclass):
        assert f"`{name}`" in text, name


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_pages_speak_of_the_project_alone() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert "../shared/DESIGN" not in text
        assert not re.search(r"DESIGN (section|decision)", text), page
