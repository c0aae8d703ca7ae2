"""90 % bands: from the mood's variances to what may be shown.

What is promised: over rooms like those the widths were learned from, a band holds the truth of the present group nine
times in ten, pooled over regions, moments and rooms; lag and smoothing counted against us. Bands of shares are drawn on
the angular scale (arcsine of the root), which keeps them in [0, 1] and lets them reach 0.

The widths were learned from `partsong.crowd` alone, by `python -m benchmarks.widths`: rooms of 2,000 people made of two
dozen kinds of person, whose picture is lumpier than the smooth surface expects. In a smooth room that
rests, the same bands are wide: they hold the truth more often than they say.
"""

from typing import Final, NamedTuple

import numpy as np

from partsong.space.mood import Reading
from partsong.space.plane import CLASSES, Floats, centres, region_weights

NINETY: Final = 1.6448536269514722
"""The standard normal's 95 % point."""
REGION_WIDTHS: Final = np.array([1.21, 1.23, 1.26])
"""Widths of corners, edges and the middle."""
MEAN_WIDTH: Final = 0.98
SHARE_WIDTH: Final = 1.3
"""Width of a mode's share."""
_ROOM: Final = 1e-4


class Banded(NamedTuple):
    """Values with their bands, all of one shape."""

    value: Floats
    low: Floats
    high: Floats


def share_band(value: Floats, variance: Floats, width: Floats | float = SHARE_WIDTH) -> Banded:
    """90 % bands of shares in [0, 1], on the angular scale."""
    held = np.clip(value, _ROOM, 1.0 - _ROOM)
    angle = np.arcsin(np.sqrt(held))
    reach = NINETY * width * np.sqrt(variance / (4.0 * held * (1.0 - held)))
    low = np.sin(np.clip(angle - reach, 0.0, np.pi / 2.0)) ** 2
    high = np.sin(np.clip(angle + reach, 0.0, np.pi / 2.0)) ** 2
    return Banded(value, np.minimum(low, value), np.maximum(high, value))


def region_bands(reading: Reading, side: int) -> Banded:
    """The shares of the nine thirds of the plane, (..., 9)."""
    value, variance = reading.sums(region_weights(side))
    return share_band(value, variance, REGION_WIDTHS[CLASSES])


def mean_bands(reading: Reading, side: int) -> Banded:
    """The group's mean (valence, arousal), (..., 2)."""
    value, variance = reading.sums(centres(side).T)
    reach = NINETY * MEAN_WIDTH * np.sqrt(variance)
    return Banded(value, np.clip(value - reach, -1.0, 1.0), np.clip(value + reach, -1.0, 1.0))
