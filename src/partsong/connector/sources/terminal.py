"""A terminal that is asked key by key and drawn as a whole; left as it was found."""

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Callable
from typing import Final, Self

from partsong.connector.sources.plane import Pointed, read_keys
from partsong.report import SourceFailed

_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[?1002h\x1b[?1006h"
_LEAVE: Final = "\x1b[?1006l\x1b[?1002l\x1b[?25h\x1b[?1049l"
_HOME: Final = "\x1b[H"
_CLEAR_LINE: Final = "\x1b[K"
_CLEAR_REST: Final = "\x1b[J"


class Terminal:
    """This process's terminal, in `with`.

    Args:
        heard: Gets every key and every place of the pointer, on the event loop.

    Raises:
        SourceFailed: Standard input or output is not a terminal.
    """

    def __init__(self, heard: Callable[[str | Pointed], None]) -> None:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise SourceFailed("This is not a terminal.", "Use --at VALENCE,AROUSAL, or --source, in a script.")
        self._heard = heard
        self._fd = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._fd)

    def __enter__(self) -> Self:
        tty.setcbreak(self._fd)
        asyncio.get_running_loop().add_reader(self._fd, self._read)
        sys.stdout.write(_ENTER)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        sys.stdout.write(_LEAVE)
        sys.stdout.flush()
        termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    @staticmethod
    def draw(text: str) -> None:
        """Show a screenful."""
        sys.stdout.write(_HOME + text.replace("\n", _CLEAR_LINE + "\r\n") + _CLEAR_LINE + _CLEAR_REST)
        sys.stdout.flush()

    def _read(self) -> None:
        for key in read_keys(os.read(self._fd, 4096)):
            self._heard(key)
