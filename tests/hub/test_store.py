import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from partsong.hub.store import Entry, Store
from partsong.report import SettingsInvalid
from partsong.space import Aggregator
from partsong.space.checks import CHECKS, Make, check_reopening
from tests.hub.hubs import OUTPUTS, TASK


@pytest.fixture(autouse=True)
def _stores_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    opened: list[Store] = []
    really = Store.open

    def noted(path: str | Path = "") -> Store:
        opened.append(really(path))
        return opened[-1]

    monkeypatch.setattr(Store, "open", noted)
    yield
    for store in opened:
        store.close_file()


def in_memory(tasks: Mapping[bytes, int]) -> Store:
    store = Store.open()
    for task, outputs in tasks.items():
        store.add_task(task, outputs)
    return store


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_contract_of_aggregators(check: Callable[[Make], None]) -> None:
    check(in_memory)


def test_what_it_told_outlives_a_crash(tmp_path: Path) -> None:
    folders = iter(tmp_path / f"{number}" for number in range(100))

    def make(tasks: Mapping[bytes, int]) -> Aggregator:
        folder = next(folders)
        folder.mkdir()
        store = Store.open(folder / "hub.sqlite3")
        for task, outputs in tasks.items():
            store.add_task(task, outputs)
        store.folder = folder  # type: ignore[attr-defined]
        return store

    def reopen(left: Aggregator) -> Aggregator:
        # A crash leaves the files as they are, the write-ahead log among them.
        folder = next(folders)
        shutil.copytree(left.folder, folder)  # type: ignore[attr-defined]
        store = Store.open(folder / "hub.sqlite3")
        store.folder = folder  # type: ignore[attr-defined]
        return store

    check_reopening(make, reopen)


def entry(epoch: int, outputs: list[int], first: int = 0) -> Entry:
    ids = [bytes([first + number]) * 12 + bytes(4) for number in range(len(outputs))]
    return Entry(TASK.id, epoch, "hub", epoch, outputs, ids)


def on_disk(folder: Path) -> Store:
    store = Store.open(folder / "hub.sqlite3")
    store.add_task(TASK.id, OUTPUTS, TASK.canonical())
    return store


def content(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_forgotten_reports_are_not_in_any_file(tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    store.merge_all([entry(7, [1, 2, 3], first=0xA0), entry(8, [4], first=0xB0)])
    assert b"\xa1" * 12 in content(tmp_path)
    store.forget(8)
    assert b"\xa1" * 12 not in content(tmp_path)
    assert b"\xb0" * 12 in content(tmp_path)
    store.close_file()
    assert b"\xa1" * 12 not in content(tmp_path)


def test_another_task_replaces_the_first_with_all_it_counted(tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    store.merge_all([entry(7, [1, 2], first=0xA0)])
    store.forget(3)
    store.keep_only({b"n" * 32})
    assert b"\xa1" * 12 not in content(tmp_path)
    store.add_task(b"n" * 32, 4)
    assert store.merge(b"n" * 32, 1, "hub", 0, [1], [bytes(16)]).counted == 1
    assert store.tasks() == ()


def test_the_file_does_not_say_who_sent_what(tmp_path: Path) -> None:
    ids = [bytes([number]) * 16 for number in range(3)]
    for name, outputs in (("a", [5, 9, 1]), ("b", [1, 5, 9])):
        (tmp_path / name).mkdir()
        store = on_disk(tmp_path / name)
        store.merge(TASK.id, 7, "hub", 0, outputs, ids)
        store.close_file()
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_a_second_hub_on_the_same_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partsong.hub.store.PATIENCE_SECONDS", 0.1)
    store = on_disk(tmp_path)
    with pytest.raises(SettingsInvalid, match="cannot be used"):
        Store.open(tmp_path / "hub.sqlite3")
    store.close_file()
    assert Store.open(tmp_path / "hub.sqlite3").tasks() == (TASK,)


def test_tasks_are_read_back(tmp_path: Path) -> None:
    on_disk(tmp_path).close_file()
    assert Store.open(tmp_path / "hub.sqlite3").tasks() == (TASK,)


def test_what_is_open_and_who_was_counted_is_read_back(tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    store.merge_all([entry(7, [1, 1, 2])])
    store.close(TASK.id, 7)
    store.merge_all([entry(8, [4], first=9)])
    store.close_file()
    again = Store.open(tmp_path / "hub.sqlite3")
    assert list(again.open_windows(TASK.id)) == [8]
    assert again.open_windows(TASK.id)[8].counts[4] == 1
    assert [(epoch, len(ids)) for epoch, ids in again.ids(TASK.id)] == [(7, 3), (8, 1)]


def test_a_failed_write_counts_nothing_and_may_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = on_disk(tmp_path)
    with monkeypatch.context() as patch:

        def full() -> None:
            raise OperationalError("INSERT", {}, OSError("disk full"))

        patch.setattr(store._engine, "begin", full)
        with pytest.raises(OperationalError):
            store.merge_all([entry(7, [1, 2])])
    assert store.open_windows(TASK.id) == {}
    assert store.merge_all([entry(7, [1, 2])])[0].counted == 2


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hub.sqlite3").write_bytes(b"not a database, and longer than a header " * 10)
    with pytest.raises(SettingsInvalid, match="cannot be used"):
        Store.open(tmp_path / "hub.sqlite3")
