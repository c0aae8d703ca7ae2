import json
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from partsong.privacy.channel import Channel, disk_channel
from partsong.privacy.veil import below_from, count, decode, randomise, randomise_many
from partsong.report import ChannelOutOfRange, parse_rational
from tests.conftest import ROOT

DRAWS: list[dict[str, Any]] = json.loads((ROOT / "tests/vectors/privacy/draws.json").read_text())


def always(value: int) -> Callable[[int], int]:
    return lambda _: value


def blocks(channel: Channel) -> Iterator[tuple[int, int]]:
    """(first draw, number of draws) of every stretch of draws that must lead to one output."""
    for block in range(len(channel.positions) + len(channel.offsets)):
        yield block * channel.low, channel.low
    step = channel.high - channel.low
    for slot in range(len(channel.offsets)):
        yield channel.bland + slot * step, step


@pytest.mark.parametrize(
    ("side", "epsilon"), [(2, Fraction(1, 2)), (3, Fraction(2)), (8, Fraction(2)), (5, Fraction(16))]
)
def test_the_draws_that_lead_to_an_output_number_exactly_its_weight(side: int, epsilon: Fraction) -> None:
    channel = disk_channel(side, epsilon)
    for answer in range(channel.inputs):
        weights, covered = [0] * channel.outputs, 0
        for first, length in blocks(channel):
            ends = {
                randomise(channel, answer, always(draw)) for draw in (first, first + length // 2, first + length - 1)
            }
            assert len(ends) == 1
            weights[ends.pop()] += length
            covered += length
        assert covered == channel.total
        assert tuple(weights) == channel.row(answer)


def test_the_vectors() -> None:
    for vector in DRAWS:
        channel = disk_channel(vector["side"], parse_rational(vector["epsilon"]))
        for answer, outputs in zip(vector["answers"], vector["outputs"], strict=True):
            assert [randomise(channel, answer, always(draw)) for draw in vector["draws"]] == outputs


def test_one_report_takes_one_number() -> None:
    channel, asked = disk_channel(8, Fraction(2)), list[int]()

    def below(n: int) -> int:
        asked.append(n)
        return 0

    randomise(channel, 3, below)
    assert asked == [channel.total]


def test_below_takes_just_enough_bits_and_throws_the_rest_away() -> None:
    answers = iter([b"\xff", b"\x9f", b"\x00"])
    below = below_from(lambda n: next(answers)[:n])
    assert below(5) == 4  # 111 = 7 is too large; 100 = 4
    assert below(5) == 0
    assert below_from(lambda n: b"\xff" * n)(2**32) == 2**32 - 1
    assert below_from(lambda n: b"" * n)(1) == 0


def test_below_is_uniform_by_enumeration() -> None:
    for n in (1, 2, 3, 5, 7, 200, 255, 256):
        firsts = [_first(n, byte) for byte in range(256)]
        kept = [value for value in firsts if value is not None]
        assert {kept.count(value) for value in range(n)} == {len(kept) // n}


def _first(n: int, byte: int) -> int | None:
    """What one byte leads to, or None if it is thrown away."""
    answers = iter([bytes([byte])])
    try:
        return below_from(lambda count: next(answers)[:count])(n)
    except StopIteration:
        return None


@pytest.mark.parametrize("answer", [-1, 65])
def test_what_is_no_input_is_refused(answer: int) -> None:
    channel = disk_channel(8, Fraction(2))
    with pytest.raises(ChannelOutOfRange):
        randomise(channel, answer, always(0))
    with pytest.raises(ChannelOutOfRange):
        randomise_many(channel, np.array([0, answer]), np.random.default_rng(1))


def test_the_many_draw_as_the_one_does() -> None:
    class Fixed(np.random.Generator):
        def integers(self, *_: Any, size: int, **__: Any) -> Any:  # type: ignore[override]
            return drawn[:size].astype(np.uint32)

    channel = disk_channel(8, Fraction(2))
    drawn = np.random.default_rng(7).integers(0, channel.total, 3000)
    answers = np.random.default_rng(8).integers(0, channel.inputs, 3000)
    many = randomise_many(channel, answers, Fixed(np.random.PCG64(1)))
    ones = [randomise(channel, int(a), always(int(d))) for a, d in zip(answers, drawn, strict=True)]
    assert many.tolist() == ones


def test_the_many_may_be_none() -> None:
    channel = disk_channel(4, Fraction(1))
    nobody = randomise_many(channel, np.array([], dtype=np.int64), np.random.default_rng(1))
    assert count(channel, nobody).tolist() == [0] * channel.outputs


def test_decode_finds_two_groups_and_those_without_an_answer() -> None:
    channel, rng = disk_channel(8, Fraction(2)), np.random.default_rng(5)
    answers = rng.choice([9, 54, channel.no_answer], p=[0.3, 0.5, 0.2], size=20_000)
    cells, no_answer = decode(channel, count(channel, randomise_many(channel, answers, rng)))
    assert no_answer == pytest.approx(0.2, abs=0.02)
    plane = cells.reshape(8, 8)
    assert plane.sum() == pytest.approx(1)
    assert plane[:3, :3].sum() == pytest.approx(0.375, abs=0.06)
    assert plane[5:, 5:].sum() == pytest.approx(0.625, abs=0.06)


def test_decode_takes_many_rows_at_once_and_a_start() -> None:
    channel, rng = disk_channel(4, Fraction(2)), np.random.default_rng(6)
    counts = np.stack([count(channel, randomise_many(channel, rng.integers(0, 17, 500), rng)) for _ in range(3)])
    together = decode(channel, counts)
    assert together.cells.shape == (3, 16)
    assert together.no_answer.shape == (3,)
    for row in range(3):
        alone = decode(channel, counts[row])
        np.testing.assert_allclose(alone.cells, together.cells[row], atol=1e-12)
    start = np.append(together.cells[0] * (1 - together.no_answer[0]), together.no_answer[0])
    near = decode(channel, counts[0], start=start, iterations=1)
    np.testing.assert_allclose(near.cells, together.cells[0], atol=0.02)


def test_decode_of_nothing_is_even() -> None:
    channel = disk_channel(8, Fraction(2))
    cells, _ = decode(channel, np.zeros(channel.outputs))
    np.testing.assert_allclose(cells, 1 / 64)


def test_smoothing_keeps_the_sum_and_calms() -> None:
    channel, rng = disk_channel(8, Fraction(2)), np.random.default_rng(9)
    counts = count(channel, randomise_many(channel, np.full(500, 27), rng))
    rough, calm = (decode(channel, counts, smoothing=s, iterations=200).cells for s in (0.0, 0.1))
    assert math.isclose(calm.sum(), 1)
    assert calm.max() < rough.max()
