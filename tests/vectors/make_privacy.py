"""Write tests/vectors/privacy/*.json and the two tables of enumerated guesses.

The vectors are read by Python and TypeScript, and by anybody who writes a connector of their own; the format of each is
in docs/reference/veil.md. Run it after a change of the channel or the ledger only, and look at the difference: these
numbers are a promise to other people's software. The tables take some minutes (`--tables`).
"""

import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from partsong.privacy import guess, ledger
from partsong.privacy.channel import disk_channel
from partsong.privacy.guess import Question
from partsong.privacy.ledger import Covered, Entry, Ledger, NotCovered, Promise, Reading
from partsong.privacy.veil import Below, randomise
from partsong.report import CeilingExceeded, NotPermitted, format_rational, parse_rational

FOLDER = Path(__file__).parent / "privacy"
ROOT = Path(__file__).parents[2]
SIDES = range(2, 17)
EPSILONS = ("1/1000", "1/10", "1/4", "2/7", "1/2", "1", "3/2", "2", "3", "4", "22/7", "8", "16")
TABLE_SIDES = range(3, 9)
TABLE_EPSILONS = ("1/2", "1", "3/2", "2")
TABLE_REPORTS = (3, 4)
HEAD = (
    "The chance of guessing pleasant or unpleasant, in millionths and rounded up, where enumerating it takes a while."
)

Json = dict[str, Any]


def main() -> None:
    """Write the files."""
    FOLDER.mkdir(exist_ok=True)
    if "--tables" in sys.argv:
        _write_tables()
    _write("channels.json", [_channel(side, epsilon) for side in SIDES for epsilon in EPSILONS])
    _write("draws.json", list(_draws()))
    _write("guess.json", list(_guesses()))
    _write("ledger.json", {"stories": list(_stories()), "promises": _promises(), **_lines()})


def _write(name: str, document: list[Json] | dict[str, list[Any]]) -> None:
    """One row a line, so that a change can be read."""
    if isinstance(document, list):
        text = _rows(document)
    else:
        text = "{" + ",\n".join(f'"{key}": {_rows(rows)}' for key, rows in document.items()) + "}"
    (FOLDER / name).write_text(text + "\n", encoding="utf-8")


def _rows(rows: list[Any]) -> str:
    return "[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]"


def checksum(numbers: list[int]) -> int:
    """Fold a list of numbers into one: times 31 plus the next, modulo the prime 2³¹ - 1."""
    total = 0
    for number in numbers:
        total = (total * 31 + number) % (2**31 - 1)
    return total


def _channel(side: int, epsilon: str) -> Json:
    channel = disk_channel(side, parse_rational(epsilon))
    positions = [index for position in channel.positions for index in position]
    return {
        "side": side,
        "epsilon": epsilon,
        "radius_squared": channel.radius_squared,
        "outputs": channel.outputs,
        "low": channel.low,
        "high": channel.high,
        "total": channel.total,
        "bland": channel.bland,
        "positions": checksum([index + 64 for index in positions]),
        "rows": checksum([weight for answer in range(channel.inputs) for weight in channel.row(answer)]),
        "slots": checksum([output for disk in channel.disks for output in disk]),
    }


