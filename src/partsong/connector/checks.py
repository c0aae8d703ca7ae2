"""The contract suite of the `Source` seam: run it on yours.

    >>> from partsong.connector.sources.still import Still
    >>> from partsong.report import Affect
    >>> check_source(lambda: Still(Affect(valence=0.5, arousal=0.0)))

Each check takes a way to make a fresh source, and raises `AssertionError` with one sentence when a law of the seam is
broken. Use `SOURCE_CHECKS` to make a test of each.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Final

from partsong.connector.sources import Source
from partsong.report import Affect, SourceFailed

Make = Callable[[], Source]

POLLS: Final = 200
TIMED_POLLS: Final = 20
STEP_S: Final = 0.05
LONGEST_POLL_S: Final = 0.05
"""Most that the quickest tenth of the polls may take: a busy machine is not the source's fault, waiting is."""


def check_source(make: Make) -> None:
    """Run the whole suite on fresh sources.

    Raises:
        AssertionError: A law of the seam is broken; the message says which.
    """
    for check in SOURCE_CHECKS.values():
        check(make)


def check_it_has_the_shape(make: Make) -> None:
    """It has `open`, `poll` and `close`."""
    _hold(isinstance(make(), Source), "a source has open(), poll(elapsed) and close()")


def check_it_says_affect_or_nothing(make: Make) -> None:
    """Every poll gives an `Affect` or None."""
    for said in _polled(make):
        _hold(said is None or type(said) is Affect, f"poll gave a {type(said).__name__}, not an Affect or None")


def check_it_never_waits(make: Make) -> None:
    """A poll comes back at once: whoever waits for a sensor holds up everything else of the device."""
    times = []
    with _opened(make) as source:
        for number in range(TIMED_POLLS):
            began = monotonic()
            source.poll(number * STEP_S)
            times.append(monotonic() - began)
    _hold(sorted(times)[TIMED_POLLS // 10] < LONGEST_POLL_S, "poll waits")


def check_it_keeps_no_thread(make: Make) -> None:
    """It starts no thread: it does nothing until it is called."""
    before = threading.active_count()
    with _opened(make) as source:
        source.poll(0.0)
        _hold(threading.active_count() <= before, "the source started a thread")


def check_it_bears_any_rhythm(make: Make) -> None:
    """Polls at the same moment, far apart and close together are all answered."""
    with _opened(make) as source:
        for elapsed in (0.0, 0.0, 1e-6, 1.0, 1.0, 3600.0, 86_400.0):
            source.poll(elapsed)


def check_it_ends(make: Make) -> None:
    """It may be closed twice, and a closed source fails with `SourceFailed` instead of saying something."""
    source = make()
    source.open()
    source.close()
    source.close()
    _hold(_fails(source), "a closed source still answers, or fails with another error than SourceFailed")


def check_it_may_be_closed_unopened(make: Make) -> None:
    """Closing a source that was never opened does nothing."""
    make().close()


def check_two_are_two(make: Make) -> None:
    """Closing one source leaves another alone: there is nothing global."""
    with _opened(make) as source:
        other = make()
        other.open()
        other.close()
        source.poll(0.0)


def check_it_does_not_print_affect(make: Make) -> None:
    """Its repr does not change with what the person feels."""
    with _opened(make) as source:
        before = repr(source)
        for number in range(POLLS):
            source.poll(number * STEP_S)
        _hold(repr(source) == before, "the repr of the source changes with what it says")


def _polled(make: Make) -> Iterator[object]:
    with _opened(make) as source:
        yield from (source.poll(number * STEP_S) for number in range(POLLS))


@contextmanager
def _opened(make: Make) -> Iterator[Source]:
    source = make()
    source.open()
    try:
        yield source
    finally:
        source.close()


def _fails(source: Source) -> bool:
    with suppress(SourceFailed):
        try:
            source.poll(0.0)
        except SourceFailed:
            raise
        except Exception:  # noqa: BLE001  any other error is what this check is about
            return False
        return False
    return True


def _hold(law: bool, otherwise: str) -> None:
    if not law:
        raise AssertionError(otherwise)


SOURCE_CHECKS: Final[Mapping[str, Callable[[Make], None]]] = {
    check.__name__.removeprefix("check_"): check
    for check in (
        check_it_has_the_shape,
        check_it_says_affect_or_nothing,
        check_it_never_waits,
        check_it_keeps_no_thread,
        check_it_bears_any_rhythm,
        check_it_ends,
        check_it_may_be_closed_unopened,
        check_two_are_two,
        check_it_does_not_print_affect,
    )
}
