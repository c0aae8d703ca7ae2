"""The words that device and hub share: affect, grid, level, task, report, frame, and one tree of errors.

This is the narrow waist of Partsong: types and wire forms only, no behaviour. Every other room may use it and it uses
none of them. The formats are written down in docs/reference/formats.md, and byte vectors shared with the TypeScript
code lie in tests/vectors/report/.
"""

from partsong.report.affect import Affect, Basis
from partsong.report.errors import (
    AffectOutOfRange,
    CeilingExceeded,
    ChannelOutOfRange,
    ContextRefused,
    GridOutOfRange,
    HubUnreachable,
    LedgerDamaged,
    MalformedFrame,
    MalformedInput,
    MalformedRational,
    MalformedReport,
    MalformedTask,
    NotCovered,
    NotPermitted,
    OutOfRange,
    PartsongError,
    SettingsInvalid,
    SourceFailed,
)
from partsong.report.frame import Frame, FrameState, Mean, Mode, decode_frame, encode_frame
from partsong.report.grid import Grid
from partsong.report.level import Level
from partsong.report.rational import format_rational, parse_rational
from partsong.report.refusal import Refusal
from partsong.report.report import REPORT_BYTES, Report, decode_report, encode_report, report_id
from partsong.report.schemas import json_schemas
from partsong.report.task import CONTEXTS, REFUSED_CONTEXTS, AggregatorKey, Task, make_task

__all__ = [
    "CONTEXTS",
    "REFUSED_CONTEXTS",
    "REPORT_BYTES",
    "Affect",
    "AffectOutOfRange",
    "AggregatorKey",
    "Basis",
    "CeilingExceeded",
    "ChannelOutOfRange",
    "ContextRefused",
    "Frame",
    "FrameState",
    "Grid",
    "GridOutOfRange",
    "HubUnreachable",
    "LedgerDamaged",
    "Level",
    "MalformedFrame",
    "MalformedInput",
    "MalformedRational",
    "MalformedReport",
    "MalformedTask",
    "Mean",
    "Mode",
    "NotCovered",
    "NotPermitted",
    "OutOfRange",
    "PartsongError",
    "Refusal",
    "Report",
    "SettingsInvalid",
    "SourceFailed",
    "Task",
    "decode_frame",
    "decode_report",
    "encode_frame",
    "encode_report",
    "format_rational",
    "json_schemas",
    "make_task",
    "parse_rational",
    "report_id",
]
