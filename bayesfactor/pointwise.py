"""Residuals at draws of a fit."""

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.moments import EXACT
from bayesfactor.posterior import Fit
from bayesfactor.statistics import moments, regressors


def thin(fit: Fit, most: int) -> xr.Dataset:
    """Return about `most` draws of the posterior, evenly spaced in each chain."""
    posterior = fit.posterior
    step = max(1, -(-posterior.sizes["chain"] * posterior.sizes["draw"] // most))
    return posterior.isel(draw=slice(None, None, step))


def raw_coefficients(fit: Fit, draws: xr.Dataset) -> np.ndarray:
    """Return (sample, asset, coefficient): intercept and loadings on the factors as they are in the panel.

    The intercept is alpha + zero-beta rate + sum over non-traded factors of beta (lambda - mu).
    """
    names = [name for name in ("alpha", "loading", "risk_premium", "factor_mean", "zero_beta") if name in draws]
    flat = draws[names].compute().stack(sample=("chain", "draw"), create_index=False)
    loading = flat["loading"].transpose("sample", "asset", "factor").values
    shift = (flat["risk_premium"] - flat["factor_mean"]).transpose("sample", "factor").values
    shift[:, [factor.traded for factor in fit.panel.factor_info]] = 0.0
    alpha = flat["alpha"].transpose("sample", "asset").values + np.einsum("saf,sf->sa", loading, shift)
    if "zero_beta" in flat:
        alpha = alpha + flat["zero_beta"].values[:, None]
    return np.concatenate([alpha[:, :, None], loading], axis=2)


def mean_gaps(fit: Fit, coefficients: np.ndarray) -> pd.DataFrame:
    """Return, per asset, sample and model-implied mean excess returns a year over its own dates, and their gap.

    The gap is in standard errors of the mean residual; NaN with fewer than three dates, or an exact fit.
    """
    rows, year, statistics = [], fit.panel.periods_per_year, moments(fit.panel)
    for i, count in enumerate(statistics.count.astype(int)):
        if count < 3:
            rows.append((count, np.nan, np.nan, np.nan))
            continue
        c = coefficients[:, i].mean(axis=0)
        mean, implied = statistics.xy[0, i] / count, float(c @ statistics.xx[0, :, i]) / count
        squares = statistics.residual_squares(i, c)
        variance = (squares - count * (mean - implied) ** 2) / (count - 1)
        exact = squares <= EXACT * statistics.yy[i]
        gap = np.nan if exact else (mean - implied) / (variance / count) ** 0.5
        rows.append((count, mean * year, implied * year, gap))
    columns = ["periods", "sample_mean", "implied_mean", "gap_in_errors"]
    return pd.DataFrame(rows, columns=columns, index=pd.Index(fit.panel.assets, name="asset"))


def standardised_residuals(fit: Fit, index: int, coefficients: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Return (sample, time) residuals of asset number `index` over their scale."""
    _, returns, x = regressors(fit.panel, index)
    fitted = np.einsum("sp,tp->st", coefficients[:, index], x)  # one thread: callers have several assets at work
    return (returns - fitted) / sigma[:, index, None]
