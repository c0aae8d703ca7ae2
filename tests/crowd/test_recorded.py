"""Recorded people from rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partsong.crowd import Recorded, copies_needed, make_trace
from partsong.report import OutOfRange

ROWS = [(0.0, 0.0, 0.0), (10.0, 1.0, -1.0)]
COORDINATES = st.floats(-1, 1)


def test_between_rows_it_is_between() -> None:
    trace = make_trace(ROWS)
    assert trace.at(2.5) == (0.25, -0.25)
    assert trace.at(-1.0) == (0.0, 0.0)
    assert trace.at(99.0) == (1.0, -1.0)
    assert repr(trace) == "<Trace of 10 s>"


@given(rows=st.lists(st.tuples(st.floats(0, 1e6), COORDINATES, COORDINATES), min_size=1), at=st.floats(0, 1e7))
def test_a_trace_stays_on_the_plane(rows: list[tuple[float, float, float]], at: float) -> None:
    valence, arousal = make_trace(sorted(rows)).at(at)
    assert -1.0 <= valence <= 1.0
    assert -1.0 <= arousal <= 1.0


def test_all_loop_together_at_their_speed() -> None:
    people = Recorded([make_trace(ROWS), make_trace([(0.0, -1.0, 0.0), (5.0, -0.5, 0.0)])], copies=2, speed=2.0)
    assert len(people) == 4
    assert people.loop == 10.0
    np.testing.assert_allclose(people.at(1.0), [[0.2, -0.2], [-0.8, 0.0]] * 2)
    np.testing.assert_allclose(people.at(6.0), people.at(1.0))
    assert people.point(2, 1.0) == people.point(0, 1.0)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(0.0, 1.1, 0.0)],
        [(0.0, float("nan"), 0.0)],
        [(1.0, 0.0, 0.0), (0.5, 0.0, 0.0)],
        [(-1.0, 0.0, 0.0)],
        [(float("inf"), 0.0, 0.0)],
    ],
)
def test_what_is_no_recording_is_refused(rows: list[tuple[float, float, float]]) -> None:
    with pytest.raises(OutOfRange):
        make_trace(rows)


@pytest.mark.parametrize("fields", [{"copies": 0}, {"speed": 0.0}, {"speed": float("inf")}, {"speed": -1.0}])
def test_what_is_no_replay_is_refused(fields: dict[str, float]) -> None:
    with pytest.raises(OutOfRange):
        Recorded([make_trace(ROWS)], **fields)  # type: ignore[arg-type]
    with pytest.raises(OutOfRange):
        Recorded([])


@given(people=st.integers(1, 500), cohort=st.integers(1, 10_000))
def test_the_fewest_copies_that_pass_the_minimum(people: int, cohort: int) -> None:
    copies = copies_needed(people, cohort)
    assert people * copies >= cohort
    assert copies == 1 or people * (copies - 1) < cohort


def test_nobody_cannot_be_copied() -> None:
    with pytest.raises(OutOfRange):
        copies_needed(0, 100)
