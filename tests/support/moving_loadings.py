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
    `memory` its half-life in weeks; `size` is the standard deviation of the residuals' log volatility. Histories
    are from all periods to `shortest`.
    """
    returns, factors, _ = _simulated(assets, periods, kappa, size, memory, seed)
    if shortest is not None:
        for i, rows in enumerate(np.linspace(periods, shortest, assets).astype(int)):
            returns[: periods - rows, i] = np.nan
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


def _simulated(
    assets: int, periods: int, kappa: float, size: float, memory: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return returns (time, asset), factors (time, factor) and loadings (time, asset, factor)."""
    rng, sd = np.random.default_rng(seed), np.array([0.02, 0.01])
    calm = np.exp(0.5 * _mean_reverting(rng, periods, 1, 8))
    factors = calm * sd * rng.normal(size=(periods, 2)) + np.array([0.002, 0.0])
    sigma = 0.02 * np.exp(0.2 * rng.normal(size=assets))
    long_run = np.array([1.0, 0.3]) + 0.3 * rng.normal(size=(assets, 2))
    moves = _mean_reverting(rng, periods, 2 * assets, memory).reshape(periods, assets, 2)
    loading = long_run + kappa * moves * sigma[:, None] / sd
    volatility = np.exp(size * _mean_reverting(rng, periods, 1, 8))
    returns = np.einsum("tak,tk->ta", loading, factors) + volatility * sigma * rng.normal(size=(periods, assets))
    return returns, factors, loading


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
    model = bf.read_model("static")
    if volatility:
        noise, factors = (
            replace(model.noise, volatility=CommonVolatility()),
            replace(model.factors, volatility=MovingVolatility()),
        )
        model = replace(model, noise=noise, factors=factors)
    return replace(model, loadings=replace(model.loadings, path=MovingPath())) if loadings else model


def simulated_loadings(assets=8, periods=6 * WEEKS, *, kappa=0.5, size=0.5, memory=2 * WEEKS, seed=0) -> np.ndarray:
    """Return the loadings (time, asset, factor) of `moving_panel`."""
    return _simulated(assets, periods, kappa, size, memory, seed)[2]


def still(fit: bf.Fit) -> bf.Fit:
    """Return a fit as it would be where all evidence is for loadings that do not move."""
    names = ("block", "rows", "move", "memory", "weight")
    data, paths = fit.data.copy(), fit.data["paths"].to_dataset()
    alone = paths.isel({f"loadings_{name}_0": slice(1) for name in names[2:]})
    for name, value in zip(names[2:], (0.0, np.inf, 1.0), strict=True):
        alone[f"loadings_{name}"] = xr.full_like(alone[f"loadings_{name}"], value)
    posterior = fit.posterior
    posterior["loading"] = posterior["loading_long_run"]
    posterior["loading_move"] = xr.zeros_like(posterior["loading_move"])
    posterior["loading_memory"] = xr.full_like(posterior["loading_memory"], np.inf)
    data["paths"], data["posterior"] = xr.DataTree(alone), xr.DataTree(posterior)
    return replace(fit, data=data)


def rescaled(fit: bf.Fit, scale: xr.DataArray) -> bf.Fit:
    """Return a fit as it would be with every factor times a number of its own (factor)."""
    posterior, other = fit.posterior, scale.rename(factor="factor_other")
    for name in ("loading", "loading_long_run", "loading_mean"):
        posterior[name] = posterior[name] / scale
    for name in ("risk_premium", "factor_mean"):
        posterior[name] = posterior[name] * scale
    for name in ("factor_cov", "factor_cov_long_run"):
        posterior[name] = posterior[name] * scale * other
    return _with(fit, replace(fit.panel, factors=fit.panel.factors * scale), posterior)


def permuted(fit: bf.Fit, order: list[int]) -> bf.Fit:
    """Return a fit as it would be with its assets in another order."""
    panel = fit.panel
    moved = replace(panel, returns=panel.returns.isel(asset=order), groups=panel.groups.isel(asset=order))
    return _with(fit, moved, fit.posterior.isel(asset=order))


def _with(fit: bf.Fit, panel: Panel, posterior: xr.Dataset) -> bf.Fit:
    data = fit.data.copy()
    data["posterior"] = xr.DataTree(posterior)
    return replace(fit, panel=panel, data=data)
