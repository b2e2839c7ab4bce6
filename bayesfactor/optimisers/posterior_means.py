"""The uncertainty of expected returns as an uncertainty set of skfolio."""

from typing import Any

import numpy as np
from scipy.stats import chi2

from bayesfactor.base.errors import SpecError
from bayesfactor.optimisers.posterior_distribution import PosteriorDistribution
from bayesfactor.optimisers.skfolio_classes import BaseMuUncertaintySet, BasePrior, ReturnDistribution, UncertaintySet

RANK = 1e-12  # of the largest eigenvalue, below which nothing is uncertain in a direction


class PosteriorMeans(BaseMuUncertaintySet):
    r"""The ellipsoid of the posterior of expected returns: robust optimisation against their uncertainty.

    .. math:: \{\mu + L u : \|u\|_2 \le \kappa\}, \quad L L' = \mathrm{Var}(m), \quad \kappa^2 = \chi^2_r(p)

    with m the expected returns of every draw, mu their mean, and r the rank of their covariance, that is the number of
    assets unless some means are known from others. The worst mean of a portfolio is :math:`w'\mu - \kappa \|L'w\|`.

    Parameters
    ----------
    level : float
        p, the posterior probability in the ellipsoid (exact of a normal posterior); 0 is the means alone.
    prior_estimator : FactorPrior, optional
        What it is of where an optimiser does not hand over its own prior's distribution. skfolio's `MeanRisk` does, so
        that nothing is fitted twice.

    Attributes
    ----------
    uncertainty_set_ : UncertaintySet

    Raises
    ------
    SpecError
        By `fit`: when the level is no probability, or the distribution is not of a `FactorPrior`.

    Notes
    -----
    The probability is that of all means at once. Of 20 assets kappa is 2.9 at a level of .01 and 5.3 at .9: a portfolio
    is judged by less than the lower end of its own interval. Its own 90 % interval ends at kappa = 1.64, which is the
    level ``scipy.stats.chi2.cdf(1.64**2, assets)``.

    The covariance of a `FactorPrior` includes the uncertainty of means, too: as risk there, as the worst case here.
    """

    def __init__(self, level: float = 0.95, prior_estimator: BasePrior | None = None) -> None:
        super().__init__(prior_estimator=prior_estimator)
        self.level = level

    def fit(
        self, X: Any, y: Any = None, return_distribution: ReturnDistribution | None = None, **fit_params: Any
    ) -> "PosteriorMeans":
        """Make the ellipsoid.

        Parameters
        ----------
        X : DataFrame (dates, asset)
            Read by `prior_estimator` alone.
        y
            Handed to `prior_estimator`.
        return_distribution : ReturnDistribution, optional
            What an optimiser hands over.
        **fit_params
            Handed to `prior_estimator`.
        """
        _require_level(self.level)
        found = self._fitted(X, y, fit_params) if return_distribution is None else return_distribution
        covariance = getattr(found.investable_subset(), "mean_covariance", None)
        if covariance is None:
            raise SpecError(
                f"PosteriorMeans: a {type(found).__name__} has no posterior of expected returns.",
                place="PosteriorMeans.return_distribution",
                found=type(found).__name__,
                allowed=(PosteriorDistribution.__name__,),
                remedy="Take bf.FactorPrior as the prior_estimator of the optimiser.",
            )
        values, vectors = np.linalg.eigh(covariance)
        there = values >= RANK * values.max()
        radius = float(np.sqrt(chi2.ppf(self.level, int(there.sum()))))
        geometry = vectors[:, there] * np.sqrt(np.maximum(values[there], 0.0))
        self.uncertainty_set_ = UncertaintySet(radius=radius, geometry=geometry, norm=2)
        return self

    def _fitted(self, X: Any, y: Any, fit_params: dict[str, Any]) -> ReturnDistribution:
        """Return the distribution of the own prior, fitted."""
        from sklearn.base import clone
        from sklearn.utils.metadata_routing import process_routing

        if self.prior_estimator is None:
            raise SpecError(
                "PosteriorMeans: there is no distribution of returns to take the uncertainty of means of.",
                place="PosteriorMeans.prior_estimator",
                remedy="Give it to an optimiser whose prior_estimator is a bf.FactorPrior, or give it one of its own.",
            )
        routed = process_routing(self, "fit", **fit_params)
        self.prior_estimator_ = clone(self.prior_estimator)
        return self.prior_estimator_.fit(X, y, **routed.prior_estimator.fit).return_distribution_


def _require_level(level: object) -> None:
    """Raise a SpecError unless the level is a probability below 1."""
    number = isinstance(level, int | float | np.integer | np.floating) and not isinstance(level, bool)
    if not (number and 0.0 <= np.asarray(level) < 1.0):
        raise SpecError(
            f"PosteriorMeans.level is {level!r}; it must be a number from 0 to below 1. 90 % is 0.9.",
            place="PosteriorMeans.level",
            found=level,
        )
