"""The one tree of errors, split by what the caller can do about them.

    PartsongError
    ├── MalformedInput            somebody's bytes are not what the format says: refuse them, keep going
    │   ├── MalformedTask
    │   ├── MalformedReport
    │   ├── MalformedFrame
    │   └── MalformedRational
    ├── OutOfRange                a value of ours is outside its range: a fault of the caller
    │   ├── AffectOutOfRange
    │   ├── GridOutOfRange
    │   └── ChannelOutOfRange
    ├── NotPermitted              privacy says no: nothing may leave
    │   ├── CeilingExceeded       the task asks for more than the connector's built-in ceilings
    │   ├── ContextRefused        the task asks where Partsong must not be used
    │   └── NotCovered            the ledger does not cover this report now
    ├── LedgerDamaged             what the device has stored cannot be trusted: nothing may leave
    ├── HubUnreachable            the hub does not answer: try again later
    ├── SettingsInvalid           a setting is wrong: mend it and start again
    └── SourceFailed              a source of affect broke: reconnect it

Every error says what happened (`message`) and what to do next (`next_step`), and has a short stable `code` for
machines. Messages never hold a person's value.
"""

import re


class PartsongError(Exception):
    """The root of the tree.

    Args:
        message: What happened, in one sentence.
        next_step: What to do next, in one sentence; may be empty.
    """

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    @property
    def code(self) -> str:
        """The class name in kebab case: `MalformedTask` is `malformed-task`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}".strip()


class MalformedInput(PartsongError):
    """Somebody's bytes are not what the format says."""


class MalformedTask(MalformedInput):
    """These bytes are not the canonical bytes of a task."""


class MalformedReport(MalformedInput):
    """These bytes are not a report."""


class MalformedFrame(MalformedInput):
    """These bytes are not a frame."""


class MalformedRational(MalformedInput):
    """This string is not a rational in the form of the format."""


class OutOfRange(PartsongError):
    """A value is outside its range."""


class AffectOutOfRange(OutOfRange):
    """Valence and arousal lie in [-1, 1] and are finite."""


class GridOutOfRange(OutOfRange):
    """A grid has a side of 2 to 16, and a cell lies on it."""


class ChannelOutOfRange(OutOfRange):
    """No channel exists for this side and epsilon, or an input is not one of it."""


class NotPermitted(PartsongError):
    """Privacy says no: nothing may leave."""


class CeilingExceeded(NotPermitted):
    """The task asks for more than the connector's built-in ceilings."""


class ContextRefused(NotPermitted):
    """The task asks where Partsong must not be used."""


class NotCovered(NotPermitted):
    """The ledger does not cover this report now."""


class LedgerDamaged(PartsongError):
    """What the device has stored cannot be trusted: nothing may leave."""


class HubUnreachable(PartsongError):
    """The hub does not answer."""


class SettingsInvalid(PartsongError):
    """A setting is wrong."""


class SourceFailed(PartsongError):
    """A source of affect broke."""
