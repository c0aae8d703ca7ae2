"""The veil: one blurred answer from a device, and the picture that many of them make.

Promises:
    * `randomise` draws from exactly the channel's integer weights, from one number of the operating system's or the
      browser's randomness that the caller passes in. It keeps nothing and never draws twice.
    * `randomise_many` makes every report on its own, like a device; only its randomness is a simulation's.
    * `decode` finds the shares that explain the counts best. What it is given is already safe to publish, so nothing it
      does can leak more.

Left to others: how often one may draw, and paying for it first (`partsong.privacy.ledger`), which cell is the answer
(`partsong.report.Grid`), error bands (`space`).

Example:
    >>> from fractions import Fraction
    >>> import os
    >>> channel = disk_channel(8, Fraction(2))
    >>> 0 <= randomise(channel, 27, below_from(os.urandom)) < channel.outputs
    True
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from partsong.privacy.channel import Channel, disk_channel, disk_radius_squared, exponential_from_below
from partsong.report.errors import ChannelOutOfRange

__all__ = [
    "Below",
    "Channel",
    "Shares",
    "below_from",
    "count",
    "decode",
    "disk_channel",
    "disk_radius_squared",
    "exponential_from_below",
    "randomise",
    "randomise_many",
]

Below = Callable[[int], int]
"""`below(n)` is a uniform integer from 0 to n - 1."""

SMOOTHING = 0.01
ITERATIONS = 60
LEAST_SHARE = 1e-300
BLOCK = 1 << 16


class Shares(NamedTuple):
    """A decoded picture.

    Attributes:
        cells: Shares of those who answered, shape (..., side²), summing to 1.
        no_answer: Share of all who had nothing fresh to say, shape (...).
    """

    cells: npt.NDArray[np.float64]
    no_answer: npt.NDArray[np.float64]


def below_from(random_bytes: Callable[[int], bytes]) -> Below:
    """Exact uniform integers from a source of random bytes, such as `os.urandom`.

    Takes just enough bits and draws again when the number is too large, so no value is favoured.
    """

    def below(n: int) -> int:
        bits = (n - 1).bit_length()
        while True:
            drawn = int.from_bytes(random_bytes((bits + 7) // 8), "big") >> (-bits % 8)
            if drawn < n:
                return drawn

    return below


def randomise(channel: Channel, answer: int, below: Below) -> int:
    """One report: an output drawn with the weights `channel.row(answer)`.

    A draw of `total` falls in the bland part, which ignores the answer and gives any position (`low` each) or nothing,
    or else chooses one slot of the answer's disk (`high - low` each). Both add up to the row.

    Raises:
        ChannelOutOfRange: There is no such input.
    """
    channel.check_input(answer)
    draw = below(channel.total)
    if draw < channel.bland:
        return min(draw // channel.low, channel.nothing)
    return channel.disks[answer][(draw - channel.bland) // (channel.high - channel.low)]


def randomise_many(
    channel: Channel, answers: npt.NDArray[np.integer], rng: np.random.Generator
) -> npt.NDArray[np.uint16]:
    """Many reports, for simulations only: each answer is randomised on its own, from one 32-bit number of `rng`.

    Args:
        channel: The channel of all answers.
        answers: Inputs, shape (n,).
        rng: A seeded generator; never used on a device.

    Returns:
        Outputs, shape (n,).

    Raises:
        ChannelOutOfRange: An answer is not an input of the channel.
    """
    answers = np.asarray(answers)
    if answers.size and not 0 <= int(answers.min()) <= int(answers.max()) < channel.inputs:
        raise ChannelOutOfRange(f"A channel of side {channel.side} has the inputs 0 to {channel.inputs - 1}.")
    table = np.array(channel.disks, dtype=np.uint16)
    blocks = [answers[start : start + BLOCK] for start in range(0, len(answers), BLOCK)]
    return np.concatenate([_block(channel, table, block, rng) for block in blocks] or [np.empty(0, np.uint16)])


def count(channel: Channel, outputs: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """How often each output was reported, shape (channel.outputs,)."""
    return np.bincount(outputs, minlength=channel.outputs)


def decode(
    channel: Channel,
    counts: npt.ArrayLike,
    *,
    smoothing: float = SMOOTHING,
    iterations: int = ITERATIONS,
    start: npt.ArrayLike | None = None,
) -> Shares:
    """The shares that make these counts likely: expectation maximisation, smoothed after each step (EMS).

    After Li et al., "Estimating Numerical Distributions under Local Differential Privacy", SIGMOD 2020, section 5.4,
    in two dimensions. Stopping early smooths as well; both trade detail for calm.

    Args:
        channel: The channel that made the reports.
        counts: How often each output was seen, shape (..., outputs); need not be whole numbers.
        smoothing: Part of a cell's share that goes to each neighbour along one axis in one step, 0 to 1/3.
        iterations: Number of steps.
        start: Shares of all inputs to start from, shape (..., side² + 1) and positive; all equal if None.

    Returns:
        The shares; all equal where the counts are all zero.
    """
    seen = np.asarray(counts, dtype=np.float64)
    matrix = channel.matrix()
    shares = np.full((*seen.shape[:-1], channel.inputs), 1.0) if start is None else np.array(start, dtype=np.float64)
    shares = _normalised(np.broadcast_to(shares, (*seen.shape[:-1], channel.inputs)))
    blur = _blur(channel.side, smoothing)
    for _ in range(iterations):
        shares = _normalised(shares * ((seen / (shares @ matrix)) @ matrix.T))
        shares[..., :-1] = _smooth(shares[..., :-1], blur)
    return Shares(_normalised(shares[..., :-1]), shares[..., -1])


def _block(
    channel: Channel, table: npt.NDArray[np.uint16], answers: npt.NDArray[np.integer], rng: np.random.Generator
) -> npt.NDArray[np.uint16]:
    draws = rng.integers(0, channel.total, size=len(answers), dtype=np.uint32)
    bland = draws < channel.bland
    # The wrapped difference of a bland draw is never used.
    slot = (draws - np.uint32(channel.bland)) // np.uint32(channel.high - channel.low)
    slot[bland] = 0
    likely = table[answers, slot]
    any_output = np.minimum(draws // np.uint32(channel.low), np.uint32(channel.nothing)).astype(np.uint16)
    outputs: npt.NDArray[np.uint16] = np.where(bland, any_output, likely)
    return outputs


def _blur(side: int, smoothing: float) -> npt.NDArray[np.float64]:
    """One axis of the smoothing, shape (side, side); what would leave at the edge stays in the edge cell."""
    blur = np.eye(side) * (1 - 2 * smoothing) + (np.eye(side, k=1) + np.eye(side, k=-1)) * smoothing
    blur[0, 0] += smoothing
    blur[-1, -1] += smoothing
    return blur


def _smooth(cells: npt.NDArray[np.float64], blur: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    side = len(blur)
    plane = cells.reshape(*cells.shape[:-1], side, side)
    smoothed: npt.NDArray[np.float64] = (blur @ plane @ blur).reshape(cells.shape)
    return smoothed


def _normalised(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Each row over its sum; a row without counts becomes even."""
    shares = np.maximum(shares, LEAST_SHARE)
    total: npt.NDArray[np.float64] = shares.sum(axis=-1, keepdims=True)
    return shares / total
