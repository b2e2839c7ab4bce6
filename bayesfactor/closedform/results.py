"""Results of the closed forms: labelled premia with their covariance, or draws of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.base.intervals import Interval, interval
from bayesfactor.base.records import FrozenResult

ZERO_BETA = "zero_beta"  # label of the cross-sectional intercept


@dataclass(frozen=True, eq=False)
class PremiaEstimate(FrozenResult):
    """Point estimates of risk premia with their covariance.

    Attributes
    ----------
    estimate : DataArray (factor)
        Decimal per period; ``zero_beta`` comes first where there is an intercept.
    covariance : DataArray (factor, factor_other)
    signal : DataArray (factor)
        Mean over assets of the squared t-ratio of the loadings on the factor: 1 for a useless factor. NaN for
        ``zero_beta``.
    periods_per_year : int
    method : str
        The estimator and the kind of standard errors.
    """

    estimate: xr.DataArray
    covariance: xr.DataArray
    signal: xr.DataArray
    periods_per_year: int
    method: str

    def table(self) -> pd.DataFrame:
        """Return one row per factor: ``estimate`` and ``se`` a year, ``t``, both per period, and ``loading_t2``.

        ``loading_t2`` is `signal`: do not use a premium where it is near 1. ``attrs`` hold the method.
        """
        size = np.sqrt(np.diag(self.covariance.values))
        value, year = self.estimate.values, self.periods_per_year
        columns = {
            "estimate": value * year,
            "se": size * year,
            "t": np.divide(value, size, out=np.full(value.shape, np.nan), where=size > 0),
            "estimate_per_period": value,
            "se_per_period": size,
            "loading_t2": self.signal.values,
        }
        table = pd.DataFrame(columns, index=pd.Index(self.estimate["factor"].values, name="factor"))
        table.attrs = {"method": self.method, "units": "decimal, per year"}
        return table


@dataclass(frozen=True, eq=False)
class PremiaDraws(FrozenResult):
    """Independent draws from a posterior of risk premia.

    Attributes
    ----------
    draws : DataArray (draw, factor)
        Decimal per period; ``zero_beta`` comes first where there is an intercept.
    r_squared : DataArray (draw)
        Cross-sectional R-squared, adjusted for the number of factors.
    signal : DataArray (factor)
        Mean over assets of the squared t-ratio of the loadings on the factor: 1 for a useless factor. NaN for
        ``zero_beta``.
    periods_per_year : int
    method : str
    """

    draws: xr.DataArray
    r_squared: xr.DataArray
    signal: xr.DataArray
    periods_per_year: int
    method: str

    def table(self, ci_prob: float = 0.9, ci_kind: Interval = "eti") -> pd.DataFrame:
        """Return one row per factor: mean, sd, interval and probability of being positive, a year and per period.

        Returns
        -------
        DataFrame
            Columns mean, sd, lower, upper (a year), prob_positive, mcse (of the mean a year), mean_per_period,
            sd_per_period, loading_t2 (`signal`). ``attrs`` state the interval's kind and probability, and the method.
        """
        table = summarise_draws(self.draws, self.periods_per_year, ci_prob, ci_kind)
        table["loading_t2"] = self.signal.values
        table.attrs |= {"method": self.method, "units": "decimal, per year"}
        return table


def summarise_draws(draws: xr.DataArray, unit: float, ci_prob: float, ci_kind: Interval) -> pd.DataFrame:
    """Return one row per factor of independent draws (draw, factor): a year (times `unit`) and per period."""
    values = draws.transpose("draw", "factor").values
    low, high = interval(values, ci_prob, ci_kind)
    mean, sd = values.mean(axis=0), values.std(axis=0, ddof=1)
    columns = {
        "mean": mean * unit,
        "sd": sd * unit,
        "lower": low * unit,
        "upper": high * unit,
        "prob_positive": (values > 0).mean(axis=0),
        "mcse": sd * unit / len(values) ** 0.5,
        "mean_per_period": mean,
        "sd_per_period": sd,
    }
    table = pd.DataFrame(columns, index=pd.Index(draws["factor"].values, name="factor"))
    table.attrs = {"ci_kind": ci_kind, "ci_prob": ci_prob}
    return table
