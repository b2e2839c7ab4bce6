"""Bayesian model averaging: inclusion probabilities and prices of risk."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.base.arguments import require_top
from bayesfactor.base.intervals import Interval, interval
from bayesfactor.base.records import FrozenResult


@dataclass(frozen=True, eq=False)
class FactorSelection(FrozenResult):
    """Which factors price the assets, and at what price of risk, averaged over all models.

    Attributes
    ----------
    inclusion : DataArray (factor)
        Posterior probability that a factor is in the discount factor. A useless factor stays at its prior.
    inclusion_mcse : DataArray (factor)
        Its Monte Carlo standard error.
    prior_inclusion : float
    price_mean, price_sd, price_mcse : DataArray (coefficient)
        Of the price of risk (a Sharpe ratio per period), averaged exactly over models; ``zero_beta`` comes first where
        there is an intercept.
    draws : DataArray (draw, coefficient)
        One draw of the prices for each draw of means and covariances, from its mixture over models.
    sharpe : DataArray (draw)
        Sharpe ratio per period implied by the prices of a draw.
    model_probability : DataArray (model)
    member : DataArray (model, factor)
        Which factors are in a model.
    prior_sharpe : float
        Annual Sharpe ratio of the factors together implied by slab and prior inclusion.
    periods_per_year : int
    method : str
    """

    inclusion: xr.DataArray
    inclusion_mcse: xr.DataArray
    prior_inclusion: float
    price_mean: xr.DataArray
    price_sd: xr.DataArray
    price_mcse: xr.DataArray
    draws: xr.DataArray
    sharpe: xr.DataArray
    model_probability: xr.DataArray
    member: xr.DataArray
    prior_sharpe: float
    periods_per_year: int
    method: str

    def table(self, ci_prob: float = 0.9, ci_kind: Interval = "eti") -> pd.DataFrame:
        """Return one row per factor: prior and posterior inclusion, and price of risk.

        Returns
        -------
        DataFrame
            Columns prior, posterior (probabilities of inclusion), posterior_mcse, mean, sd, lower, upper, mcse (of the
            price of risk, Sharpe ratios a year, zeros of the models without the factor included), mean_per_period,
            sd_per_period. ``attrs`` state the prior odds of inclusion, the prior Sharpe ratio a year, the interval's
            kind and probability, the units and the method.
        """
        factors, root = self.inclusion["factor"].values, self.periods_per_year**0.5
        low, high = interval(self.draws.sel(coefficient=factors).values, ci_prob, ci_kind)
        mean, sd, error = (
            one.sel(coefficient=factors).values for one in (self.price_mean, self.price_sd, self.price_mcse)
        )
        columns = {
            "prior": self.prior_inclusion,
            "posterior": self.inclusion.values,
            "posterior_mcse": self.inclusion_mcse.values,
            "mean": mean * root,
            "sd": sd * root,
            "lower": low * root,
            "upper": high * root,
            "mcse": error * root,
            "mean_per_period": mean,
            "sd_per_period": sd,
        }
        table = pd.DataFrame(columns, index=pd.Index(factors, name="factor"))
        table.attrs = {
            "prior_odds": self.prior_inclusion / (1 - self.prior_inclusion),
            "prior_sharpe": self.prior_sharpe,
            "ci_kind": ci_kind,
            "ci_prob": ci_prob,
            "units": "Sharpe ratio, per year",
            "method": self.method,
        }
        return table

    def models(self, top: int = 10) -> pd.DataFrame:
        """Return the models of highest posterior probability: columns factors (how many), prior and posterior."""
        order = np.argsort(-self.model_probability.values, kind="stable")[: require_top(top)]
        member, names = self.member.values[order], self.member["factor"].values
        size = member.sum(axis=1)
        columns = {
            "factors": size,
            "prior": self.prior_inclusion**size * (1 - self.prior_inclusion) ** (len(names) - size),
            "posterior": self.model_probability.values[order],
        }
        labels = [" + ".join(names[row]) or "none" for row in member]
        return pd.DataFrame(columns, index=pd.Index(labels, name="model"))

    def sizes(self) -> pd.DataFrame:
        """Return the distribution of the number of factors in the model: columns prior and posterior."""
        size = self.member.values.sum(axis=1)
        prior = self.prior_inclusion**size * (1 - self.prior_inclusion) ** (self.member.shape[1] - size)
        columns = {"prior": np.bincount(size, prior), "posterior": np.bincount(size, self.model_probability.values)}
        return pd.DataFrame(columns, index=pd.RangeIndex(self.member.shape[1] + 1, name="factors"))
