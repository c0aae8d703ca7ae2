"""Synthetic audiences: many people, moved on step by step.

Where someone is, is a sum of what their group shares (the scene, a camp), their own leaning, their own answer to the
scene, and a fluctuation, clipped to the plane. The spreads are those of `figures`. People follow with a lag; a new
scene begins every minute.

Promised: the same kind, number and generator give the same crowd; `step` costs a few array operations, so 10⁵ people
at one step a second need a fraction of one core. Not promised: that people feel like this. A crowd is for rehearsing
and calibrating, not evidence about anybody.

    crowd = make_crowd("bimodal", 2_000, np.random.default_rng(7))
    points = crowd.step(1.0)          # (2000, 2): valence, arousal, one second later
"""

import enum
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from partsong.crowd.figures import AROUSAL, FLUTTER_S, FOLLOW_S, SCENE_S, VALENCE, AxisFigures
from partsong.report import OutOfRange

if TYPE_CHECKING:
    from numpy.random import Generator

Points = NDArray[np.float64]


class Kind(enum.StrEnum):
    """What an audience is like."""

    STIMULUS = "stimulus"
    """All see the same and answer it each in their own way."""
    BIMODAL = "bimodal"
    """Two camps, 55 and 45 of a hundred."""
    MINORITY = "minority"
    """Five of a hundred are far from everybody else."""
    DRIFTING = "drifting"
    """One group whose place goes once round the plane in twenty minutes."""
    POLARISING = "polarising"
    """One group that comes apart into two within ten minutes."""
    SURGE = "surge"
    """Like `STIMULUS`; from the second minute on, the room fills from a tenth to all within one minute."""
    CONFLICT = "conflict"
    """Everybody far out in a direction of their own: no two agree, and there is no group to find."""
    EVENING = "evening"
    """Three camps that come apart, meet and part again every twenty minutes, closer together than the published figures:
    an evening to look at, not to calibrate with."""
    NOBODY = "nobody"
    """People who could come, and nobody who does."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How a kind differs: its camps, where they are in time, how much the scene moves them, and who is there.

    Attributes:
        shares: The camps' shares of the people.
        camps: From the seconds elapsed to the camps' places, one (valence, arousal) each.
        scene: Weight of the common scene, 0 to 1.
        spread: How far people of one camp are from each other, as a multiple of the published figures.
        ring: Whether everybody has a place of their own far out instead of a leaning.
        present: From the seconds elapsed to the share of the people who are there.
    """

    shares: tuple[float, ...] = (1.0,)
    camps: Callable[[float], tuple[tuple[float, float], ...]] = lambda _: ((0.0, 0.0),)
    scene: float = 1.0
    spread: float = 1.0
    ring: bool = False
    present: Callable[[float], float] = lambda _: 1.0


class Crowd:
    """A synthetic audience of `n` people. Make one with `make_crowd`."""

    def __init__(self, plan: Plan, n: int, rng: "Generator") -> None:
        self._plan = plan
        self._rng = rng
        self._camp = _camps(plan.shares, n, rng)
        self._leaning = self._lean(n)
        self._flutter = rng.normal(size=(n, 2)) * self._fluttering
        self._new_scene()
        self._elapsed = 0.0
        self._held = self._goal()

    def __len__(self) -> int:
        return len(self._camp)

    @property
    def elapsed(self) -> float:
        """Seconds since the crowd was made."""
        return self._elapsed

    @property
    def present(self) -> NDArray[np.bool_]:
        """Who is there now, (n,): the rows of `step` that count."""
        share = min(1.0, max(0.0, self._plan.present(self._elapsed)))
        return np.arange(len(self)) < round(share * len(self))

    @property
    def camp(self) -> NDArray[np.intp]:
        """Which camp everybody belongs to, (n,): the truth that a picture of the crowd may be held against."""
        return self._camp

    def points(self) -> Points:
        """Where everybody is now: (n, 2), valence and arousal in [-1, 1]."""
        return np.clip(self._held + self._flutter, -1.0, 1.0)

    def step(self, dt: float) -> Points:
        """Move on by `dt` seconds (at least 0) and return `points()`.

        Raises:
            OutOfRange: `dt` is negative or not finite.
        """
        if not (math.isfinite(dt) and dt >= 0):
            raise OutOfRange("A crowd moves on by a finite number of seconds, at least 0.")
        scene_before = self._elapsed // SCENE_S
        self._elapsed += dt
        if self._elapsed // SCENE_S != scene_before:
            self._new_scene()
        self._held += (self._goal() - self._held) * (1.0 - math.exp(-dt / FOLLOW_S))
        self._move_flutter(math.exp(-dt / FLUTTER_S))
        return self.points()

    def at(self, elapsed: float) -> Points:
        """Move on to `elapsed` seconds after the start and return `points()`.

        Raises:
            OutOfRange: That moment is past.
        """
        return self.step(elapsed - self._elapsed)

    def replace(self, person: int) -> None:
        """Let one person go and a fresh one take the place: a new leaning, answer and fluctuation, the same camp."""
        self._leaning[person] = self._lean(1)[0]
        self._answer[person] = self._rng.normal(size=2) * _ANSWER * self._plan.spread
        self._flutter[person] = self._rng.normal(size=2) * self._fluttering
        self._held[person] = self._goal()[person]

    def _lean(self, n: int) -> Points:
        if not self._plan.ring:
            return self._rng.normal(size=(n, 2)) * _LEANING * self._plan.spread
        angle = self._rng.uniform(0.0, 2.0 * np.pi, n)
        radius = self._rng.uniform(0.6, 1.0, n)
        return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])

    def _new_scene(self) -> None:
        self._scene = np.clip(self._rng.normal(size=2) * _STIMULUS, -0.95, 0.95) * self._plan.scene
        # In a conflict the answer would blur the directions; the fluctuation is enough to keep people alive.
        self._answer = self._rng.normal(size=(len(self), 2)) * (
            _ANSWER * (0.0 if self._plan.ring else self._plan.spread)
        )

    def _goal(self) -> Points:
        camps = np.asarray(self._plan.camps(self._elapsed), dtype=np.float64)
        return camps[self._camp] + self._scene + self._leaning + self._answer

    def _move_flutter(self, keep: float) -> None:
        # The exact step of an Ornstein-Uhlenbeck process: its variance does not depend on dt.
        self._flutter *= keep
        self._flutter += self._rng.normal(size=self._flutter.shape) * (self._fluttering * math.sqrt(1.0 - keep * keep))

    @property
    def _fluttering(self) -> NDArray[np.float64]:
        return _FLUTTER * self._plan.spread


