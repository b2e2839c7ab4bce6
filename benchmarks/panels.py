"""Simulated panels of the benchmarks, by a recipe that JSON can hold, so that every process makes the same one."""

import numpy as np
import xarray as xr

from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import Calendar, Factor

DAY, MINUTE = np.timedelta64(1, "D"), np.timedelta64(1, "m")
MOST_DAYS = 50_000  # of which dates in nanoseconds are still dates


def simulate(recipe: dict) -> Panel:
    """Return a panel of traded factors.

    The recipe has ``assets``, ``factors``, ``periods``, ``seed``, ``groups``, and may have ``shortest`` (histories from
    that many periods to all of them; the first asset has all), ``alpha`` (standard deviation of alphas a year),
    ``tails`` (degrees of freedom of the residuals) and ``even`` (one residual scale for all assets).
    """
    rng = np.random.default_rng(recipe["seed"])
    n, k, periods = recipe["assets"], recipe["factors"], recipe["periods"]
    group = np.arange(n) % recipe["groups"]
    factors = rng.normal(0.0004, 0.01, size=(periods, k))
    mean = 0.3 * rng.normal(size=(recipe["groups"], k)) + np.eye(1, k)
    loading = mean[group] + 0.3 * rng.normal(size=(n, k))
    alpha = rng.normal(0, recipe.get("alpha", 0.05) / 252, size=n)
    sigma = 0.015 * np.exp((0.0 if recipe.get("even") else 0.3) * rng.normal(size=n))
    returns = np.empty((periods, n))
    for i in range(n):  # asset by asset: the residuals of a large panel are never held beside it
        noise = rng.standard_t(recipe["tails"], periods) if "tails" in recipe else rng.normal(size=periods)
        returns[:, i] = alpha[i] + factors @ loading[i] + sigma[i] * noise
    if "shortest" in recipe:
        for i in range(1, n):
            returns[: periods - rng.integers(recipe["shortest"], periods + 1), i] = np.nan
    return label(returns, factors, [f"g{j}" for j in group])


def label(returns: np.ndarray, factors: np.ndarray, groups: list[str]) -> Panel:
    """Return a panel with names and dates; the first factor is the market, the others are styles."""
    names = [f"a{i:05d}" for i in range(returns.shape[1])]
    labels = [f"f{j}" for j in range(factors.shape[1])]
    time = np.datetime64("2015-01-01", "ns") + (DAY if len(returns) <= MOST_DAYS else MINUTE) * np.arange(len(returns))
    return Panel(
        returns=xr.DataArray(returns, {"time": time, "asset": names}, ("time", "asset")),
        factors=xr.DataArray(factors, {"time": time, "factor": labels}, ("time", "factor")),
        factor_info=tuple(Factor(name, family="style" if j else "market") for j, name in enumerate(labels)),
        groups=xr.DataArray(groups, {"asset": names}, ("asset",)),
        calendar=Calendar("business", 252),
    )
