"""Simulated panels in which volatility and loadings move, and models in which they may."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

import bayesfactor as bf
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import Calendar, Factor
from bayesfactor.spec.loading_path import MovingPath
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.volatility import CommonVolatility, MovingVolatility


@dataclass(frozen=True, eq=False)
class MovingTruth:
    """A simulated panel, and its path of volatility (time) and loadings (time, asset, factor)."""

    panel: Panel
    volatility: np.ndarray
    loading: np.ndarray


def moving_panel(
    seed=0, *, assets=10, periods=320, memory=8.0, size=0.5, dof=6.0, move=0.3, turn=52.0, year=52, late=2
) -> MovingTruth:
    """Simulate a weekly panel of a traded factor and one that is not.

    Parameters
    ----------
    memory, size, dof : float
        Of log volatility: half-life and long-run standard deviation; degrees of freedom of residuals given it.
    move, turn : float
        Of loadings, which move every week: kappa and half-life.
    late : int
        Assets that begin after a third of the periods.
    """
    rng = np.random.default_rng(seed)
    log_g = _paths(rng, periods, memory, ()) * size
    g = np.exp(log_g - log_g.mean())
    f = np.exp(0.3 * _paths(rng, periods, memory, ()))[:, None] * rng.normal(size=(periods, 2)) * 0.02 + [0.0015, 0.0]
    level = 0.03 * np.exp(0.2 * rng.standard_normal(assets))
    loading = rng.normal([1.0, 0.3], 0.3, size=(assets, 2)) + move * _paths(rng, periods, turn, (assets, 2)) * (
        level[:, None] / 0.02
    )
    tail = rng.standard_t(dof, size=(periods, assets)) * ((dof - 2) / dof) ** 0.5
    returns = rng.normal(0, 0.03 / year, size=assets) + np.einsum("tk,tik->ti", f, loading) + g[:, None] * level * tail
    returns[: periods // 3, assets - late :] = np.nan
    time = pd.date_range("2015-01-02", periods=periods, freq="W-FRI")
    names, labels = [f"a{i:02d}" for i in range(assets)], ["market", "rates"]
    panel = Panel(
        returns=xr.DataArray(returns, {"time": time, "asset": names}, ("time", "asset")),
        factors=xr.DataArray(f, {"time": time, "factor": labels}, ("time", "factor")),
        factor_info=(Factor("market", traded=True, family="market"), Factor("rates", traded=False, family="rates")),
        groups=xr.DataArray(["g"] * assets, {"asset": names}, ("asset",)),
        calendar=Calendar("weekly", year),
    )
    return MovingTruth(panel, g, loading)


def _paths(rng: np.random.Generator, periods: int, memory: float, shape: tuple[int, ...]) -> np.ndarray:
    """Return autoregressions (time, ...) of standard deviation 1 with this half-life."""
    phi = 2 ** (-1 / memory)
    shocks, found = rng.standard_normal((periods, *shape)), np.empty((periods, *shape))
    found[0] = shocks[0]
    for t in range(1, periods):
        found[t] = phi * found[t - 1] + (1 - phi**2) ** 0.5 * shocks[t]
    return found


def moving_model(*, residuals=True, factors=True, loadings=True) -> FactorModel:
    """Return the default model with some parts that move."""
    model = bf.read_model("static")
    if residuals:
        model = replace(model, noise=replace(model.noise, volatility=CommonVolatility()))
    if factors:
        model = replace(model, factors=replace(model.factors, volatility=MovingVolatility()))
    return replace(model, loadings=replace(model.loadings, path=MovingPath())) if loadings else model
