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
    """The law of the variance of n residuals of standard deviation 1 about their mean, mixed over draws.

    Which residuals is told by their number or, where volatility moves, by the asset's.
    """

    def cdf(self, squares: np.ndarray, which: float) -> float:
        """Return the mean over draws of P(sum of squares about the mean < `squares`)."""

    def quantile(self, probability: np.ndarray, which: float) -> np.ndarray:
        """Return quantiles of the unbiased variance."""


@dataclass(frozen=True)
class ChiSquaredVariance:
    """That of normal residuals: the sum of squares is chi-squared with n - 1 degrees of freedom."""

    def cdf(self, squares: np.ndarray, which: float) -> float:
        """Return the mean over draws of P(sum of squares about the mean < `squares`), of so many residuals."""
        return float(chdtr(which - 1, squares).mean())

    def quantile(self, probability: np.ndarray, which: float) -> np.ndarray:
        """Return quantiles of the unbiased variance of so many residuals."""
        return chdtri(which - 1, 1 - probability) / (which - 1)


@dataclass(frozen=True, eq=False)
class SimulatedVariance:
    """That of simulated residuals.

    Attributes
    ----------
    found : mapping of number to array (replica, draw)
        By number of residuals, their variances (ddof 0).
    """

    found: Mapping[float, np.ndarray]

    def cdf(self, squares: np.ndarray, which: float) -> float:
        """Return the share of the replicas whose sum of squares about the mean is below `squares` (draw)."""
        return float((self.found[which] < squares / which).mean())

    def quantile(self, probability: np.ndarray, which: float) -> np.ndarray:
        """Return quantiles of the replicas' unbiased variances."""
        return np.quantile(self.found[which], probability) * which / (which - 1)


@dataclass(frozen=True, eq=False)
class DatedVariance:
    """That of simulated residuals whose standard deviation moves, of a root mean square of 1 on each asset's dates.

    Attributes
    ----------
    count : array (asset)
    found : array (asset, replica, draw)
        Variances (ddof 0).
    """

    count: np.ndarray
    found: np.ndarray

    def cdf(self, squares: np.ndarray, which: float) -> float:
        """Return the share of the replicas of an asset, by number, whose sum of squares is below `squares` (draw)."""
        return float((self.found[int(which)] < squares / self.count[int(which)]).mean())

    def quantile(self, probability: np.ndarray, which: float) -> np.ndarray:
        """Return quantiles of the unbiased variances of an asset's replicas."""
        count = self.count[int(which)]
        return np.quantile(self.found[int(which)], probability) * count / (count - 1)


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


def dated_variance(
    law: Simulated, seen: np.ndarray, scale: np.ndarray, draws: NoiseDraws, rng: np.random.Generator
) -> DatedVariance:
    """Return variances of residuals that a law simulates, times what scales them on each date.

    Parameters
    ----------
    law : Simulated
    seen : array of bool (time, asset)
        On which dates an asset has a return.
    scale : array (time, asset)
        Root of the variance of a residual, in units of the asset's own.
    draws, rng
        As those of `simulated_variance`.
    """
    count, own = seen.sum(axis=0), [draws[name] for name in law.parameters]
    share = seen / np.maximum(count, 1)
    wide, narrow = scale**2 * share, scale * share
    square = np.where(count > 0, wide.sum(axis=0), 1.0)
    found = np.empty((seen.shape[1], REPLICAS, len(draws["residual_sd"])))
    for s in range(found.shape[2]):
        one = {"residual_sd": np.ones(()), **{n: v[s] for n, v in zip(law.parameters, own, strict=True)}}
        new = law.simulate(one, rng, (REPLICAS, len(scale)))
        found[:, :, s] = ((new**2 @ wide - (new @ narrow) ** 2) / square).T
    return DatedVariance(count, found)
