"""The mood: the group's distribution over the plane, followed window by window, with its uncertainty.

What is promised: from the counts of randomised outputs, whose channel is known, an estimate of where the *present*
group is, not of where its reports came from on average; every share positive; an uncertainty that grows where and when
little is known. Pure and repeatable: the same counts give the same floats on the same machine. Any number of rooms can
be followed at once (leading dimensions), which is how the benches do 200 of them.

How: the logarithm of the density is a smooth random surface over the plane (a Gaussian process of three lengths,
logistic-normal shares), the counts are multinomial through the channel, and the surface moves from window to window by
first-order autoregression towards a broad hump. How fast a room moves is not known, so five speeds are followed side by
side and weighed by how well they foretold the counts (interacting multiple models). Each window is one Gauss-Newton
update (Laplace approximation).

What is left to others: how wide a 90 % band is (`partsong.space.bands` holds the learned widths), and which peaks count
as modes (`partsong.space.modes`). What is not promised: that the uncertainty is exact. It leaves out detail finer
than the surface's shortest length, so bands are widened by factors learned on synthetic rooms.

Sources: interacting multiple models, Blom and Bar-Shalom, IEEE Transactions on Automatic Control 33 (1988); Laplace
updates of a latent Gaussian, Rasmussen and Williams, Gaussian Processes for Machine Learning, section 3.4.

    >>> from fractions import Fraction
    >>> from partsong.privacy.veil import disk_channel
    >>> follower = Follower(disk_channel(8, Fraction(2)).matrix(), window=10.0)
    >>> state = follower.start()
    >>> state = follower.step(state, np.ones(145))
    >>> float(follower.read(state).cells.sum().round(6))
    1.0
"""

import math
from typing import Final, NamedTuple

import numpy as np

from partsong.report import OutOfRange
from partsong.space.plane import Floats, centres, distances

SPEEDS: Final = (0.0005, 0.005, 0.03, 0.12, 0.5)
"""The part of the surface that is forgotten in ten seconds, from a room that rests to one that jumps."""
KEEPS_SPEED: Final = 0.97
"""The probability that a room keeps its speed for ten seconds; else it takes one of the next ones."""
JUMPS: Final = 0.003
"""The probability that a room, whatever its speed, jumps in ten seconds."""
LENGTHS: Final = ((6.0, 1.2), (2.0, 0.6), (1.0, 0.3))
"""The surface's standard deviations, in units of log density, with their lengths in the plane."""
HUMP: Final = 0.7
"""Standard deviation, in the plane, of the broad hump the surface rests at."""
NO_ANSWER: Final = (-3.0, 2.0)
"""Mean and standard deviation of the log odds of having nothing fresh to say."""
LEAST_WEIGHT: Final = 1e-9
MOST_TERMS: Final = 40
"""How many terms of the surface are followed at most."""
NEWTON_STEPS: Final = 3
SMALL_STEP: Final = 0.1
"""A Gauss-Newton step that moves no log density by more is the last."""
LONGEST_STEP: Final = 3.0
"""The most that any log density may move in one Gauss-Newton step: a jump is walked, not leapt."""


class State(NamedTuple):
    """What is known after a window, at each of the speeds. Leading dimensions: rooms.

    Attributes:
        mean: Coefficients of the surface, (..., speeds, terms).
        cov: Their covariance, (..., speeds, terms, terms).
        weight: Probability of each speed, (..., speeds).
    """

    mean: Floats
    cov: Floats
    weight: Floats


class Reading(NamedTuple):
    """The mood at one moment.

    Attributes:
        cells: Shares of those who answered, (..., side²), summing to 1.
        no_answer: Share of all who had nothing fresh to say, (...).
        logs: Log density up to a constant, (..., side²).
        log_root: A root of the covariance of `logs`: their covariance is `log_root @ log_root.T`, (..., side², terms).
        weight: Probability of each speed, (..., speeds).
        parts: The shares at each speed, (..., speeds, side²).
        slopes: How `parts` move with independent standard normals, (..., speeds, side², terms).
    """

    cells: Floats
    no_answer: Floats
    logs: Floats
    log_root: Floats
    weight: Floats
    parts: Floats
    slopes: Floats

    def sums(self, weights: Floats) -> tuple[Floats, Floats]:
        """Weighted sums of the shares, `weights @ cells`, and their variances.

        Args:
            weights: (sums, side²).

        Returns:
            Two arrays (..., sums).
        """
        means = self.parts @ weights.T
        inside = np.square(weights @ self.slopes).sum(-1)
        mean = np.einsum("...j,...jk->...k", self.weight, means)
        variance = np.einsum("...j,...jk->...k", self.weight, inside + np.square(means - mean[..., None, :]))
        return mean, variance

    def room(self, index: int) -> "Reading":
        """One of several rooms that were followed together."""
        return Reading(*(part[index] for part in self))


