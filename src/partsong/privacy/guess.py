"""What somebody could guess who kept everything that left this device: the best attacker's chance of being right.

The attacker knows the channel, keeps every report of one connection in order, and answers one question about the cell
that was felt, as well as anybody can (by Bayes' rule). Before the first report all cells that the question is about are
equally likely to them.

Promises:
    * `constant` and `drifting` are computed by enumeration of everything that may leave, not by simulation.
    * `pleasant_or_unpleasant` is never below the true figure: it is enumerated where that is cheap or was done before
      (`guess_table`), and otherwise bounded from above by an attacker who knows more. It is what people are shown, and
      web/connector/guess.ts computes the same number.
    * `times_in_ten` rounds against us.

Left to others: the sentence (screens), how many reports there are (`draws_in` gives the most that a promise allows).

Example:
    >>> from fractions import Fraction
    >>> from partsong.privacy.channel import disk_channel
    >>> figure = pleasant_or_unpleasant(disk_channel(8, Fraction(2)), 4)
    >>> times_in_ten(figure.success), figure.exact
    (8, True)
"""

import enum
import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from partsong.privacy.channel import Channel
from partsong.privacy.guess_table import TABLE
from partsong.privacy.ledger import Promise
from partsong.report.errors import ChannelOutOfRange
from partsong.report.rational import format_rational

CHEAP: Final = 2_000_000
"""Products that a phone computes for one figure."""
AFFORDABLE: Final = 60_000_000_000
"""Products that `constant` and `drifting` compute at most; some seconds."""
CHUNK: Final = 256
PARTS: Final = 1_000_000

Floats = npt.NDArray[np.float64]


class Question(enum.StrEnum):
    """What the attacker wants to know."""

    HALF = "half"
    """Pleasant or unpleasant; on a grid of odd side the middle column is left out."""
    QUARTER = "quarter"
    """Which quarter of the plane; on a grid of odd side the middle column and row are left out."""
    CELL = "cell"
    """Which cell."""


class Figure(NamedTuple):
    """A chance of guessing right.

    Attributes:
        success: The chance, 0 to 1, rounded up to a millionth.
        luck: The chance of somebody who saw nothing.
        exact: Whether it is the best attacker's own, or one from above.
    """

    success: float
    luck: Fraction
    exact: bool


def times_in_ten(success: float) -> int:
    """A chance in plain words, "so many times in 10", rounded against us."""
    return min(10, math.ceil(10 * success))