def make_crowd(kind: str, n: int, rng: "Generator") -> Crowd:
    """An audience of `n` people of a `Kind`, moved by the generator alone.

    Raises:
        OutOfRange: There is no such kind, or `n` is negative.
    """
    if kind not in _PLANS or n < 0:
        raise OutOfRange(f"No crowd {kind!r} of {n}.", f"Kinds: {', '.join(Kind)}.")
    return Crowd(_PLANS[Kind(kind)], n, rng)


def _camps(shares: tuple[float, ...], n: int, rng: "Generator") -> NDArray[np.intp]:
    edges = np.round(np.cumsum(shares) * n).astype(np.intp)
    return rng.permutation(np.searchsorted(edges, np.arange(n), side="right"))


def _circle(elapsed: float) -> tuple[tuple[float, float]]:
    angle = 2.0 * math.pi * elapsed / 1200.0
    return ((0.5 * math.cos(angle), 0.5 * math.sin(angle)),)


def _apart(elapsed: float) -> tuple[tuple[float, float], ...]:
    way = 0.6 * min(1.0, elapsed / 600.0)
    return ((way, way / 3.0), (-way, way / 3.0))


def _evening(elapsed: float) -> tuple[tuple[float, float], ...]:
    way = 0.5 - 0.5 * math.cos(2.0 * math.pi * (elapsed + 300.0) / 1200.0)  # half apart at the start, apart at 300 s
    return (
        (0.2 + 0.45 * way, -0.2 - 0.3 * way),
        (0.1 - 0.8 * way, 0.1 + 0.5 * way),
        (-0.15 - 0.5 * way, -0.3 - 0.4 * way),
    )


def _filling(elapsed: float) -> float:
    return 0.1 + 0.9 * min(1.0, max(0.0, (elapsed - 60.0) / 60.0))


def _own_answer(axis: AxisFigures) -> float:
    # What a scene's mean of the fluctuation adds is part of the published share, so the answer itself is smaller.
    return math.sqrt(axis.sd**2 * axis.answer - axis.flutter**2 * 2.0 * FLUTTER_S / SCENE_S)


def _both(valence: float, arousal: float) -> NDArray[np.float64]:
    return np.array([valence, arousal])


_STIMULUS: Final = _both(VALENCE.sd * VALENCE.stimulus**0.5, AROUSAL.sd * AROUSAL.stimulus**0.5)
_LEANING: Final = _both(VALENCE.sd * VALENCE.person**0.5, AROUSAL.sd * AROUSAL.person**0.5)
_ANSWER: Final = _both(_own_answer(VALENCE), _own_answer(AROUSAL))
_FLUTTER: Final = _both(VALENCE.flutter, AROUSAL.flutter)

_PLANS: Final[dict[Kind, Plan]] = {
    Kind.STIMULUS: Plan(),
    Kind.BIMODAL: Plan(shares=(0.55, 0.45), camps=lambda _: ((0.6, 0.1), (-0.6, 0.1)), scene=0.2),
    Kind.MINORITY: Plan(shares=(0.95, 0.05), camps=lambda _: ((0.45, 0.0), (-0.8, 0.7)), scene=0.2),
    Kind.DRIFTING: Plan(camps=_circle, scene=0.0),
    Kind.POLARISING: Plan(shares=(0.5, 0.5), camps=_apart, scene=0.2),
    Kind.SURGE: Plan(present=_filling),
    Kind.CONFLICT: Plan(scene=0.0, ring=True),
    Kind.EVENING: Plan(shares=(0.45, 0.35, 0.2), camps=_evening, scene=0.1, spread=0.4),
    Kind.NOBODY: Plan(present=lambda _: 0.0),
}