class Follower:
    """Follows the mood of rooms that answer through one channel.

    Args:
        matrix: The channel's probabilities, (side² + 1, outputs), rows summing to 1; the last row is "no answer".
        window: Seconds from one update to the next.

    Raises:
        OutOfRange: The matrix is not that of a channel over a grid, or the window is not above 0.
    """

    def __init__(self, matrix: Floats, window: float) -> None:
        side = math.isqrt(len(matrix) - 1)
        if side * side + 1 != len(matrix) or not window > 0:
            raise OutOfRange("The mood is followed through a channel of side² + 1 inputs, in windows above 0 s.")
        self.side = side
        self._matrix = matrix
        self._surface, self._rest = _surface(side)
        spans = window / 10.0
        self._speeds = 1.0 - (1.0 - np.array(SPEEDS)) ** spans
        self._switch = _switching(1.0 - KEEPS_SPEED**spans, 1.0 - (1.0 - JUMPS) ** spans, len(SPEEDS))

    @property
    def terms(self) -> int:
        """How many coefficients the surface has."""
        return int(self._surface.shape[1])

    def start(self, rooms: tuple[int, ...] = ()) -> State:
        """What is known before anything was said, for this shape of rooms."""
        speeds, terms = len(SPEEDS), self.terms
        cov = np.broadcast_to(np.eye(terms), (*rooms, speeds, terms, terms))
        return State(np.zeros((*rooms, speeds, terms)), cov.copy(), np.full((*rooms, speeds), 1.0 / speeds))

    def step(self, state: State, counts: Floats) -> State:
        """What is known after one more window.

        Args:
            state: What was known before it.
            counts: How often each output came in it, (..., outputs); all zeros if nobody spoke.
        """
        before = self._predict(self._mix(state), 1.0)
        mean, cov, evidence = self._update(before, np.asarray(counts, dtype=np.float64))
        logs = np.log(before.weight) + evidence
        # No speed is ever ruled out for good.
        weight = np.maximum(np.exp(logs - logs.max(-1, keepdims=True)), LEAST_WEIGHT)
        return State(mean, cov, weight / weight.sum(-1, keepdims=True))

    def read(self, state: State, ahead: float = 0.5) -> Reading:
        """The mood, `ahead` windows after the middle of the last one (half: at its end)."""
        now = self._predict(self._mix(state), ahead)
        shares = self._shares(now.mean)
        answered = shares[..., :-1].sum(-1, keepdims=True)
        parts = shares[..., :-1] / answered
        root = self._surface[:-1] @ np.linalg.cholesky(now.cov + 1e-12 * np.eye(self.terms))
        slopes = parts[..., None] * (root - (parts[..., None, :] @ root))
        mean, cov = _collapse(now)
        return Reading(
            cells=np.einsum("...j,...jc->...c", now.weight, parts),
            no_answer=1.0 - np.einsum("...j,...j->...", now.weight, answered[..., 0]),
            logs=mean @ self._surface[:-1].T + self._rest[:-1],
            log_root=self._surface[:-1] @ np.linalg.cholesky(cov + 1e-12 * np.eye(self.terms)),
            weight=now.weight,
            parts=parts,
            slopes=slopes,
        )

    def _mix(self, state: State) -> State:
        """Let rooms change speed: each speed starts from what all of them know."""
        weight = state.weight @ self._switch
        part = state.weight[..., :, None] * self._switch / weight[..., None, :]
        mean = np.swapaxes(part, -1, -2) @ state.mean
        away = state.mean[..., :, None, :] - mean[..., None, :, :]
        cov = np.einsum("...ij,...irs->...jrs", part, state.cov)
        cov += np.einsum("...ij,...ijr,...ijs->...jrs", part, away, away, optimize=True)
        return State(mean, cov, weight)

    def _predict(self, state: State, windows: float) -> State:
        kept = (1.0 - self._speeds) ** windows
        cov = state.cov * kept[:, None, None] + (1.0 - kept)[:, None, None] * np.eye(self.terms)
        return State(state.mean * np.sqrt(kept)[:, None], cov, state.weight)

    def _shares(self, mean: Floats) -> Floats:
        logs = mean @ self._surface.T + self._rest
        shares = np.exp(logs - logs.max(-1, keepdims=True))
        normalised: Floats = shares / shares.sum(-1, keepdims=True)
        return normalised

    def _update(self, before: State, counts: Floats) -> tuple[Floats, Floats, Floats]:
        """Gauss-Newton from the prediction: mean, covariance and log evidence at each speed."""
        counts = counts[..., None, :]
        mean, pull = before.mean, np.zeros_like(before.mean)
        for _ in range(NEWTON_STEPS):
            slope, fisher = self._bend(mean, counts)
            away = mean - before.mean
            force = slope + (fisher @ away[..., None])[..., 0]
            system = np.eye(self.terms) + before.cov @ fisher
            target = np.linalg.solve(system, (before.cov @ force[..., None]))[..., 0]
            stride = np.abs((target - away) @ self._surface.T).max(-1, keepdims=True)
            part = np.minimum(1.0, LONGEST_STEP / np.maximum(stride, 1e-12))
            # `pull` is the inverse of the predicted covariance times (mean - prediction), kept without inverting it.
            pull = pull + part * (force - (fisher @ target[..., None])[..., 0] - pull)
            mean = mean + part * (target - away)
            if stride.max() < SMALL_STEP:
                break
        solved = np.linalg.solve(system, before.cov)
        cov: Floats = ((solved + np.swapaxes(solved, -1, -2)) / 2.0).astype(np.float64)
        told = (counts * np.log(self._shares(mean) @ self._matrix)).sum(-1)
        evidence: Floats = told - 0.5 * ((mean - before.mean) * pull).sum(-1) - 0.5 * np.linalg.slogdet(system)[1]
        return mean, cov, evidence

    def _bend(self, mean: Floats, counts: Floats) -> tuple[Floats, Floats]:
        """Slope of the log likelihood and its Fisher information, in the coefficients."""
        shares = self._shares(mean)
        expected = shares @ self._matrix
        # The surface's slopes through the softmax and the channel: (diag(p) - p pᵀ) of it, without that matrix.
        outward = np.swapaxes(shares[..., None] * self._surface, -1, -2) @ self._matrix
        outward -= (shares @ self._surface)[..., :, None] * expected[..., None, :]
        slope = (outward @ (counts / expected)[..., None])[..., 0]
        outward *= np.sqrt(counts.sum(-1, keepdims=True) / expected)[..., None, :]
        return slope, outward @ np.swapaxes(outward, -1, -2)


