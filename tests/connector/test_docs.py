"""The Python of the connector's pages runs as it stands."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from partsong.connector.events import Event
from partsong.connector.session import State
from partsong.crowd import Kind, make_trace
from partsong.report import make_task

from .socket_hub import SocketHub

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ["howto/write-a-source.md", "howto/replay-recordings.md", "reference/connector.md"]
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def names_of(page: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for block in BLOCK.findall((DOCS / page).read_text(encoding="utf-8")):
        exec(compile(block, page, "exec"), names)  # noqa: S102  that is what the test is about
    return names


@pytest.mark.parametrize("page", PAGES)
def test_every_block_runs(page: str) -> None:
    assert names_of(page)


def run_against_a_hub(coroutine: Any) -> SocketHub:
    hub = SocketHub(make_task(space="evening", cohort=2))

    async def run() -> None:
        async with hub:
            await asyncio.wait_for(coroutine(hub.url), 1.5)

    with pytest.raises(TimeoutError):
        asyncio.run(run())
    return hub


def test_the_examples_take_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "one"))
    one = names_of("reference/connector.md")["one_person"]
    assert len(run_against_a_hub(one).reports) == 1
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "two"))
    page = names_of("howto/write-a-source.md")
    knob = page["Knob"](page["Pretended"]())
    assert len(run_against_a_hub(lambda url: page["take_part"](url, knob)).reports) == 1


def test_the_replay_example_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replay = names_of("howto/replay-recordings.md")["replay"]
    (tmp_path / "ana.csv").write_text("t_s,valence,arousal\n0,0.1,0.1\n", encoding="utf-8")
    monkeypatch.setattr("os.urandom", bytes)  # everybody arrives at once; the draws do not matter here
    hub = run_against_a_hub(lambda url: replay(tmp_path, url, tmp_path))
    assert len(hub.opened) >= 3
    assert make_trace([(0.0, 0.1, 0.1)]).length == 0.0


def test_every_state_event_and_kind_is_described() -> None:
    page = (DOCS / "reference/connector.md").read_text(encoding="utf-8")
    events = {event.__name__ for event in Event.__subclasses__()}
    assert all(f"`{state}`" in page for state in State)
    assert all(f"`{kind}`" in page for kind in Kind)
    assert all(f"`{event}(" in page for event in events)
