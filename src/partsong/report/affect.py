"""Affect: a point of the plane, how sure it is, and what it rests on. Never a diagnosis, never read from a face."""

import enum
import math

import msgspec

from partsong.report.errors import AffectOutOfRange


class Basis(enum.StrEnum):
    """What an estimate of affect rests on."""

    SELF_REPORT = "self-report"
    """The person said so."""
    BODY = "body"
    """A sensor's signal, against that person's own baseline."""
    CARRIED = "carried"
    """An earlier estimate, carried forward."""


class Affect(msgspec.Struct, frozen=True, kw_only=True):
    """Core affect: a point in [-1, 1]² with its uncertainty and its basis.

    Attributes:
        valence: From unpleasant (-1) to pleasant (+1).
        arousal: From quiet (-1) to stirred (+1).
        sd: Standard deviation of each coordinate, in the plane's units, at least 0.
        basis: What it rests on.

    Raises:
        AffectOutOfRange: A coordinate is not finite or outside [-1, 1], or `sd` is negative or not finite.
    """

    valence: float
    arousal: float
    sd: float = 0.0
    basis: Basis = Basis.SELF_REPORT

    def __post_init__(self) -> None:
        if not (_on_axis(self.valence) and _on_axis(self.arousal)):
            raise AffectOutOfRange("Valence and arousal lie in [-1, 1].", "Scale the source's values first.")
        if not (math.isfinite(self.sd) and self.sd >= 0):
            raise AffectOutOfRange("The uncertainty of an affect is a finite number, at least 0.")

    def __repr__(self) -> str:
        """Say what kind of value this is, never which: affect is a person's own."""
        return f"<Affect ({self.basis})>"


def _on_axis(value: float) -> bool:
    return math.isfinite(value) and -1.0 <= value <= 1.0
