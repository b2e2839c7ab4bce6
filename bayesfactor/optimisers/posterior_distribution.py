"""The predictive law of a fit as skfolio's distribution of returns."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesfactor.analysis.portfolio.moments import moments
from bayesfactor.analysis.scenarios.forecast import forecast
from bayesfactor.base.errors import SpecError
from bayesfactor.optimisers.skfolio_classes import ReturnDistribution
from bayesfactor.posterior.fit import Fit


@dataclass(frozen=True, eq=False)
class PosteriorDistribution(ReturnDistribution):
    """Mean, covariance and draws of the next period's returns, with the covariance of the expected returns.

    ``factor_model`` is never set: with it skfolio takes the variance from the factor model's own square root, and not
    from ``covariance``, which includes parameter uncertainty.

    Attributes
    ----------
    mean_covariance : array (asset, asset)
        Posterior covariance of the expected returns.
    """

    mean_covariance: np.ndarray | None = None

    def investable_subset(self, slim: bool = False) -> ReturnDistribution:
        """Return the same of the assets that can be held, with the covariance of their expected returns."""
        mask = self.investable_mask
        if mask is None or self.mean_covariance is None:
            return super().investable_subset(slim)
        pairs = np.ix_(mask, mask)
        return PosteriorDistribution(
            mu=self.mu[mask],
            covariance=self.covariance[pairs],
            returns=self.returns[:, mask],
            mean_covariance=self.mean_covariance[pairs],
        )


def posterior_distribution(
    fit: Fit, assets: pd.Index, investable: pd.Index, scenarios: int | None = None
) -> PosteriorDistribution:
    """Return the predictive law of the next period.

    Parameters
    ----------
    fit : Fit
    assets : Index
        The order of rows and columns.
    investable : Index
        Which of them can be held; the others are NaN, as are those that the fit does not have.
    scenarios : int, optional
        How many predictive draws, evenly spaced among those of the posterior; by default one for each of these.

    Raises
    ------
    SpecError
        When there are fewer draws, or none of the assets is left.
    """
    held = [name for name in assets if name in investable and name in fit.panel.assets]
    if not held:
        raise SpecError(
            "FactorPrior: no asset of X has a return on its last row and is in the fit.",
            place="FactorPrior.X",
            found=list(assets),
            allowed=fit.panel.assets,
            remedy="Columns of X and assets of the fit meet by name.",
        )
    found = moments(fit)
    drawn = forecast(fit).draws.stack(sample=("chain", "draw"), create_index=False)
    table = pd.DataFrame(drawn.transpose("sample", "asset").values, columns=drawn.get_index("asset"))
    rows = _evenly(len(table), scenarios)

    def square(matrix: pd.DataFrame) -> np.ndarray:
        return matrix.loc[held, held].reindex(index=assets, columns=assets).to_numpy()

    return PosteriorDistribution(
        mu=found.mean[held].reindex(assets).to_numpy(),
        covariance=square(found.covariance),
        returns=table.loc[rows, held].reindex(columns=assets).to_numpy(),
        mean_covariance=square(found.mean_covariance),
    )


def _evenly(draws: int, wanted: int | None) -> np.ndarray:
    """Return which draws are taken."""
    if wanted is None:
        return np.arange(draws)
    whole = isinstance(wanted, int | np.integer) and not isinstance(wanted, bool)
    if not whole or not 2 <= wanted <= draws:
        raise SpecError(
            f"FactorPrior: scenarios is {wanted!r}; it must be a whole number from 2 to {draws}, the draws of the fit.",
            place="FactorPrior.scenarios",
            found=wanted,
            remedy="Leave it out to take one for each draw, or sample more draws.",
        )
    return np.linspace(0, draws - 1, int(wanted)).round().astype(int)
