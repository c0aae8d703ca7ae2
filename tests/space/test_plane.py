import numpy as np
import pytest

from partsong.report import Grid
from partsong.space import plane


@pytest.mark.parametrize("side", [2, 3, 8, 16])
def test_centres_are_in_the_order_of_the_cells(side: int) -> None:
    grid = Grid(side)
    assert np.allclose(plane.centres(side), [grid.centre(cell) for cell in range(grid.cells)])


@pytest.mark.parametrize("side", [2, 3, 5, 8, 16])
def test_every_cell_is_shared_out_among_the_regions(side: int) -> None:
    weights = plane.region_weights(side)
    assert weights.shape == (9, side**2)
    assert np.allclose(weights.sum(0), 1.0)
    assert np.allclose(weights.sum(1), side**2 / 9.0)


def test_a_region_is_numbered_by_valence_then_arousal() -> None:
    pleasant_quiet = Grid(9).cell_at(0.9, -0.9)
    assert plane.region_weights(9)[6, pleasant_quiet] == pytest.approx(1.0)


def test_near_is_a_disk() -> None:
    near = plane.near_weights(8, np.array([0.0, 0.0]), 0.25)
    assert near.sum() * (2 / 8) ** 2 == pytest.approx(np.pi * 0.25**2, rel=0.05)
    assert plane.near_weights(8, np.array([5.0, 5.0]), 0.25).sum() == 0.0


def test_neighbours_touch() -> None:
    assert plane.neighbours(3)[4] == (0, 1, 2, 3, 5, 6, 7, 8)
    assert plane.neighbours(3)[0] == (1, 3, 4)
