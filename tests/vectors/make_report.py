"""Write tests/vectors/report/*.json: the byte vectors that Python and TypeScript both read.

Run it after a change of format only, and look at the difference: these bytes are a promise to other people's software.
"""

import json
from fractions import Fraction
from pathlib import Path

from partsong.report import Grid, Report, Task, encode_report, make_task, report_id

FOLDER = Path(__file__).parent / "report"


def main() -> None:
    """Write the three files."""
    _write("tasks.json", {"good": _good_tasks(), "bad": _bad_tasks()})
    _write("reports.json", {"good": _good_reports(), "bad": _bad_reports()})
    _write("grid.json", _grid())


def _write(name: str, document: object) -> None:
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps(document, ensure_ascii=True, indent=1) + "\n"
    (FOLDER / name).write_text(text, encoding="utf-8")


def _good_tasks() -> list[dict[str, str]]:
    tasks = {
        "defaults": make_task(space="evening"),
        "fractions": make_task(
            space="e-1", epsilon=Fraction(3, 2), epsilon_hour=Fraction(9, 2), delta=Fraction(1, 10**6)
        ),
        "words": make_task(
            space="a",
            question='"Wie ist\tes?" \\ / \u00e4\u20ac\U0001f3b6\u2028\x7f',
            purpose="\u05e9\u05dc\u05d5\u05dd",
        ),
        "control": make_task(space="a", question="\x00\x08\x0c\n\r\x1f"),
    }
    return [{"name": name, "canonical": t.canonical().decode(), "id": t.id.hex()} for name, t in tasks.items()]


def _bad_tasks() -> list[dict[str, str]]:
    good = make_task(space="evening").canonical().decode()
    changes = {
        "space after colon": good.replace('"grid":8', '"grid": 8'),
        "float": good.replace('"grid":8', '"grid":8.0'),
        "decimal epsilon": good.replace('"epsilon":"2"', '"epsilon":"2.0"'),
        "not in lowest terms": good.replace('"epsilon":"2"', '"epsilon":"4/2"'),
        "epsilon zero": good.replace('"epsilon":"2"', '"epsilon":"0"'),
        "negative": good.replace('"epsilon":"2"', '"epsilon":"-2"'),
        "number for epsilon": good.replace('"epsilon":"2"', '"epsilon":2'),
        "missing": good.replace('"grace":5,', ""),
        "unknown": good.replace('"grace":5,', '"grace":5,"grab":1,'),
        "twice": good.replace('"grace":5,', '"grace":5,"grace":5,'),
        "order": good.replace('"grace":5,"grid":8', '"grid":8,"grace":5'),
        "private": good.replace('"level":"veiled"', '"level":"private"'),
        "escaped": good.replace("evening", "\\u0065vening"),
        "side 17": good.replace('"grid":8', '"grid":17'),
        "unit not of windows": good.replace('"unit":900', '"unit":901'),
        "empty question": good.replace("How is it, right now?", ""),
        "upper case hex": good.replace('"charter":""', '"charter":"AB"'),
        "capital space": good.replace("evening", "Evening"),
        "trailing": good + "\n",
        "truncated": good[:-1],
        "array": "[]",
        "nothing": "",
    }
    return [{"name": name, "canonical": text} for name, text in changes.items()]


def _good_reports() -> list[dict[str, object]]:
    task = make_task(space="evening").id
    cases = {
        "first": Report(task, 176_390_000, 0, report_id(bytes(range(12)), 0)),
        "small numbers": Report(bytes(32), 0, 7, report_id(bytes(12), 1)),
        "largest": Report(b"\xff" * 32, 2**32 - 1, 2**16 - 1, report_id(b"\xff" * 12, 2**32 - 1)),
    }
    return [_good_report(name, case) for name, case in cases.items()]


def _good_report(name: str, report: Report) -> dict[str, object]:
    return {
        "name": name,
        "bytes": encode_report(report).hex(),
        "task": report.task.hex(),
        "epoch": report.epoch,
        "output": report.output,
        "connection": report.connection.hex(),
        "number": report.number,
    }


def _bad_reports() -> list[dict[str, str]]:
    good = encode_report(Report(make_task(space="evening").id, 1, 2, bytes(16)))
    changes = {
        "truncated": good[:-1],
        "longer": good + b"\x00",
        "array of 5": b"\x95" + good[1:],
        "string for bytes": good[:1] + b"\xd9" + good[2:],
        "short task": good[:2] + b"\x1f" + good[3:],
        "int32 for uint32": good[:35] + b"\xd2" + good[36:],
        "int16 for uint16": good[:40] + b"\xd1" + good[41:],
        "json": b'["task",1,2,"id"]',
        "nothing": b"",
    }
    return [{"name": name, "bytes": data.hex()} for name, data in changes.items()]


def _grid() -> list[dict[str, object]]:
    points = [(-1.0, -1.0), (1.0, 1.0), (1.0, -1.0), (0.0, 0.0), (-0.5, 0.25), (0.2, -0.76), (0.999, 0.001)]
    return [
        {"side": side, "valence": v, "arousal": a, "cell": Grid(side).cell_at(v, a)}
        for side in (2, 3, 8, 16)
        for v, a in points
    ]


if __name__ == "__main__":
    for document in _good_tasks():
        Task.from_canonical(document["canonical"].encode())
    main()
