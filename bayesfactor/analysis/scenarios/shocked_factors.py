"""Factors of which some are shocked, over the periods ahead and at draws: what the others do, and how far that is."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import assert_never

import numpy as np

from bayesfactor.analysis.portfolio.horizon_sums import HorizonSums, horizon_sums, summed_covariance
from bayesfactor.analysis.scenarios.scenario import Scenario, Sigmas, Volatility
from bayesfactor.analysis.scenarios.simulation import factor_covariance
from bayesfactor.posterior.predictive_law import PredictiveLaw


@dataclass(frozen=True, eq=False)
class FactorsAhead:
    r"""The factors over h periods together, F ~ N(h mu, Omega), at draws.

    Attributes
    ----------
    law : PredictiveLaw
    periods : int
        h.
    """

    law: PredictiveLaw
    periods: int

    @cached_property
    def sums(self) -> HorizonSums:
        """Sums over the periods."""
        return horizon_sums(self.law, self.periods)

    @cached_property
    def mean(self) -> np.ndarray:
        """H mu (sample, factor)."""
        return self.periods * self.law.factor_mean

    @cached_property
    def cov(self) -> np.ndarray:
        """Omega (sample, factor, factor), of the periods ahead."""
        return summed_covariance(self.law, float(self.periods), self.sums.c)

    def covariance(self, volatility: Volatility) -> np.ndarray:
        """Omega (sample, factor, factor): of the periods ahead, or of as many in the long run."""
        match volatility:
            case "next period":
                return self.cov
            case "long run":
                return self.periods * self.law.long_run_cov
            case _:
                assert_never(volatility)

    @cached_property
    def tilt(self) -> np.ndarray | None:
        """sum_j a_j Omega_j Omega^-1 (sample, factor, factor), with a_j what is left of loadings' way to the long run.

        None where loadings do not move.
        """
        if self.law.long_run is self.law.loading:
            return None
        tilted = summed_covariance(self.law, self.sums.a, self.sums.ac)
        return np.swapaxes(np.linalg.solve(self.cov, np.swapaxes(tilted, 1, 2)), 1, 2)

    def shocked_by(self, scenario: Scenario, names: tuple[str, ...], complete: bool) -> "ShockedFactors":
        """Return the factors under a scenario; `complete` gives the others their conditional means."""
        place = np.array([names.index(name) for name in scenario.shocks])
        away = np.zeros_like(self.mean)
        for k, shock in zip(place, scenario.shocks.values(), strict=True):
            if isinstance(shock, Sigmas):
                away[:, k] = shock.count * np.sqrt(self.covariance(shock.volatility)[:, k, k])
            else:
                away[:, k] = shock - self.mean[:, k]
        return ShockedFactors(self, place, away, complete)


@dataclass(frozen=True, eq=False)
class ShockedFactors:
    """Some factors shocked, the others given them.

    Attributes
    ----------
    ahead : FactorsAhead
    place : array (shock)
        Which factors are shocked.
    shock : array (sample, factor)
        How far from its mean each shocked factor is; 0 of the others.
    complete : bool
        Whether the others are expected to be at their conditional means, and not at their means.
    """

    ahead: FactorsAhead
    place: np.ndarray
    shock: np.ndarray
    complete: bool

    @cached_property
    def slopes(self) -> np.ndarray:
        """Omega_.s Omega_ss^-1 (sample, factor, shock): moves of all factors with a unit of each shocked one."""
        cov = self.ahead.cov
        own = cov[:, self.place[:, None], self.place]
        found = np.swapaxes(np.linalg.solve(own, cov[:, self.place]), 1, 2)
        found[:, self.place] = np.eye(len(self.place))
        return found

    @cached_property
    def away(self) -> np.ndarray:
        """How far from its mean every factor is expected to be (sample, factor)."""
        return self.given(self.shock) if self.complete else self.shock

    @cached_property
    def mean(self) -> np.ndarray:
        """What every factor is expected to be (sample, factor)."""
        return self.ahead.mean + self.away

    def given(self, values: np.ndarray) -> np.ndarray:
        """Return how far factors are expected from their means, given that of the shocked ones (sample, factor)."""
        return np.einsum("skm,sm->sk", self.slopes, values[:, self.place])

    @cached_property
    def sd(self) -> np.ndarray:
        """Conditional standard deviations (sample, factor); 0 of shocked ones."""
        cov = self.ahead.cov
        told = np.einsum("skm,smk->sk", self.slopes, cov[:, self.place])
        variance = np.einsum("skk->sk", cov) - told
        variance[:, self.place] = 0.0
        return np.sqrt(np.maximum(variance, 0.0))

    def distance(self, volatility: Volatility) -> np.ndarray:
        """Return the Mahalanobis distance of the shocked factors (sample)."""
        return mahalanobis(
            self.shock[:, self.place], self.ahead.covariance(volatility)[:, self.place[:, None], self.place]
        )

    def draw(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Yield, period by period, draws of the factors from their means (sample, factor) that add up to the scenario.

        The shocked factors' sum is the scenario's; that of the others is drawn with its conditional covariance.
        """
        cov = self.ahead.cov
        free = np.einsum("skl,sl->sk", np.linalg.cholesky(cov), rng.standard_normal(self.shock.shape))
        total = self.away + free - self.given(free)
        total[:, self.place] = self.shock[:, self.place]
        yield from bridge(self.ahead, total, rng)


def mahalanobis(away: np.ndarray, cov: np.ndarray) -> np.ndarray:
    """Return sqrt(x' Omega^-1 x) of distances from the mean (sample, factor)."""
    return np.sqrt(np.einsum("sk,sk->s", away, np.linalg.solve(cov, away[:, :, None])[:, :, 0]))


def bridge(ahead: FactorsAhead, total: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield draws of each period's factors from their means given the sum of all (sample, factor)."""
    left, cov = total, ahead.cov
    for j in range(ahead.periods - 1):
        own = factor_covariance(ahead.law, j)
        after = cov - own
        drawn = [np.einsum("skl,sl->sk", np.linalg.cholesky(c), rng.standard_normal(total.shape)) for c in (own, after)]
        gap = np.linalg.solve(cov, (left - drawn[0] - drawn[1])[:, :, None])
        now = drawn[0] + (own @ gap)[:, :, 0]
        yield now
        left, cov = left - now, after
    yield left