def _draws() -> Iterator[Json]:
    """Draws of `below(total)` and the outputs they lead to, at both ends of every kind of block."""
    rng = np.random.default_rng(20_261_123)
    for side, epsilon in ((2, "1/2"), (3, "2"), (8, "2"), (16, "1"), (5, "16")):
        channel = disk_channel(side, parse_rational(epsilon))
        edges = {0, channel.low - 1, channel.low, channel.bland - 1, channel.bland, channel.total - 1}
        drawn = sorted(edges | {int(value) for value in rng.integers(0, channel.total, size=20)})
        answers = sorted({0, side, channel.inputs // 2, channel.inputs - 2, channel.inputs - 1})
        outputs = [[randomise(channel, answer, _always(value)) for value in drawn] for answer in answers]
        yield {"side": side, "epsilon": epsilon, "answers": answers, "draws": drawn, "outputs": outputs}


def _always(value: int) -> Below:
    return lambda _: value


def _guesses() -> Iterator[Json]:
    for side in (2, 3, 4, 5, 8, 9, 12, 16):
        for epsilon in ("1/4", "1", "3/2", "2"):
            for reports in (0, 1, 2, 3, 4, 8, 16):
                figure = guess.pleasant_or_unpleasant(disk_channel(side, parse_rational(epsilon)), reports)
                parts = round(figure.success * guess.PARTS)
                ten = guess.times_in_ten(figure.success)
                yield {
                    "side": side,
                    "epsilon": epsilon,
                    "reports": reports,
                    "parts": parts,
                    "exact": figure.exact,
                    "ten": ten,
                }


def _write_tables() -> None:
    table = {
        (side, epsilon, reports): guess.rounded_up(
            guess.constant(disk_channel(side, parse_rational(epsilon)), Question.HALF, reports)
        )
        for side in TABLE_SIDES
        for epsilon in TABLE_EPSILONS
        for reports in TABLE_REPORTS
    }
    python = "\n".join(f'    ({s}, "{e}", {n}): {p},' for (s, e, n), p in table.items())
    script = "\n".join(f'  "{s} {e} {n}": {p},' for (s, e, n), p in table.items())
    source = "tests/vectors/make_privacy.py --tables"
    (ROOT / "src/partsong/privacy/guess_table.py").write_text(
        f'"""{HEAD}\n\nKeys are (side, epsilon, reports). Written by {source}.\n"""\n\n'
        f"TABLE: dict[tuple[int, str, int], int] = {{\n{python}\n}}\n",
        encoding="utf-8",
    )
    (ROOT / "web/connector/guess_table.ts").write_text(
        f"/**\n * {HEAD}\n *\n * Keys are side, epsilon, reports. Written by {source}.\n */\n"
        f"export const TABLE: Readonly<Record<string, number>> = {{\n{script}\n}};\n",
        encoding="utf-8",
    )


QUARTER_HOUR = {"unit_ms": 900_000, "epsilon": "2", "hour": "8", "day": "16"}
FIVE_MINUTES = {"unit_ms": 300_000, "epsilon": "2", "hour": "8", "day": "16"}
GENTLE = {"unit_ms": 600_000, "epsilon": "1/3", "hour": "1", "day": "5/3"}


def _stories() -> Iterator[Json]:
    """Sequences of steps and what the ledger says to each."""
    minutes = [(minute * 60_000, minute * 60_000, "a") for minute in range(0, 130, 5)]
    yield _story("a quiet evening", [(QUARTER_HOUR, *step) for step in minutes])
    yield _story("a small unit meets the hour", [(FIVE_MINUTES, *step) for step in minutes])
    yield _story("the day", [(FIVE_MINUTES, hour * 3_600_000, hour * 3_600_000, "a") for hour in range(30)])
    yield _story(
        "two tasks, one ledger",
        [([QUARTER_HOUR, FIVE_MINUTES, GENTLE][i % 3], *step) for i, step in enumerate(minutes)],
    )
    yield _story(
        "a stricter promise binds for a day",
        [(GENTLE, 0, 0, "a")]
        + [(FIVE_MINUTES, hour * 3_600_000 + 600_000, hour * 3_600_000 + 600_000, "a") for hour in range(26)],
    )
    forward = [(0, 0, "a"), (7_200_000, 1_000, "a"), (7_201_000, 2_000, "a"), (8_100_000, 900_999, "a")]
    yield _story("the clock is set forward", [(QUARTER_HOUR, *step) for step in [*forward, (8_100_002, 901_001, "a")]])
    back = [(9_000_000, 0, "a"), (0, 1_000, "a"), (899_000, 900_000, "a"), (900_000, 901_000, "a")]
    yield _story("the clock is set back", [(QUARTER_HOUR, *step) for step in back])
    restart = [(0, 0, "a"), (899_999, 5, "b"), (900_000, 6, "b"), (100, 1, "c"), (900_100, 900_001, "c")]
    yield _story("restarts", [(QUARTER_HOUR, *step) for step in restart], restore=True)
    mixed = [(0, 0, "a"), (1_000_000, 1_000_000, "b"), (500, 0, "c"), (900_500, 899_000, "c"), (901_500, 900_000, "c")]
    yield _story("restarts with a clock set back", [(QUARTER_HOUR, *step) for step in mixed], restore=True)
    yield _story("no time at all", [(FIVE_MINUTES, 5, 5, "a")] * 3)


def _story(name: str, steps: list[tuple[Json, int, int, str]], *, restore: bool = False) -> Json:
    book, told = Ledger.restore([]), []
    lines: list[str] = []
    for promised, wall_ms, mono_ms, run in steps:
        if restore:
            book = Ledger.restore([ledger.decode_entry(line) for line in lines])
        told.append(_step(book, promised, Reading(wall_ms, mono_ms, run), lines))
    return {"name": name, "restore": restore, "steps": told, "lines": lines}


def _step(book: Ledger, promised: Json, at: Reading, lines: list[str]) -> Json:
    """Ask; where it is covered, debit."""
    promise = read_promise(promised)
    answer = book.ask(promise, at)
    if isinstance(answer, Covered):
        lines.append(ledger.encode_entry(book.debit(promise, at)))
    hour = format_rational(book.spent(ledger.HOUR_MS, at).epsilon)
    day = format_rational(book.spent(ledger.DAY_MS, at).epsilon)
    reading = {"wall_ms": at.wall_ms, "mono_ms": at.mono_ms, "run": at.run}
    return {"promise": promised, "reading": reading, "answer": _answer(answer), "hour": hour, "day": day}


def _answer(answer: Covered | NotCovered) -> Json:
    if isinstance(answer, Covered):
        return {"covered": True, "at_ms": answer.at_ms}
    return {"covered": False, "until_ms": answer.until_ms, "wait_ms": answer.wait_ms, "which": answer.which}


def read_promise(promised: Json) -> Promise:
    """A promise as the vectors write it."""
    rationals = {name: parse_rational(promised[name]) for name in ("epsilon", "hour", "day")}
    return Promise(unit_ms=promised["unit_ms"], **rationals)


def _promises() -> list[Json]:
    changes: list[Json] = [
        {},
        {"unit_ms": 300_000},
        {"unit_ms": 299_999},
        {"unit_ms": 86_400_000},
        {"unit_ms": 86_400_001},
        {"epsilon": "2001/1000"},
        {"epsilon": "0"},
        {"hour": "801/100"},
        {"day": "17"},
        {"hour": "1"},
        {"day": "1"},
    ]
    return [{"promise": QUARTER_HOUR | change, "error": _error(QUARTER_HOUR | change)} for change in changes]


def _error(promised: Json) -> str | None:
    try:
        read_promise(promised)
    except (CeilingExceeded, NotPermitted) as error:
        return type(error).__name__
    return None


def _lines() -> dict[str, list[str]]:
    at = Reading(1_790_000_000_000, 12_345, "5e3b-run_1")
    promise = Promise(600_000, Fraction(1, 3), Fraction(1), Fraction(5, 3))
    good = ledger.encode_entry(Entry(7, 1_234, at, Fraction(1, 3), Fraction(0), promise))
    mark = ledger.encode_entry(Entry(8, 1_234, at, Fraction(0), Fraction(0), ledger.CEILINGS))
    bad = [
        "",
        good[:-1],
        good + " ",
        good + "\n",
        good.replace("1 7", "2 7", 1),
        good.replace(" 7 ", " 07 ", 1),
        good.replace(" 7 ", " -7 ", 1),
        good.replace("1/3", "2/6", 1),
        good.replace("1/3", "1/4", 1),
        good.replace("5/3", "50/3"),
        good.replace("5e3b-run_1", "5e3b run"),
        good.replace("600000", "60000"),
        good.replace("12345", "12.5"),
        good.replace("12345", ""),
    ]
    return {"good_lines": [good, mark], "bad_lines": bad}


if __name__ == "__main__":
    main()
