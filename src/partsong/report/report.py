"""A report: the 61 bytes that leave a connector at level veiled.

The layout is a MessagePack array of four with every element in its widest form, so that the length of a report says
nothing (docs/reference/formats.md, "Report"). Decoding accepts exactly this layout and nothing else.

    >>> report = Report(task=bytes(32), epoch=7, output=3, id=bytes(16))
    >>> decode_report(encode_report(report)) == report
    True
"""

import struct

import msgspec

from partsong.report.errors import MalformedReport, OutOfRange

REPORT_BYTES = 61
TASK_BYTES = 32
CONNECTION_BYTES = 12
ID_BYTES = 16
EPOCH_LIMIT = 1 << 32
OUTPUT_LIMIT = 1 << 16
NUMBER_LIMIT = 1 << 32

# array(4) | bin8(32) | uint32 | uint16 | bin8(16), big-endian (MessagePack specification, "Formats").
_LAYOUT = struct.Struct(">B2s32sBIBH2s16s")
_MARKS = (0x94, b"\xc4\x20", 0xCE, 0xCD, b"\xc4\x10")


class Report(msgspec.Struct, frozen=True, gc=False):
    """What leaves a connector at level veiled.

    Attributes:
        task: The task's id, 32 bytes.
        epoch: `floor(unix time / window)`, stamped by the connector; below 2³².
        output: The randomised output; below 2¹⁶.
        id: 16 bytes: the connection (12) and the number of the report on it (4, big-endian).
    """

    task: bytes
    epoch: int
    output: int
    id: bytes

    @property
    def connection(self) -> bytes:
        """The 12 random bytes that all reports of one opting-in share."""
        return self.id[:CONNECTION_BYTES]

    @property
    def number(self) -> int:
        """Which report of its connection this is, from 0."""
        return int.from_bytes(self.id[CONNECTION_BYTES:], "big")


def report_id(connection: bytes, number: int) -> bytes:
    """The id of a connection's report.

    Raises:
        OutOfRange: The connection is not 12 bytes long, or the number is not below 2³².
    """
    if len(connection) != CONNECTION_BYTES or not 0 <= number < NUMBER_LIMIT:
        raise OutOfRange("A report's id is a connection of 12 bytes and a number below 2**32.")
    return connection + number.to_bytes(4, "big")


def encode_report(report: Report) -> bytes:
    """The 61 bytes of a report.

    Raises:
        OutOfRange: A field does not fit the layout.
    """
    fits = (
        len(report.task) == TASK_BYTES
        and len(report.id) == ID_BYTES
        and 0 <= report.epoch < EPOCH_LIMIT
        and 0 <= report.output < OUTPUT_LIMIT
    )
    if not fits:
        raise OutOfRange("A field of the report does not fit its layout.", "See docs/reference/formats.md, Report.")
    array, task, epoch, output, id_ = _MARKS
    return _LAYOUT.pack(array, task, report.task, epoch, report.epoch, output, report.output, id_, report.id)


def decode_report(data: bytes) -> Report:
    """Read a report.

    Raises:
        MalformedReport: It is not exactly the layout.
    """
    if len(data) != REPORT_BYTES:
        raise MalformedReport(f"A report is {REPORT_BYTES} bytes long, not {len(data)}.")
    array, task_mark, task, epoch_mark, epoch, output_mark, output, id_mark, id_ = _LAYOUT.unpack(data)
    if (array, task_mark, epoch_mark, output_mark, id_mark) != _MARKS:
        raise MalformedReport("These bytes do not have the layout of a report.")
    return Report(task, epoch, output, id_)
