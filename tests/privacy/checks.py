"""What must hold of a veil and a ledger, as functions that take the implementation.

Each of them is run against ours, and against planted faults that it must catch.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from scipy import stats

from partsong.privacy.channel import Channel
from partsong.privacy.guess import Question, groups_of, pleasant_or_unpleasant
from partsong.privacy.ledger import DAY_MS, Covered, Entry, Ledger, NotCovered, Promise, Reading
from partsong.privacy.veil import Below, below_from, count

FALSE_ALARMS = 1e-6
QUARTER_HOUR = Promise(900_000, Fraction(2), Fraction(8), Fraction(16))
FIVE_MINUTES = Promise(300_000, Fraction(2), Fraction(8), Fraction(16))
GENTLE = Promise(600_000, Fraction(1, 3), Fraction(1), Fraction(5, 3))
PROMISES = (QUARTER_HOUR, FIVE_MINUTES, GENTLE)


class Rows(Protocol):
    """As much of a channel as its guarantee depends on."""

    @property
    def inputs(self) -> int: ...
    def row(self, answer: int, /) -> tuple[int, ...]: ...


def check_ratio(channel: Rows, epsilon: Fraction) -> None:
    """No output's probabilities under two inputs differ by more than a rational below e^epsilon."""
    rows = [channel.row(answer) for answer in range(channel.inputs)]
    totals = {sum(row) for row in rows}
    assert len(totals) == 1, "the rows have different sums"
    assert all(weight > 0 and isinstance(weight, int) for row in rows for weight in row)
    worst = max(Fraction(max(column), min(column)) for column in zip(*rows, strict=True))
    assert worst <= from_below(epsilon), f"{float(worst)} is more than e^{epsilon}"


def from_below(epsilon: Fraction) -> Fraction:
    """A rational below e^epsilon, made apart from ours: (1 + x/k)^k < e^x for x > 0, sped up by the series to x^80."""
    series = sum((epsilon**n / math.factorial(n) for n in range(81)), Fraction(0))
    assert (1 + epsilon / 4096) ** 4096 < series
    return series


def check_draws(
    channel: Channel, draw: Callable[[int, int], npt.NDArray[np.integer]], answers: Sequence[int], n: int, note: object
) -> None:
    """`draw(answer, n)` gives outputs in the proportions of the channel's row: chi-square, over all `answers`."""
    for answer in answers:
        seen = count(channel, draw(answer, n))
        expected = np.array(channel.row(answer), dtype=float) * n / channel.total
        p = stats.chisquare(seen, expected).pvalue
        assert p > FALSE_ALARMS / len(answers), f"answer {answer}: p = {p}; {note}"


class Hour(NamedTuple):
    """What an attacker has after an hour, and how many draws the ledger shows."""

    outputs: list[int]
    debits: int


class Device:
    """As much of a connector as an attack needs: one feeling that holds still, an hour of speaking times, retries.

    Subclasses plant faults.
    """

    def __init__(self, channel: Channel, promise: Promise, rng: np.random.Generator) -> None:
        self.channel, self.promise, self.rng = channel, promise, rng
        self.below: Below = below_from(rng.bytes)

    def randomise(self, cell: int) -> int:
        from partsong.privacy.veil import randomise  # noqa: PLC0415  a planted fault replaces this method

        return randomise(self.channel, cell, self.below)

    def hour(self, cell: int) -> Hour:
        ledger, outputs, now = Ledger.restore([]), list[int](), 0
        while now < 3_600_000:
            at = Reading(now, now, "run")
            if isinstance(ledger.ask(self.promise, at), Covered):
                ledger.debit(self.promise, at)
                outputs += self.send(cell)
            now += 300_000
        return Hour(outputs, sum(1 for entry in ledger.entries if entry.epsilon))

    def send(self, cell: int) -> list[int]:
        """Draw once; half of the sockets break and the same bytes go again, which tells nothing new."""
        output = self.randomise(cell)
        return [output]


def check_attack(device: Device, people: int, note: object) -> None:
    """The best attacker is right as often as computed for the draws that the ledgers show; two-sided."""
    channel, rng = device.channel, device.rng
    likelihood = np.log(channel.matrix())
    low, high = groups_of(channel.side, Question.HALF)
    right, expected, variance = 0.0, 0.0, 0.0
    known: dict[int, float] = {}
    for _ in range(people):
        cell = int(rng.integers(channel.side**2))
        outputs, debits = device.hour(cell)
        odds = np.exp(likelihood[:, outputs].sum(axis=1))
        truth, guess = cell in high, odds[high].sum() > odds[low].sum()
        if debits not in known:
            figure = pleasant_or_unpleasant(channel, debits)
            assert figure.exact, "only an enumerated figure can be compared from both sides"
            known[debits] = figure.success
        right += truth == guess
        expected += known[debits]
        variance += known[debits] * (1 - known[debits])
    z = (right - expected) / math.sqrt(variance)
    assert abs(z) < stats.norm.isf(FALSE_ALARMS / 2), f"right {right}, computed {expected} of {people}; {note}"


class Draw(NamedTuple):
    """One draw, in true time."""

    at_ms: int
    promise: Promise


def check_spans(draws: Iterable[Draw]) -> None:
    """No half-open span holds more than any promise allows under which a draw in the last day before its end was made.

    By looking at every span that begins with a draw: no other holds more.
    """
    drawn = list(draws)
    for last, ending in enumerate(drawn):
        binding = {draw.promise for draw in drawn[: last + 1] if draw.at_ms > ending.at_ms - DAY_MS}
        for limit in (limit for promise in binding for limit in promise.limits):
            for start in drawn[: last + 1]:
                inside = [d for d in drawn[: last + 1] if start.at_ms <= d.at_ms < start.at_ms + limit.span_ms]
                if ending in inside:
                    total = sum(draw.promise.epsilon for draw in inside)
                    assert total <= limit.epsilon, f"{total} in the {limit.which} from {start.at_ms}"


class Book(Protocol):
    """As much of a ledger as an evening needs."""

    def ask(self, promise: Promise, at: Reading, /) -> Covered | NotCovered: ...
    def debit(self, promise: Promise, at: Reading, /) -> Entry: ...


def an_evening(restore: Callable[[list[Entry]], Book]) -> list[Draw]:
    """Three tasks of two hubs that always ask, a clock that is set forward and back, and a crash; what was drawn."""
    entries: list[Entry] = []
    book, draws, ahead, run = restore(entries), list[Draw](), 0, "one"
    for now in range(0, 30 * 3_600_000, 60_000):
        ahead += {40: 7_200_000, 90: -7_200_000, 200: 86_400_000, 260: -86_400_000}.get(now // 60_000, 0)
        if now == 150 * 60_000:
            book, run = restore(list(entries)), "two"
        promise = PROMISES[(now // 60_000) % 3]
        at = Reading(1_000_000 + now + ahead, now if run == "one" else now - 9_000_000, run)
        if isinstance(book.ask(promise, at), Covered):
            entries.append(book.debit(promise, at))
            draws.append(Draw(now, promise))
    return draws
