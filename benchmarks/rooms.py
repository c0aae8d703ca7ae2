"""Rooms for the benches of the mood: people made from recordings or by `partsong.crowd`, and the reports they give.

A room is an array of places, (people, seconds, 2), at one place a second. Recorded rooms are made of the CEAP-360VR
traces (Xue et al., doi 10.1109/TMM.2021.3124080): people are drawn from the traces with uneven weights, moved a little
in place (sd 0.08) and time (sd 3 s), and all watch the same videos in one sequence, a new order for each room. The
first 5 s of a video, when the joystick starts at the centre, are replaced by a straight way from the last video's end.
"""

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from partsong.crowd import make_crowd
from partsong.privacy.veil import Channel, count, randomise_many
from partsong.space.plane import Floats, centres

Ints = npt.NDArray[np.int64]

PEOPLE = 2_000
UNIT = 300
WINDOW = 10
BRIDGE = 5
VIDEO = 60
PLACE_SD = 0.08
TIME_SD = 3.0
DIRECTIONS = 16


class Truth(NamedTuple):
    """What is true at the end of each window.

    Attributes:
        cells: Shares of the cells, (windows, side²).
        regions: Shares of the nine thirds, (windows, 9).
        mean: Mean valence and arousal, (windows, 2).
    """

    cells: Floats
    regions: Floats
    mean: Floats


def traces(folder: Path) -> Floats:
    """The recorded traces, (people, videos, seconds, 2), in [-1, 1]."""
    files = sorted((folder / "signals" / "ceap360vr").glob("P*_annotation.csv"))
    if not files:
        raise SystemExit(f"no CEAP-360VR traces in {folder}: set PARTSONG_DATA to the folder of third-party data")
    return np.stack([_trace(file) for file in files])


def _trace(file: Path) -> Floats:
    rows: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    with file.open() as lines:
        for row in csv.DictReader(lines):
            place = (float(row["valence_1_9"]), float(row["arousal_1_9"]))
            rows[row["video"]].append((float(row["t_s"]), *place))
    return np.stack([_each_second(np.array(rows[video])) for video in sorted(rows)])


def _each_second(rows: Floats) -> Floats:
    seconds = np.arange(VIDEO) + 0.5
    return np.column_stack([(np.interp(seconds, rows[:, 0], rows[:, axis]) - 5.0) / 4.0 for axis in (1, 2)])


def recorded_room(recorded: Floats, rng: np.random.Generator, people: int = PEOPLE) -> Floats:
    """A room of recorded people who watch all videos in a new order, (people, seconds, 2)."""
    videos = recorded[:, rng.permutation(recorded.shape[1])]
    course: Floats = videos.reshape(len(videos), -1, 2).copy()
    for start in range(VIDEO, course.shape[1], VIDEO):
        way = np.linspace(0.0, 1.0, BRIDGE + 2)[1:-1, None]
        before, after = course[:, None, start - 1], course[:, None, start + BRIDGE]
        course[:, start : start + BRIDGE] = before + (after - before) * way
    course[:, :BRIDGE] = course[:, None, BRIDGE]
    return copies(course, rng, people)


def copies(course: Floats, rng: np.random.Generator, people: int) -> Floats:
    """Many people made of a few, uneven in number, a little apart in place and time."""
    who = rng.choice(len(course), size=people, p=rng.dirichlet(np.full(len(course), 2.0)))
    shift = np.clip(np.rint(rng.normal(0.0, TIME_SD, people)), -3 * TIME_SD, 3 * TIME_SD).astype(int)
    when = np.clip(np.arange(course.shape[1]) + shift[:, None], 0, course.shape[1] - 1)
    moved: Floats = course[who[:, None], when] + rng.normal(0.0, PLACE_SD, (people, 1, 2))
    return moved.clip(-1.0, 1.0)


def synthetic_course(kind: str, rng: np.random.Generator, people: int, seconds: int = 480) -> Floats:
    """Synthetic people of a kind, turned over and round at random, (people, seconds, 2)."""
    crowd = make_crowd(kind, people, rng)
    crowd.step(float(rng.uniform(0.0, 500.0)))
    course = np.stack([crowd.step(1.0) for _ in range(seconds)], axis=1)
    turned: Floats = course * rng.choice([-1.0, 1.0], 2)
    return turned[..., ::-1] if rng.random() < 0.5 else turned


def jump_room(rng: np.random.Generator, people: int = PEOPLE, seconds: int = 480) -> Floats:
    """A room that rests, jumps across the plane at its middle second, and rests again."""
    here, there = rng.uniform(-0.7, 0.7, (2, 2))
    course = np.where(np.arange(seconds)[None, :, None] < seconds // 2, here, there)
    spread: Floats = course + rng.normal(0.0, 0.2, (people, 1, 2))
    return spread.clip(-1.0, 1.0)


def truth(room: Floats, side: int) -> Truth:
    """The shares of all cells and regions and the mean, at the end of each window, when its frame goes out."""
    ends = [room[:, min(end, room.shape[1] - 1)] for end in range(WINDOW, room.shape[1] + 1, WINDOW)]
    shares = [np.bincount(cells(end, side), minlength=side**2) / len(end) for end in ends]
    regions = [np.bincount(cells(end, 3), minlength=9) / len(end) for end in ends]
    return Truth(np.stack(shares), np.stack(regions), np.stack([end.mean(0) for end in ends]))


def cells(places: Floats, side: int) -> Ints:
    """The cell of each place."""
    index = np.minimum(side - 1, np.floor((places + 1.0) / 2.0 * side).astype(np.int64))
    numbers: Ints = index[..., 0] * side + index[..., 1]
    return numbers


def answers(room: Floats, side: int, rng: np.random.Generator, unit: int = UNIT) -> list[Ints]:
    """The cells that are told in each window: one report a person and unit, at phases spread over the unit."""
    phase = np.floor(rng.uniform(0.0, unit, len(room)))
    told = []
    for start in range(0, room.shape[1] - WINDOW + 1, WINDOW):
        now = [(phase == second % unit, second) for second in range(start, start + WINDOW)]
        told.append(np.concatenate([cells(room[who, second], side) for who, second in now]))
    return told


def counts(told: list[Ints], channel: Channel, rng: np.random.Generator) -> Floats:
    """How often each output comes in each window, (windows, outputs)."""
    seen: Any = [count(channel, randomise_many(channel, window, rng)) for window in told]
    return np.array(seen, dtype=np.float64)


def sliced_wasserstein(one: Floats, other: Floats, side: int) -> Floats:
    """The mean over 16 directions of the Wasserstein-1 distance of projected shares, (...)."""
    total = np.zeros(np.broadcast_shapes(one.shape, other.shape)[:-1])
    for angle in np.arange(DIRECTIONS) * np.pi / DIRECTIONS:
        along = centres(side) @ np.array([np.cos(angle), np.sin(angle)])
        order = np.argsort(along)
        apart = np.abs(np.cumsum((one - other)[..., order], axis=-1))[..., :-1]
        total = total + (apart * np.diff(along[order])).sum(-1)
    return total / DIRECTIONS
