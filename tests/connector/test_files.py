"""The ledger's file: durable when a call returns, whole after any crash, or refused."""

import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partsong.connector.run.clock import device_clock, random_pause
from partsong.connector.run.files import COMPACT_LINES, LedgerFile, default_ledger_path
from partsong.connector.session import Drawn
from partsong.privacy.ledger import DAY_MS, Entry, Ledger, Promise, Reading
from partsong.report import LedgerDamaged, Report, encode_report

PROMISE = Promise(300_000, Fraction(2), Fraction(8), Fraction(16))
TASK = b"\x07" * 32


def reading(ms: int) -> Reading:
    return Reading(1_800_000_000_000 + ms, ms, "boot-1")


def drawn(epoch: int, task: bytes = TASK) -> Drawn:
    return Drawn(encode_report(Report(task, epoch, 3, bytes(16))), reading(epoch))


def entries(count: int) -> list[Entry]:
    ledger = Ledger.restore([])
    return [ledger.debit(PROMISE, reading(n * 4 * 3_600_000)) for n in range(count)]


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "ledger"
    first, second = entries(2)
    with LedgerFile(path) as file:
        file.append(first)
        file.keep(drawn(1))
        file.append(second)
        file.keep(drawn(2))
    with LedgerFile(path) as file:
        assert file.entries == file.load() == (first, second)
        assert file.last_drawn(TASK) == drawn(2)
        assert file.last_drawn(b"\x08" * 32) is None


def test_a_left_task_has_no_draw(tmp_path: Path) -> None:
    with LedgerFile(tmp_path / "ledger") as file:
        file.keep(drawn(1))
        file.keep(drawn(1, b"\x08" * 32))
        file.leave(TASK)
        file.leave(TASK)
    with LedgerFile(tmp_path / "ledger") as file:
        assert file.last_drawn(TASK) is None
        assert file.last_drawn(b"\x08" * 32) is not None


def test_every_record_is_forced_to_the_disk_before_the_call_returns(tmp_path: Path) -> None:
    forced: list[int] = []
    path = tmp_path / "ledger"
    with LedgerFile(path, sync=lambda _: forced.append(path.stat().st_size)) as file:
        opened = len(forced)
        file.append(entries(1)[0])
        file.keep(drawn(1))
        assert len(forced) == opened + 2
        assert forced[-1] == path.stat().st_size


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    with LedgerFile(tmp_path / "own" / "ledger"):
        pass
    assert (tmp_path / "own").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "own" / "ledger").stat().st_mode & 0o777 == 0o600


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "ledger"
    with LedgerFile(path) as file:
        for number, entry in enumerate(entries(4)):
            file.append(entry)
            file.keep(drawn(number))
    return path.read_bytes()


