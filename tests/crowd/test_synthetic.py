"""Synthetic audiences: the same from the same seed, spread as published, quick."""

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partsong.connector.sources.recording import read_folder
from partsong.crowd import AROUSAL, VALENCE, AxisFigures, Crowd, Kind, make_crowd
from partsong.report import OutOfRange


def crowd(kind: str = "stimulus", n: int = 500, seed: int = 1) -> Crowd:
    return make_crowd(kind, n, np.random.default_rng(seed))


@pytest.mark.parametrize("kind", Kind)
def test_everybody_is_on_the_plane_at_every_step(kind: Kind) -> None:
    people = crowd(kind)
    for dt in (0.0, 0.1, 1.0, 10.0, 70.0, 3600.0):
        points = people.step(dt)
        assert points.shape == (500, 2)
        assert np.isfinite(points).all()
        assert np.abs(points).max() <= 1.0
    assert people.elapsed == pytest.approx(3681.1)


@given(kind=st.sampled_from(Kind), n=st.integers(0, 40), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_the_same_seed_gives_the_same_crowd(kind: Kind, n: int, seed: int) -> None:
    first, second = crowd(kind, n, seed), crowd(kind, n, seed)
    for _ in range(3):
        np.testing.assert_array_equal(first.step(30.0), second.step(30.0))
    np.testing.assert_array_equal(first.present, second.present)


def _shares(axis: int, crowds: int = 6) -> np.ndarray:
    """Spread over people and scenes, and the shares between scenes and between people, over many minutes."""
    found = []
    for seed in range(crowds):
        people = crowd("stimulus", 300, seed)
        minutes = [np.mean([people.step(1.0) for _ in range(60)][15:], axis=0)[:, axis] for _ in range(60)]
        means = np.array(minutes)
        variance = means.var()
        found.append([means.std(), means.mean(axis=1).var() / variance, means.mean(axis=0).var() / variance])
    return np.asarray(np.mean(found, axis=0))


@pytest.mark.parametrize(("axis", "wanted"), [(0, VALENCE), (1, AROUSAL)], ids=["valence", "arousal"])
def test_people_differ_as_the_published_figures_say(axis: int, wanted: AxisFigures) -> None:
    sd, stimulus, person = _shares(axis)
    assert sd == pytest.approx(wanted.sd, rel=0.15)  # a little is lost at the edge of the plane
    assert stimulus == pytest.approx(wanted.stimulus, abs=0.05)
    assert person == pytest.approx(wanted.person, abs=0.03)
    assert wanted.stimulus + wanted.person + wanted.answer == pytest.approx(1.0)


def test_the_recorded_people_have_these_figures(partsong_data: Path) -> None:
    people = read_folder(partsong_data / "signals" / "ceap360vr").values()
    times = np.arange(8) * 60.0 + np.arange(10.0, 59.0, 0.5)[:, None]
    points = np.array([[[trace.at(float(t)) for t in column] for column in times.T] for trace in people])
    means = points.mean(axis=2)  # (24, 8, 2): over time within each video
    for axis, figures in enumerate((VALENCE, AROUSAL)):
        x = means[..., axis]
        assert x.std() == pytest.approx(figures.sd, abs=0.01)
        assert x.mean(axis=0).var() / x.var() == pytest.approx(figures.stimulus, abs=0.01)
        assert x.mean(axis=1).var() / x.var() == pytest.approx(figures.person, abs=0.02)


def test_each_kind_is_what_it_says() -> None:
    bimodal = crowd("bimodal").at(30.0)[:, 0]
    assert ((bimodal > 0.2).mean() > 0.4) & ((bimodal < -0.2).mean() > 0.3)
    minority = crowd("minority", 1000)
    assert (minority.camp == 1).sum() == 50
    drifting = crowd("drifting")
    before, after = drifting.at(0.0).mean(axis=0), drifting.at(600.0).mean(axis=0)
    assert np.linalg.norm(after - before) > 0.7
    polarising = crowd("polarising")
    apart = [_distance(polarising, at) for at in (1.0, 300.0, 600.0)]
    assert apart[0] < apart[1] < apart[2]
    assert apart[2] > 0.8
    conflict = crowd("conflict", 2000).at(30.0)
    assert np.linalg.norm(conflict.mean(axis=0)) < 0.1
    assert np.linalg.norm(conflict, axis=1).mean() > 0.6


def _distance(people: Crowd, at: float) -> float:
    points = people.at(at)
    return float(points[people.camp == 0, 0].mean() - points[people.camp == 1, 0].mean())


def test_a_surge_is_ten_times_the_people_in_a_minute() -> None:
    people = crowd("surge", 1000)
    there = [int(people.present.sum()) for _ in range(4) if people.step(45.0) is not None]
    assert there[0] == 100
    assert 100 < there[1] < 1000
    assert there[2:] == [1000, 1000]


def test_nobody_is_nobody() -> None:
    people = crowd("nobody", 50)
    people.step(100.0)
    assert not people.present.any()
    assert len(crowd("stimulus", 0).step(1.0)) == 0


def test_a_fresh_person_is_another_one_and_leaves_the_others_alone() -> None:
    people = crowd("bimodal", 20)
    before = people.step(0.0)
    people.replace(7)
    after = people.points()
    assert not np.array_equal(before[7], after[7])
    others = np.arange(20) != 7
    np.testing.assert_array_equal(before[others], after[others])


@pytest.mark.parametrize(("kind", "n"), [("choir", 3), ("stimulus", -1)])
def test_what_is_no_crowd_is_refused(kind: str, n: int) -> None:
    with pytest.raises(OutOfRange):
        crowd(kind, n)


@pytest.mark.parametrize("dt", [-1.0, float("nan"), float("inf")])
def test_time_goes_on(dt: float) -> None:
    with pytest.raises(OutOfRange):
        crowd().step(dt)
    with pytest.raises(OutOfRange):
        crowd().at(dt)


def test_a_hundred_thousand_people_need_a_fraction_of_a_core() -> None:
    people = crowd("stimulus", 100_000)
    people.step(1.0)
    before = time.process_time()
    for _ in range(10):
        people.step(1.0)
    assert (time.process_time() - before) / 10 < 0.5  # one second of theirs; some milliseconds on a free core
