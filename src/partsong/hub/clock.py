"""The hub's clock: one small type, so that every time in the hub is an argument somewhere.

Promised: `now` is Unix time in seconds and decides which windows are open; `steady` never goes back and measures
spans (rates, idle sockets). A person's ledger never uses either: it is timed by the person's own device.

    >>> clock = SetClock(1000.0)
    >>> clock.advance(2.5)
    >>> clock.now()
    1002.5
"""

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """What tells the time."""

    def now(self) -> float:
        """Unix time in seconds."""
        ...

    def steady(self) -> float:
        """Seconds from an arbitrary moment; never goes back."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Unix time in seconds, as the machine has it."""
        return time.time()

    def steady(self) -> float:
        """The machine's monotonic clock, in seconds."""
        return time.monotonic()


@dataclass
class SetClock:
    """A clock that stands until it is moved: for tests and rehearsals.

    Attributes:
        at: The time it shows, Unix seconds.
    """

    at: float

    def now(self) -> float:
        """The time it was set to."""
        return self.at

    def steady(self) -> float:
        """The time it was set to."""
        return self.at

    def advance(self, seconds: float) -> None:
        """Move on; never back."""
        self.at += max(0.0, seconds)