def test_a_torn_tail_is_cut_off_and_nothing_else_is_lost(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "ledger"
    for cut in [*range(0, len(whole), 3), len(whole)]:
        path.write_bytes(whole[:cut])
        with LedgerFile(path) as file:
            assert len(file.entries) == whole[:cut].count(b" debit ", 0, whole.rfind(b"\n", 0, cut) + 1)
        assert path.read_bytes() == whole[: whole.rfind(b"\n", 0, cut) + 1]


def test_a_tail_of_zeros_is_cut_off(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "ledger"
    start = whole.rfind(b"\n", 0, len(whole) - 1) + 1
    for tail in (bytes(40), bytes(40) + whole[start + 40 :]):
        path.write_bytes(whole[:start] + tail)
        with LedgerFile(path) as file:
            assert len(file.entries) == 4
        assert path.read_bytes() == whole[:start]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_other_damage_stops_everything(
    data: st.DataObject, whole: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "ledger"
    at = data.draw(st.integers(0, len(whole) - 2))
    byte = data.draw(st.integers(1, 255).filter(lambda value: value != whole[at]))
    path.write_bytes(whole[:at] + bytes([byte]) + whole[at + 1 :])
    with pytest.raises(LedgerDamaged):
        LedgerFile(path)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with LedgerFile(tmp_path / "ledger"), pytest.raises(LedgerDamaged, match="Another connector"):
        LedgerFile(tmp_path / "ledger")
    LedgerFile(tmp_path / "ledger").close()


def test_two_ledgers_over_one_file_are_caught(tmp_path: Path) -> None:
    first = entries(1)[0]
    with LedgerFile(tmp_path / "ledger") as file:
        file.append(first)
        with pytest.raises(LedgerDamaged):
            file.append(first)


def test_a_failed_write_is_never_followed_by_another(tmp_path: Path) -> None:
    broken = False

    def sync(_: int) -> None:
        if broken:
            raise OSError("no space left")

    first, second = entries(2)
    with LedgerFile(tmp_path / "ledger", sync=sync) as file:
        broken = True
        with pytest.raises(LedgerDamaged):
            file.append(first)
        broken = False
        with pytest.raises(LedgerDamaged):
            file.append(second)


def test_a_full_disk_leaves_a_file_that_opens_again() -> None:
    script = """
import os, sys
from pathlib import Path
from partsong.connector.run.files import LedgerFile
from partsong.report import LedgerDamaged
import resource, tempfile
from tests.connector.test_files import entries
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "ledger"
    with LedgerFile(path) as file:
        first, second = entries(2)
        file.append(first)
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, resource.RLIM_INFINITY))
        import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            file.append(second)
        except LedgerDamaged:
            pass
        else:
            sys.exit("the write went through")
    with LedgerFile(path) as file:
        assert file.entries == (first,)
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2], timeout=60)


def test_a_long_file_is_written_anew_without_what_no_longer_matters(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    ledger = Ledger.restore([])
    with LedgerFile(path) as file:
        for number in range(COMPACT_LINES + 1):
            file.append(ledger.mark(reading(number * 3_600_000)))
        file.keep(drawn(5))
        file.compact(ledger.entries)
        file.append(ledger.debit(PROMISE, reading(COMPACT_LINES * 3_600_000 + 1)))
    with LedgerFile(path) as file:
        assert 20 < len(file.entries) < 30
        assert file.last_drawn(TASK) == drawn(5)
        assert Ledger.restore(file.entries).spent(DAY_MS, reading(COMPACT_LINES * 3_600_000 + 2)).epsilon == 2


WRITER = """
import sys
from pathlib import Path
from partsong.connector.run.files import LedgerFile
from partsong.connector.session import Drawn
from partsong.privacy.ledger import Ledger, Reading
from partsong.report import Report, encode_report
file = LedgerFile(Path(sys.argv[1]))
ledger = Ledger.restore(file.entries)
number = len(file.entries)
while True:
    at = Reading(1_800_000_000_000 + number, number, "boot-1")
    file.append(ledger.mark(at))
    file.keep(Drawn(encode_report(Report(bytes([7]) * 32, number, 3, bytes(16))), at))
    number += 1
    print(number, flush=True)
"""


def test_a_killed_process_loses_nothing_that_it_said_was_kept(tmp_path: Path, full: bool) -> None:
    """kill -9 within appends, again and again, on one growing file."""
    path, seed = tmp_path / "ledger", int.from_bytes(os.urandom(4), "big")
    chance = np.random.default_rng(seed)
    kept = 0
    for _ in range(50 if full else 5):
        said = _write_until_killed(path, chance.uniform(0.0, 0.05))
        with LedgerFile(path) as file:
            kept = len(file.entries)
            assert kept >= said, f"seed {seed}"
            assert [entry.seq for entry in file.entries] == list(range(kept)), f"seed {seed}"
            last = file.last_drawn(TASK)
            assert last is None or last.at.mono_ms >= said - 1, f"seed {seed}"
    assert kept > 0, f"seed {seed}"


def _write_until_killed(path: Path, seconds: float) -> int:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)
        said = process.stdout.read().split("\n")[:-1]
    return int(said[-1]) if said else 0


def test_the_default_place_is_the_users_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_ledger_path() == tmp_path / "partsong" / "ledger"
    monkeypatch.setenv("XDG_STATE_HOME", "not/absolute")
    assert default_ledger_path().is_relative_to(Path.home())


def test_the_devices_clocks_go_on_within_a_run() -> None:
    before, after = device_clock(), device_clock()
    assert before.run == after.run
    assert 0 <= after.mono_ms - before.mono_ms < 1000
    assert abs(after.wall_ms - time.time() * 1000) < 1000


def test_a_pause_is_random_and_at_most_eight_seconds() -> None:
    pauses = [random_pause() for _ in range(200)]
    assert 0 <= min(pauses) < 1.5
    assert 6.5 < max(pauses) < 8
