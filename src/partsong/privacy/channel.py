"""The disk channel: what a blurred answer may look like, and how likely each one is, in exact integers.

Promises:
    * Every row is a tuple of positive integers with the same sum, `channel.total`, which fits in 32 bits.
    * For any output, the weights of any two inputs differ by at most the factor `channel.high / channel.low`, and that
      is at most e^epsilon: it is a fraction of integers below a partial sum of the exponential series. No float is
      involved anywhere, and `worst_ratio` finds the factor again by looking at every output and every pair of inputs.
    * The same side and epsilon give the same integers in every implementation (docs/reference/veil.md says how, the
      vectors in tests/vectors/privacy/ check it).

Left to others: drawing from a channel and reading many draws (`partsong.privacy.veil`), what an attacker learns
(`partsong.privacy.guess`), how often one may draw (`partsong.privacy.ledger`).

The shape: a cell's answer is likely (`high`) on a disk of outputs around it and less likely (`low`) elsewhere, and the
outputs are the grid widened by that disk, so that no disk is cut off at the edge; after the disk area mechanism of Du
et al., arXiv 2412.06541. One output more stands for "nothing". It weighs as much as a whole disk, which makes all rows
equal in sum and the share of those who felt nothing fresh as well known as the shares of the others.

Example:
    >>> channel = disk_channel(8, Fraction(2))
    >>> channel.inputs, channel.outputs, channel.radius_squared
    (65, 145, 8)
    >>> channel.worst_ratio() == Fraction(channel.high, channel.low)
    True
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from partsong.report.errors import ChannelOutOfRange
from partsong.report.grid import LARGEST_SIDE, SMALLEST_SIDE

LARGEST_EPSILON = 16
SERIES_TERMS = 64
LOW_BITS = 16
TOTAL_LIMIT = 2**32

Offset = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Channel:
    """A finite randomiser with integer weights. Made by `disk_channel`; compared by identity.

    Inputs are the cells 0 to side² - 1 and `no_answer` = side². Outputs are the positions of the widened grid in
    ascending order of (valence index, arousal index), and `nothing` as the last one.

    Attributes:
        side: Side of the grid of inputs, 2 to 16.
        epsilon: The bound asked for; the channel's own is ln(high / low), a little less.
        radius_squared: The disk holds the offsets whose squared length is at most this, in cells.
        low: Weight of an output outside the disk.
        high: Weight of an output in the disk.
        offsets: The disk, (valence, arousal) offsets in ascending order.
        positions: (valence index, arousal index) of each output but the last; indices may be negative or >= side.
    """

    side: int
    epsilon: Fraction
    radius_squared: int
    low: int
    high: int
    offsets: tuple[Offset, ...]
    positions: tuple[Offset, ...]

    @property
    def inputs(self) -> int:
        """Number of inputs: side² + 1."""
        return self.side**2 + 1

    @property
    def no_answer(self) -> int:
        """The input that stands for "nothing fresh was felt"."""
        return self.side**2

    @property
    def outputs(self) -> int:
        """Number of outputs: the widened grid's positions and `nothing`."""
        return len(self.positions) + 1

    @property
    def nothing(self) -> int:
        """The last output."""
        return len(self.positions)

    @property
    def bland(self) -> int:
        """How much of `total` says nothing about the input: that many draws of `total` ignore it."""
        return (len(self.positions) + len(self.offsets)) * self.low

    @property
    def total(self) -> int:
        """The sum of every row, below 2³²."""
        return len(self.offsets) * self.high + len(self.positions) * self.low

    @cached_property
    def disks(self) -> tuple[tuple[int, ...], ...]:
        """For each input, the outputs that share its likely part equally, one slot for each offset."""
        index = {position: output for output, position in enumerate(self.positions)}
        cells = [divmod(cell, self.side) for cell in range(self.side**2)]
        disks = [tuple(index[v + dv, a + da] for dv, da in self.offsets) for v, a in cells]
        return (*disks, (self.nothing,) * len(self.offsets))

    def row(self, answer: int) -> tuple[int, ...]:
        """The weights of all outputs for one input.

        Raises:
            ChannelOutOfRange: There is no such input.
        """
        self.check_input(answer)
        weights = [self.low] * len(self.positions) + [len(self.offsets) * self.low]
        for output in self.disks[answer]:
            weights[output] += self.high - self.low
        return tuple(weights)

    def worst_ratio(self) -> Fraction:
        """The largest ratio of any output's weights under two inputs, by enumeration over all of them."""
        columns = list(zip(*(self.row(answer) for answer in range(self.inputs)), strict=True))
        return max(Fraction(max(column), min(column)) for column in columns)

    def matrix(self) -> npt.NDArray[np.float64]:
        """The probabilities as floats, shape (inputs, outputs), each row summing to 1; read-only. For decoding only."""
        return self._matrix

    def output_centres(self) -> npt.NDArray[np.float64]:
        """Where each output lies in the plane, shape (outputs, 2) as (valence, arousal); read-only.

        Outputs of the widened grid may lie outside [-1, 1]²; `nothing` lies nowhere: NaN.
        """
        return self._output_centres

    def check_input(self, answer: int) -> None:
        """Raise ChannelOutOfRange unless `answer` is an input."""
        if not 0 <= answer < self.inputs:
            raise ChannelOutOfRange(f"A channel of side {self.side} has the inputs 0 to {self.inputs - 1}.")

    @cached_property
    def _matrix(self) -> npt.NDArray[np.float64]:
        weights = np.array([self.row(answer) for answer in range(self.inputs)], dtype=np.float64)
        return _frozen(weights / self.total)

    @cached_property
    def _output_centres(self) -> npt.NDArray[np.float64]:
        centres = (2.0 * np.array(self.positions, dtype=np.float64) + 1.0) / self.side - 1.0
        return _frozen(np.vstack([centres, [np.nan, np.nan]]))


