"""Bayesian prices of risk: what the stochastic discount factor pays for each factor's own risk."""

from dataclasses import dataclass
from typing import assert_never

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.base.arguments import require, require_draws, require_flag, require_number
from bayesfactor.base.errors import DataError
from bayesfactor.base.intervals import Interval
from bayesfactor.base.records import FrozenResult
from bayesfactor.closedform.data import rectangle
from bayesfactor.closedform.discountfactor.slab import slab_variances
from bayesfactor.closedform.results import ZERO_BETA, summarise_draws
from bayesfactor.closedform.saturated import Weights, asset_exposures, pricing_draws
from bayesfactor.panel.panel import Panel

INTERCEPT_PRECISION = 1e-5  # prior precision of the intercept, in units of the pricing errors' own


@dataclass(frozen=True)
class FlatPrices:
    """No prior on the prices of risk: a factor that explains nothing gets a price that says nothing."""


@dataclass(frozen=True)
class NormalPrices:
    """Prices of risk shrunk to zero, a factor the more the less the returns' exposures to it differ.

    lambda_j has prior precision ``T^-decay / psi_j`` beside the cross-section, with
    ``psi_j = strength * sum_i (rho_ij - mean rho_j)^2`` and rho_ij the sample correlation of asset and factor.

    Attributes
    ----------
    strength : float
        Larger shrinks less.
    decay : float
        How fast the prior fades with the number of periods.
    """

    strength: float = 5.0
    decay: float = 0.5


@dataclass(frozen=True, eq=False)
class PricesOfRisk(FrozenResult):
    """Independent draws from a posterior of prices of risk.

    Attributes
    ----------
    draws : DataArray (draw, factor)
        Sharpe ratios per period; ``zero_beta`` comes first where an intercept was asked for (the part of every
        asset's Sharpe ratio that no factor explains).
    r_squared : DataArray (draw)
        Cross-sectional R-squared of the assets' Sharpe ratios, adjusted for the number of factors.
    sharpe : DataArray (draw)
        Sharpe ratio per period implied by the prices of risk together: the standard deviation of the discount factor.
    periods_per_year : int
    method : str
    """

    draws: xr.DataArray
    r_squared: xr.DataArray
    sharpe: xr.DataArray
    periods_per_year: int
    method: str

    def table(self, ci_prob: float = 0.9, ci_kind: Interval = "eti") -> pd.DataFrame:
        """Return one row per factor.

        Returns
        -------
        DataFrame
            Columns mean, sd, lower, upper (Sharpe ratios a year), prob_positive, mcse (of the mean a year),
            mean_per_period, sd_per_period. ``attrs`` state the interval's kind and probability, the units, the method.
        """
        table = summarise_draws(self.draws, self.periods_per_year**0.5, ci_prob, ci_kind)
        table.attrs |= {"method": self.method, "units": "Sharpe ratio, per year"}
        return table


def prices_of_risk(
    panel: Panel,
    weights: Weights = "ols",
    intercept: bool = False,
    prior: FlatPrices | NormalPrices = FlatPrices(),
    *,
    draws: int = 10_000,
    seed: int = 1,
) -> PricesOfRisk:
    """Return the posterior of each factor's price of risk in a linear stochastic discount factor.

    The discount factor is ``m_t = 1 - sum_k lambda_k (f_kt - E f_k) / sd(f_k)``, so that in every draw of means and
    covariances of factors and returns, with a_i the Sharpe ratio of asset i and C its correlations with the factors::

        a = (lambda_0 +) C lambda + pricing errors      lambda = (C'WC + D)^-1 C'W a

    W = 1 (``"ols"``) or the inverse correlation matrix of the returns (``"gls"``); D = 0 under a flat prior. Means and
    covariances are drawn from their posterior under a flat prior, so the uncertainty of the exposures is inside.

    A price of risk says what a factor adds beside the others in the discount factor. It is not its risk premium, which
    is what one unit of loading pays: for one factor the two differ by its standard deviation, for correlated ones they
    may differ in sign.

    Parameters
    ----------
    panel : Panel
        Every asset on every date, and more dates than assets and factors together.
    weights : {"ols", "gls"}
    intercept : bool
        Whether all assets may share a Sharpe ratio that no factor explains. With traded factors it ruins their prices.
    prior : FlatPrices or NormalPrices
    draws, seed : int
        Independent draws; the same seed gives the same draws.

    Returns
    -------
    PricesOfRisk
        Sharpe ratios per period; ``.table()`` has them per year.

    Raises
    ------
    DataError
        When an asset has gaps, dates or assets are too few, or a series is a combination of the others.
    SpecError
        When a choice is not one of those that exist.

    Notes
    -----
    Wrong to use with few dates (the covariance is free: T must be well above the number of series), or for returns
    whose moments drift. Under a flat prior the price of a useless factor is arbitrary and wide; see `spike_and_slab`.

    References
    ----------
    Bryzgalova, Huang and Julliard (2023), Bayesian solutions for the factor zoo, Journal of Finance 78, 487-557.
    """
    verb = "prices_of_risk"
    require_draws(draws, seed, verb)
    require_flag(intercept, f"{verb}.intercept")
    rect = rectangle(panel, verb, more_periods_than="both")
    n, k = len(rect.assets), len(rect.names)
    if n <= k + 1:
        raise DataError(
            f"{verb} needs more than {k + 1} assets for {k} factors, and has {n}.",
            series="panel",
            value=n,
            remedy="Use fewer factors (panel.select), or more assets.",
        )
    penalty = _penalty(prior, asset_exposures(rect, verb), len(rect.returns), intercept)
    prices, fits, sharpes = [], [], []
    for one in pricing_draws(rect, weights, intercept, draws, seed):
        price = np.linalg.solve(one.cross + np.diag(penalty), one.right[..., None])[..., 0]
        explained = 2 * np.einsum("di,di->d", price, one.right) - np.einsum("di,dij,dj->d", price, one.cross, price)
        prices.append(price)
        fits.append(1 - (one.square - explained) / one.centred * (n - 1) / (n - 1 - k))
        sharpes.append(implied_sharpe(price[:, -k:], one.factor_correlation))
    names = [*([ZERO_BETA] if intercept else []), *rect.names]
    return PricesOfRisk(
        draws=xr.DataArray(np.concatenate(prices), {"factor": names}, ("draw", "factor")),
        r_squared=xr.DataArray(np.concatenate(fits), dims="draw"),
        sharpe=xr.DataArray(np.concatenate(sharpes), dims="draw"),
        periods_per_year=rect.periods_per_year,
        method=f"Bayesian discount factor, {weights}, {'with' if intercept else 'without'} intercept, {prior}",
    )


def _penalty(prior: FlatPrices | NormalPrices, exposures: np.ndarray, periods: int, intercept: bool) -> np.ndarray:
    """Return the diagonal of D."""
    require(prior, (FlatPrices, NormalPrices), "prices_of_risk.prior")
    match prior:
        case FlatPrices():
            return np.zeros(exposures.shape[1] + intercept)
        case NormalPrices(strength=strength, decay=decay):
            require_number(strength, 0, np.inf, "NormalPrices.strength")
            require_number(decay, -1e-12, np.inf, "NormalPrices.decay")
            precision = 1 / slab_variances(exposures, strength, demean=True)
            return np.concatenate([[INTERCEPT_PRECISION] * intercept, precision]) * periods**-decay
        case _:
            assert_never(prior)


def implied_sharpe(prices: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Return the standard deviation of the discount factor of each draw: the Sharpe ratio its prices imply."""
    return np.sqrt(np.einsum("di,dij,dj->d", prices, correlation, prices))
