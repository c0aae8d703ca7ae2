import itertools
import json
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from partsong.privacy import guess
from partsong.privacy.channel import disk_channel
from partsong.privacy.guess import (
    Question,
    constant,
    draws_in,
    drifting,
    groups_of,
    opposite_places,
    pleasant_or_unpleasant,
    times_in_ten,
)
from partsong.privacy.guess_table import TABLE
from partsong.privacy.ledger import DAY_MS, HOUR_MS, Promise
from partsong.report import ChannelOutOfRange, make_task, parse_rational
from tests.conftest import ROOT

GUESSES: list[dict[str, Any]] = json.loads((ROOT / "tests/vectors/privacy/guess.json").read_text())


def by_hand(side: int, epsilon: Fraction, question: Question, reports: int, move: Fraction) -> float:
    """Every sequence of outputs, every sequence of cells, with nothing clever."""
    channel, groups = disk_channel(side, epsilon), groups_of(side, question)
    asked = [cell for group in groups for cell in group]
    likelihood, cells = channel.matrix(), side**2
    total = 0.0
    for sequence in itertools.product(range(channel.outputs), repeat=reports):
        state = {cell: likelihood[cell, sequence[0]] for cell in (asked if move == 0 else range(cells))}
        for output in sequence[1:]:
            moved = dict.fromkeys(range(cells), 0.0)
            for cell, mass in state.items():
                v, a = divmod(cell, side)
                moved[cell] += mass * float(1 - move)
                for dv, da in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                    there = (v + dv, a + da) if 0 <= v + dv < side and 0 <= a + da < side else (v, a)
                    moved[there[0] * side + there[1]] += mass * float(move) / 4
            state = {cell: mass * likelihood[cell, output] for cell, mass in moved.items()}
        total += max(sum(state.get(cell, 0.0) for cell in group) for group in groups)
    return total / len(asked)


@pytest.mark.parametrize("question", Question)
@pytest.mark.parametrize(("side", "reports"), [(2, 1), (2, 3), (3, 2), (4, 1)])
def test_constant_agrees_with_counting_by_hand(side: int, reports: int, question: Question) -> None:
    expected = by_hand(side, Fraction(2), question, reports, Fraction(0))
    assert constant(disk_channel(side, Fraction(2)), question, reports) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("question", Question)
@pytest.mark.parametrize("move", [Fraction(0), Fraction(1, 4), Fraction(1)])
@pytest.mark.parametrize(("side", "reports"), [(2, 3), (4, 2)])
def test_drifting_agrees_with_counting_by_hand(side: int, reports: int, move: Fraction, question: Question) -> None:
    expected = by_hand(side, Fraction(3, 2), question, reports, move)
    ours = drifting(disk_channel(side, Fraction(3, 2)), question, reports, move)
    assert ours == pytest.approx(expected, abs=1e-12)


def test_a_feeling_that_moves_is_harder_to_guess() -> None:
    channel = disk_channel(4, Fraction(2))
    still, slow, fast = (drifting(channel, Question.HALF, 4, Fraction(n, 10)) for n in (0, 1, 5))
    assert still == pytest.approx(constant(channel, Question.HALF, 4))
    assert still > slow > fast > 0.5


def test_a_drift_through_the_middle_has_no_half() -> None:
    with pytest.raises(ChannelOutOfRange):
        drifting(disk_channel(3, Fraction(2)), Question.HALF, 2, Fraction(1, 4))


def test_no_figure_is_below_the_truth() -> None:
    for side, epsilon, reports in itertools.product((2, 3, 4, 5), ("1/2", "1", "2"), (1, 2, 3, 4)):
        channel = disk_channel(side, parse_rational(epsilon))
        truth = constant(channel, Question.HALF, reports)
        figure = pleasant_or_unpleasant(channel, reports)
        assert figure.success >= truth - 1e-9
        assert guess._bound(channel, reports) >= truth - 1e-9
        assert opposite_places(channel, reports) >= truth - 1e-9
        if figure.exact:
            assert figure.success < truth + 2e-6


def test_nobody_does_better_than_with_two_opposite_places() -> None:
    channel = disk_channel(4, Fraction(1))
    likelihood = channel.matrix()
    best = max(
        1 / 2 + np.abs(_pairs(likelihood[one]) - _pairs(likelihood[other])).sum() / 4
        for one, other in itertools.product(range(16), repeat=2)
    )
    assert opposite_places(channel, 2) == pytest.approx(best)


def _pairs(row: Any) -> Any:
    return np.outer(row, row)


def test_more_reports_say_more_and_none_say_nothing() -> None:
    channel = disk_channel(8, Fraction(2))
    figures = [pleasant_or_unpleasant(channel, reports) for reports in range(5)]
    assert figures[0].success == 0.5 == figures[0].luck
    assert [figure.success for figure in figures] == sorted(figure.success for figure in figures)


def test_the_bound_of_the_promise_holds() -> None:
    for epsilon in ("1/4", "1", "2"):
        odds = math.exp(float(parse_rational(epsilon)))
        success = pleasant_or_unpleasant(disk_channel(8, parse_rational(epsilon)), 1).success
        assert success <= odds / (1 + odds)


def test_the_sentence_of_the_default_task() -> None:
    task = make_task(space="evening")
    promise, channel = Promise.of(task), disk_channel(task.side, task.epsilon)
    assert (draws_in(promise, HOUR_MS), draws_in(promise, DAY_MS)) == (4, 8)
    hour = pleasant_or_unpleasant(channel, draws_in(promise, HOUR_MS))
    assert (times_in_ten(hour.success), hour.exact, hour.luck) == (8, True, Fraction(1, 2))


def test_draws_are_no_more_than_the_promise_lets_out() -> None:
    assert draws_in(Promise(300_000, Fraction(2), Fraction(8), Fraction(16)), HOUR_MS) == 4
    assert draws_in(Promise(300_000, Fraction(1), Fraction(8), Fraction(16)), HOUR_MS) == 8
    assert draws_in(Promise(3_600_000, Fraction(1), Fraction(8), Fraction(16)), HOUR_MS) == 1
    assert draws_in(Promise(2_400_000, Fraction(1), Fraction(8), Fraction(16)), HOUR_MS) == 2
    assert draws_in(Promise(300_000, Fraction(1), Fraction(8), Fraction(16)), 300_000) == 1


def test_what_cannot_be_gone_through_is_refused() -> None:
    channel = disk_channel(16, Fraction(1))
    with pytest.raises(ChannelOutOfRange):
        constant(channel, Question.HALF, 8)
    with pytest.raises(ChannelOutOfRange):
        drifting(channel, Question.HALF, 8, Fraction(1, 2))
    assert not pleasant_or_unpleasant(channel, 8).exact


def test_the_vectors() -> None:
    for vector in GUESSES:
        channel = disk_channel(vector["side"], parse_rational(vector["epsilon"]))
        figure = pleasant_or_unpleasant(channel, vector["reports"])
        assert round(figure.success * 1e6) == vector["parts"]
        assert (figure.exact, times_in_ten(figure.success)) == (vector["exact"], vector["ten"])


def test_the_table_is_what_enumeration_gives(full: bool) -> None:
    keys = list(TABLE) if full else [(8, "2", 4), (8, "1", 3), (3, "1", 4)]
    for side, epsilon, reports in keys:
        truth = constant(disk_channel(side, parse_rational(epsilon)), Question.HALF, reports)
        assert TABLE[side, epsilon, reports] == guess.rounded_up(truth)
