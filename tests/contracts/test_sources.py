"""Every source of ours runs the seam's contract suite (partsong.connector.checks); so may anybody's."""

import threading
import time
from collections.abc import Callable

import pytest

from partsong.connector.checks import SOURCE_CHECKS, check_source
from partsong.connector.sources import Source, find_source
from partsong.connector.sources.plane import Plane
from partsong.connector.sources.recording import Recording
from partsong.connector.sources.still import Still
from partsong.crowd import make_trace
from partsong.report import Affect, SourceFailed


class MovedPlane(Plane):
    """A plane on which somebody moves the point between all polls."""

    def poll(self, elapsed: float) -> Affect | None:
        self.put(elapsed % 1.0, -elapsed % 1.0)
        return super().poll(elapsed)


def _recording() -> Recording:
    return Recording(make_trace([(0.0, -0.5, 0.0), (10.0, 0.5, 1.0)]), speed=3.0)


OURS: dict[str, Callable[[], Source]] = {
    "still": lambda: Still(Affect(valence=0.5, arousal=0.0)),
    "silent": Still,
    "plane": Plane,
    "moved plane": MovedPlane,
    "recording": _recording,
}


@pytest.mark.parametrize("check", SOURCE_CHECKS)
@pytest.mark.parametrize("source", OURS)
def test_our_sources_keep_the_contract(source: str, check: str) -> None:
    SOURCE_CHECKS[check](OURS[source])


class SaysNumbers(Still):
    def poll(self, elapsed: float) -> Affect | None:
        super().poll(elapsed)
        return (0.1, 0.2)  # type: ignore[return-value]


class Waits(Still):
    def poll(self, elapsed: float) -> Affect | None:
        time.sleep(0.06)
        return super().poll(elapsed)


class KeepsAThread(Still):
    def open(self) -> None:
        super().open()
        self._gone = threading.Event()
        threading.Thread(target=self._gone.wait, daemon=True).start()

    def close(self) -> None:
        super().close()
        if hasattr(self, "_gone"):
            self._gone.set()


class CannotRest(Still):
    def poll(self, elapsed: float) -> Affect | None:
        return super().poll(1.0 / (elapsed - 3600.0))


class TalksAfterTheEnd(Still):
    def close(self) -> None:
        """Stay open."""


class FailsItsOwnWay(Still):
    def poll(self, elapsed: float) -> Affect | None:
        if not self._is_open:
            raise RuntimeError("gone")
        return super().poll(elapsed)


class ClosesOnce(Still):
    def close(self) -> None:
        if not self._is_open:
            raise RuntimeError("not open")
        super().close()


class Shared(Still):
    _one: list["Shared"] = []  # noqa: RUF012  being shared is the fault

    def open(self) -> None:
        super().open()
        self._one.append(self)

    def close(self) -> None:
        super().close()
        while self._one:
            self._one.pop()._is_open = False


class TellsAll(Still):
    def __repr__(self) -> str:
        return f"<at {self.last}>"

    last = 0.0

    def poll(self, elapsed: float) -> Affect | None:
        self.last = elapsed
        return super().poll(elapsed)


class Shapeless:
    def open(self) -> None:
        """Nothing else is there."""


BROKEN: dict[str, type] = {
    "it_has_the_shape": Shapeless,
    "it_says_affect_or_nothing": SaysNumbers,
    "it_never_waits": Waits,
    "it_keeps_no_thread": KeepsAThread,
    "it_bears_any_rhythm": CannotRest,
    "it_ends": TalksAfterTheEnd,
    "it_may_be_closed_unopened": ClosesOnce,
    "two_are_two": Shared,
    "it_does_not_print_affect": TellsAll,
}


@pytest.mark.parametrize("check", SOURCE_CHECKS)
def test_a_broken_source_fails_its_check(check: str) -> None:
    with pytest.raises((AssertionError, SourceFailed, RuntimeError, ZeroDivisionError)):
        SOURCE_CHECKS[check](BROKEN[check])


def test_a_closed_source_must_fail_with_our_error() -> None:
    with pytest.raises(AssertionError, match="closed source"):
        SOURCE_CHECKS["it_ends"](FailsItsOwnWay)


def test_the_suite_runs_as_a_whole() -> None:
    check_source(OURS["still"])
    with pytest.raises(AssertionError):
        check_source(SaysNumbers)


def test_an_unknown_source_is_named() -> None:
    with pytest.raises(SourceFailed, match="No source is called 'heart'"):
        find_source("heart")
