import asyncio

from partsong.hub.fanout import Fanout


def test_a_slow_screen_misses_frames_and_holds_one() -> None:
    async def story() -> None:
        fanout = Fanout(kept=2)
        screen = fanout.open()
        for number in range(5):
            fanout.publish(str(number))
        assert await screen.next() == "4"
        assert tuple(fanout.frames) == ("3", "4")
        waiting = asyncio.create_task(screen.next())
        await asyncio.sleep(0)
        fanout.publish("5")
        fanout.publish("6")
        assert await waiting == "6"

    asyncio.run(story())


def test_whoever_comes_later_has_the_newest_frame_at_once() -> None:
    async def story() -> None:
        fanout = Fanout()
        fanout.publish("1")
        assert await fanout.open().next() == "1"

    asyncio.run(story())


def test_at_the_end_every_screen_ends() -> None:
    async def story() -> None:
        fanout = Fanout(most=2)
        early = fanout.open()
        waiting = asyncio.create_task(early.next())
        await asyncio.sleep(0)
        fanout.end()
        assert await waiting is None
        assert await fanout.open().next() is None
        assert fanout.full
        fanout.close(early)
        assert not fanout.full

    asyncio.run(story())
