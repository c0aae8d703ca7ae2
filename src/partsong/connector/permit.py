"""The permit: the only thing egress sends, and the only place where the 61 bytes of a report are allowed out.

Promised: a permit comes from `issue` alone, which only `connector.session` calls (a test reads the source for it), and
it is issued only for a report that is paid for and stored. It prints as nothing.
"""

from typing import Final, final

from partsong.report import REPORT_BYTES, NotPermitted


@final
class Permit:
    """Leave to send one report once on the line that is open now."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes, *, seal: object) -> None:
        if seal is not _SEAL or len(data) != REPORT_BYTES:
            raise NotPermitted("A permit is issued by a session, for one report.", "Feed the session and use its own.")
        self._data: Final = data

    @property
    def data(self) -> bytes:
        """The 61 bytes (docs/reference/formats.md, "Report")."""
        return self._data

    def __repr__(self) -> str:
        return "<Permit>"

    def __reduce__(self) -> str:
        raise NotPermitted("A permit does not leave the process that issued it.")


_SEAL: Final = object()


def issue(data: bytes) -> Permit:
    """A permit for a report's bytes; for `connector.session` alone."""
    return Permit(data, seal=_SEAL)
