"""The grid over the plane: which cell a point lies in, and where a cell's centre is.

Cells are numbered `valence index * side + arousal index`, both from the low end. One number more, `no_answer`, stands
for "nothing fresh was felt": it is an input of every channel like any cell.
"""

import math

import msgspec

from partsong.report.affect import Affect
from partsong.report.errors import GridOutOfRange

SMALLEST_SIDE = 2
LARGEST_SIDE = 16


class Grid(msgspec.Struct, frozen=True):
    """A side × side grid over [-1, 1]².

    Raises:
        GridOutOfRange: The side is not an integer from 2 to 16.
    """

    side: int

    def __post_init__(self) -> None:
        if not SMALLEST_SIDE <= self.side <= LARGEST_SIDE:
            raise GridOutOfRange(f"A grid has a side of {SMALLEST_SIDE} to {LARGEST_SIDE}, not {self.side}.")

    @property
    def cells(self) -> int:
        """How many cells there are: side²."""
        return self.side * self.side

    @property
    def no_answer(self) -> int:
        """The input that stands for "nothing fresh was felt": side²."""
        return self.cells

    def cell_of(self, affect: Affect) -> int:
        """The cell an affect lies in, 0 to side² - 1."""
        return self.cell_at(affect.valence, affect.arousal)

    def cell_at(self, valence: float, arousal: float) -> int:
        """The cell of a point of [-1, 1]²; +1 belongs to the last cell."""
        return self._index(valence) * self.side + self._index(arousal)

    def centre(self, cell: int) -> tuple[float, float]:
        """The centre (valence, arousal) of a cell.

        Raises:
            GridOutOfRange: There is no such cell.
        """
        if not 0 <= cell < self.cells:
            raise GridOutOfRange(f"Cell {cell} is not on a grid of side {self.side}.")
        valence, arousal = divmod(cell, self.side)
        return self._middle(valence), self._middle(arousal)

    def _index(self, coordinate: float) -> int:
        if not -1.0 <= coordinate <= 1.0:
            raise GridOutOfRange("A point of the plane lies in [-1, 1]².")
        return min(self.side - 1, math.floor((coordinate + 1.0) / 2.0 * self.side))

    def _middle(self, index: int) -> float:
        return (2 * index + 1) / self.side - 1.0
