import hashlib
import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partsong.report import Level, MalformedTask, OutOfRange, Task, make_task

VECTORS = json.loads((Path(__file__).parent.parent / "vectors/report/tasks.json").read_text(encoding="utf-8"))

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)
rationals = st.fractions(min_value=Fraction(1, 1000), max_value=16, max_denominator=1000)


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    window = draw(st.integers(1, 600))
    return make_task(
        space=draw(st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True)),
        question=draw(texts),
        purpose=draw(texts),
        side=draw(st.integers(2, 16)),
        window=window,
        unit=window * draw(st.integers(1, 50)),
        epsilon=draw(rationals),
        epsilon_hour=draw(rationals),
        epsilon_day=draw(rationals),
        cohort=draw(st.integers(1, 1000)),
    )


@given(tasks())
def test_canonical_bytes_come_back_as_the_same_task(task: Task) -> None:
    again = Task.from_canonical(task.canonical())
    assert again == task
    assert again.id == task.id


@given(tasks())
def test_the_id_is_the_sha256_of_the_canonical_bytes(task: Task) -> None:
    assert task.id == hashlib.sha256(task.canonical()).digest()


@given(tasks())
def test_every_field_is_there_and_keys_are_sorted(task: Task) -> None:
    document = json.loads(task.canonical())
    assert list(document) == sorted(document)
    assert len(document) == 22


@given(st.binary(max_size=300))
def test_random_bytes_are_refused_with_the_one_error(data: bytes) -> None:
    with pytest.raises(MalformedTask):
        Task.from_canonical(data)


@given(tasks(), st.data())
def test_a_changed_byte_is_refused_or_another_task(task: Task, data: st.DataObject) -> None:
    good = bytearray(task.canonical())
    place = data.draw(st.integers(0, len(good) - 1))
    good[place] ^= data.draw(st.integers(1, 255))
    try:
        other = Task.from_canonical(bytes(good))
    except MalformedTask:
        return
    assert other.id != task.id


@pytest.mark.parametrize("vector", VECTORS["good"], ids=lambda v: v["name"])
def test_good_vectors(vector: dict[str, str]) -> None:
    task = Task.from_canonical(vector["canonical"].encode())
    assert task.id.hex() == vector["id"]
    assert task.canonical().decode() == vector["canonical"]


@pytest.mark.parametrize("vector", VECTORS["bad"], ids=lambda v: v["name"])
def test_bad_vectors_are_refused(vector: dict[str, str]) -> None:
    with pytest.raises(MalformedTask):
        Task.from_canonical(vector["canonical"].encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "fields",
    [
        {"level": Level.PRIVATE},
        {"unit": 905},
        {"expiry": 5, "not_before": 5},
        {"epsilon": Fraction(0)},
        {"side": 17},
        {"question": ""},
        {"question": "\ud800"},
        {"cohort": 0},
        {"window": 0, "unit": 0},
    ],
    ids=str,
)
def test_fields_that_make_no_task(fields: dict[str, object]) -> None:
    with pytest.raises(MalformedTask):
        make_task(space="evening", **fields)


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(OutOfRange, match="sharpness"):
        make_task(space="evening", sharpness=3)


def test_windows_are_half_open() -> None:
    task = make_task(space="evening")
    assert task.epoch_at(19.999) == 1
    assert task.epoch_at(20.0) == 2
    assert (task.window_start(2), task.window_end(2)) == (20, 30)