@lru_cache(maxsize=64)
def disk_channel(side: int, epsilon: Fraction) -> Channel:
    """The channel for a grid and a bound; the same object for the same arguments.

    Args:
        side: Side of the grid, 2 to 16.
        epsilon: The bound on the log-ratio, above 0 (large enough to say anything at all, about 1/65,000) to 16.

    Raises:
        ChannelOutOfRange: No channel exists for these.
    """
    if not SMALLEST_SIDE <= side <= LARGEST_SIDE:
        raise ChannelOutOfRange(f"A channel has a side of {SMALLEST_SIDE} to {LARGEST_SIDE}, not {side}.")
    if not 0 < epsilon <= LARGEST_EPSILON:
        raise ChannelOutOfRange(f"A channel has an epsilon above 0 and up to {LARGEST_EPSILON}, not {epsilon}.")
    epsilon = Fraction(epsilon)
    radius_squared = disk_radius_squared(side, epsilon)
    offsets = _disk(radius_squared)
    positions = _widened(side, offsets)
    low, high = _weights(epsilon, len(offsets), len(positions))
    return Channel(side, epsilon, radius_squared, low, high, offsets, positions)


def disk_radius_squared(side: int, epsilon: Fraction) -> int:
    """The disk's squared radius in cells: floor(side² / (4 + epsilon²)).

    A rule fitted to the error of decoded pictures (docs/reference/veil.md, "Why this disk"); privacy does not depend
    on it.
    """
    return math.floor(side**2 / (4 + epsilon**2))


def exponential_from_below(epsilon: Fraction, terms: int = SERIES_TERMS) -> Fraction:
    """A rational below e^epsilon: the exponential series up to and with the term epsilon^terms / terms!.

    All terms are positive, so every partial sum is a lower bound; with 64 terms and epsilon <= 16 it is short by less
    than 10⁻¹².
    """
    total = term = Fraction(1)
    for n in range(1, terms + 1):
        term = term * epsilon / n
        total += term
    return total


def _weights(epsilon: Fraction, disk: int, positions: int) -> tuple[int, int]:
    """`low`, the largest power of two up to 2¹⁶ that keeps the total in 32 bits, and `high` = floor(low · e^epsilon)."""
    bound = exponential_from_below(epsilon)
    for bits in range(LOW_BITS, -1, -1):
        low, high = 2**bits, math.floor(2**bits * bound)
        if disk * high + positions * low < TOTAL_LIMIT:
            break
    if high == low:
        raise ChannelOutOfRange(f"An epsilon of {epsilon} is too small to say anything.")
    return low, high


def _disk(radius_squared: int) -> tuple[Offset, ...]:
    reach = range(-math.isqrt(radius_squared), math.isqrt(radius_squared) + 1)
    return tuple((v, a) for v in reach for a in reach if v * v + a * a <= radius_squared)


def _widened(side: int, offsets: tuple[Offset, ...]) -> tuple[Offset, ...]:
    """All positions that lie in the disk of some cell, ascending."""
    cells = [divmod(cell, side) for cell in range(side**2)]
    return tuple(sorted({(v + dv, a + da) for v, a in cells for dv, da in offsets}))


def _frozen(array: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    array.setflags(write=False)
    return array
