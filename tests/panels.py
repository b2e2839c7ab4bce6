"""Small simulated panels for tests, drawn straight from the model's equations."""

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.panel import Calendar, Factor, Panel


def make_panel(
    assets=12, traded=2, other=1, periods=150, *, seed=0, groups=3, year=252, shortest=None, zero=(), alpha=0.05
) -> Panel:
    """Return a panel of grouped loadings; histories from `shortest` to all periods; factors in `zero` move nothing.

    `alpha` is the deviation of alphas a year.
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
