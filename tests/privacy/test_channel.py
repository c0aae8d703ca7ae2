import json
import math
import os
import re
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partsong.privacy.channel import Channel, disk_channel, exponential_from_below
from partsong.report import ChannelOutOfRange, parse_rational
from tests.conftest import ROOT
from tests.privacy.checks import check_ratio
from tests.vectors import make_privacy

VECTORS: list[dict[str, Any]] = json.loads((ROOT / "tests/vectors/privacy/channels.json").read_text())
EPSILONS = [Fraction(n, 10) for n in (1, 2, 5, 7, 10, 15, 20, 25, 30, 35, 40)] + [Fraction(8), Fraction(16)]


@pytest.mark.parametrize("side", range(2, 17))
def test_worst_ratio_is_at_most_e_to_the_epsilon_and_all_rows_have_one_sum(side: int) -> None:
    for epsilon in EPSILONS:
        channel = disk_channel(side, epsilon)
        check_ratio(channel, epsilon)
        assert channel.worst_ratio() == Fraction(channel.high, channel.low)
        assert sum(channel.row(0)) == channel.total < 2**32


@given(
    side=st.integers(2, 16),
    epsilon=st.fractions(min_value=Fraction(1, 1000), max_value=16, max_denominator=10**6),
)
@settings(max_examples=25, deadline=None)
def test_any_side_and_any_rational_epsilon(side: int, epsilon: Fraction) -> None:
    channel = disk_channel(side, epsilon)
    ratio = channel.worst_ratio()
    assert ratio <= exponential_from_below(epsilon)
    # What is lost to whole numbers is too little to matter: the channel is nearly as open as it may be.
    assert math.log(ratio) > float(epsilon) - 2e-5
    assert channel.total < 2**32
    assert channel.outputs < 2**16


@pytest.mark.parametrize("factor", [Fraction(6, 5), Fraction(1001, 1000)])
def test_planted_a_larger_epsilon_is_caught(factor: Fraction) -> None:
    with pytest.raises(AssertionError, match="more than"):
        check_ratio(disk_channel(8, 2 * factor), Fraction(2))


def test_planted_one_weight_too_many_is_caught() -> None:
    channel = disk_channel(8, Fraction(2))
    with pytest.raises(AssertionError, match="more than"):
        check_ratio(replace(channel, high=channel.high + 1), Fraction(2))


def test_planted_an_uneven_row_is_caught() -> None:
    class Uneven(Channel):
        def row(self, answer: int) -> tuple[int, ...]:
            weights = super().row(answer)
            return weights if answer else (weights[0] - 1, *weights[1:])

    channel = disk_channel(3, Fraction(1))
    uneven = Uneven(3, Fraction(1), 1, channel.low, channel.high, channel.offsets, channel.positions)
    with pytest.raises(AssertionError, match="different sums"):
        check_ratio(uneven, Fraction(1))


@pytest.mark.parametrize(
    ("side", "epsilon"),
    [
        (1, Fraction(2)),
        (17, Fraction(2)),
        (8, Fraction(0)),
        (8, Fraction(-1)),
        (8, Fraction(17)),
        (8, Fraction(1, 10**6)),
    ],
)
def test_what_has_no_channel_is_refused(side: int, epsilon: Fraction) -> None:
    with pytest.raises(ChannelOutOfRange):
        disk_channel(side, epsilon)


@pytest.mark.parametrize("answer", [-1, 65])
def test_what_is_no_input_is_refused(answer: int) -> None:
    with pytest.raises(ChannelOutOfRange):
        disk_channel(8, Fraction(2)).row(answer)


def test_every_disk_is_whole_and_the_plane_is_treated_evenly() -> None:
    channel = disk_channel(8, Fraction(2))
    assert {len(set(disk)) for disk in channel.disks[:-1]} == {len(channel.offsets)}
    positions = set(channel.positions)
    assert positions == {(7 - v, a) for v, a in positions} == {(a, v) for v, a in positions}


def test_centres_and_matrix() -> None:
    channel = disk_channel(8, Fraction(2))
    centres = channel.output_centres()
    assert np.isnan(centres[channel.nothing]).all()
    for cell in range(64):
        disk = centres[list(channel.disks[cell])]
        valence, arousal = divmod(cell, 8)
        assert disk.mean(axis=0) == pytest.approx([(2 * valence + 1) / 8 - 1, (2 * arousal + 1) / 8 - 1])
    assert channel.matrix().sum(axis=1) == pytest.approx(np.ones(65))
    with pytest.raises(ValueError, match="read-only"):
        channel.matrix()[0, 0] = 1


def test_the_vectors_are_what_we_make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_privacy, "FOLDER", tmp_path)
    make_privacy.main()
    for made in sorted(tmp_path.iterdir()):
        assert made.read_text() == (ROOT / "tests/vectors/privacy" / made.name).read_text(), made.name


def test_the_vectors_try_every_side() -> None:
    assert {vector["side"] for vector in VECTORS} == set(range(2, 17))
    for vector in VECTORS:
        assert Fraction(vector["high"], vector["low"]) <= exponential_from_below(parse_rational(vector["epsilon"]))


def test_typescript_makes_the_same_channels_guesses_and_ledger(node: str) -> None:
    environment = {"PATH": os.environ["PATH"], "NODE_NO_WARNINGS": "1"}
    run = subprocess.run(
        [node, "--test", "tests/privacy.test.ts"],
        cwd=ROOT / "web",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout[-4000:]


def test_the_reference_is_true() -> None:
    page = (ROOT / "docs/reference/veil.md").read_text(encoding="utf-8")
    for example in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(example, "veil.md", "exec"), {})  # noqa: S102  our own page, executed so that it stays true
    rows = re.findall(
        r"^\| (\d+), (\d+)[^|]*\| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", page, re.MULTILINE
    )
    assert len(rows) == 4
    for side, epsilon, *figures in rows:
        channel = disk_channel(int(side), Fraction(epsilon))
        disk = len(channel.offsets)
        ours = [channel.radius_squared, disk, channel.outputs, channel.low, channel.high, channel.total]
        assert ours == [int(figure) for figure in figures]
