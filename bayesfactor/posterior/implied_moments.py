"""Means and variances that a fitted law implies, beside the sample's, asset by asset and of the average asset."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.panel.moments import EXACT
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.regressions import regressors
from bayesfactor.posterior.blocks import blocks
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.facts import FitFacts
from bayesfactor.spec.sample_variance import VarianceLaw

type Implied = tuple[float, float, float, float]
"""Mean a year, sample mean less it in standard errors, implied over sample variance, and that one's probability."""


def premia(fit: FitFacts) -> np.ndarray:
    """Return the posterior mean of every asset's premium, decimal a year: alpha, zero-beta rate and sum beta lambda."""
    posterior = fit.posterior
    paid, rate = posterior["risk_premium"].compute(), float(posterior.get("zero_beta", xr.DataArray(0.0)).mean())
    parts = [
        (block["alpha"] + xr.dot(block["loading"], paid, dim="factor")).mean(("chain", "draw"), skipna=False).values
        for block in blocks(posterior[["alpha", "loading"]], "asset")
    ]
    return (np.concatenate(parts) + rate) * fit.panel.periods_per_year


def asset_table(dated: Dated, law: VarianceLaw | None) -> pd.DataFrame:
    """Return the table of `Misfit`."""
    fit = dated.fit
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
    found = _implied(dated, law) if dated.still else _implied_by_dates(dated, law)
    rows = list(found) if not dated.unknown else [(np.nan,) * 4] * len(index)
    return table.join(pd.DataFrame(rows, columns=columns, index=index))


def _implied(dated: Dated, law: VarianceLaw | None) -> Iterator[Implied]:
    """Yield the last four columns of the table of `Misfit`, asset by asset, of what does not move."""
    fit, coefficients, variance = dated.fit, dated.coefficients, dated.level**2
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


def _implied_by_dates(dated: Dated, law: VarianceLaw | None) -> Iterator[Implied]:
    """Yield the same of what moves, from residuals date by date.

    The sample's variance is held to the level's, times the mean square of the volatility on the asset's own dates.
    """
    statistics, year = dated.fit.panel.moments, dated.fit.panel.periods_per_year
    floor = 0.0 if dated.fit.priors is None else dated.fit.priors.noise.floor
    for i, count in enumerate(statistics.count.tolist()):
        if count < 3:
            yield np.nan, np.nan, np.nan, np.nan
            continue
        rows, residual, _ = dated.residuals(i)
        middle = residual.mean(axis=0)
        away = float(middle.mean())
        implied = float(statistics.mean[i]) - away
        if middle @ middle <= max(EXACT * statistics.yy[i], count * 2 * floor**2):
            yield implied * year, np.nan, np.nan, np.nan
            continue
        squares, variance = residual.var(axis=1) * count, dated.level[:, i] ** 2 * dated.mean_squares[rows, i].mean()
        ratio = float(variance.mean() * (count - 1) / squares.mean())
        below = np.nan if law is None else law.cdf(squares / variance, i)
        yield implied * year, away / middle.std(ddof=1) * count**0.5, ratio, 2 * float(np.minimum(below, 1 - below))


def average_gaps(
    dated: Dated, table: pd.DataFrame, used: np.ndarray
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the gaps of the average asset in standard errors: of the implied mean and of the premium, with dates.

    The average over assets of w_it (x_it - mean_i) / sum_t w_it is a series whose sum of squares is the variance of the
    average mean, however assets move together and volatility moves (White 1980). NaN where the panel holds no returns,
    and of the implied mean where the path of what moves is not known.
    """
    nothing, fit, means = (np.nan, 0.0), dated.fit, dated.coefficients.mean(axis=0)
    if not isinstance(fit.panel, Panel) or not used.any():
        return nothing, nothing
    own, whole = (np.zeros(len(fit.panel.times)) for _ in range(2))
    away, seen = 0.0, np.zeros(len(own))
    for i in np.flatnonzero(used).tolist():
        rows, returns, x, weight = fit.design.rows(i)
        share = weight / weight.sum()
        residual = returns - x @ means[i] if dated.still else dated.mean_residuals[i]
        own[rows] += share * (residual - share @ residual)
        whole[rows] += share * (returns - share @ returns)
        away, seen[rows] = away + share @ residual, np.maximum(seen[rows], weight)
    short = float((table["sample_mean"] - table["premium"])[used].sum()) / fit.panel.periods_per_year
    count = float(seen.sum() ** 2 / (seen @ seen))  # dates, or their effective number
    gaps = [
        gap / np.sqrt(np.sum(series**2) * count / (count - 1)) if np.any(series) else np.nan
        for gap, series in ((away, own), (short, whole))
    ]
    return (nothing if dated.unknown else (gaps[0], count)), (gaps[1], count)


def calm_against_turbulent(dated: Dated, used: np.ndarray) -> tuple[float, float]:
    r"""Return how far sample means are from those that the weights of dates imply: per period, and in standard errors.

    With W the weights 1 / g_t^2 of an asset's n dates and X its regressors, least squares under these weights implies
    a mean that differs from the sample's by

    .. math:: D_i = a'r, \qquad a = \frac1n (1 - W X (X'WX)^{-1} X'1), \qquad a'X = 0

    so that it has no coefficient in it, and no prior. Where residuals are symmetric given the volatility of their
    date, it is 0 on average, and sum_t s_t^2 is the variance of the average asset's D = sum_t s_t, s_t = mean_i a_it
    e_it, however assets move together. NaN where nothing is weighted.
    """
    fit, path = dated.fit, None if dated.movement is None else dated.movement.residuals
    if path is None or dated.unknown or not used.any():
        return np.nan, np.nan
    series = np.zeros(len(fit.panel.times))
    for i in np.flatnonzero(used).tolist():
        rows, _, x = regressors(fit.panel, i)
        weighted = x * dated.scale(i)[rows, None] ** -2
        fitted = np.linalg.lstsq(weighted.T @ x, x.mean(axis=0), rcond=None)[0]
        series[rows] += (1 / rows.size - weighted @ fitted) * dated.mean_residuals[i] / used.sum()
    error = float(np.sum(series**2)) ** 0.5
    return float(series.sum()), float(series.sum()) / error if error > 0 else np.nan
