"""JSON Schemas (2020-12) of the formats, for those who write a connector or a screen of their own."""

from typing import Any

import msgspec

from partsong.report.frame import Frame
from partsong.report.task import TaskDocument


def json_schemas() -> dict[str, dict[str, Any]]:
    """One schema each for `task` (the object of the canonical bytes) and `frame`."""
    return {"frame": _schema(Frame), "task": _schema(TaskDocument)}


def _schema(type_: type[Any]) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | msgspec.json.schema(type_)
