"""The plane as a source: a point that somebody moves with keys or a pointer.

Pleasant is up and stirred is right, as on every screen. The keys of a terminal come in as bytes (`read_keys`); where
they come from is not this module's business.
"""

import re
from typing import Final

import msgspec

from partsong.report import Affect, SourceFailed

STEP: Final = 0.1

MOVES: Final = {
    "up": (STEP, 0.0),
    "down": (-STEP, 0.0),
    "right": (0.0, STEP),
    "left": (0.0, -STEP),
}
"""What a direction does to (valence, arousal)."""

_NAMES: Final = {
    b"\x1b[A": "up",
    b"\x1b[B": "down",
    b"\x1b[C": "right",
    b"\x1b[D": "left",
    b"\x1bOA": "up",
    b"\x1bOB": "down",
    b"\x1bOC": "right",
    b"\x1bOD": "left",
    b"k": "up",
    b"j": "down",
    b"l": "right",
    b"h": "left",
}
# A pointer in the form xterm calls SGR: button, column, row, M for pressed or dragged.
_KEY: Final = re.compile(
    rb"\x1b\[<(?P<button>\d+);(?P<column>\d+);(?P<row>\d+)[Mm]|\x1b[\[O][A-D]|[\x00-\x7f]", re.DOTALL
)
_PRESSED: Final = frozenset({0, 32})


class Pointed(msgspec.Struct, frozen=True):
    """The pointer was pressed or dragged at a place of the terminal; column and row count from 1."""

    column: int
    row: int


def read_keys(data: bytes) -> list[str | Pointed]:
    """What was typed: directions by name, a pointer's places, other keys as themselves. The unknown is passed over."""
    return [key for match in _KEY.finditer(data) if (key := _read_key(match)) is not None]


def _read_key(match: re.Match[bytes]) -> str | Pointed | None:
    if match["button"] is not None:
        at = Pointed(int(match["column"]), int(match["row"]))
        return at if int(match["button"]) in _PRESSED and match[0].endswith(b"M") else None
    name = _NAMES.get(match[0])
    return name or match[0].decode("ascii") if len(match[0]) == 1 or name else None


class Plane:
    """Where somebody put the point; says something new only when it was moved."""

    def __init__(self) -> None:
        self._point: tuple[float, float] | None = None
        self._moved = False
        self._is_open = False

    @property
    def point(self) -> tuple[float, float] | None:
        """(valence, arousal) in [-1, 1], or None before the first move."""
        return self._point

    def open(self) -> None:
        """Begin."""
        self._is_open = True

    def put(self, valence: float, arousal: float) -> None:
        """Put the point; values beyond the edge go to the edge."""
        self._point = (_on_axis(valence), _on_axis(arousal))
        self._moved = True

    def move(self, direction: str) -> None:
        """One step `up`, `down`, `left` or `right`; the first step is taken from the middle."""
        valence, arousal = self._point or (0.0, 0.0)
        up, right = MOVES[direction]
        self.put(valence + up, arousal + right)

    def poll(self, elapsed: float) -> Affect | None:
        """The point, if it was moved since the last poll.

        Raises:
            SourceFailed: It is not open.
        """
        del elapsed
        if not self._is_open:
            raise SourceFailed("The plane is not open.")
        if self._point is None or not self._moved:
            return None
        self._moved = False
        return Affect(valence=self._point[0], arousal=self._point[1])

    def close(self) -> None:
        """End."""
        self._is_open = False


def _on_axis(value: float) -> float:
    return round(min(1.0, max(-1.0, value)), 6)
