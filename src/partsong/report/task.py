"""A task: one computation that may be asked of people, and its canonical bytes.

What is promised: equal tasks have equal bytes, every field is in the bytes from the start (empty where not yet used),
and bytes that are not canonical are refused, so that the id (SHA-256 of the bytes) names one task and one only. Whether
a task *may* be asked is not decided here but by the connector, its ceilings and the charter.

    >>> task = make_task(space="evening", question="How is it, right now?")
    >>> Task.from_canonical(task.canonical()) == task
    True

Source of the form: RFC 8785 (JSON Canonicalization Scheme), restricted to strings, integers and arrays.
"""

import functools
import hashlib
import json
import math
from fractions import Fraction
from typing import Annotated, Any, Final, Literal

import msgspec

from partsong.report.errors import MalformedInput, MalformedTask, OutOfRange
from partsong.report.grid import LARGEST_SIDE, SMALLEST_SIDE, Grid
from partsong.report.level import Level
from partsong.report.rational import format_rational, parse_rational

TASK_VERSION: Final = 1
TASK_LIMIT_BYTES: Final = 16_384
DISTANT_FUTURE: Final = 4_102_444_800  # 2100-01-01: the expiry of a task that was given none
CONTEXTS: Final = ("gathering", "concert", "museum", "rehearsal", "circle", "research", "online")
REFUSED_CONTEXTS: Final = ("workplace", "school pupils")

_RATIONALS: Final = ("delta", "epsilon", "epsilon_day", "epsilon_hour")

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Hex = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{2})*$", max_length=1024)]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=31_536_000)]
UnixSeconds = Annotated[int, msgspec.Meta(ge=0, le=DISTANT_FUTURE)]
Rational = Annotated[str, msgspec.Meta(pattern=r"^(0|[1-9][0-9]{0,17})(/[1-9][0-9]{0,17})?$")]


class AggregatorKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the parties that add up shares (woven): its key and where it listens."""

    key: Hex
    url: Annotated[str, msgspec.Meta(max_length=200)]


class TaskDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The JSON object of the canonical bytes, field by field; keys in the order of RFC 8785."""

    aggregators: Annotated[tuple[AggregatorKey, ...], msgspec.Meta(max_length=8)]
    charter: Hex
    cohort: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    context: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    delta: Rational
    epsilon: Rational
    epsilon_day: Rational
    epsilon_hour: Rational
    expiry: UnixSeconds
    grace: Annotated[int, msgspec.Meta(ge=0, le=3600)]
    grid: Annotated[int, msgspec.Meta(ge=SMALLEST_SIDE, le=LARGEST_SIDE)]
    issuer: Hex
    level: Level
    noise: Annotated[str, msgspec.Meta(max_length=40)]
    not_before: UnixSeconds
    purpose: Text
    question: Text
    retention: Seconds
    space: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,64}$")]
    unit: Seconds
    version: Literal[1]
    window: Seconds


