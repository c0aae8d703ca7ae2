"""Sources: where affect comes from. One small seam, the same for ours and for a guest's.

A source does nothing until it is called: no thread, no clock of its own, no waiting. `partsong.connector.checks` is the
suite that every source passes; docs/howto/write-a-source.md builds one. An installed package offers a source by an
entry point of the group `partsong.sources`, a callable without arguments.
"""

from importlib.metadata import entry_points
from typing import Final, Protocol, runtime_checkable

from partsong.report import Affect, SourceFailed

GROUP: Final = "partsong.sources"


@runtime_checkable
class Source(Protocol):
    """Tells where one person is, when asked."""

    def open(self) -> None:
        """Begin; called once, before the first `poll`.

        Raises:
            SourceFailed: What it rests on is not there.
        """

    def poll(self, elapsed: float) -> Affect | None:
        """Where the person is, if anything new is known since the last call; None if not. Never waits.

        Args:
            elapsed: Seconds since `open`; never less than at the call before.

        Raises:
            SourceFailed: The source broke, or is closed.
        """

    def close(self) -> None:
        """End, and let go of everything; may be called more than once."""


def find_source(name: str) -> Source:
    """A source by its name, from the entry points of all installed packages.

    Raises:
        SourceFailed: There is none of this name, or it cannot be made.
    """
    known = entry_points(group=GROUP)
    if name not in known.names:
        names = ", ".join(sorted(known.names)) or "none"
        raise SourceFailed(f"No source is called {name!r}.", f"Installed sources: {names}.")
    try:
        source: Source = known[name].load()()
    except Exception as error:  # a guest's code may raise anything; here it becomes one of our errors
        raise SourceFailed(f"The source {name!r} cannot be made: {type(error).__name__}.") from error
    return source
