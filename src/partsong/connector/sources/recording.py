"""Recordings as sources, and the files they come in (docs/howto/replay-recordings.md).

Two formats, told apart by the first line of a file:

- `t_s,valence,arousal`: seconds from the start and the plane's own coordinates in [-1, 1]; one person a file;
- `video,t_s,valence_1_9,arousal_1_9`: the annotations of CEAP-360VR; ratings from 1 to 9 become (x - 5) / 4, and the
  videos play one after another in the order of their names, so that all people see the same at the same time.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from partsong.crowd import Trace, make_trace
from partsong.report import Affect, PartsongError, SourceFailed

Row = tuple[float, float, float]

VIDEO_S: Final = 60.0
"""Seconds a CEAP-360VR video takes up; the next one begins then."""

STEP_S: Final = 0.1
"""A recording says something new at most this often."""


class Recording:
    """A source that plays one trace over and over.

    Args:
        trace: One person's course.
        speed: Seconds of recording to a second of playing.
        loop: Seconds of recording after which it begins again; the trace's own length if None.
        begin: Seconds of recording at which it begins.
    """

    def __init__(self, trace: Trace, *, speed: float = 1.0, loop: float | None = None, begin: float = 0.0) -> None:
        self._trace, self._speed, self._begin = trace, speed, begin
        self._loop = max(trace.length if loop is None else loop, 1e-3)
        self._said: float | None = None
        self._is_open = False

    def open(self) -> None:
        """Begin."""
        self._is_open = True

    def poll(self, elapsed: float) -> Affect | None:
        """Where the person was at this moment of the recording, at most every `STEP_S`.

        Raises:
            SourceFailed: It is not open.
        """
        if not self._is_open:
            raise SourceFailed("The source is not open.")
        if self._said is not None and elapsed - self._said < STEP_S:
            return None
        self._said = elapsed
        valence, arousal = self._trace.at((self._begin + elapsed * self._speed) % self._loop)
        return Affect(valence=valence, arousal=arousal)

    def close(self) -> None:
        """End."""
        self._is_open = False


def read_folder(folder: Path) -> dict[str, Trace]:
    """All recordings of a folder by their file's name, in its order. Files that are no recordings are passed over.

    Raises:
        SourceFailed: There is no recording in it, or a recording is damaged; the message names file and reason.
    """
    if not folder.is_dir():
        raise SourceFailed(f"There is no folder {folder}.")
    found = {path.stem: trace for path in sorted(folder.glob("*.csv")) if (trace := _read_file(path)) is not None}
    if not found:
        raise SourceFailed(f"There is no recording in {folder}.", "See docs/howto/replay-recordings.md for the format.")
    return found


def _read_file(path: Path) -> Trace | None:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            rows = _FORMATS.get(tuple(table.fieldnames or ()))
            return None if rows is None else make_trace(rows(table))
    except (OSError, UnicodeDecodeError, csv.Error, ValueError, TypeError, PartsongError) as error:
        raise SourceFailed(f"{path} is not a recording: {error}") from error


def _own_rows(table: Iterable[Mapping[str, str]]) -> Iterator[Row]:
    return ((float(row["t_s"]), float(row["valence"]), float(row["arousal"])) for row in table)


def _ceap_rows(table: Iterable[Mapping[str, str]]) -> list[Row]:
    rows = list(table)
    start = {video: VIDEO_S * place for place, video in enumerate(sorted({row["video"] for row in rows}))}
    # A few annotations run on a little after the video; the next one's beginning wins.
    kept = [row for row in rows if float(row["t_s"]) < VIDEO_S]
    return sorted((start[row["video"]] + float(row["t_s"]), *_rated(row)) for row in kept)


def _rated(row: Mapping[str, str]) -> tuple[float, float]:
    return (float(row["valence_1_9"]) - 5.0) / 4.0, (float(row["arousal_1_9"]) - 5.0) / 4.0


_FORMATS: Final[dict[tuple[str, ...], Callable[[Iterable[Mapping[str, str]]], Iterable[Row]]]] = {
    ("t_s", "valence", "arousal"): _own_rows,
    ("video", "t_s", "valence_1_9", "arousal_1_9"): _ceap_rows,
}
