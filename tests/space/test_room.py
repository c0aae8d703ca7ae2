import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partsong.privacy.veil import disk_channel, randomise_many
from partsong.report import Frame, FrameState, Task, decode_frame, encode_frame, make_task, report_id
from partsong.space import DictAggregator, Space, Tally, Told
from partsong.space.room import whole_parts

START = 1_763_900_000
TASK = make_task(space="evening", unit=100, window=10, grace=5, cohort=20)
CHANNEL = disk_channel(TASK.side, TASK.epsilon)


def _tallies(people: int, windows: int, *, task: Task = TASK, seed: int = 1, cell: int = 27) -> list[Tally]:
    """One report a person and unit, phases even; everybody is in one cell."""
    rng = np.random.default_rng(seed)
    channel = disk_channel(task.side, task.epsilon)
    first, every = task.epoch_at(START), task.unit // task.window
    tallies = []
    for epoch in range(first, first + windows):
        who = [person for person in range(people) if person % every == epoch % every]
        outputs = randomise_many(channel, np.full(len(who), cell), rng)
        counts = np.bincount(outputs, minlength=channel.outputs)
        tallies.append(Tally(task.id, epoch, tuple(counts.tolist()), tuple(n.to_bytes(12, "big") for n in who)))
    return tallies


def _frames(tallies: list[Tally], task: Task = TASK) -> list[Frame]:
    space = Space(task)
    return [frame for t in tallies for frame in space.feed(Told((t,)), task.window_end(t.epoch))]


def test_nobody_below_open() -> None:
    assert {frame.state for frame in _frames(_tallies(0, 3))} == {FrameState.NOBODY}
    assert {frame.state for frame in _frames(_tallies(19, 12))} <= {FrameState.NOBODY, FrameState.BELOW}
    frames = _frames(_tallies(20, 12))
    assert frames[-1].state is FrameState.OPEN
    assert frames[0].state is FrameState.BELOW


def test_under_the_minimum_nothing_is_drawn() -> None:
    for frame in _frames(_tallies(19, 15)):
        assert (frame.people, frame.cells, frame.regions, frame.mean) == (None, (), (), None)
        assert (frame.modes, frame.groups, frame.connection, frame.individuality) == ((), None, None, None)


def test_people_are_told_only_above_twice_the_minimum_and_rounded() -> None:
    assert _frames(_tallies(40, 12))[-1].people is None
    assert _frames(_tallies(41, 12))[-1].people == 41
    assert _frames(_tallies(1234, 12))[-1].people == 1200


def test_an_open_frame_is_what_the_format_says() -> None:
    for frame in _frames(_tallies(300, 70)):
        if frame.state is FrameState.OPEN:
            assert decode_frame(encode_frame(frame)) == frame
            assert len(encode_frame(frame)) <= 4096
            assert sum(frame.cells) == 10_000
            assert len(frame.regions) == 9
            assert all(low <= value <= high for value, low, high in frame.regions)
    assert frame.tasks == (TASK.id.hex(),)
    assert frame.at == TASK.window_end(TASK.epoch_at(START) + 69)
    assert frame.groups is not None
    assert frame.groups[0] <= len(frame.modes) <= frame.groups[1]


def test_speakers_are_at_most_two_units_old() -> None:
    tallies = _tallies(60, 10)
    space = Space(TASK)
    last = TASK.window_end(tallies[-1].epoch)
    assert space.frame(tallies, last).state is FrameState.OPEN
    # Each window's six are gone once its beginning is more than two units back.
    assert space.frame([], last + 150).state is FrameState.OPEN
    assert space.frame([], last + 180).state is FrameState.BELOW
    assert space.frame([], last + 2 * TASK.unit).state is FrameState.NOBODY


def test_a_space_is_rebuilt_from_what_the_aggregator_kept() -> None:
    tallies = _tallies(300, 30)
    aggregator = DictAggregator({TASK.id: CHANNEL.outputs})
    for seq, tally in enumerate(tallies):
        outputs = [output for output, times in enumerate(tally.counts) for _ in range(times)]
        ids = [report_id(connection, seq) for connection in tally.connections]
        aggregator.merge(TASK.id, tally.epoch, "hub", seq, outputs, ids)
        aggregator.close(TASK.id, tally.epoch)
    before = _frames(tallies)[-1]
    after = Space(TASK).frame(aggregator.watch(TASK.id), before.at)
    assert after == before


def test_a_tally_that_grows_within_its_grace_is_taken_back_into_the_picture() -> None:
    tallies = _tallies(300, 20)
    whole = _frames(tallies)[-1]
    space = Space(TASK)
    for tally in tallies[:-2]:
        space.frame([tally], TASK.window_end(tally.epoch))
    late = tallies[-2]
    half = tuple(times // 2 for times in late.counts)
    space.frame([Tally(late.task, late.epoch, half, late.connections)], TASK.window_end(late.epoch))
    assert space.frame([late, tallies[-1]], TASK.window_end(tallies[-1].epoch)) == whole


def test_tallies_of_other_tasks_and_of_windows_to_come_are_left_alone() -> None:
    tallies = _tallies(300, 12)
    other = make_task(space="elsewhere", unit=100, window=10, cohort=20)
    stray = _tallies(300, 12, task=other, cell=3)
    space, last = Space(TASK), TASK.window_end(tallies[-2].epoch)
    assert space.frame([*tallies, *stray], last) == Space(TASK).frame(tallies[:-1], last)


def test_a_long_silence_does_not_take_long() -> None:
    space = Space(TASK)
    tallies = _tallies(300, 12)
    space.frame(tallies, TASK.window_end(tallies[-1].epoch))
    frame = space.frame([], TASK.window_end(tallies[-1].epoch) + 10_000_000)
    assert frame.state is FrameState.NOBODY
    assert len(space._moments) <= 4


def test_memory_stays_bounded() -> None:
    space = Space(TASK)
    for tally in _tallies(50, 150):
        space.frame([tally], TASK.window_end(tally.epoch))
    assert len(space._counts) <= 61
    assert len(space._moments) <= 4
    assert len(space._heard) <= 50


@settings(deadline=None)
@given(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=64))
def test_whole_parts_sum_and_are_off_by_less_than_one(shares: list[float]) -> None:
    exact = np.array(shares) / sum(shares) * 10_000
    whole = whole_parts(np.array(shares), 10_000)
    assert sum(whole) == 10_000
    assert np.abs(whole - exact).max() < 1.0


@pytest.mark.parametrize("side", [2, 3, 12])
def test_other_grids_make_frames(side: int) -> None:
    task = make_task(space="evening", unit=100, window=10, cohort=20, side=side)
    frame = _frames(_tallies(100, 12, task=task, cell=0), task)[-1]
    assert len(frame.cells) == side**2