def _surface(side: int) -> tuple[Floats, Floats]:
    """The terms of the surface, (side² + 1, terms), scaled to unit prior variance, and where it rests, (side² + 1,)."""
    gaps = distances(side)
    kernel = sum((sd**2 * np.exp(-(gaps**2) / (2.0 * length**2)) for sd, length in LENGTHS), np.zeros_like(gaps))
    values, vectors = np.linalg.eigh(kernel)
    terms = vectors[:, ::-1][:, :MOST_TERMS] * np.sqrt(np.maximum(values[::-1][:MOST_TERMS], 0.0))
    rest = -(centres(side) ** 2).sum(1) / (2.0 * HUMP**2)
    rest -= np.log(np.exp(rest).sum())
    surface = np.zeros((side * side + 1, terms.shape[1] + 1))
    surface[:-1, :-1], surface[-1, -1] = terms, NO_ANSWER[1]
    return surface, np.append(rest, NO_ANSWER[0])


def _switching(leaves: float, jumps: float, speeds: int) -> Floats:
    """Probabilities of each speed (column) after each (row)."""
    switch = (np.eye(speeds, k=1) + np.eye(speeds, k=-1)) * leaves / 2.0
    switch[:, -1] += jumps
    kept: Floats = switch + np.diag(1.0 - switch.sum(1))
    return kept


def _collapse(state: State) -> tuple[Floats, Floats]:
    """One mean and covariance for all speeds together."""
    mean = np.einsum("...j,...jr->...r", state.weight, state.mean)
    away = state.mean - mean[..., None, :]
    cov = np.einsum("...j,...jrs->...rs", state.weight, state.cov)
    cov += np.einsum("...j,...jr,...js->...rs", state.weight, away, away)
    return mean, cov
