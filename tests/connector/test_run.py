"""A connector on real sockets: what leaves, what comes again, and that nothing leaves at private."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from partsong.connector.egress import Egress
from partsong.connector.events import Told, What
from partsong.connector.reader import hub_addresses, read_space
from partsong.connector.run import Connector, LedgerFile, Many, device_clock, read_task, run_many
from partsong.connector.schedule import Pace
from partsong.connector.sources import Source
from partsong.connector.sources.still import Still
from partsong.crowd import Recorded, make_crowd, make_trace
from partsong.report import (
    Affect,
    CeilingExceeded,
    ContextRefused,
    FrameState,
    HubUnreachable,
    Level,
    NotPermitted,
    SourceFailed,
    decode_report,
    make_task,
)

from .socket_hub import SocketHub, Tap

TASK = make_task(space="evening", grace=60)
HERE = Still(Affect(valence=0.5, arousal=0.5))
News = list[tuple[Told, bytes]]


@pytest.fixture(autouse=True)
def quick_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("one", "many"):
        monkeypatch.setattr(f"partsong.connector.run.{module}.random_pause", lambda: 0.05)


def take_part(hub: SocketHub, ledger: Path, seconds: float = 0.6) -> News:
    news: News = []

    async def run() -> None:
        async with hub, await Connector.join(hub.url, tell=lambda *it: news.append(it), ledger=ledger) as connector:
            connector.consent()
            assert connector.level is Level.VEILED
            await connector.run(HERE, seconds=seconds)

    asyncio.run(run())
    return news


def whats(news: News) -> list[str]:
    return [told.what for told, _ in news]


def test_a_report_leaves_and_is_counted_and_the_line_is_closed(tmp_path: Path) -> None:
    hub = SocketHub(TASK)
    news = take_part(hub, tmp_path / "ledger")
    assert whats(news) == [What.OPTED_IN, What.SENT, What.COUNTED]
    assert hub.reports == [left for _, left in news if left]
    assert decode_report(hub.reports[0]).task == TASK.id
    assert hub.opened == ["/v1/space", "/v1/intake"]


def test_requests_name_nobody(tmp_path: Path) -> None:
    hub = SocketHub(TASK)
    take_part(hub, tmp_path / "ledger")
    for headers in hub.headers:
        assert not {"cookie", "user-agent", "origin", "referer", "authorization"} & {name.lower() for name in headers}


@pytest.mark.parametrize("trouble", [{"drop": 1}, {"refuse": "busy"}, {"nonsense": True}])
def test_trouble_brings_the_same_bytes_again(tmp_path: Path, trouble: dict[str, Any]) -> None:
    hub = SocketHub(TASK)
    vars(hub).update(trouble)
    news = take_part(hub, tmp_path / "ledger", seconds=6.0 if "refuse" in trouble else 1.0)
    assert len(hub.reports) == 2
    assert len(set(hub.reports)) == 1
    assert whats(news)[-1] == What.COUNTED
    with LedgerFile(tmp_path / "ledger") as file:
        assert sum(entry.epsilon > 0 for entry in file.entries) == 1


def test_a_second_start_within_the_unit_sends_nothing_new(tmp_path: Path) -> None:
    first, second = SocketHub(TASK), SocketHub(TASK)
    take_part(first, tmp_path / "ledger")
    news = take_part(second, tmp_path / "ledger")
    assert set(second.reports) <= set(first.reports)  # the stored bytes, while their window lasts
    assert What.SENT not in whats(news)


def test_two_hubs_share_one_ledger(tmp_path: Path) -> None:
    other = SocketHub(make_task(space="elsewhere"))
    take_part(SocketHub(TASK), tmp_path / "ledger")
    news = take_part(other, tmp_path / "ledger")
    assert other.reports == []
    assert (news[-1][0].what, news[-1][0].code) == (What.SKIPPED, "unit")


def test_a_hub_that_appears_later_gets_the_first_report(tmp_path: Path) -> None:
    hub, news = SocketHub(TASK), News()

    async def run() -> None:
        async with hub:
            connector = await Connector.join(hub.url, tell=lambda *it: news.append(it), ledger=tmp_path / "ledger")
        async with connector:
            connector.consent()
            await connector.run(HERE, seconds=0.5)

    asyncio.run(run())
    assert whats(news) == [What.OPTED_IN]  # nothing is drawn without a line
    with LedgerFile(tmp_path / "ledger") as file:
        assert all(entry.epsilon == 0 for entry in file.entries)


def test_what_a_hub_may_not_ask_is_refused_at_the_door(tmp_path: Path) -> None:
    for task, error in (
        (make_task(space="evening", unit=200), CeilingExceeded),
        (make_task(space="evening", context="workplace"), ContextRefused),
        (make_task(space="evening", level=Level.OPEN), NotPermitted),
    ):
        hub = SocketHub(task)
        with pytest.raises(error):
            take_part(hub, tmp_path / "ledger")
        assert hub.opened == ["/v1/space"]


def test_no_hub_and_no_hubs_address(tmp_path: Path) -> None:
    for url in ("http://127.0.0.1:9", "ftp://127.0.0.1", "http://"):
        with pytest.raises(HubUnreachable):
            asyncio.run(Connector.join(url, tell=lambda *_: None, ledger=tmp_path / "ledger"))
    assert hub_addresses("https://hub.example/join?x=1") == ("https://hub.example", "wss://hub.example")
    assert hub_addresses("hub.local:8420/stage") == ("http://hub.local:8420", "ws://hub.local:8420")


def test_what_is_not_a_hub_is_said_to_be_none() -> None:
    async def run() -> None:
        async with Tap(b"<html>").listening() as tap:
            await read_space(f"http://127.0.0.1:{tap.port}", device_clock)

    with pytest.raises(HubUnreachable, match="does not answer as a hub"):
        asyncio.run(run())


def test_watching_is_a_choice_of_its_own(tmp_path: Path) -> None:
    hub, frames = SocketHub(TASK), []

    async def run() -> None:
        async with hub, await Connector.join(hub.url, tell=lambda *_: None, ledger=tmp_path / "ledger") as connector:
            async for frame in connector.watch():
                frames.append(frame)
                break

    asyncio.run(run())
    assert frames[0] is not None
    assert frames[0].state is FrameState.NOBODY
    assert hub.opened == ["/v1/space", "/v1/watch"]


def test_only_a_permit_leaves() -> None:
    egress = Egress("ws://127.0.0.1:9", lambda _: None, lambda: 0.0)
    for thing in (bytes(61), b"", "text", None):
        with pytest.raises(NotPermitted):
            egress.send(thing)  # type: ignore[arg-type]


def test_a_failing_source_ends_it_with_its_reason(tmp_path: Path) -> None:
    class Broken(Still):
        def poll(self, elapsed: float) -> Affect | None:
            raise SourceFailed(f"The strap is off since {elapsed}.")

    async def run() -> None:
        hub = SocketHub(TASK)
        async with hub, await Connector.join(hub.url, tell=lambda *_: None, ledger=tmp_path / "ledger") as connector:
            await connector.run(Broken())

    with pytest.raises(SourceFailed, match="strap"):
        asyncio.run(run())


class Finger(Still):
    """A finger that never rests."""

    def __init__(self) -> None:
        super().__init__()
        self.moves = 0

    def poll(self, elapsed: float) -> Affect | None:
        super().poll(elapsed)
        self.moves += 1
        return Affect(valence=np.sin(self.moves), arousal=np.cos(3 * self.moves))


Traffic = tuple[list[bytes], bool]


def traffic(make: Callable[..., Any], source: Source, ledger: Path, *, watching: bool) -> Traffic:
    """All bytes of a loaded connector at private, line by line, and whether it was silent after loading."""
    tap = Tap(SocketHub(TASK).space())
    loaded: list[int] = []

    async def run() -> None:
        async with tap.listening():
            connector = await make(f"http://127.0.0.1:{tap.port}", tell=lambda *_: None, ledger=ledger)
            async with connector:
                watcher = asyncio.create_task(anext(connector.watch())) if watching else None
                await asyncio.sleep(0.3)
                loaded.append(len(tap.times))
                await connector.run(source, seconds=1.5)
                if watcher is not None:
                    watcher.cancel()

    asyncio.run(run())
    key = re.compile(rb"(Sec-WebSocket-Key: )[^\r]*|:\d+(?=\r)")
    return [key.sub(rb"\1", bytes(line)) for line in tap.received], len(tap.times) == loaded[0]


@pytest.mark.parametrize("watching", [False, True], ids=["alone", "watching"])
def test_at_private_a_moving_finger_changes_no_byte_and_no_time(tmp_path: Path, *, watching: bool) -> None:
    finger = Finger()
    still = traffic(Connector.join, Still(), tmp_path / "still", watching=watching)
    moving = traffic(Connector.join, finger, tmp_path / "moving", watching=watching)
    assert finger.moves > 3
    assert still == moving
    lines, silent = moving
    assert silent
    assert len(lines) == (2 if watching else 1)
    assert not any(b"/v1/intake" in line for line in lines)


def test_a_planted_leak_at_private_is_seen(tmp_path: Path) -> None:
    class Leaky(Connector):
        def feel(self, affect: Affect) -> None:
            super().feel(affect)
            self._driver._egress.open()

    still = traffic(Leaky.join, Still(), tmp_path / "still", watching=False)
    moving = traffic(Leaky.join, Finger(), tmp_path / "moving", watching=False)
    assert still != moving


def test_many_people_speak_through_lines_of_their_own() -> None:
    hub = SocketHub(TASK)
    rng = np.random.default_rng(5)

    async def run() -> Many:
        async with hub:
            many = Many(hub.url, make_crowd("bimodal", 60, rng), pace=Pace.AT_ONCE)
            await many.run(seconds=2.0)
            return many

    many = asyncio.run(run())
    assert many.counts[What.COUNTED] == 60
    assert len({decode_report(data).connection for data in hub.reports}) == 60
    assert hub.opened.count("/v1/intake") == 60
    assert hub.opened.count("/v1/space") == 1


def test_whoever_is_not_there_does_not_speak_and_who_is_spent_makes_room() -> None:
    hub = SocketHub(TASK)

    async def run() -> Many:
        async with hub:
            await run_many(hub.url, make_crowd("nobody", 20, np.random.default_rng(5)), seconds=0.6)
            assert hub.reports == []
            many = Many(hub.url, make_crowd("conflict", 5, np.random.default_rng(5)), pace=Pace.AT_ONCE, renew=True)
            task = asyncio.create_task(many.run(seconds=2.0))
            await asyncio.sleep(0.8)
            many._told(3, Told(what=What.SKIPPED, code="day"))
            await task
            return many

    many = asyncio.run(run())
    assert many.renewed == 1
    assert many.counts[What.COUNTED] == 6
    assert len({decode_report(data).connection for data in hub.reports}) == 6


def test_recorded_people_have_a_file_each(tmp_path: Path) -> None:
    hub = SocketHub(TASK)
    people = Recorded([make_trace([(0.0, 0.1, 0.1)]), make_trace([(0.0, -0.1, 0.1)])], copies=2)

    async def run() -> None:
        async with hub:
            assert (await read_task(hub.url)) == TASK
            await run_many(
                hub.url,
                people,
                pace=Pace.AT_ONCE,
                arrivals=[0.0, 0.0, 0.5, 1e6],
                store=lambda person: LedgerFile(tmp_path / f"{person}.ledger"),
                seconds=1.6,
            )

    asyncio.run(run())
    assert len(hub.reports) == 3
    for person in range(3):
        with LedgerFile(tmp_path / f"{person}.ledger") as file:
            assert len(file.entries) == 1
    assert not (tmp_path / "3.ledger").exists()
