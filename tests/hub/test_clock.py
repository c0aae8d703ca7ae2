import time

from partsong.hub.clock import SetClock, SystemClock


def test_the_machine_is_read() -> None:
    clock = SystemClock()
    assert abs(clock.now() - time.time()) < 5
    assert clock.steady() <= clock.steady()


def test_a_set_clock_stands_and_never_goes_back() -> None:
    clock = SetClock(10.0)
    clock.advance(2)
    clock.advance(-5)
    assert clock.now() == clock.steady() == 12.0
