import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partsong.report import REPORT_BYTES, MalformedReport, OutOfRange, Report, decode_report, encode_report, report_id

VECTORS = json.loads((Path(__file__).parent.parent / "vectors/report/reports.json").read_text(encoding="utf-8"))

reports = st.builds(
    Report,
    task=st.binary(min_size=32, max_size=32),
    epoch=st.integers(0, 2**32 - 1),
    output=st.integers(0, 2**16 - 1),
    id=st.binary(min_size=16, max_size=16),
)


@given(reports)
def test_a_report_comes_back_and_is_always_61_bytes(report: Report) -> None:
    data = encode_report(report)
    assert len(data) == REPORT_BYTES
    assert decode_report(data) == report


@given(reports)
def test_any_messagepack_reader_can_read_it(report: Report) -> None:
    assert msgspec.msgpack.decode(encode_report(report)) == [report.task, report.epoch, report.output, report.id]


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_with_the_one_error(data: bytes) -> None:
    with pytest.raises(MalformedReport):
        decode_report(data)


@given(reports, st.sampled_from([0, 1, 2, 35, 40, 43, 44]), st.integers(1, 255))
def test_a_changed_mark_is_refused(report: Report, place: int, change: int) -> None:
    data = bytearray(encode_report(report))
    data[place] ^= change
    with pytest.raises(MalformedReport):
        decode_report(bytes(data))


@pytest.mark.parametrize("vector", VECTORS["good"], ids=lambda v: v["name"])
def test_good_vectors(vector: dict[str, Any]) -> None:
    report = decode_report(bytes.fromhex(vector["bytes"]))
    assert report.task.hex() == vector["task"]
    assert (report.epoch, report.output, report.number) == (vector["epoch"], vector["output"], vector["number"])
    assert report.connection.hex() == vector["connection"]
    assert encode_report(report).hex() == vector["bytes"]


@pytest.mark.parametrize("vector", VECTORS["bad"], ids=lambda v: v["name"])
def test_bad_vectors_are_refused(vector: dict[str, str]) -> None:
    with pytest.raises(MalformedReport):
        decode_report(bytes.fromhex(vector["bytes"]))


@pytest.mark.parametrize(
    "report",
    [
        Report(bytes(31), 0, 0, bytes(16)),
        Report(bytes(32), 2**32, 0, bytes(16)),
        Report(bytes(32), 0, 2**16, bytes(16)),
        Report(bytes(32), 0, -1, bytes(16)),
        Report(bytes(32), 0, 0, bytes(15)),
    ],
)
def test_what_does_not_fit_is_not_written(report: Report) -> None:
    with pytest.raises(OutOfRange):
        encode_report(report)


def test_an_id_is_a_connection_and_a_number() -> None:
    assert report_id(b"c" * 12, 258) == b"c" * 12 + b"\x00\x00\x01\x02"
    with pytest.raises(OutOfRange):
        report_id(b"c" * 11, 0)
    with pytest.raises(OutOfRange):
        report_id(b"c" * 12, 2**32)
