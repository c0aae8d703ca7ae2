"""Speaking times."""

from hypothesis import given
from hypothesis import strategies as st

from partsong.connector.schedule import Pace, first, following, skipped

UNITS = st.integers(300_000, 86_400_000)
TIMES = st.integers(0, 10**12)


def most(n: int) -> int:
    return n - 1


@given(now=TIMES, unit=UNITS)
def test_people_begin_at_once_and_the_spread_within_a_unit(now: int, unit: int) -> None:
    assert first(now, unit, Pace.AT_ONCE, most) == now
    assert first(now, unit, Pace.SPREAD, most) == now + unit - 1


@given(last=TIMES, number=st.integers(0, 100), unit=UNITS, pace=st.sampled_from(Pace), share=st.floats(0, 0.999))
def test_the_next_is_one_unit_on_and_the_second_up_to_two(
    last: int, number: int, unit: int, pace: Pace, share: float
) -> None:
    apart = following(last, number, unit, pace, lambda n: int(n * share)) - last
    second = number == 0 and pace is Pace.AT_ONCE
    assert unit <= apart < 2 * unit if second else apart == unit


@given(due=TIMES, until=TIMES, unit=UNITS)
def test_what_is_skipped_keeps_its_place(due: int, until: int, unit: int) -> None:
    later = skipped(due, until, unit)
    assert (later - due) % unit == 0
    assert later >= max(until, due + unit)
    assert later == due + unit or later - unit < until
