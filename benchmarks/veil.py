"""How many reports a second of processor time blurs and adds up, beside multi-freq-ldpy's unary encoding (OUE).

64 cells, epsilon 2, people spread unevenly over the plane. Ours: `randomise_many`, `count` and one `decode`, as
simulations and the other benches use them; the peer: one `UE_Client` a person and one `UE_Aggregator_MI`, as its
documentation shows. Both make each report on its own. Rounds alternate, so that a noisy machine slows both; the figure
is the median round. `detail.device` is the path of a device: one exact draw from the operating system's randomness.
"""

import os
import statistics
import time
from collections.abc import Callable
from fractions import Fraction
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.result import Result
from partsong.privacy.veil import below_from, count, decode, disk_channel, randomise, randomise_many

SIDE = 8
EPSILON = Fraction(2)
OURS = 2_000_000
PEERS = 50_000
DEVICE = 50_000
SEED = 20_261_123


def run(full: bool = False) -> Result:
    """Both figures in reports per CPU-second; `full` takes more rounds."""
    rng = np.random.default_rng(SEED)
    cells = rng.choice(SIDE**2, p=rng.dirichlet(np.full(SIDE**2, 0.3)), size=OURS)
    ours, peer = _ours(cells, rng), _peer(cells[:PEERS])
    rates = [(OURS / _cpu_seconds(ours), PEERS / _cpu_seconds(peer)) for _ in range(25 if full else 7)]
    mine, theirs = (statistics.median(column) for column in zip(*rates, strict=True))
    return Result(
        name="veil",
        ours=mine,
        peer=theirs,
        peer_name=f"multi-freq-ldpy {version('multi-freq-ldpy')} OUE",
        unit="reports per CPU-second",
        detail={"device": DEVICE / _cpu_seconds(_device(cells[:DEVICE])), "ratios": [a / b for a, b in rates]},
    )


def _ours(cells: npt.NDArray[np.int64], rng: np.random.Generator) -> Callable[[], object]:
    channel = disk_channel(SIDE, EPSILON)
    return lambda: decode(channel, count(channel, randomise_many(channel, cells, rng)))


def _peer(cells: npt.NDArray[np.int64]) -> Callable[[], object]:
    from multi_freq_ldpy.pure_frequency_oracles.UE import UE_Aggregator_MI, UE_Client

    people = cells.tolist()

    def once() -> Any:
        reports = [UE_Client(cell, SIDE**2, float(EPSILON)) for cell in people]
        return UE_Aggregator_MI(reports, float(EPSILON))

    UE_Client(people[0], SIDE**2, float(EPSILON))  # compile before the clock runs
    return once


def _device(cells: npt.NDArray[np.int64]) -> Callable[[], object]:
    channel, below, people = disk_channel(SIDE, EPSILON), below_from(os.urandom), cells.tolist()
    return lambda: [randomise(channel, cell, below) for cell in people]


def _cpu_seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    print(run().as_dict())
