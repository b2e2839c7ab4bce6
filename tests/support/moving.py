"""A small simulated panel whose volatility and loadings move, and models in which they do."""

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

import bayesfactor as bf
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import Calendar, Factor
from bayesfactor.spec.loading_path import MovingPath
from bayesfactor.spec.volatility import CommonVolatility, MovingVolatility

WEEKS = 52


def moving_panel(assets=8, periods=6 * WEEKS, *, kappa=0.5, size=0.5, memory=2 * WEEKS, shortest=None, seed=0) -> Panel:
    """Return a weekly panel: one traded factor and one that is not, loadings around long-run ones, two groups.

    `kappa` is the standard deviation of a move, in residual standard deviations per standard deviation of a factor, and
    `memory` its half-life in weeks; `size` is the standard deviation of the residuals' log volatility.
    """
    rng, sd = np.random.default_rng(seed), np.array([0.02, 0.01])
    calm = np.exp(0.5 * _mean_reverting(rng, periods, 1, 8))
    factors = calm * sd * rng.normal(size=(periods, 2)) + np.array([0.002, 0.0])
    sigma = 0.02 * np.exp(0.2 * rng.normal(size=assets))
    long_run = np.array([1.0, 0.3]) + 0.3 * rng.normal(size=(assets, 2))
    moves = _mean_reverting(rng, periods, 2 * assets, memory).reshape(periods, assets, 2)
    loading = long_run + kappa * moves * sigma[:, None] / sd
    volatility = np.exp(size * _mean_reverting(rng, periods, 1, 8))
    returns = np.einsum("tak,tk->ta", loading, factors) + volatility * sigma * rng.normal(size=(periods, assets))
    for i in range(1, assets if shortest is not None else 0):
        returns[: periods - rng.integers(shortest, periods + 1), i] = np.nan
    names, time = [f"a{i:02d}" for i in range(assets)], pd.date_range("2016-01-01", periods=periods, freq="W-FRI")
    info = (Factor("market", traded=True, family="market"), Factor("flow", traded=False, family="on-chain"))
    labels = [factor.name for factor in info]
    return Panel(
        returns=xr.DataArray(returns, {"time": time, "asset": names}, ("time", "asset")),
        factors=xr.DataArray(factors, {"time": time, "factor": labels}, ("time", "factor")),
        factor_info=info,
        groups=xr.DataArray([f"g{i % 2}" for i in range(assets)], {"asset": names}, ("asset",)),
        calendar=Calendar("weekly", WEEKS),
    )


def _mean_reverting(rng: np.random.Generator, periods: int, series: int, memory: float) -> np.ndarray:
    """Return paths (time, series) of mean 0 and variance 1 that lose half of a shock in `memory` periods."""
    phi, found = 2 ** (-1 / memory), np.empty((periods, series))
    state = rng.normal(size=series)
    for row in found:
        row[:] = state
        state = phi * state + np.sqrt(1 - phi**2) * rng.normal(size=series)
    return found


def moving_model(*, volatility=True, loadings=True) -> bf.FactorModel:
    """Return the hierarchical model with volatility, loadings or both that move."""
    model = bf.read_model("hierarchical")
    if volatility:
        noise, factors = (
            replace(model.noise, volatility=CommonVolatility()),
            replace(model.factors, volatility=MovingVolatility()),
        )
        model = replace(model, noise=noise, factors=factors)
    return replace(model, loadings=replace(model.loadings, path=MovingPath())) if loadings else model
