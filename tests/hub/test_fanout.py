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


def test_a_screen_that_keeps_up_is_written_to_and_one_that_does_not_has_the_newest() -> None:
    async def story() -> None:
        fanout, written, keeps_up = Fanout(), list[bytes](), True

        def push(framed: bytes) -> bool:
            if keeps_up:
                written.append(framed)
            return keeps_up

        screen = fanout.open(push)
        fanout.publish("1")
        keeps_up = False
        fanout.publish("2")
        fanout.publish("3")
        keeps_up = True
        fanout.publish("4")  # behind what waits, so it waits too
        assert written == [b"\x81\x011"]
        assert await screen.next() == "4"
        fanout.publish("5")
        assert written == [b"\x81\x011", b"\x81\x015"]

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
