"""Plain words and plain data for what a connector knows: what terminals show and scripts read."""

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Final

from partsong.connector.events import Told, What
from partsong.privacy.guess import draws_in, pleasant_or_unpleasant, times_in_ten
from partsong.privacy.ledger import HOUR_MS, Promise
from partsong.privacy.veil import disk_channel
from partsong.report import Task, format_rational

DISTANT_YEAR: Final = 2090
CERTAIN: Final = 10

_SAID: Final = {
    What.OPTED_IN: "You are in. The first blurred part leaves as soon as there is a line.",
    What.SENT: "A blurred part left: {size} bytes.",
    What.SENT_AGAIN: "The same {size} bytes left again.",
    What.COUNTED: "It is in the room's picture.",
    What.NOT_COUNTED: "The room did not count it ({code}). It stays spent.",
    What.SKIPPED: "{why} Nothing left this time.",
    What.STOPPED: "Only you again. Nothing leaves.",
    What.ENDED: "This is over ({code}). Nothing leaves.",
    What.TOO_EARLY: "The room is not known yet.",
}
_WHY: Final = {
    "hour": "This hour's parts are given.",
    "day": "Today's parts are given.",
    "unit": "The last part is too recent.",
    "no-line": "The room could not be reached.",
    "asleep": "This device slept at that time.",
    "not-begun": "It has not begun.",
}


def sentence(told: Told) -> str:
    """News in one plain sentence."""
    return _SAID[told.what].format(size=told.size, code=told.code, why=_WHY.get(told.code, ""))


def as_data(told: Told, left: bytes, now_ms: int) -> dict[str, Any]:
    """News for machines: `next_s` is the seconds until the next report may leave, `bytes` what left, in hex."""
    data: dict[str, Any] = {"what": told.what.value}
    if told.number is not None:
        data["number"] = told.number
    if told.code:
        data["code"] = told.code
    if told.next_ms is not None:
        data["next_s"] = max(0.0, (told.next_ms - now_ms) / 1000)
    return data | ({"bytes": left.hex()} if left else {})


def parts(spent: Fraction, limit: Fraction, task: Task) -> str:
    """How much is spent: "2 of 4 parts"."""
    return f"{format_rational(spent / task.epsilon)} of {limit // task.epsilon} parts"


def until(task: Task) -> str:
    """When a task ends: "you stop" for one without an end in sight."""
    end = datetime.fromtimestamp(task.expiry, UTC).astimezone()
    return "you stop" if end.year >= DISTANT_YEAR else f"{end:%d %B %Y %H:%M}"


def what_it_tells(task: Task) -> str:
    """What a whole hour of this task could tell somebody, computed and rounded against us."""
    most = draws_in(Promise.of(task), HOUR_MS)
    right = times_in_ten(pleasant_or_unpleasant(disk_channel(task.side, task.epsilon), most).success)
    guess = (
        "would nearly always guess pleasant or unpleasant right"
        if right >= CERTAIN
        else f"would guess pleasant or unpleasant right {right} times in 10; by luck, 5"
    )
    return f"Someone who kept everything this device sent for an hour while you held still {guess}."
