"""What a bench gives: our figure, the installed peer's in the same run, and their ratio."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Result:
    """One measured figure beside its peer.

    Attributes:
        name: The bench.
        ours: Our figure, in `unit`.
        peer: The peer's figure in the same run, in `unit`; None where there is no peer.
        peer_name: Which peer, with its version.
        unit: The unit of both.
        detail: Further figures by name.
    """

    name: str
    ours: float
    peer: float | None
    peer_name: str
    unit: str
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Ours / peer."""
        return None if not self.peer else self.ours / self.peer

    def as_dict(self) -> dict[str, Any]:
        """The object that `partsong bench NAME --json` prints."""
        return {
            "name": self.name,
            "ours": self.ours,
            "peer": self.peer,
            "peer_name": self.peer_name,
            "ratio": self.ratio,
            "unit": self.unit,
            "detail": self.detail,
        }
