"""The plane in numbers: where cells lie, which thirds they share, what lies near a point. No probability here."""

import functools

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

REGIONS = 9
"""The thirds of the plane: 3 * valence third + arousal third."""
CLASSES = np.array([0, 1, 0, 1, 2, 1, 0, 1, 0])
"""Which regions are alike: 0 the corners, 1 the edges, 2 the middle."""
_FINE = 8  # points along one side of a cell when it is looked into


@functools.lru_cache(maxsize=16)
def centres(side: int) -> Floats:
    """The centres of the cells, (side², 2) as (valence, arousal), in the order of their numbers; read-only."""
    middles = (2.0 * np.arange(side) + 1.0) / side - 1.0
    valence, arousal = np.meshgrid(middles, middles, indexing="ij")
    return _frozen(np.column_stack([valence.ravel(), arousal.ravel()]))


@functools.lru_cache(maxsize=16)
def region_weights(side: int) -> Floats:
    """The part of each cell that lies in each region, (9, side²); every column sums to 1; read-only."""
    low, high = np.arange(side) / side, (np.arange(side) + 1.0) / side
    third = np.arange(3)[:, None] / 3.0
    overlap = np.clip(np.minimum(high, third + 1.0 / 3.0) - np.maximum(low, third), 0.0, None) * side
    return _frozen(np.kron(overlap, overlap))


def near_weights(side: int, point: Floats, radius: float) -> Floats:
    """The part of each cell that lies within `radius` of a point of the plane, (side²,)."""
    inside = np.hypot(*(_fine_points(side) - point).T) <= radius
    part: Floats = inside.reshape(side * side, -1).mean(axis=1)
    return part


@functools.lru_cache(maxsize=16)
def distances(side: int) -> Floats:
    """The distances between the centres of cells, (side², side²); read-only."""
    places = centres(side)
    return _frozen(np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)))


@functools.lru_cache(maxsize=16)
def neighbours(side: int) -> tuple[tuple[int, ...], ...]:
    """The up to eight cells that touch each cell."""
    steps = [(v, a) for v in (-1, 0, 1) for a in (-1, 0, 1) if (v, a) != (0, 0)]
    on = range(side)
    return tuple(
        tuple((v + dv) * side + a + da for dv, da in steps if v + dv in on and a + da in on) for v in on for a in on
    )


@functools.lru_cache(maxsize=16)
def _fine_points(side: int) -> Floats:
    offsets = centres(_FINE) / side
    return _frozen((centres(side)[:, None] + offsets[None]).reshape(-1, 2))


def _frozen(array: Floats) -> Floats:
    array.setflags(write=False)
    return array
