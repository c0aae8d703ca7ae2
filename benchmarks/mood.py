"""How far the frame is from the group it shows, beside unary encoding with the best decay in hindsight.

Rooms of 2,000 people made from the CEAP-360VR traces (`benchmarks.rooms`), epsilon 2 in any 300 s, windows of 10 s, one
report a person and unit at phases spread evenly, from the first second on. Truth is where the whole room is when a
window's frame goes out, at its end. The error is the sliced Wasserstein-1 distance of the cells' shares, 16 directions,
over all frames after the first minute. The peer is multi-freq-ldpy's OUE, its decay a window chosen afterwards to be
the best for these very rooms; ours has no knob that knows the rooms.

`detail`: OUE's reports read by our follower; the default task (unit 900 s); a room that jumps, over the minute after
the jump; and how often the 90 % bands hold the truth, over the nine regions and two means. The bands' widths were
learned from `partsong.crowd` (`benchmarks.widths`), never from these people.
"""

import math
import os
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks import rooms
from benchmarks.result import Result
from partsong.privacy.veil import disk_channel
from partsong.space.bands import mean_bands, region_bands
from partsong.space.mood import Follower, Reading
from partsong.space.plane import Floats

SIDE = 8
EPSILON = 2.0
SEED = 20261123
CROWDS, FULL_CROWDS = 20, 40
RUNS, FULL_RUNS = 200, 400
AT_ONCE = 5
FROM = 6
DECAYS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 1.0)
DEFAULT_UNIT = 900
ROUNDING = 5e-5
"""Frames give whole parts of 10,000: half of one."""


class Case(NamedTuple):
    """Rooms with their truth and what each side was told."""

    truths: list[rooms.Truth]
    ours: Floats
    bits: Floats
    people: Floats


def run(full: bool) -> Result:
    """Measure ours and the peer on the same answers of the same people."""
    recorded = rooms.traces(_data())
    rng = np.random.default_rng(SEED)
    peer = _Peer(SEED)
    crowds, runs = (FULL_CROWDS, FULL_RUNS) if full else (CROWDS, RUNS)
    made = [rooms.recorded_room(recorded, rng) for _ in range(crowds)]
    main = _case(made, rooms.UNIT, rng, peer)
    slow = _case(made, DEFAULT_UNIT, rng, peer)
    jump = _case([rooms.jump_room(rng) for _ in range(crowds)], rooms.UNIT, rng, peer)
    ours, (theirs, decay) = _error(main, _follow(main)), _best_decay(main, peer)
    detail: dict[str, Any] = {"peer_decay": decay, "crowds": crowds, "people": rooms.PEOPLE}
    detail["oue_our_smoothing"] = _error(main, _follow(main, bits=True))
    detail |= _default_task(slow, peer) | _jump(jump, peer) | _coverage(recorded, runs, rng)
    return Result(
        name="mood",
        ours=ours,
        peer=theirs,
        peer_name=f"multi-freq-ldpy {version('multi-freq-ldpy')} OUE, best decay in hindsight",
        unit="sliced Wasserstein distance",
        detail=detail,
    )


class _Peer:
    """OUE as the package does it: one sanitised vector a report, summed by window; estimates from decayed sums."""

    def __init__(self, seed: int) -> None:
        import numba
        from multi_freq_ldpy.pure_frequency_oracles.UE import MI, UE_Client

        def sow(seed: int) -> None:
            np.random.seed(seed)  # noqa: NPY002, TID251 - the package draws from numba's own global state

        compiler: Any = numba
        compiler.njit(sow)(seed)
        self._client, self._estimate = UE_Client, MI

    def bits(self, told: list[rooms.Ints]) -> Floats:
        """The sums of the sanitised vectors of each window."""
        cells = SIDE * SIDE
        return np.stack(
            [
                sum((self._client(int(cell), cells, EPSILON, True) for cell in window), np.zeros(cells))
                for window in told
            ]
        )

    def shares(self, sums: Floats, people: float) -> Floats:
        """The package's estimate: unbiased, cut off at zero, made to sum to 1."""
        shares: Floats = self._estimate(sums, people, 0.5, 1.0 / (math.exp(EPSILON) + 1.0))
        return shares if shares.sum() > 0 else np.full(len(shares), 1.0 / len(shares))


