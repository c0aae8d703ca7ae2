"""The plane in a terminal, as text: what is shown, from plain data. Draws nothing by itself.

The room appears beneath a person's own point, never before it, and only for whoever chose to watch.
"""

from typing import Final

import msgspec

from partsong.connector.sources.plane import Pointed
from partsong.report import Frame, FrameState, Grid, Level

COLUMNS: Final = 49
ROWS: Final = 17
LEFT: Final = 12
TOP: Final = 4
"""Columns and rows of the terminal before the plane's first; it is drawn from its top left corner."""

SHADES: Final = " .:-=+*#%@"
POINT: Final = "\x1b[1m●\x1b[0m"

WORDS: Final[tuple[tuple[str, ...], ...]] = (
    ("calm", "content", "excited"),
    ("still", "even", "alert"),
    ("weary", "low", "tense"),
)
"""Words for the thirds of the plane: pleasant at the top, quiet at the left."""

LEVEL_WORDS: Final = {Level.PRIVATE: "Only me", Level.VEILED: "Blurred"}


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the terminal shows."""

    space: str
    question: str
    purpose: str
    until: str
    level: Level
    point: tuple[float, float] | None = None
    asked: bool = False
    frame: Frame | None = None
    watching: bool = False
    spent_hour: str = ""
    spent_day: str = ""
    next_s: float | None = None
    left: tuple[str, ...] = ()
    said: str = ""
    told: tuple[str, ...] = ()


def render(view: View) -> str:
    """The screen, lines joined by line feeds."""
    head = [f"  {view.space}: {view.question}", ""]
    return "\n".join([*head, *_plane(view), "", *_sharing(view), "", *_keys(view)])


def point_at(pointed: Pointed) -> tuple[float, float] | None:
    """The (valence, arousal) under a pointer; None beside the plane."""
    column, row = pointed.column - 1 - LEFT, pointed.row - 1 - TOP
    if not (0 <= column < COLUMNS and 0 <= row < ROWS):
        return None
    return 1.0 - 2.0 * row / (ROWS - 1), 2.0 * column / (COLUMNS - 1) - 1.0


def word_near(valence: float, arousal: float) -> str:
    """The plane's word for a place."""
    return WORDS[2 - _third(valence)][_third(arousal)]


def _third(coordinate: float) -> int:
    return min(2, int((coordinate + 1.0) / 2.0 * 3.0))


def _plane(view: View) -> list[str]:
    lines = [" " * LEFT + "pleasant".center(COLUMNS), " " * (LEFT - 1) + "+" + "-" * COLUMNS + "+"]
    lines += [_row(view, row) for row in range(ROWS)]
    lines += [lines[1], " " * LEFT + "unpleasant".center(COLUMNS)]
    return lines


def _row(view: View, row: int) -> str:
    middle = row == ROWS // 2
    left, right = ("quiet ", " stirred") if middle else ("", "")
    return f"{left:>{LEFT - 1}}|{''.join(_place(view, row, column) for column in range(COLUMNS))}|{right}"


def _place(view: View, row: int, column: int) -> str:
    if view.point is not None and (row, column) == _at(view.point):
        return POINT
    return _shade(view, row, column)


def _at(point: tuple[float, float]) -> tuple[int, int]:
    return round((1.0 - point[0]) / 2.0 * (ROWS - 1)), round((point[1] + 1.0) / 2.0 * (COLUMNS - 1))


def _shade(view: View, row: int, column: int) -> str:
    frame = view.frame
    if frame is None or view.point is None or not view.watching or frame.state is not FrameState.OPEN:
        return " "
    valence, arousal = 1.0 - 2.0 * row / (ROWS - 1), 2.0 * column / (COLUMNS - 1) - 1.0
    share = frame.cells[Grid(frame.grid).cell_at(valence, arousal)] * len(frame.cells) / 10_000
    return SHADES[min(len(SHADES) - 1, int(share * 2.0))]


def _sharing(view: View) -> list[str]:
    near = "" if view.point is None else f"   (near: {word_near(*view.point)})"
    lines = [f"  {LEVEL_WORDS.get(view.level, str(view.level))}{near}"]
    if view.level is Level.PRIVATE:
        lines.append("  Nothing leaves this device.")
    else:
        lines.append(f"  Sent: {view.spent_hour} this hour, {view.spent_day} today. {_next(view.next_s)}")
    lines += [f"  Left this device: {line}" for line in view.left[-2:]]
    lines += [f"  {line}" for line in view.told]
    return [*lines, *_question(view), *([f"  {view.said}"] if view.said else []), *_room(view)]


def _question(view: View) -> list[str]:
    if not view.asked:
        return []
    return [
        "",
        "  Add a blurred part to the room's picture?",
        f"  Asked by {view.space}, for {view.purpose}, until {view.until}.",
        "     [n] Keep it to myself      [y] Add it",
    ]


def _room(view: View) -> list[str]:
    if not view.watching or view.point is None:
        return []
    if view.frame is None:
        return ["  The room: waiting for its picture."]
    if view.frame.state is not FrameState.OPEN:
        return ["  The room: too few to draw without showing somebody."]
    groups = "" if view.frame.groups is None else f" {_between(view.frame.groups)}"
    return [f"  The room, beneath your point.{groups}"]


def _between(groups: tuple[int, int]) -> str:
    least, most = groups
    return f"{least} groups." if least == most else f"{least} to {most} groups."


def _next(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 1.0:
        return "The next may leave now."
    minutes, rest = divmod(round(seconds), 60)
    return f"The next may leave in {minutes}:{rest:02d}."


def _keys(view: View) -> list[str]:
    sharing = "[s] stop   " if view.level is not Level.PRIVATE else "[y] add a blurred part   "
    room = "[w] leave the room out" if view.watching else "[w] let the room in"
    return [f"  arrows or hjkl or mouse: move   {sharing}{room}   [q] quit"]
