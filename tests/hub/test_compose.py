"""A whole hub in memory, with a clock that is set: nothing sleeps but the disk."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from partsong.hub.clock import SetClock
from partsong.hub.compose import Hub, compose, task_of
from partsong.hub.settings import Settings
from partsong.report import Frame, FrameState, SettingsInvalid, Task
from partsong.space import Space, Tally
from tests.hub.hubs import report

START = 1_000_000.0


class Spy:
    """A room that notes what it is told."""

    def __init__(self, task: Task) -> None:
        self.told: list[list[Tally]] = []
        self._space = Space(task)

    def frame(self, tallies: Sequence[Tally], at: int) -> Frame:
        self.told.append(list(tallies))
        return self._space.frame(tallies, at)


class Story:
    """A hub whose windows end when the story says so."""

    def __init__(self, hub: Hub, clock: SetClock, spies: list[Spy]) -> None:
        self.hub, self.clock, self.spy = hub, clock, spies[-1]
        self.task = hub.task
        self.line = hub.intake.open(0)

    async def send(self, message: bytes) -> list[str]:
        self.hub.intake.take(self.line, message, self.clock.now(), self.line.received)
        await self.hub.flush()
        answers = list(self.line.outbox)
        self.line.outbox.clear()
        return answers

    def report(self, connection: int = 0, number: int = 0, output: int = 3) -> bytes:
        epoch = self.task.epoch_at(self.clock.now())
        return report(self.task, epoch=epoch, connection=bytes([connection]) * 12, number=number, output=output)

    async def end_window(self) -> Frame:
        at = self.task.window_end(self.task.epoch_at(self.clock.now()))
        self.clock.at = float(at)
        frames: list[Frame] = []
        self.hub.on_frame = frames.append
        await self.hub.tick(at)
        return frames[0]


def tell(story: Callable[[Story], Awaitable[None]], clock: SetClock | None = None, **settings: Any) -> None:
    async def run() -> None:
        set_clock = clock or SetClock(START)
        spies: list[Spy] = []

        def room(task: Task) -> Spy:
            spies.append(Spy(task))
            return spies[-1]

        hub = compose(Settings(**{"store": "", **settings}), set_clock, room)
        async with hub:
            for job in hub._jobs:  # windows end when the story says so
                job.remove_done_callback(hub._job_ended)
                job.cancel()
            await story(Story(hub, set_clock, spies))

    asyncio.run(run())


def test_an_acknowledgement_comes_after_the_disk() -> None:
    async def story(one: Story) -> None:
        assert await one.send(one.report()) == ['{"ack":1}']
        assert one.hub._store.open_windows(one.task.id)

    tell(story)


def test_a_late_report_is_in_the_next_frame() -> None:
    async def story(one: Story) -> None:
        early, late = one.report(1), one.report(2)
        await one.send(early)
        assert (await one.end_window()).state is FrameState.BELOW
        one.clock.advance(one.task.grace - 1)
        assert await one.send(late) == ['{"ack":2}']
        await one.end_window()
        assert [[tally.reports for tally in told] for told in one.spy.told] == [[1], [2]]
        assert one.spy.told[0][0].epoch == one.spy.told[1][0].epoch

    tell(story)


def test_a_window_is_closed_after_its_grace() -> None:
    async def story(one: Story) -> None:
        message = one.report()
        await one.end_window()
        await one.end_window()
        one.clock.at -= one.task.window  # the clock is set back: what was closed stays closed
        answers = await one.send(message)
        assert "late" in answers[0]

    tell(story)


def test_a_room_of_many_opens() -> None:
    async def story(one: Story) -> None:
        for person in range(120):
            await one.send(one.report(person, output=person))
        frame = await one.end_window()
        assert frame.state is FrameState.OPEN
        assert len(frame.cells) == 64
        assert tuple(one.hub.fanout.frames)

    tell(story)


def test_after_a_restart_nothing_is_lost_and_nothing_counted_twice(tmp_path: Path) -> None:
    store, clock, kept = str(tmp_path / "hub.sqlite3"), SetClock(START), list[bytes]()

    async def before(one: Story) -> None:
        kept.append(one.report(1))
        await one.send(kept[0])
        await one.end_window()
        one.clock.advance(1)
        kept.append(one.report(2))
        await one.send(kept[1])

    async def after(one: Story) -> None:
        for message in kept[1:]:
            assert "duplicate" in (await one.send(message))[0]
        assert "too-soon" in (await one.send(one.report(1, number=1)))[0]
        await one.end_window()
        assert [tally.reports for tally in one.spy.told[0]] == [1, 1]

    tell(before, clock, store=store)
    tell(after, clock, store=store)


def test_what_is_older_than_the_retention_is_deleted() -> None:
    async def story(one: Story) -> None:
        await one.send(one.report(1))
        await one.end_window()
        await one.end_window()
        assert list(one.hub._store.ids(one.task.id))
        one.clock.advance(one.task.retention)
        await one.end_window()
        assert list(one.hub._store.ids(one.task.id)) == []

    tell(story)


def test_a_disk_that_is_full_is_waited_for_and_nothing_is_acknowledged_meanwhile(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("partsong.hub.compose.RETRY_SECONDS", 0.01)

    async def story(one: Story) -> None:
        real, tries = one.hub._store.merge_all, list[int]()

        def full(entries: Any) -> Any:
            tries.append(len(entries))
            assert not one.line.outbox
            if len(tries) < 3:
                raise OperationalError("INSERT", {}, OSError("disk full"))
            return real(entries)

        monkeypatch.setattr(one.hub._store, "merge_all", full)
        assert await one.send(one.report()) == ['{"ack":1}']
        assert len(tries) == 3

    tell(story)
    assert "trying again" in caplog.text


def test_the_same_settings_ask_the_same_task() -> None:
    assert task_of(Settings()).id == task_of(Settings(port=1)).id
    assert task_of(Settings()).id != task_of(Settings(question="And now?")).id


@pytest.mark.parametrize("wrong", [{"epsilon": "0.5"}, {"space": "Not So"}, {"unit": 905}, {"question": ""}])
def test_settings_that_make_no_task_stop_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsInvalid):
        task_of(Settings(**wrong))