def _data() -> Path:
    return Path(os.environ.get("PARTSONG_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def _case(made: list[Floats], unit: int, rng: np.random.Generator, peer: _Peer) -> Case:
    channel = disk_channel(SIDE, Fraction(2))
    told = [rooms.answers(room, SIDE, rng, unit) for room in made]
    return Case(
        truths=[rooms.truth(room, SIDE) for room in made],
        ours=np.stack([rooms.counts(windows, channel, rng) for windows in told]),
        bits=np.stack([peer.bits(windows) for windows in told]),
        people=np.array([[len(window) for window in windows] for windows in told], dtype=np.float64),
    )


def _follow(case: Case, *, bits: bool = False) -> Floats:
    """The shares of our frames, (rooms, windows, cells); with `bits`, from the peer's reports."""
    told = np.pad(case.bits, ((0, 0), (0, 0), (0, 1))) if bits else case.ours
    matrix = _unary_matrix() if bits else disk_channel(SIDE, Fraction(2)).matrix()
    return np.stack([reading.cells for reading in _readings(told, matrix)], axis=1)


def _readings(told: Floats, matrix: Floats) -> list[Reading]:
    follower = Follower(matrix, rooms.WINDOW)
    state, readings = follower.start((len(told),)), []
    for window in range(told.shape[1]):
        state = follower.step(state, told[:, window])
        readings.append(follower.read(state))
    return readings


def _unary_matrix() -> Floats:
    """How the set bits of OUE spread over the cells, given the answer: rows sum to 1. "No answer" has its own bit."""
    cells, rare = SIDE * SIDE, 1.0 / (math.exp(EPSILON) + 1.0)
    matrix = np.zeros((cells + 1, cells + 1))
    matrix[:-1, :-1] = (np.full((cells, cells), rare) + np.eye(cells) * (0.5 - rare)) / (0.5 + (cells - 1) * rare)
    matrix[-1, -1] = 1.0
    return matrix


def _error(case: Case, shares: Floats, frames: slice = slice(FROM, None)) -> float:
    true = np.stack([truth.cells for truth in case.truths])
    return float(rooms.sliced_wasserstein(shares[:, frames], true[:, frames], SIDE).mean())


def _best_decay(case: Case, peer: _Peer, frames: slice = slice(FROM, None)) -> tuple[float, float]:
    """The least error of the peer over all decays, and which decay it was."""
    return min((_error(case, _decayed(case, peer, decay), frames), decay) for decay in DECAYS)


def _decayed(case: Case, peer: _Peer, decay: float) -> Floats:
    shares = []
    sums, people = np.zeros_like(case.bits[:, 0]), np.zeros_like(case.people[:, 0])
    for window in range(case.bits.shape[1]):
        sums, people = sums * decay + case.bits[:, window], people * decay + case.people[:, window]
        shares.append(np.stack([peer.shares(*room) for room in zip(sums, people, strict=True)]))
    return np.stack(shares, axis=1)


def _default_task(case: Case, peer: _Peer) -> dict[str, Any]:
    ours, (theirs, decay) = _error(case, _follow(case)), _best_decay(case, peer)
    return {"default_task": {"ours": ours, "peer": theirs, "ratio": ours / theirs, "peer_decay": decay}}


def _jump(case: Case, peer: _Peer) -> dict[str, Any]:
    """The minute after the jump; the peer's decay is the best for that very minute."""
    middle = case.ours.shape[1] // 2
    minute = slice(middle, middle + 6)
    shares = _follow(case)
    ours, (theirs, decay) = _error(case, shares, minute), _best_decay(case, peer, minute)
    course = [_error(case, shares, slice(window, window + 1)) for window in range(middle - 1, middle + 9)]
    return {"jump": {"ours": ours, "peer": theirs, "ratio": ours / theirs, "peer_decay": decay, "course": course}}


def _coverage(recorded: Floats, runs: int, rng: np.random.Generator) -> dict[str, Any]:
    held = np.concatenate([_held(recorded, rng) for _ in range(runs // AT_ONCE)])
    each = held.mean(axis=(0, 1))
    return {
        "coverage90": float(held.mean()),
        "worst_low": float(each.min()),
        "worst_high": float(each.max()),
        "coverage_runs": len(held),
        "coverage_each": np.round(each, 3).tolist(),
    }


def _held(recorded: Floats, rng: np.random.Generator) -> Floats:
    """Whether each band holds the truth, (rooms, windows, 11)."""
    made = [rooms.recorded_room(recorded, rng) for _ in range(AT_ONCE)]
    channel = disk_channel(SIDE, Fraction(2))
    told = np.stack([rooms.counts(rooms.answers(room, SIDE, rng), channel, rng) for room in made])
    truths = [rooms.truth(room, SIDE) for room in made]
    readings = _readings(told, channel.matrix())
    parts = []
    for band, name in ((region_bands, "regions"), (mean_bands, "mean")):
        drawn = [band(reading, SIDE) for reading in readings]
        low, high = (np.stack([getattr(one, end) for one in drawn], axis=1) for end in ("low", "high"))
        true = np.stack([getattr(truth, name) for truth in truths])
        parts.append((low - ROUNDING <= true) & (true <= high + ROUNDING))
    held: Floats = np.concatenate(parts, axis=-1)[:, FROM:].astype(np.float64)
    return held
