"""`partsong connect`: take part from a terminal or a script. Nothing leaves before the one question is answered."""

import asyncio
import json
import sys
import textwrap
from pathlib import Path
from typing import Annotated, Final

import typer

from partsong.connector.events import Told, What
from partsong.connector.run import Connector, device_clock
from partsong.connector.sources import Source, find_source
from partsong.connector.sources.plane import MOVES, Plane, Pointed
from partsong.connector.sources.screen import View, point_at, render
from partsong.connector.sources.still import Still
from partsong.connector.sources.terminal import Terminal
from partsong.connector.words import as_data, parts, sentence, until, what_it_tells
from partsong.report import Affect, Frame, Level, SettingsInvalid

REDRAW_S: Final = 0.2


def connect(
    url: Annotated[str, typer.Argument(help="Any address of the hub, such as the join page's.")],
    *,
    level: Annotated[
        str, typer.Option(help="private: nothing leaves. veiled: the answer to the one question is yes.")
    ] = ("private"),
    at: Annotated[str, typer.Option(help="Where you are: VALENCE,AROUSAL in [-1, 1]; no screen.")] = "",
    source: Annotated[str, typer.Option(help="An installed source by its name; no screen.")] = "",
    json_: Annotated[bool, typer.Option("--json", help="No screen: print news as one JSON object a line.")] = False,
    seconds: Annotated[float | None, typer.Option(help="Leave after this many seconds.")] = None,
    ledger: Annotated[Path | None, typer.Option(help="The ledger's file; this device's own if not given.")] = None,
) -> None:
    """Take part: put a point where you are, and say whether a blurred part of it may leave."""
    chosen = _level(level)
    if at or source or json_:
        feeling = find_source(source) if source else Still(_affect(at) if at else None)
        asyncio.run(_script(url, feeling, chosen, json_=json_, seconds=seconds, ledger=ledger))
    else:
        asyncio.run(_Show(url, chosen).run(seconds, ledger))


def _level(text: str) -> Level:
    if text not in (Level.PRIVATE, Level.VEILED):
        raise SettingsInvalid(f"There is no level {text!r} here.", "Choose private or veiled.")
    return Level(text)


def _affect(text: str) -> Affect:
    try:
        valence, arousal = (float(part) for part in text.split(","))
    except ValueError as error:
        raise SettingsInvalid(f"{text!r} is no place on the plane.", "Write --at 0.4,-0.2") from error
    return Affect(valence=valence, arousal=arousal)


async def _script(
    url: str, source: Source, level: Level, *, json_: bool, seconds: float | None, ledger: Path | None
) -> None:
    def tell(told: Told, left: bytes) -> None:
        line = json.dumps(as_data(told, left, device_clock().mono_ms)) if json_ else sentence(told)
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        if told.what is What.ENDED:
            connector.finish()

    async with await Connector.join(url, tell=tell, ledger=ledger) as connector:
        if level is Level.VEILED:
            connector.consent()
        await connector.run(source, seconds=seconds)
        connector.stop()


class _Show:
    """The plane on the screen, and what the keys do."""

    def __init__(self, url: str, level: Level) -> None:
        self._url, self._level = url, level
        self._plane = Plane()
        self._asked = self._answered = False
        self._watching: asyncio.Task[None] | None = None
        self._frame: Frame | None = None
        self._left: list[str] = []
        self._said = ""
        self._tells: tuple[str, ...] = ()
        self._connector: Connector

    async def run(self, seconds: float | None, ledger: Path | None) -> None:
        async with await Connector.join(self._url, tell=self._tell, ledger=ledger) as self._connector:
            self._tells = tuple(textwrap.wrap(what_it_tells(self._connector.task), 88))
            with Terminal(self._heard) as terminal:
                if self._level is Level.VEILED:
                    self._consent()
                drawing = asyncio.create_task(self._draw(terminal))
                try:
                    await self._connector.run(self._plane, seconds=seconds)
                finally:
                    drawing.cancel()
                    self._let_room(choice=False)
            self._connector.stop()

    def _tell(self, told: Told, left: bytes) -> None:
        self._said = sentence(told)
        if left:
            self._left.append(left.hex())

    async def _draw(self, terminal: Terminal) -> None:
        while True:
            terminal.draw(render(self._view()))
            await asyncio.sleep(REDRAW_S)

    def _view(self) -> View:
        task, spending = self._connector.task, self._connector.spending()
        return View(
            space=self._connector.space.name,
            question=task.question,
            purpose=task.purpose,
            until=until(task),
            level=self._connector.level,
            point=self._plane.point,
            asked=self._asked and not self._answered,
            frame=self._frame,
            watching=self._watching is not None,
            spent_hour=parts(spending.hour, spending.hour_limit, task),
            spent_day=parts(spending.day, spending.day_limit, task),
            next_s=spending.next_s,
            left=tuple(self._left),
            said=self._said,
            told=self._tells,
        )

    def _heard(self, key: str | Pointed) -> None:
        if isinstance(key, Pointed):
            place = point_at(key)
            if place is not None:
                self._plane.put(*place)
        elif key in MOVES:
            self._plane.move(key)
        elif key in self._KEYS:
            self._KEYS[key](self)
        self._asked = self._asked or self._plane.point is not None

    def _consent(self) -> None:
        self._answered = True
        self._connector.consent()

    def _keep(self) -> None:
        self._answered = True
        self._said = "Nothing leaves. You can change your mind at any moment."

    def _stop(self) -> None:
        self._connector.stop()

    def _quit(self) -> None:
        self._connector.finish()

    def _let(self) -> None:
        self._let_room(choice=self._watching is None)

    def _let_room(self, *, choice: bool) -> None:
        if choice:
            self._watching = asyncio.get_running_loop().create_task(self._watch())
        elif self._watching is not None:
            self._watching.cancel()
            self._watching = self._frame = None

    async def _watch(self) -> None:
        async for frame in self._connector.watch():
            self._frame = frame

    _KEYS: Final = {"y": _consent, "n": _keep, "s": _stop, "q": _quit, "w": _let}
