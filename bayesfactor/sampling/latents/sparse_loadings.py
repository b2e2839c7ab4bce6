"""Sparse loadings: whether each is in, and how many of a factor are."""

from typing import ClassVar

import numpy as np
from scipy.special import expit

from bayesfactor.sampling.kernels.normal_kernel import read_moments
from bayesfactor.sampling.kernels.prior import PRIOR
from bayesfactor.sampling.latents.inclusion import (
    TINY,
    count_probabilities,
    draw_jointly,
    log_bayes_factors,
    reduce_statistics,
)
from bayesfactor.sampling.latents.state import State
from bayesfactor.spec.inclusion import ScaledInclusion

MOST_JOINT = 6  # free factors of which all configurations of an asset are enumerated


class SparseLoadings:
    """gamma_ik ~ Bernoulli(pi_k), pi_k ~ Beta(a_k, b_k): drawn given theta, the coefficients integrated out.

    Where gamma_ik = 0, the mean and sd of a loading (of a spike at the group's mean, the sd alone) are 0: they are
    multiplied by the masks in the buffer.

    Attributes
    ----------
    included : array of bool (asset, free factor)
    rate : array (free factor)
    probability : array (asset, free factor)
        P(gamma_ik = 1) given theta, the rates and, where there are more than `MOST_JOINT` of them, the other gamma_i.
    """

    sweeps: ClassVar[int] = 8  # a rate, the spread and what is in lean on each other

    def __init__(self, inclusion: ScaledInclusion, assets: int) -> None:
        self._prior = inclusion
        self._free = np.flatnonzero(inclusion.free)
        self._masked = ~inclusion.to_group[self._free]
        self.included = np.ones((assets, self._free.size), dtype=bool)
        self.rate = np.ones(self._free.size)
        self.probability = np.ones((assets, self._free.size))

    def given_coefficients(self, state: State) -> None:
        """Draw the group means of loadings whose spike is at 0, given the loadings that are in.

        Where a group has none, its mean is as far away as the prior lets it be, and a trajectory whose steps suit means
        that are known would come back slowly.
        """
        data, mean, spread = state.problem.data, state.group_means(), state.spreads()
        member = np.eye(len(mean))[data["group_of"].astype(int)].T  # (group, asset)
        for number in np.flatnonzero(self._masked):
            k = self._free[number]
            weight = member * self.included[:, number] / (data["loading_floor"][k] + spread[k]) ** 2
            prior = data["loading_sd"][k] ** -2.0
            precision = weight.sum(axis=1) + prior
            centre = (weight @ state.coefficients[:, 1 + k] + prior * data["loading_loc"][k]) / precision
            mean[:, k] = centre + state.rng.standard_normal(len(mean)) / np.sqrt(precision)
        state.set_group_means(mean)

    def given_statistics(self, state: State) -> None:
        """Draw rates and what is in; set the masks."""
        assets = len(self.included)
        means, sds = (_mask(state.buffer, slot, assets) for slot in (PRIOR.mean_mask, PRIOR.sd_mask))
        means[self._free] = sds[self._free] = 1.0
        law = state.law()
        s, b, q = read_moments(state.buffer, assets)
        s, b = _shifted(s, b, law.shift)
        mean, sd = (np.ascontiguousarray(part.T) for part in (law.mean, law.sd))
        self.draw(s, b, q, mean, sd, law.sigma, state.rng)
        sds[self._free] = self.included.T
        means[self._free[self._masked]] = self.included.T[self._masked]

    def draw(
        self,
        s: np.ndarray,
        b: np.ndarray,
        q: np.ndarray,
        mean: np.ndarray,
        sd: np.ndarray,
        sigma: np.ndarray,
        rng: np.random.Generator,
    ) -> None:
        """Draw rates and what is in; arguments are those of `reduce_statistics`."""
        place = 1 + self._free
        order = np.concatenate([np.setdiff1d(np.arange(mean.shape[1]), place), place])
        gram = reduce_statistics(s, b, q, mean, sd, sigma, order, self._masked)
        own = gram, np.ascontiguousarray(mean[:, place]), np.ascontiguousarray(sd[:, place]), self._masked
        for number in range(place.size):
            self._draw_in_turn(number, log_bayes_factors(*own, self.included, number), rng)
        if place.size <= MOST_JOINT:
            self.included, self.probability = draw_jointly(*own, self.rate, rng.random(len(gram)))

    def _draw_in_turn(self, number: int, odds: np.ndarray, rng: np.random.Generator) -> None:
        """Draw the rate of a free factor, then which of its loadings are in, given those of the others."""
        assets, k = len(odds), self._free[number]
        a, b = float(self._prior.a[k]), float(self._prior.b[k])
        below = np.cumsum(count_probabilities(odds, a, b))
        count = min(int(np.searchsorted(below, rng.random() * below[-1], side="right")), assets)
        rate = rng.beta(a + count, b + assets - count)
        probability = expit(odds + np.log(max(rate, TINY)) - np.log(max(1.0 - rate, TINY)))
        self.rate[number], self.probability[:, number] = rate, probability
        self.included[:, number] = rng.random(assets) < probability

    def record(self, state: State) -> dict[str, np.ndarray]:
        """Return P(gamma_ik = 1) given what else is drawn (asset, factor), and rates (factor); 1 if always in."""
        probability, rate = np.ones((len(self.included), self._prior.free.size)), np.ones(self._prior.free.size)
        probability[:, self._free], rate[self._free] = self.probability, self.rate
        return {"inclusion_probability": probability, "inclusion_rate": rate}


def _mask(buffer: np.ndarray, slot: int, assets: int) -> np.ndarray:
    """Return a view of a mask (factor, asset) in a buffer."""
    whole = buffer[int(buffer[2 * slot]) : int(buffer[2 * slot + 1])]
    is_asset = int(buffer[2 * PRIOR.is_asset + 1]) - int(buffer[2 * PRIOR.is_asset])
    return whole.reshape(-1, is_asset)[:, :assets]


def _shifted(s: np.ndarray, b: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return cross-products of x + shift."""
    first = s[:, :, 0] + shift * s[:, :1, 0]  # of x~ with the constant
    return s + shift[:, None] * s[:, :1] + first[:, :, None] * shift, b + shift * b[:, :1]
