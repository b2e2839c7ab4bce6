"""Mean and variance of what assets grow by over some periods, and how that goes with a factor, at draws."""

from dataclasses import dataclass, field

import numpy as np

from bayesfactor.analysis.portfolio.horizon_sums import growth as squared_growth
from bayesfactor.analysis.scenarios.simulation import factor_covariance, reverted
from bayesfactor.posterior.predictive_law import PredictiveLaw

TINY = 1e-6  # growth of a period is not below it


@dataclass(eq=False)
class GrowthMoments:
    """Moments over the periods so far of some assets' growth, and of factors, at draws.

    Growth is taken as lognormal with the mean and the variance that it has.

    Attributes
    ----------
    law : PredictiveLaw
    used : array
        Which assets.
    factor : int
        The factor beside which growth is, or -1.
    mean : array (sample, used)
        Of the growth since the start.
    factor_mean, factor_variance : array (sample)
        Of the sum of the factor.
    together : array (sample, used)
        Covariance of that sum with the logarithm of the growth.
    """

    law: PredictiveLaw
    used: np.ndarray
    factor: int
    periods: int = 0
    mean: np.ndarray = field(init=False)
    square: np.ndarray = field(init=False)
    factor_mean: np.ndarray = field(init=False)
    factor_variance: np.ndarray = field(init=False)
    together: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        size = len(self.law.sd)
        self.mean, self.square = np.ones((2, size, len(self.used)))
        self.together = np.zeros((size, len(self.used)))
        self.factor_mean, self.factor_variance = np.zeros((2, size))

    @property
    def variance(self) -> np.ndarray:
        """Of the logarithm of the growth (sample, used)."""
        return np.maximum(np.log(self.square) - 2 * np.log(self.mean), 0.0)

    def add(self, expected: np.ndarray) -> None:
        """Add the next period, with the expected returns of all assets (sample, asset)."""
        law, j = self.law, self.periods
        cov = factor_covariance(law, j)
        loading = reverted(law.loading, law.long_run, law.loading_phi, j)[:, self.used]
        moved = loading @ cov
        variance = (moved * loading).sum(axis=2) + self._residual(j) + self._wandering(cov, j)
        grown = np.maximum(1 + expected[:, self.used], TINY)
        self.mean *= grown
        self.square *= grown**2 + variance
        if self.factor >= 0:
            self.together += moved[:, :, self.factor] / grown
            self.factor_mean += law.factor_mean[:, self.factor]
            self.factor_variance += cov[:, self.factor, self.factor]
        self.periods += 1

    def _residual(self, j: int) -> np.ndarray:
        """Return the variance of residuals (sample, used), what residual factors give among it."""
        own = self.law.sd[:, self.used] ** 2 + (self.law.common[:, self.used] ** 2).sum(axis=2)
        return squared_growth(self.law, np.array([float(j)])) * own * self.law.drift_at(j)[self.used] ** 2

    def _wandering(self, cov: np.ndarray, j: int) -> np.ndarray | float:
        """Return the variance that comes of loadings' own moves so far."""
        law = self.law
        if law.wander is None:
            return 0.0
        moved = law.wander[:, self.used] ** 2 * (1 - law.loading_phi ** (2 * j))[:, None, None]
        squares = np.einsum("skk->sk", cov) + law.premium**2
        return np.einsum("sik,sk->si", moved, squares)
