"""Draws to tables: mean, standard deviation, interval, probability, and no digit that the draws do not justify."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import norm

from bayesfactor.base.intervals import Interval, interval
from bayesfactor.posterior.blocks import blocks, by_quantity
from bayesfactor.posterior.convergence import ess_mean
from bayesfactor.posterior.diagnostics import BLOCK, warning_of


def summarise(draws: xr.DataArray, prob: float, kind: Interval, rounded: bool = True) -> pd.DataFrame:
    """Return one row per quantity of draws (chain, draw, ...), with the labels of its dimensions.

    Columns: mean, sd, lower, upper, prob_positive, mcse (Monte Carlo standard error of the mean).

    Unless `rounded` is False, no number has digits finer than its Monte Carlo error; probabilities keep two. ``attrs``
    state the interval's kind and probability.
    """
    draws = draws.transpose("chain", "draw", ...)
    dims = [str(dim) for dim in draws.dims[2:]]
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:  # as many blocks in memory as there are processors
        some = batched(blocks(draws, dims[0]) if dims else [draws], cores)
        parts = [part for batch in some for part in pool.map(lambda block: _columns(block, prob, kind), batch)]
    index = pd.MultiIndex.from_product([draws.get_index(dim) for dim in dims], names=dims) if dims else pd.Index([0])
    table = pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, index=index)
    if rounded:
        table = _justified(table, prob)
    table = table.reset_index() if dims else table.reset_index(drop=True)
    table.attrs = {"ci_kind": kind, "ci_prob": prob}
    return table


def finished(table: pd.DataFrame, attrs: Mapping[Any, object], problems: tuple[str, ...]) -> pd.DataFrame:
    """Return a table with a column ``warning`` where the fit failed a check; ``attrs`` hold its problems, too."""
    if problems:
        table["warning"] = warning_of(problems)
    table.attrs = {**attrs, "problems": problems}
    return table


def _columns(draws: xr.DataArray, prob: float, kind: Interval) -> dict[str, np.ndarray]:
    """Return the columns of a table, one entry per quantity of draws (chain, draw, ...) in memory."""
    chains, length = draws.shape[:2]
    quantities = by_quantity(draws.values.reshape(chains, length, -1))
    step = max(1, BLOCK // (chains * length))
    parts = [_of_some(quantities[start : start + step], prob, kind) for start in range(0, len(quantities), step)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _of_some(x: np.ndarray, prob: float, kind: Interval) -> dict[str, np.ndarray]:
    """Return the columns of some quantities (quantity, chain, draw), of which a few copies fit a processor's cache.

    The Monte Carlo error of the mean is 0 where draws differ by rounding only.
    """
    flat = x.reshape(len(x), -1)
    low, high = interval(flat.T, prob, kind)
    mean, sd = flat.mean(axis=1), flat.std(axis=1, ddof=1)
    with np.errstate(all="ignore"):
        error = np.nan_to_num(sd / np.sqrt(ess_mean(x)))
    return {
        "mean": mean,
        "sd": sd,
        "lower": low,
        "upper": high,
        "prob_positive": np.count_nonzero(flat > 0, axis=1) / flat.shape[1],
        "mcse": np.where(error > 1e-12 * np.abs(mean), error, 0.0),
    }


def _justified(table: pd.DataFrame, prob: float) -> pd.DataFrame:
    """Round each number to a unit that is no finer than its own Monte Carlo error.

    That of the mean is measured; with n effective draws those of others follow as for normal draws: sd / sqrt(2 n) of
    a standard deviation, sd sqrt(a (1 - a) / n) / phi(Phi^-1(a)) of an interval's end, sqrt(p (1 - p) / n) of a
    probability.
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
        "prob_positive": np.minimum(np.sqrt(positive * (1 - positive)) * share, 0.01),
        "mcse": error / 10,
    }
    rounded = table.copy()
    for name, each in errors.items():
        rounded[name] = justified(table[name], each)
    return rounded


def justified(values: np.ndarray | pd.Series, errors: np.ndarray | pd.Series) -> list[float]:
    """Return values rounded to units no finer than their Monte Carlo errors; to 12 decimals where these are 0."""
    each = np.asarray(errors, dtype=float)
    digits = np.where(each > 0, np.floor(-np.log10(np.where(each > 0, each, 1))), 12).astype(int)
    return [round(float(v), int(d)) + 0.0 for v, d in zip(values, digits, strict=True)]
