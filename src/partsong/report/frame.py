"""A frame: what the space sends to everyone, once at the end of each window (docs/reference/formats.md, "Frame").

All numbers are integers in the units the format names, so a frame is the same bytes in every language and no figure
can be read finer than it was meant. A frame holds nothing about any one person.
"""

import enum
from typing import Annotated, Final, Literal

import msgspec

from partsong.report.errors import MalformedFrame

FRAME_VERSION: Final = 1

Share = Annotated[int, msgspec.Meta(ge=0, le=10_000, description="parts of 10,000 of the group")]
Coordinate = Annotated[int, msgspec.Meta(ge=-1000, le=1000, description="thousandths of the plane's half side")]
BandedShare = tuple[Share, Share, Share]
BandedCoordinate = tuple[Coordinate, Coordinate, Coordinate]
BandedPart = tuple[Annotated[int, msgspec.Meta(ge=0, le=1000, description="parts of 1,000")], int, int]
BandedNumber = tuple[Annotated[int, msgspec.Meta(ge=100, description="hundredths")], int, int]
TaskHex = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class FrameState(enum.StrEnum):
    """What may be drawn."""

    NOBODY = "nobody"
    """No speaker."""
    BELOW = "below"
    """Fewer speakers than the minimum cohort: nothing is drawn."""
    OPEN = "open"
    """The picture is open."""


class Mean(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The group's average, usually where nobody is, with 90 % bands `(value, low, high)`."""

    valence: BandedCoordinate
    arousal: BandedCoordinate
    near: Share


class Mode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One cluster of the mood: a voice in sound, a strand in the picture."""

    id: Annotated[int, msgspec.Meta(ge=0)]
    valence: Coordinate
    arousal: Coordinate
    spread: tuple[Annotated[int, msgspec.Meta(ge=0, le=1000)], Annotated[int, msgspec.Meta(ge=0, le=1000)]]
    share: Share
    low: Share
    high: Share


class Frame(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The picture of one window. Field by field: docs/reference/formats.md, "Frame"."""

    v: Literal[1] = FRAME_VERSION
    space: str
    tasks: tuple[TaskHex, ...]
    at: Annotated[int, msgspec.Meta(ge=0)]
    window: Annotated[int, msgspec.Meta(ge=1)]
    state: FrameState
    people: Annotated[int, msgspec.Meta(ge=1)] | None = None
    grid: Annotated[int, msgspec.Meta(ge=2, le=16)]
    cells: tuple[Share, ...] = ()
    regions: tuple[BandedShare, ...] = ()
    mean: Mean | None = None
    modes: tuple[Mode, ...] = ()
    groups: tuple[int, int] | None = None
    connection: BandedPart | None = None
    individuality: BandedNumber | None = None


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Frame)


def encode_frame(frame: Frame) -> bytes:
    """The frame as JSON bytes; encoded once, sent to all."""
    return _ENCODER.encode(frame)


def decode_frame(data: bytes) -> Frame:
    """Read a frame.

    Raises:
        MalformedFrame: It is not a frame of version 1.
    """
    try:
        return _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedFrame(f"Not a frame: {error}.", "See docs/reference/formats.md, Frame.") from error
