"""Sparse loadings: whether each is in, and how many of a factor are."""

from typing import Protocol

import numpy as np
from scipy.special import expit

from bayesfactor.panel.moments import Moments
from bayesfactor.sampling.latents.inclusion import (
    TINY,
    count_probabilities,
    draw_jointly,
    log_bayes_factors,
    reduce_statistics,
)
from bayesfactor.spec.inclusion import ScaledInclusion

MOST_JOINT = 6  # free factors of which all configurations of an asset are enumerated


class Chain(Protocol):
    """What is used of the state of a chain."""

    rng: np.random.Generator

    def statistics(self) -> Moments:
        """Return cross-products of x~ and returns: factors shifted, residual factors appended."""

    def law(self, *, unmasked: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return mean and sd (coefficient, asset), as if all were in; sigma (asset); shift."""

    def set_masks(self, mean: np.ndarray, sd: np.ndarray) -> None:
        """Take by what means and sds of loadings (factor, asset) are multiplied."""


class SparseLoadings:
    """gamma_ik ~ Bernoulli(pi_k), pi_k ~ Beta(a_k, b_k): drawn given theta, the coefficients integrated out."""

    def __init__(self, inclusion: ScaledInclusion, assets: int) -> None:
        self._prior = inclusion
        self._free = np.flatnonzero(inclusion.free)
        self._masked = ~inclusion.to_group[self._free]
        self._included = np.ones((assets, self._free.size), dtype=bool)
        self._probability = np.ones((assets, self._free.size))
        self._rate = np.ones(self._free.size)

    def given_coefficients(self, state: Chain) -> None:
        """Do nothing: what is in is drawn with coefficients integrated out."""

    def given_statistics(self, state: Chain) -> None:
        """Draw rates and what is in; set the masks."""
        found, (mean, sd, sigma, _) = state.statistics(), state.law(unmasked=True)
        place = 1 + self._free
        order = np.concatenate([np.setdiff1d(np.arange(len(mean)), place), place])
        mean, sd = (np.ascontiguousarray(part.T) for part in (mean, sd))
        s, b = (np.ascontiguousarray(np.moveaxis(part, -1, 0)) for part in (found.xx, found.xy))
        gram = reduce_statistics(s, b, found.yy.copy(), mean, sd, sigma, order, self._masked)
        own = gram, np.ascontiguousarray(mean[:, place]), np.ascontiguousarray(sd[:, place]), self._masked
        self._draw_in_turn(own, state.rng)
        if self._free.size <= MOST_JOINT:
            uniforms = state.rng.random(len(gram))
            self._included, self._probability = draw_jointly(*own, self._rate, uniforms)
        self._set_masks(state, len(order) - 1)

    def _draw_in_turn(
        self, own: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], rng: np.random.Generator
    ) -> None:
        """Draw each factor's rate, then which of its loadings are in, given those of the other factors."""
        assets = len(self._included)
        for place, k in enumerate(self._free):
            a, b = float(self._prior.a[k]), float(self._prior.b[k])
            odds = log_bayes_factors(*own, self._included, place)
            below = np.cumsum(count_probabilities(odds, a, b))
            count = min(int(np.searchsorted(below, rng.random() * below[-1], side="right")), assets)
            rate = rng.beta(a + count, b + assets - count)
            odds += np.log(max(rate, TINY)) - np.log(max(1.0 - rate, TINY))
            self._rate[place], self._probability[:, place] = rate, expit(odds)
            self._included[:, place] = rng.random(assets) < self._probability[:, place]

    def _set_masks(self, state: Chain, factors: int) -> None:
        mean, sd = (np.ones((factors, len(self._included))) for _ in range(2))
        sd[self._free] = self._included.T
        mean[self._free[self._masked]] = self._included.T[self._masked]
        state.set_masks(mean, sd)

    def record(self, state: Chain) -> dict[str, np.ndarray]:
        """Return P(gamma_ik = 1) given what else is drawn (asset, factor), and rates (factor); 1 if always in."""
        probability, rate = np.ones((len(self._included), self._prior.free.size)), np.ones(self._prior.free.size)
        probability[:, self._free], rate[self._free] = self._probability, self._rate
        return {"inclusion_probability": probability, "inclusion_rate": rate}