def draws_in(promise: Promise, span_ms: int) -> int:
    """The most draws that a promise lets out in any half-open span of `span_ms`."""
    limits = (limit for limit in promise.limits if limit.span_ms >= span_ms)
    caps = [math.floor(limit.epsilon / promise.epsilon) for limit in limits]
    return min([*caps, -(-span_ms // promise.unit_ms)])


def constant(channel: Channel, question: Question, reports: int) -> float:
    """The best attacker's success after `reports` reports of a feeling that held still, by enumeration.

    Sums over all sets of outputs (with repetition) the likeliest group's part: sum_y max_g sum_{x in g} p(x) p(y | x).

    Raises:
        ChannelOutOfRange: There are more combinations than can be afforded.
    """
    first, second = reports - reports // 2, reports // 2
    sizes = [math.comb(channel.outputs + half - 1, half) for half in (first, second)]
    _afford(math.prod(sizes) * channel.inputs)
    groups = groups_of(channel.side, question)
    likelihood = channel.matrix()
    left, right = (_products(likelihood, half) for half in (first, second))
    rows = (_parts(left[cells].T, right[cells]) for cells in groups)
    return _sum_of_largest(list(rows)) / sum(map(len, groups))


def drifting(channel: Channel, question: Question, reports: int, move: Fraction) -> float:
    """The best attacker's success in guessing where a drifting feeling is at the last report, by enumeration.

    The drift: between two reports it moves with the chance `move` to one of the four neighbouring cells, all alike, and
    stays where there is none. It starts in any cell alike, and the even start stays even. The attacker knows `move`.
    `move` = 0 is `constant`. Only for grids of even side, where the question leaves no cell out.

    Raises:
        ChannelOutOfRange: The side is odd (except for CELL), or there are more sequences than can be afforded.
    """
    groups = groups_of(channel.side, question)
    if sum(map(len, groups)) != channel.side**2:
        raise ChannelOutOfRange("A drifting feeling may enter the middle, which the question leaves out.")
    first, second = reports - reports // 2, reports // 2
    _afford(channel.outputs**reports * channel.inputs * len(groups))
    likelihood = channel.matrix()[: channel.side**2]
    steps = _steps(channel.side, float(move))
    before = _forward(likelihood, steps, first)
    rows = [_parts(before, _backward(likelihood, steps, second, cells)) for cells in groups]
    return _sum_of_largest(rows) / channel.side**2


def pleasant_or_unpleasant(channel: Channel, reports: int) -> Figure:
    """What people are shown: guessing the half of the plane after `reports` reports of a feeling that held still.

    Never below the truth. The same rule as in web/connector/guess.ts: the table; enumeration where it is cheap; else an
    attacker from above, who knows how stirred the person was, or who knows of two opposite places of which one is it.
    """
    known = TABLE.get((channel.side, format_rational(channel.epsilon), reports))
    if known is not None:
        return _figure(known / PARTS, exact=True)
    if math.comb(channel.outputs + reports - 1, reports) * channel.inputs <= CHEAP:
        return _figure(_enumerated_half(channel, reports), exact=True)
    return _figure(_bound(channel, reports), exact=False)


def opposite_places(channel: Channel, reports: int) -> float:
    """The success of an attacker who knows that it is one of two cells in opposite corners, either alike; exact.

    No attacker to whom both halves are equally likely, whatever else they know of the person, does better, since the
    disks of no two cells overlap less.
    """
    one, other = set(channel.disks[0]), set(channel.disks[channel.side**2 - 1])
    only = len(one - other)
    more, less = only * channel.high / channel.total, only * channel.low / channel.total
    lead = np.array([1.0])
    for _ in range(reports):
        lead = np.convolve(lead, [less, 1.0 - more - less, more])
    return float(lead[reports + 1 :].sum() + lead[reports] / 2)


def groups_of(side: int, question: Question) -> list[list[int]]:
    """The groups of cells between which the question asks, all of one size."""
    if question is Question.CELL:
        return [[cell] for cell in range(side**2)]
    low, high = range(side // 2), range(side - side // 2, side)
    rows = [range(side)] if question is Question.HALF else [low, high]
    return [[v * side + a for v in columns for a in row] for columns in (low, high) for row in rows]


def rounded_up(success: float) -> int:
    """A chance in millionths, rounded up; what floats leave behind a figure that is whole does not count."""
    return min(PARTS, math.ceil(success * PARTS - 1e-3))


def _figure(success: float, *, exact: bool) -> Figure:
    return Figure(rounded_up(success) / PARTS, Fraction(1, 2), exact)


def _enumerated_half(channel: Channel, reports: int) -> float:
    groups = groups_of(channel.side, Question.HALF)
    products = _products(channel.matrix(), reports)
    return float(np.maximum(*(products[cells].sum(axis=0) for cells in groups)).sum() / sum(map(len, groups)))


def _bound(channel: Channel, reports: int) -> float:
    """The lesser of two attackers who know more than the one in question."""
    line = _line(channel)
    if math.comb(line.shape[1] + reports - 1, reports) * channel.side > CHEAP:
        return opposite_places(channel, reports)
    products, half = _products(line, reports), channel.side // 2
    success = np.maximum(products[:half].sum(axis=0), products[-half:].sum(axis=0)).sum() / (2 * half)
    return min(float(success), opposite_places(channel, reports))


def _line(channel: Channel) -> Floats:
    """The channel of somebody whose arousal is known, shape (side, classes): outputs that say the same are one.

    All lines are alike, because all disks are.
    """
    columns = zip(*(channel.row(valence * channel.side) for valence in range(channel.side)), strict=True)
    classes: dict[tuple[int, ...], list[int]] = {}
    for column in columns:
        divisor = math.gcd(*column)
        classes.setdefault(tuple(weight // divisor for weight in column), []).append(divisor)
    weights = [[weight * sum(divisors) for weight in column] for column, divisors in classes.items()]
    return np.array(weights, dtype=np.float64).T / channel.total


def _products(likelihood: Floats, reports: int) -> Floats:
    """The likelihood of every set of outputs with repetition, in any order, shape (inputs, sets)."""
    sets = np.array(list(itertools.combinations_with_replacement(range(likelihood.shape[1]), reports)), dtype=np.intp)
    product = np.ones((likelihood.shape[0], len(sets)))
    for report in range(reports):
        product *= likelihood[:, sets[:, report]]
    return product * _orders(sets)


def _orders(sets: npt.NDArray[np.intp]) -> Floats:
    """In how many orders each set may come, shape (sets,): the multinomial coefficient, from sorted rows."""
    orders = np.ones(len(sets))
    run = np.ones(len(sets))
    for report in range(1, sets.shape[1]):
        run = np.where(sets[:, report] == sets[:, report - 1], run + 1, 1)
        orders *= (report + 1) / run
    return orders


class _Part(NamedTuple):
    """One group's part of the likelihood of (left, right) pairs: left @ right, made in chunks of rows."""

    left: Floats
    right: Floats


def _parts(left: Floats, right: Floats) -> _Part:
    return _Part(np.ascontiguousarray(left), np.ascontiguousarray(right))


def _sum_of_largest(parts: list[_Part]) -> float:
    """The sum over all pairs of the largest group's part."""
    return math.fsum(_largest(parts, rows) for rows in _chunks(len(parts[0].left)))


def _largest(parts: list[_Part], rows: slice) -> float:
    largest = parts[0].left[rows] @ parts[0].right
    for part in parts[1:]:
        np.maximum(largest, part.left[rows] @ part.right, out=largest)
    return float(largest.sum())


def _chunks(count: int) -> Iterator[slice]:
    return (slice(start, start + CHUNK) for start in range(0, count, CHUNK))


def _steps(side: int, move: float) -> Floats:
    """The chances of going from cell to cell between two reports, shape (cells, cells)."""
    axis = np.eye(side, k=1) + np.eye(side, k=-1)
    axis[0, 0] += 1
    axis[-1, -1] += 1
    neighbours = (np.kron(axis, np.eye(side)) + np.kron(np.eye(side), axis)) / 4
    steps: Floats = (1 - move) * np.eye(side**2) + move * neighbours
    return steps


def _forward(likelihood: Floats, steps: Floats, reports: int) -> Floats:
    """The likelihood of each sequence together with each last cell, shape (sequences, cells); all starts weigh 1."""
    state = likelihood.T
    for _ in range(reports - 1):
        state = ((state @ steps)[:, None, :] * likelihood.T[None, :, :]).reshape(-1, likelihood.shape[0])
    return state


def _backward(likelihood: Floats, steps: Floats, reports: int, cells: list[int]) -> Floats:
    """The likelihood of each further sequence that ends in `cells`, from each cell, shape (cells, sequences)."""
    state = np.zeros((likelihood.shape[0], 1))
    state[cells] = 1.0
    for _ in range(reports):
        state = steps @ (likelihood[:, :, None] * state[:, None, :]).reshape(likelihood.shape[0], -1)
    return state


def _afford(products: int) -> None:
    if products > AFFORDABLE:
        raise ChannelOutOfRange("There is too much that may leave to go through all of it.", "Ask for fewer reports.")
