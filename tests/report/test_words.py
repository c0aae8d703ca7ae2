"""Affect, grid, rationals and the tree of errors."""

import inspect
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partsong.report import (
    Affect,
    AffectOutOfRange,
    Grid,
    GridOutOfRange,
    MalformedRational,
    PartsongError,
    errors,
    format_rational,
    parse_rational,
)

on_axis = st.floats(-1, 1)


@given(on_axis, on_axis, st.integers(2, 16))
def test_a_point_lies_in_the_cell_whose_centre_is_nearest(valence: float, arousal: float, side: int) -> None:
    grid = Grid(side)
    centre = grid.centre(grid.cell_of(Affect(valence=valence, arousal=arousal)))
    assert abs(centre[0] - valence) <= 1 / side + 1e-9
    assert abs(centre[1] - arousal) <= 1 / side + 1e-9


@given(st.integers(2, 16), st.data())
def test_a_cell_s_centre_lies_in_it(side: int, data: st.DataObject) -> None:
    grid = Grid(side)
    cell = data.draw(st.integers(0, grid.cells - 1))
    assert grid.cell_at(*grid.centre(cell)) == cell


def test_pleasant_and_stirred_are_the_last_cell() -> None:
    grid = Grid(8)
    assert grid.cell_at(1.0, 1.0) == 63
    assert grid.cell_at(-1.0, -1.0) == 0
    assert grid.cell_at(1.0, -1.0) == 56
    assert grid.no_answer == 64


@pytest.mark.parametrize("side", [-1, 0, 1, 17])
def test_a_side_outside_2_to_16_is_refused(side: int) -> None:
    with pytest.raises(GridOutOfRange):
        Grid(side)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1.0000001, -2.0])
def test_affect_outside_the_plane_is_refused(value: float) -> None:
    with pytest.raises(AffectOutOfRange):
        Affect(valence=value, arousal=0)
    with pytest.raises(AffectOutOfRange):
        Affect(valence=0, arousal=value)


def test_affect_cannot_be_printed() -> None:
    assert "0.123" not in repr(Affect(valence=0.123, arousal=-0.123))


@given(st.fractions(min_value=0, max_value=10**9, max_denominator=10**9))
def test_rationals_come_back(value: Fraction) -> None:
    assert parse_rational(format_rational(value)) == value


@pytest.mark.parametrize("text", ["", "-1", "1.5", "2/4", "3/1", "0/1", "01", "1/0", " 1", "1e3", "½", "9" * 19])
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(MalformedRational):
        parse_rational(text)


def test_every_error_stands_in_the_drawing_and_has_a_code() -> None:
    drawing = inspect.getdoc(errors) or ""
    for name, error in inspect.getmembers(errors, inspect.isclass):
        assert issubclass(error, PartsongError)
        assert name in drawing
        assert error("What happened.", "What to do.").code.replace("-", "") == name.lower()
