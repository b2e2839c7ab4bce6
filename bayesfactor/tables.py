"""Draws to tables: mean, deviation, interval, probability, and no digit that the draws do not justify."""

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import norm

from bayesfactor.diagnostics import statistic
from bayesfactor.intervals import Interval, interval


def summarise(draws: xr.DataArray, prob: float, kind: Interval, rounded: bool = True) -> pd.DataFrame:
    """Return one row per quantity of draws (chain, draw, ...), with the labels of its dimensions.

    Columns: mean, sd, lower, upper, prob_positive, mcse (Monte Carlo standard error of the mean).

    Unless `rounded` is False, no number has digits finer than its Monte Carlo error. ``attrs`` state
    the interval's kind and probability.
    """
    values = draws.transpose("chain", "draw", ...).values
    low, high = interval(values.reshape(-1, *values.shape[2:]), prob, kind)
    mean = draws.mean(("chain", "draw"))
    columns = {
        "mean": mean.values,
        "sd": draws.std(("chain", "draw"), ddof=1).values,
        "lower": low,
        "upper": high,
        "prob_positive": (draws > 0).mean(("chain", "draw")).values,
        "mcse": _error(draws, np.abs(mean.values)),
    }
    index = mean.stack(row=mean.dims)["row"].to_index() if mean.dims else pd.Index([0])
    table = pd.DataFrame({name: np.ravel(values) for name, values in columns.items()}, index=index)
    if rounded:
        table = _justified(table, prob)
    table = table.reset_index() if mean.dims else table.reset_index(drop=True)
    table.attrs = {"ci_kind": kind, "ci_prob": prob}
    return table


def _error(draws: xr.DataArray, size: np.ndarray) -> np.ndarray:
    """Return Monte Carlo standard errors of means; 0 where draws differ by rounding only."""
    error = np.nan_to_num(statistic(draws, "mcse", method="mean"))
    return np.where(error > 1e-12 * size, error, 0.0)


def _justified(table: pd.DataFrame, prob: float) -> pd.DataFrame:
    """Round each number to a unit that is no finer than its own Monte Carlo error.

    That of the mean is measured; with n effective draws those of others follow as for normal draws: sd / sqrt(2 n) of
    a deviation, sd sqrt(a (1 - a) / n) / phi(Phi^-1(a)) of an interval's end, sqrt(p (1 - p) / n) of a probability.
    """
    error, below = table["mcse"].to_numpy(), (1 - prob) / 2
    ends = error * np.sqrt(below * (1 - below)) / norm.pdf(norm.ppf(below))
    share = np.divide(error, table["sd"], out=np.zeros(len(table)), where=table["sd"].to_numpy() > 0)
    positive = table["prob_positive"].to_numpy()
    errors = {
        "mean": error,
        "sd": error / 2**0.5,
        "lower": ends,
        "upper": ends,
        "prob_positive": np.sqrt(positive * (1 - positive)) * share,
        "mcse": error / 10,
    }
    rounded = table.copy()
    for name, each in errors.items():
        digits = np.where(each > 0, np.floor(-np.log10(np.where(each > 0, each, 1))), 12).astype(int)
        rounded[name] = [round(float(v), int(d)) + 0.0 for v, d in zip(table[name], digits, strict=True)]
    return rounded
