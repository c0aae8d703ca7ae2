"""A source that stays where it was put: for scripts, and for `partsong connect --at`."""

from partsong.report import Affect, SourceFailed


class Still:
    """Says the same affect at every poll, so that it is always fresh; None stands for somebody who says nothing."""

    def __init__(self, affect: Affect | None = None) -> None:
        self._affect = affect
        self._is_open = False

    def open(self) -> None:
        """Begin."""
        self._is_open = True

    def poll(self, elapsed: float) -> Affect | None:
        """The affect it was made with; `elapsed` does not matter.

        Raises:
            SourceFailed: It is not open.
        """
        del elapsed
        if not self._is_open:
            raise SourceFailed("The source is not open.")
        return self._affect

    def close(self) -> None:
        """End."""
        self._is_open = False
