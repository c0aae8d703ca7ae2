"""Frame sequences of rooms that never were, for pictures: deterministic, in the form of docs/reference/formats.md.

A room is a function of time to voices (centre, spread, share); `sequence` makes the frames that a hub would have sent,
with bands as wide as that many people would leave. Nothing here estimates anything: `space` does that.
"""

import json
import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

START = 1_789_322_400  # 2026-09-13 18:00 UTC
WINDOW = 10
GRID = 8

Frame = dict[str, Any]


class Voice(NamedTuple):
    """One cluster of a room: plane coordinates and shares of 1."""

    number: int
    valence: float
    arousal: float
    spread: float
    share: float


Room = Callable[[float], list[Voice]]


def task(*, purpose: str = "light in this room", expiry: int = START + 4 * 3600) -> str:
    """The canonical bytes of the task that these rooms answer, as text."""
    fields = {
        "aggregators": [],
        "charter": "",
        "cohort": 100,
        "context": "rehearsal",
        "delta": "0",
        "epsilon": "2",
        "epsilon_day": "16",
        "epsilon_hour": "8",
        "expiry": expiry,
        "grace": 5,
        "grid": GRID,
        "issuer": "",
        "level": "veiled",
        "noise": "disk",
        "not_before": START - 3600,
        "purpose": purpose,
        "question": "How is it, right now?",
        "retention": 3600,
        "space": "evening-rehearsal",
        "unit": 900,
        "version": 1,
        "window": WINDOW,
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def wobble(seed: float, t: float) -> float:
    """A slow repeatable wander in about [-1, 1]; `t` in seconds."""
    return 0.5 * math.sin(t / 97 + seed * 2.4) + 0.3 * math.sin(t / 41 + seed * 5.1) + 0.2 * math.sin(t / 233 + seed)


def step(t: float, start: float, end: float) -> float:
    """0 before `start`, 1 after `end`, smooth between."""
    u = min(1.0, max(0.0, (t - start) / (end - start)))
    return u * u * (3 - 2 * u)


def calm(t: float) -> list[Voice]:
    """Everybody in one place, content and quiet."""
    return [Voice(1, 0.42 + 0.06 * wobble(1, t), -0.35 + 0.08 * wobble(2, t), 0.24, 1.0)]


def split(t: float) -> list[Voice]:
    """One room that parts after five sixths of an hour: some glad and stirred, some upset."""
    parted = step(t, 2900, 3110)
    upper = Voice(
        1, 0.12 + 0.38 * parted + 0.05 * wobble(1, t), -0.1 + 0.4 * parted, 0.2, 1 - 0.42 * step(t, 2950, 3080)
    )
    if t < 2960:
        return [upper]
    lower = Voice(2, 0.05 - 0.5 * parted + 0.05 * wobble(3, t), 0.35 + 0.2 * parted, 0.18, 0.42 * step(t, 2920, 3080))
    return [upper, lower]


def four(t: float) -> list[Voice]:
    """An evening: two groups that become four, as in the study."""
    parted = step(t, 2300, 2700)
    return [
        Voice(1, 0.25 + 0.3 * parted + 0.05 * wobble(1, t), -0.3 - 0.2 * parted + 0.05 * wobble(5, t), 0.16, 0.41),
        Voice(2, 0.1 + 0.52 * parted + 0.04 * wobble(2, t), 0.2 + 0.32 * parted, 0.14, 0.18),
        Voice(3, -0.36 + 0.07 * wobble(3, t), -0.5 + 0.06 * wobble(6, t), 0.12, 0.09),
        *([Voice(4, 0.02 - 0.6 * parted + 0.05 * wobble(4, t), 0.05 + 0.45 * parted, 0.16, 0.29)] if t > 2380 else []),
    ]


def minority(t: float) -> list[Voice]:
    """Nearly everybody calm, and a few who are not."""
    return [
        Voice(1, 0.45 + 0.05 * wobble(1, t), -0.2 + 0.08 * wobble(2, t), 0.22, 0.955),
        Voice(2, -0.6 + 0.05 * wobble(3, t), 0.55, 0.1, 0.045),
    ]


def meeting(t: float) -> list[Voice]:
    """Two groups that walk through each other."""
    cross = math.cos(t / 260)
    return [
        Voice(1, 0.55 * cross, 0.5, 0.13, 0.5),
        Voice(2, -0.5 * cross, -0.4, 0.13, 0.5),
    ]


def frame(room: Room, at: int, people: int, *, cohort: int = 100) -> Frame:
    """The frame that closes a window at `at`."""
    base: Frame = {
        "v": 1, "space": "evening-rehearsal", "tasks": [], "at": at, "window": WINDOW, "state": "open", "people": None,
        "grid": GRID, "cells": [], "regions": [], "mean": None, "modes": [], "groups": None, "connection": None,
        "individuality": None,
    }  # fmt: skip
    if people == 0:
        return base | {"state": "nobody"}
    if people < cohort:
        return base | {"state": "below"}
    voices = whole(room(at - START))
    cells = cells_of(voices)
    error = 0.62 / math.sqrt(people)
    return base | {
        "people": rounded(people) if people > 2 * cohort else None,
        "cells": cells,
        "regions": regions_of(cells, error),
        "mean": mean_of(voices, cells, error),
        "modes": [mode_of(voice, error) for voice in voices],
        "groups": [len(voices), len(voices) + (1 if error > 0.02 and len(voices) > 1 else 0)],
        "connection": [310, 220, 400],
        "individuality": [100 * len(voices), 90 * len(voices), 115 * len(voices)],
    }


def whole(voices: list[Voice]) -> list[Voice]:
    """The same voices with shares that add up to the whole group."""
    total = sum(voice.share for voice in voices)
    return [voice._replace(share=voice.share / total) for voice in voices]


def sequence(room: Room, people: int, seconds: Iterable[int], *, cohort: int = 100) -> list[Frame]:
    """The frames of a room at these seconds after its start."""
    return [frame(room, START + second, people, cohort=cohort) for second in seconds]


def kept(length: int) -> range:
    """The seconds of every window of a sitting of this length."""
    return range(WINDOW, length + 1, WINDOW)


def rounded(people: int) -> int:
    """One or two figures."""
    size: int = 10 ** max(0, len(str(people)) - 2)
    return round(people / size) * size


def cells_of(voices: list[Voice]) -> list[int]:
    """Shares of the cells in parts of 10,000."""
    side = [(2 * i + 1) / GRID - 1 for i in range(GRID)]
    raw = []
    for v in side:
        for a in side:
            near = (
                voice.share / voice.spread**2
                * math.exp(-((v - voice.valence) ** 2 + (a - voice.arousal) ** 2) / 2 / voice.spread**2)
                for voice in voices
            )  # fmt: skip
            raw.append(sum(near))
    total = sum(raw)
    return [round(10_000 * share / total) for share in raw]


def regions_of(cells: list[int], error: float) -> list[list[int]]:
    """Nine thirds of the plane with bands, in parts of 10,000."""
    shares = [0.0] * 9
    for cell, share in enumerate(cells):
        v, a = divmod(cell, GRID)
        shares[3 * min(2, 3 * v // GRID) + min(2, 3 * a // GRID)] += share
    half = 10_000 * 1.6 * error
    return [[round(s), max(0, round(s - half)), min(10_000, round(s + half))] for s in shares]


def mean_of(voices: list[Voice], cells: list[int], error: float) -> dict[str, Any]:
    """The average, and how many are near it."""
    valence = sum(voice.share * voice.valence for voice in voices)
    arousal = sum(voice.share * voice.arousal for voice in voices)
    near = 0.0
    for cell, share in enumerate(cells):
        v, a = divmod(cell, GRID)
        if math.hypot((2 * v + 1) / GRID - 1 - valence, (2 * a + 1) / GRID - 1 - arousal) <= 0.25:
            near += share
    half = 1000 * error
    return {"valence": band(valence, half), "arousal": band(arousal, half), "near": round(near)}


def band(middle: float, half: float) -> list[int]:
    """A value in thousandths with its band."""
    return [round(1000 * middle), max(-1000, round(1000 * middle - half)), min(1000, round(1000 * middle + half))]


def mode_of(voice: Voice, error: float) -> dict[str, Any]:
    """A mode with a band that shrinks with the number of people."""
    half = 1.7 * error * (0.35 + 0.65 * math.sqrt(voice.share))
    return {
        "id": voice.number,
        "valence": round(1000 * voice.valence),
        "arousal": round(1000 * voice.arousal),
        "spread": [round(1000 * voice.spread), round(1000 * voice.spread)],
        "share": round(10_000 * voice.share),
        "low": max(0, round(10_000 * (voice.share - half))),
        "high": min(10_000, round(10_000 * (voice.share + half))),
    }
