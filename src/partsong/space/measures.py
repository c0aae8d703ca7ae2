"""Connection and individuality: the two sides of being together, each with a band or not given at all.

*Connection* is the part of the room's dispersion over ten minutes that lies between windows: with T the mean distance
of two answers taken from the ten minutes and W that of two from the same window, it is (T - W) / T, the
energy-distance decomposition (Székely and Rizzo, Journal of Statistical Planning and Inference 143, 2013). A room that
moves together from place to place has much of it; one where nothing happens has none, however alike its people are.

*Individuality* is the effective number of modes within a window: the Hill number of order 1 of the modes' shares
(Hill, Ecology 54, 1973). A uniform room has one.

What is promised: W and T are computed from pairs of reports, never of a report with itself, through the channel's
inverse, so that the blur adds no dispersion of its own (a plug-in would be biased upward). A connection's band is for
the sampling error of the reports; a value whose 90 % band would be wider than `WIDEST_CONNECTION` is not given, nor an
individuality wider than `WIDEST_INDIVIDUALITY`.
"""

from typing import Final, NamedTuple

import numpy as np
from scipy.fft import dct

from partsong.space.bands import NINETY, SHARE_WIDTH
from partsong.space.modes import Peak
from partsong.space.mood import Reading
from partsong.space.plane import Floats, distances

SPAN_SECONDS: Final = 600
"""Ten minutes: what a connection is taken over."""
FEWEST_WINDOWS: Final = 12
WIDEST_CONNECTION: Final = 0.5
IN_A_SQUARE: Final = 0.5214
"""Mean distance of two points of a unit square (Robbins, American Mathematical Monthly 85, 1978)."""
WIDEST_INDIVIDUALITY: Final = 1.5


class Measure(NamedTuple):
    """A value with its 90 % band."""

    value: float
    low: float
    high: float


class Connection:
    """Measures the connection of rooms that answer through one channel.

    Args:
        matrix: The channel's probabilities, (side² + 1, outputs).
        side: The grid's side.
    """

    def __init__(self, matrix: Floats, side: int) -> None:
        inverse = np.linalg.pinv(matrix)
        # "No answer" is nowhere: it takes no part in distances, and those who answered are made to sum to 1 by `_part`.
        # Two answers in the same cell are still some way apart: the mean distance of two points of a square.
        self._apart = IN_A_SQUARE * 2.0 / side
        self._kernel = inverse[:, :-1] @ (distances(side) + self._apart * np.eye(side**2)) @ inverse[:, :-1].T
        self._answered = inverse[:, :-1].sum(1)

    def measure(self, counts: Floats, smooth: Floats) -> Measure | None:
        """The connection over some windows, or None where the error says too little.

        Args:
            counts: How often each output came in each window, (windows, outputs).
            smooth: The probabilities of the outputs in each window as the mood has them, (windows, outputs). They only
                weigh the sampling error.
        """
        said = counts.sum(1) >= 2  # noqa: PLR2004 - a pair
        counts, smooth = counts[said], smooth[said]
        if len(counts) < FEWEST_WINDOWS:
            return None
        answered = (counts.sum(0) @ self._answered) / counts.sum()
        if answered <= 0:
            return None
        within, across = self._pairs(counts)
        total = (within.mean() + (len(counts) - 1) * across) / len(counts)
        if total < self._apart:
            return None
        between = (total - within.mean()) / total
        sd = np.sqrt(self._variance(counts, smooth)) / total
        if 2.0 * NINETY * sd > WIDEST_CONNECTION:
            return None
        value, low, high = np.clip([between, between - NINETY * sd, between + NINETY * sd], 0.0, 1.0)
        return Measure(float(value), float(low), float(high))

    def _pairs(self, counts: Floats) -> tuple[Floats, float]:
        """Mean kernel of two reports of the same window, for each, and of two reports of different windows."""
        n = counts.sum(1)
        spread = counts @ self._kernel
        within = ((spread * counts).sum(1) - counts @ np.diag(self._kernel)) / (n * (n - 1.0))
        shares = counts / n[:, None]
        pooled, windows = shares.sum(0), len(counts)
        same = np.einsum("wo,op,wp->", shares, self._kernel, shares)
        across = (pooled @ self._kernel @ pooled - same) / (windows * (windows - 1.0))
        return within, float(across)

    def _variance(self, counts: Floats, smooth: Floats) -> float:
        """Of T - W: what one report moves (first order), and what pairs of one window do (second order)."""
        n, windows = counts.sum(1), len(counts)
        pull = (smooth.mean(0) - smooth) @ self._kernel
        moved = (smooth * np.square(pull)).sum(1) - np.square((smooth * pull).sum(1))
        first = (4.0 / windows**2 * moved / n).sum()
        pooled = smooth.mean(0)
        rows = self._kernel @ pooled
        centred = self._kernel - rows[:, None] - rows[None] + pooled @ rows
        pair = pooled @ np.square(centred) @ pooled
        return float(first + (2.0 * pair / (n * (n - 1.0))).sum() / windows**2)


def individuality(reading: Reading, peaks: list[Peak]) -> Measure | None:
    """The effective number of modes, or None where the error says too little.

    The value counts the certain modes; a mode that may not be there is counted with the higher peak it would belong to
    for the low end, and as one of its own for the high end.
    """
    certain = [peak for peak in peaks if peak.certain]
    low = np.quantile(_hill(_shares(reading, certain)), 0.05)
    high = np.quantile(_hill(_shares(reading, peaks)), 0.95)
    value = float(_hill(_basin_shares(reading.cells, certain)))
    measure = Measure(value, float(min(low, value)), float(max(high, value)))
    return measure if measure.high - measure.low <= WIDEST_INDIVIDUALITY else None


def _hill(shares: Floats) -> Floats:
    """Hill number of order 1 along the last axis; shares are made to sum to 1."""
    shares = np.maximum(shares, 1e-12)
    shares = shares / shares.sum(-1, keepdims=True)
    number: Floats = np.exp(-(shares * np.log(shares)).sum(-1))
    return number


def _shares(reading: Reading, peaks: list[Peak]) -> Floats:
    """The modes' shares in rooms spread evenly over what the error allows, (rooms, modes)."""
    logs = reading.logs + SHARE_WIDTH * _directions(reading.log_root.shape[-1]) @ reading.log_root.T
    cells = np.exp(logs - logs.max(-1, keepdims=True))
    return _basin_shares(cells / cells.sum(-1, keepdims=True), peaks)


def _basin_shares(cells: Floats, peaks: list[Peak]) -> Floats:
    return np.stack([cells @ peak.basin for peak in peaks], axis=-1)


def _directions(terms: int) -> Floats:
    """Points on a sphere whose covariance is exactly one in every direction, (2 * terms, terms): chance without dice."""
    half = dct(np.eye(terms), norm="ortho", axis=0) * np.sqrt(terms)
    return np.vstack([half, -half])