class Task(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One computation that may be asked of people. Fields: docs/reference/formats.md, "Task".

    Times are Unix seconds, spans are seconds, epsilons are exact rationals.

    Raises:
        MalformedTask: A field is outside its range; a task that exists is a task that can be written down.
    """

    space: str
    question: str
    purpose: str
    context: str
    level: Level
    side: int
    window: int
    grace: int
    unit: int
    epsilon: Fraction
    epsilon_hour: Fraction
    epsilon_day: Fraction
    delta: Fraction
    noise: str
    cohort: int
    not_before: int
    expiry: int
    retention: int
    charter: str = ""
    issuer: str = ""
    aggregators: tuple[AggregatorKey, ...] = ()
    version: int = TASK_VERSION

    def __post_init__(self) -> None:
        if self.level is Level.PRIVATE:
            raise MalformedTask("A task has a level at which something leaves.", "Choose veiled, woven or open.")
        if self.window < 1 or self.unit % self.window:
            raise MalformedTask("A task's unit is a whole number of windows.", "Choose a unit that its window divides.")
        if self.expiry <= self.not_before:
            raise MalformedTask("A task ends after it begins.", "Set an expiry later than not_before.")
        if self.epsilon <= 0:
            raise MalformedTask("A task's epsilon is above 0.")
        self.canonical()

    @functools.cached_property
    def id(self) -> bytes:
        """SHA-256 of the canonical bytes, 32 bytes."""
        return hashlib.sha256(self.canonical()).digest()

    @property
    def grid(self) -> Grid:
        """The grid over the plane."""
        return Grid(self.side)

    def canonical(self) -> bytes:
        """The canonical bytes: RFC 8785.

        Raises:
            MalformedTask: A field cannot be written down (it is outside the format's range).
        """
        fields = {name: getattr(self, name) for name in self.__struct_fields__ if name != "side"}
        fields["grid"] = self.side
        fields |= {name: format_rational(fields[name]) for name in _RATIONALS}
        data = _canonical_json(msgspec.to_builtins(fields))
        _read_document(data)
        return data

    @classmethod
    def from_canonical(cls, data: bytes) -> "Task":
        """Read canonical bytes.

        Raises:
            MalformedTask: They are not the canonical bytes of a task.
        """
        document = _read_document(data)
        if _canonical_json(msgspec.to_builtins(document)) != data:
            raise MalformedTask("These are not canonical bytes.", "See docs/reference/formats.md, Task (RFC 8785).")
        fields = {name: getattr(document, name) for name in document.__struct_fields__ if name != "grid"}
        try:
            fields |= {name: parse_rational(fields[name]) for name in _RATIONALS}
        except MalformedInput as error:
            raise MalformedTask(error.message, error.next_step) from error
        return cls(**fields, side=document.grid)

    def epoch_at(self, unix_seconds: float) -> int:
        """Which window a moment belongs to: `floor(unix time / window)`."""
        return math.floor(unix_seconds / self.window)

    def window_start(self, epoch: int) -> int:
        """The Unix second at which a window begins."""
        return epoch * self.window

    def window_end(self, epoch: int) -> int:
        """The Unix second at which a window ends (it does not belong to it)."""
        return (epoch + 1) * self.window


def make_task(*, space: str, **fields: Any) -> Task:
    """A task with the defaults that protect; name what differs.

    Veiled on an 8 x 8 grid, window 10 s, epsilon 2 in any 15 minutes, 8 an hour, 16 a day, nothing drawn under
    100 speakers, reports forgotten after an hour.

    Raises:
        MalformedTask: The fields make no task.
    """
    unknown = fields.keys() - set(Task.__struct_fields__)
    if unknown:
        raise OutOfRange(f"A task has no field {', '.join(sorted(unknown))}.", "See docs/reference/formats.md, Task.")
    return Task(space=space, **(_DEFAULTS | fields))


_DEFAULTS: Final[dict[str, Any]] = {
    "question": "How is it, right now?",
    "purpose": "the picture of this room",
    "context": "gathering",
    "level": Level.VEILED,
    "side": 8,
    "window": 10,
    "grace": 5,
    "unit": 900,
    "epsilon": Fraction(2),
    "epsilon_hour": Fraction(8),
    "epsilon_day": Fraction(16),
    "delta": Fraction(0),
    "noise": "disk",
    "cohort": 100,
    "not_before": 0,
    "expiry": DISTANT_FUTURE,
    "retention": 3600,
}


def _canonical_json(document: Any) -> bytes:
    # For strings without lone surrogates and for integers, this is what RFC 8785 section 3.2 asks: keys are ASCII, so
    # their UTF-16 order is their code point order, and Python escapes exactly what ECMAScript's JSON.stringify does.
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise MalformedTask("A task's text holds half a surrogate pair.", "Write it in plain Unicode.") from error


def _read_document(data: bytes) -> TaskDocument:
    if len(data) > TASK_LIMIT_BYTES:
        raise MalformedTask(f"A task is at most {TASK_LIMIT_BYTES} bytes long.")
    try:
        return _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedTask(f"Not a task: {error}.", "See docs/reference/formats.md, Task.") from error


_DECODER = msgspec.json.Decoder(TaskDocument)
