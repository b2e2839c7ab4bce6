"""The sampling law of a variance: that of n residuals about their mean, under a noise law."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import chdtr, chdtri

type NoiseDraws = Mapping[str, np.ndarray]
"""``residual_sd`` and a noise law's own parameters by name, as arrays that broadcast against the residual."""

REPLICAS = 5  # histories simulated at every draw


class VarianceLaw(Protocol):
    """The law of the variance of n residuals of standard deviation 1 about their mean, mixed over draws."""

    def cdf(self, squares: np.ndarray, count: float) -> float:
        """Return the mean over draws of P(sum of squares about the mean < `squares`), of `count` residuals."""

    def quantile(self, probability: np.ndarray, count: float) -> np.ndarray:
        """Return quantiles of the unbiased variance of `count` residuals."""


@dataclass(frozen=True)
class ChiSquaredVariance:
    """That of normal residuals: the sum of squares is chi-squared with n - 1 degrees of freedom."""

    def cdf(self, squares: np.ndarray, count: float) -> float:
        """Return the mean over draws of P(sum of squares about the mean < `squares`)."""
        return float(chdtr(count - 1, squares).mean())

    def quantile(self, probability: np.ndarray, count: float) -> np.ndarray:
        """Return quantiles of the unbiased variance."""
        return chdtri(count - 1, 1 - probability) / (count - 1)


@dataclass(frozen=True, eq=False)
class SimulatedVariance:
    """That of simulated residuals.

    Attributes
    ----------
    found : mapping of number to array (replica, draw)
        By number of residuals, their variances (ddof 0).
    """

    found: Mapping[float, np.ndarray]

    def cdf(self, squares: np.ndarray, count: float) -> float:
        """Return the share of the replicas whose sum of squares about the mean is below `squares` (draw)."""
        return float((self.found[count] < squares / count).mean())

    def quantile(self, probability: np.ndarray, count: float) -> np.ndarray:
        """Return quantiles of the replicas' unbiased variances."""
        return np.quantile(self.found[count], probability) * count / (count - 1)


class Simulated(Protocol):
    """A noise law that can be simulated."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of its own parameters."""

    def simulate(self, draws: NoiseDraws, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Return draws of residuals."""


def simulated_variance(
    law: Simulated, counts: np.ndarray, draws: NoiseDraws, rng: np.random.Generator
) -> SimulatedVariance:
    """Return variances of histories of these lengths that a law simulates at a standard deviation of 1.

    Parameters
    ----------
    law : Simulated
    counts : array of int
    draws : mapping of str to array (draw)
        The law's own parameters; ``residual_sd`` is taken to be 1.
    rng : Generator
    """
    lengths, own = np.unique(counts[counts > 0]), [draws[name] for name in law.parameters]
    found = np.empty((len(lengths), REPLICAS, len(draws["residual_sd"])))
    for s in range(found.shape[2]):
        one = {"residual_sd": np.ones(()), **{n: v[s] for n, v in zip(law.parameters, own, strict=True)}}
        new = law.simulate(one, rng, (REPLICAS, max(lengths, default=0)))
        mean, square = (np.cumsum(x, axis=1)[:, lengths - 1] / lengths for x in (new, new**2))
        found[:, :, s] = (square - mean**2).T
    return SimulatedVariance(dict(zip(lengths.tolist(), found, strict=True)))
