"""Every aggregator of ours runs the port's contract suite (partsong.space.checks); so may anybody's."""

from collections.abc import Callable, Mapping, Sequence

import pytest

from partsong.space import Aggregator, DictAggregator, Merged, Tally
from partsong.space.checks import CHECKS, Make, check_aggregator


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_dict_keeps_the_contract(check: Callable[[Make], None]) -> None:
    check(DictAggregator)


class ForgetsIds(DictAggregator):
    def _count(self, task: bytes, epoch: int, delta: Sequence[int], report_ids: Sequence[bytes]) -> Merged:
        self._epoch_of.pop(task, None)
        return super()._count(task, epoch, delta, report_ids)


class NeverCloses(DictAggregator):
    def close(self, task: bytes, epoch: int) -> Tally:
        tally = super().close(task, epoch)
        self._windows[task, epoch].closed = False
        return tally


class KeepsOld(DictAggregator):
    def forget(self, before_epoch: int) -> int:
        return sum(key[1] < before_epoch for key in self._windows)


class CountsRefused(DictAggregator):
    def merge(  # noqa: PLR0917 - the port's
        self, task: bytes, epoch: int, edge: str, seq: int, delta: Sequence[int], report_ids: Sequence[bytes]
    ) -> Merged:
        if delta and len(delta) == len(report_ids) and 0 <= delta[0] < self._size(task):
            super().merge(task, epoch, edge, seq, delta[:1], report_ids[:1])
        return super().merge(task, epoch, edge, seq, delta, report_ids)


@pytest.mark.parametrize("fault", [ForgetsIds, NeverCloses, KeepsOld, CountsRefused])
def test_a_planted_fault_fails_the_suite(fault: Callable[[Mapping[bytes, int]], Aggregator]) -> None:
    with pytest.raises(AssertionError):
        check_aggregator(fault)


def test_the_crash_check_passes_for_what_is_kept_and_fails_for_what_is_not() -> None:
    check_aggregator(DictAggregator, lambda kept: kept)
    with pytest.raises(AssertionError, match="outlive a crash"):
        check_aggregator(DictAggregator, lambda _: DictAggregator({b"\x01" * 32: 4, b"\x02" * 32: 3}))
