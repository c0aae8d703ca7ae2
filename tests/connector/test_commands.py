"""`partsong connect` and `partsong replay`, from a script."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from partsong.cli.connect import connect
from partsong.cli.replay import replay
from partsong.report import REPORT_BYTES, PartsongError, SettingsInvalid, decode_report, make_task

from .socket_hub import SocketHub

APP = typer.Typer()
APP.command("connect")(connect)
APP.command("replay")(replay)


@pytest.fixture
def hub() -> Iterator[SocketHub]:
    """A hub on a loop of its own thread: the commands bring their own loop."""
    hub, ready, loop = (
        SocketHub(make_task(space="evening", grace=60, cohort=3)),
        threading.Event(),
        asyncio.new_event_loop(),
    )
    done = asyncio.Event()

    async def serve() -> None:
        async with hub:
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(10)
    yield hub
    loop.call_soon_threadsafe(done.set)
    thread.join(10)
    loop.close()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(APP, [str(argument) for argument in arguments])


def test_private_is_the_default_and_sends_nothing(hub: SocketHub, tmp_path: Path) -> None:
    result = run("connect", hub.url, "--at", "0.4,-0.2", "--json", "--seconds", 0.5, "--ledger", tmp_path / "ledger")
    assert result.exit_code == 0, result.output
    assert result.output == ""
    assert hub.opened == ["/v1/space"]


def test_veiled_sends_one_report_and_says_every_byte(hub: SocketHub, tmp_path: Path) -> None:
    where = ("--at", "0.4,-0.2", "--level", "veiled", "--seconds", 1.0, "--ledger", tmp_path / "ledger")
    result = run("connect", hub.url, *where, "--json")
    news = [json.loads(line) for line in result.output.splitlines()]
    assert [one["what"] for one in news] == ["opted-in", "sent", "counted", "stopped"]
    assert bytes.fromhex(news[1]["bytes"]) == hub.reports[0]
    assert len(hub.reports[0]) == REPORT_BYTES
    assert 900 <= news[1]["next_s"] <= 1800
    again = run("connect", hub.url, *where)
    assert "The last part is too recent." in again.output
    assert len(hub.reports) == 1


@pytest.mark.parametrize(
    ("option", "value"), [("--level", "open"), ("--level", "loud"), ("--at", "here"), ("--at", "1")]
)
def test_what_is_not_a_setting_is_named(hub: SocketHub, tmp_path: Path, option: str, value: str) -> None:
    result = run("connect", hub.url, "--json", "--ledger", tmp_path / "ledger", option, value)
    assert isinstance(result.exception, SettingsInvalid)


def test_without_a_terminal_there_is_no_screen(hub: SocketHub, tmp_path: Path) -> None:
    result = run("connect", hub.url, "--ledger", tmp_path / "ledger")
    assert isinstance(result.exception, PartsongError)
    assert "not a terminal" in str(result.exception)


def test_replay_makes_enough_copies_and_keeps_their_ledgers(
    hub: SocketHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partsong.cli.replay._arrivals", lambda people, _: [0.0] * people)
    for name in ("ana", "ben"):
        (tmp_path / f"{name}.csv").write_text("t_s,valence,arousal\n0,0.1,0.1\n9,-0.5,0.5\n", encoding="utf-8")
    result = run("replay", tmp_path, hub.url, "--seconds", 1.5, "--ledgers", tmp_path / "ledgers")
    assert result.exit_code == 0, result.output
    assert "2 people, 2 times each" in result.output
    assert len({decode_report(data).connection for data in hub.reports}) == 4
    names = {path.name for path in (tmp_path / "ledgers").glob("*.ledger")}
    assert names == {"ana-1.ledger", "ana-2.ledger", "ben-1.ledger", "ben-2.ledger"}
    again = run("replay", tmp_path, hub.url, "--seconds", 1.0, "--ledgers", tmp_path / "ledgers", "--speed", 100)
    assert "0 reports left" in again.output  # speed never moves a ledger's clock
