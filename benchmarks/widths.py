"""Learn the widths of the mood's bands from synthetic rooms alone: `python -m benchmarks.widths`.

The rooms are those of `partsong.crowd`, 2,000 people made of two dozen kinds of person, so that their picture is as
lumpy as that of a small recorded group. A width is the factor that makes nine in ten of the truths fall into the band,
for each class of regions (corners, edges, the middle) and for the means. The result is written down, by hand, in
`partsong.space.bands`; tests/statistics/test_mood_bands.py tests it on other rooms.
"""

from fractions import Fraction

import numpy as np

from benchmarks import rooms
from partsong.privacy.veil import disk_channel
from partsong.space.bands import NINETY
from partsong.space.mood import Follower
from partsong.space.plane import CLASSES, Floats, centres, region_weights

SIDE = 8
SEED = 3
FROM = 6
SOME = 24
KINDS = ("stimulus", "stimulus", "stimulus", "bimodal", "minority", "drifting", "polarising")


def deviations(room_list: list[Floats], rng: np.random.Generator) -> tuple[Floats, Floats]:
    """How many reported standard deviations the truth lies off, for regions and means: (windows, rooms, 9 and 2)."""
    channel = disk_channel(SIDE, Fraction(2))
    told = np.stack([rooms.counts(rooms.answers(room, SIDE, rng), channel, rng) for room in room_list])
    truths = [rooms.truth(room, SIDE) for room in room_list]
    follower = Follower(channel.matrix(), rooms.WINDOW)
    state, off_regions, off_means = follower.start((len(room_list),)), [], []
    for window in range(told.shape[1]):
        state = follower.step(state, told[:, window])
        if window >= FROM:
            reading = follower.read(state)
            share, variance = reading.sums(region_weights(SIDE))
            share = np.clip(share, 1e-4, 1.0 - 1e-4)
            angles = np.arcsin(np.sqrt(np.stack([truth.regions[window] for truth in truths])))
            off_regions.append((angles - np.arcsin(np.sqrt(share))) / np.sqrt(variance / (4 * share * (1 - share))))
            mean, variance = reading.sums(centres(SIDE).T)
            off_means.append((np.stack([truth.mean[window] for truth in truths]) - mean) / np.sqrt(variance))
    return np.abs(np.stack(off_regions)), np.abs(np.stack(off_means))


def main() -> None:
    """Print the widths."""
    rng = np.random.default_rng(SEED)
    kinds = [kind for kind in KINDS for _ in range(6)]
    made = [rooms.copies(rooms.synthetic_course(kind, rng, SOME), rng, rooms.PEOPLE) for kind in kinds]
    regions, means = deviations(made, rng)
    widths = [np.quantile(regions[..., alike == CLASSES], 0.9) / NINETY for alike in range(3)]
    print("REGION_WIDTHS", np.round(widths, 2), "MEAN_WIDTH", round(float(np.quantile(means, 0.9)) / NINETY, 2))


if __name__ == "__main__":
    main()
