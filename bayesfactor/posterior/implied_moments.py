"""Means and variances that a fitted law implies, beside the sample's, asset by asset and of the average asset."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.panel.moments import EXACT
from bayesfactor.panel.panel import Panel
from bayesfactor.posterior.blocks import blocks
from bayesfactor.posterior.facts import FitFacts
from bayesfactor.posterior.residuals import residual_sd
from bayesfactor.spec.sample_variance import VarianceLaw


def premia(fit: FitFacts) -> np.ndarray:
    """Return the posterior mean of every asset's premium, decimal a year: alpha, zero-beta rate and sum beta lambda."""
    posterior = fit.posterior
    paid, rate = posterior["risk_premium"].compute(), float(posterior.get("zero_beta", xr.DataArray(0.0)).mean())
    parts = [
        (
            block["alpha"].mean(("chain", "draw")) + (block["loading"] * paid).sum("factor").mean(("chain", "draw"))
        ).values
        for block in blocks(posterior[["alpha", "loading"]], "asset")
    ]
    return (np.concatenate(parts) + rate) * fit.panel.periods_per_year


def asset_table(fit: FitFacts, draws: xr.Dataset, coefficients: np.ndarray, law: VarianceLaw | None) -> pd.DataFrame:
    """Return the table of `Misfit`."""
    statistics, year = fit.design.sample, fit.panel.periods_per_year
    count, index = statistics.count, pd.Index(fit.panel.assets, name="asset")
    few, error = count < 3, statistics.sd(ddof=1) / np.sqrt(np.maximum(count, 1))
    table = pd.DataFrame(
        {"periods": fit.panel.moments.count.astype(int), "effective": fit.design.effective}, index=index
    )
    table["sample_mean"] = np.where(few, np.nan, statistics.mean * year)
    table["sample_se"] = np.where(few, np.nan, error * year)
    table["premium"] = premia(fit)
    away = table["sample_mean"] - table["premium"]
    table["gap_in_errors"] = away / table["sample_se"].where(table["sample_se"] > 0)
    columns = ["implied_mean", "implied_gap", "variance_ratio", "prob_variance"]
    return table.join(pd.DataFrame(list(_implied(fit, draws, coefficients, law)), columns=columns, index=index))


def _implied(
    fit: FitFacts, draws: xr.Dataset, coefficients: np.ndarray, law: VarianceLaw | None
) -> Iterator[tuple[float, float, float, float]]:
    """Yield the last four columns of the table of `Misfit`, asset by asset."""
    variance = residual_sd(draws) ** 2
    statistics, year = fit.design.sample, fit.panel.periods_per_year
    floor = 0.0 if fit.priors is None else fit.priors.noise.floor  # which is not the asset's own
    least = 2 * floor**2
    for i, count in enumerate(statistics.count.tolist()):
        if count < 3:
            yield np.nan, np.nan, np.nan, np.nan
            continue
        centre = coefficients[:, i].mean(axis=0)
        implied = float(centre @ statistics.xx[0, :, i]) / count
        squares = statistics.residual_squares(i, np.vstack([centre, coefficients[:, i]]))
        if squares[0] <= max(EXACT * statistics.yy[i], count * least):  # as of a factor put in as an asset
            yield implied * year, np.nan, np.nan, np.nan
            continue
        away = statistics.mean[i] - implied
        gap = away / np.sqrt((squares[0] - count * away**2) / (count - 1) / count)
        centred = squares[1:] - count * (statistics.mean[i] - coefficients[:, i] @ statistics.xx[0, :, i] / count) ** 2
        ratio = float(np.mean(variance[:, i]) * (count - 1) / centred.mean())
        below = np.nan if law is None else law.cdf(centred / variance[:, i], count)
        yield implied * year, gap, ratio, 2 * float(np.minimum(below, 1 - below))


def average_gaps(
    fit: FitFacts, table: pd.DataFrame, used: np.ndarray, coefficients: np.ndarray
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the gaps of the average asset in standard errors: of the implied mean and of the premium, with dates.

    The average over assets of w_it (x_it - mean_i) / sum_t w_it is a series whose sum of squares is the variance of the
    average mean, however assets move together. NaN where the panel holds no returns.
    """
    nothing = (np.nan, 0.0)
    if not isinstance(fit.panel, Panel) or not used.any():
        return nothing, nothing
    own, whole = (np.zeros(len(fit.panel.times)) for _ in range(2))
    away, seen = 0.0, np.zeros(len(own))
    for i in np.flatnonzero(used).tolist():
        rows, returns, x, weight = fit.design.rows(i)
        share = weight / weight.sum()
        residual = returns - x @ coefficients[i]
        own[rows] += share * (residual - share @ residual)
        whole[rows] += share * (returns - share @ returns)
        away, seen[rows] = away + share @ residual, np.maximum(seen[rows], weight)
    short = float((table["sample_mean"] - table["premium"])[used].sum()) / fit.panel.periods_per_year
    count = float(seen.sum() ** 2 / (seen @ seen))  # dates, or their effective number
    gaps = [
        gap / np.sqrt(np.sum(series**2) * count / (count - 1)) if np.any(series) else np.nan
        for gap, series in ((away, own), (short, whole))
    ]
    return (gaps[0], count), (gaps[1], count)
