"""Small simulated panels for tests, drawn straight from the model's equations."""

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.panel.aggregated import PanelStatistics
from bayesfactor.panel.moments import cross_products
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import Calendar, Factor


def make_panel(
    assets=12, traded=2, other=1, periods=150, *, seed=0, groups=3, year=252, shortest=None, zero=(), alpha=0.05
) -> Panel:
    """Return a panel of grouped loadings; histories from `shortest` to all periods; factors in `zero` move nothing.

    `alpha` is the standard deviation of alphas a year.
    """
    rng, k = np.random.default_rng(seed), traded + other
    factors = rng.normal(0.0004, 0.01, size=(periods, k))
    group = np.arange(assets) % groups
    mean = 0.3 * rng.normal(size=(groups, k)) + np.eye(1, k)
    loading = mean[group] + 0.3 * rng.normal(size=(assets, k))
    loading[:, list(zero)] = 0.0
    sigma = 0.015 * np.exp(0.3 * rng.normal(size=assets))
    returns = rng.normal(0, alpha / year, size=assets) + factors @ loading.T
    returns = returns + sigma * rng.normal(size=(periods, assets))
    if shortest is not None:
        for i in range(1, assets):
            returns[: periods - rng.integers(shortest, periods + 1), i] = np.nan
    names, labels = [f"a{i:02d}" for i in range(assets)], [f"f{j}" for j in range(k)]
    time = pd.bdate_range("2015-01-01", periods=periods)
    info = tuple(
        Factor(name, traded=j < traded, family="market" if j == 0 else "style" if j < traded else "on-chain")
        for j, name in enumerate(labels)
    )
    return Panel(
        returns=xr.DataArray(returns, {"time": time, "asset": names}, ("time", "asset")),
        factors=xr.DataArray(factors, {"time": time, "factor": labels}, ("time", "factor")),
        factor_info=info,
        groups=xr.DataArray([f"g{j}" for j in group], {"asset": names}, ("asset",)),
        calendar=Calendar("business", year),
    )


def reduced(panel: Panel) -> PanelStatistics:
    """Return the statistics of a panel, by the rows of each asset one after the other."""
    rows = np.isfinite(panel.returns.values)
    ends = np.full((2, rows.shape[1]), np.datetime64("NaT", "ns"))
    for i, own in enumerate(rows.T):
        if own.any():
            ends[:, i] = panel.times[own][[0, -1]]
    seen = np.isin(panel.factors["time"].values, panel.times[rows.any(axis=1)])
    by_asset = {"asset": list(panel.assets)}
    return PanelStatistics(
        moments=cross_products(panel.returns.values, panel.aligned),
        observed=xr.DataArray(seen, {"time": panel.factors["time"].values}, ("time",)),
        first=xr.DataArray(ends[0], by_asset, ("asset",)),
        last=xr.DataArray(ends[1], by_asset, ("asset",)),
        factors=panel.factors,
        factor_info=panel.factor_info,
        groups=panel.groups,
        calendar=panel.calendar,
    )
