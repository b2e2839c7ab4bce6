"""Fits whose draws are made, not sampled: maximum likelihood with the errors that theory gives it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

import bayesfactor as bf
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import Calendar, Factor

STUDENT = bf.read_model("student_t")


def simulated(rng, *, dof=np.inf, assets=12, periods=170, shortest=None, premium=0.1, market=0.15, year=52, common=0.0):
    """Return a panel of one traded factor: betas about 1, alphas of 0, residuals Student-t of 40 % volatility a year.

    `common` is the share of residual variance that all assets have in common.
    """
    f = premium / year + market / year**0.5 * rng.standard_normal((periods, 1))
    beta = rng.normal(1.0, 0.3, size=assets)
    noise = rng.standard_normal((periods, assets)) if np.isinf(dof) else rng.standard_t(dof, size=(periods, assets))
    noise = (1 - common) ** 0.5 * noise + common**0.5 * rng.standard_normal((periods, 1))
    wide = 1.0 if np.isinf(dof) else ((dof - 2) / dof) ** 0.5
    returns = f * beta + 0.4 / year**0.5 * wide * noise
    if shortest is not None:
        for i, length in enumerate(rng.integers(shortest, periods + 1, size=assets)):
            returns[: periods - length, i] = np.nan
    time, names = pd.date_range("2015-01-02", periods=periods, freq="W-FRI"), [f"a{i:02d}" for i in range(assets)]
    return Panel(
        returns=xr.DataArray(returns, {"time": time, "asset": names}, ("time", "asset")),
        factors=xr.DataArray(f, {"time": time, "factor": ["f0"]}, ("time", "factor")),
        factor_info=(Factor("f0", traded=True, family="market"),),
        groups=xr.DataArray(["g"] * assets, {"asset": names}, ("asset",)),
        calendar=Calendar("weekly", year),
    )


def pseudo_fit(panel, rng, dof=np.inf, draws=200, *, priced=False):
    """Return a fit with the asymptotic posterior of every asset's own regression; Student-t with `dof` known to 5 %.

    `priced`: alphas are 0 in every draw, so that mean residuals are as noisy as they come.
    """
    n, k = len(panel.assets), len(panel.factor_info)
    coefficients, sigma = np.empty((draws, n, k + 1)), np.empty((draws, n))
    for i in range(n):
        y = panel.returns.values[:, i]
        seen = np.isfinite(y)
        x, y = np.column_stack([np.ones(seen.sum()), panel.factors.values[seen]])[:, int(priced) :], y[seen]
        weight = np.ones(len(y))
        for _ in range(1 if np.isinf(dof) else 30):
            centre = np.linalg.solve(x.T @ (weight[:, None] * x), x.T @ (weight * y))
            square = np.mean(weight * (y - x @ centre) ** 2)
            if np.isfinite(dof):
                weight = (dof + 1) / (dof + (y - x @ centre) ** 2 / square)
        told = 1.0 if np.isinf(dof) else (dof + 1) / (dof + 3)
        root = np.linalg.cholesky(np.linalg.inv(x.T @ x) * square / told)
        coefficients[:, i, 0] = 0.0
        coefficients[:, i, int(priced) :] = centre + rng.standard_normal((draws, len(root))) @ root.T
        apart = (1 / 2 if np.isinf(dof) else (dof + 3) / (2 * dof)) / len(y)
        sigma[:, i] = square**0.5 * np.exp(apart**0.5 * rng.standard_normal(draws))
    values = panel.factors.values
    mean = values.mean(axis=0) + values.std(axis=0) / len(values) ** 0.5 * rng.standard_normal((draws, k))
    tail = np.maximum(dof * np.exp(0.05 * rng.standard_normal(draws)), STUDENT.noise.dof.above + 1e-3)
    return made(panel, coefficients, sigma, mean, None if np.isinf(dof) else tail)


def made(panel, coefficients, sigma, mean, dof=None):
    """Return a fit with these draws (draw, ...), as of one chain; `sigma` is a scale where there is a `dof`."""
    names = {"asset": list(panel.assets), "factor": list(panel.factor_names)}
    variables = {
        "alpha": (("draw", "asset"), coefficients[:, :, 0]),
        "loading": (("draw", "asset", "factor"), coefficients[:, :, 1:]),
        "residual_sd": (("draw", "asset"), sigma if dof is None else sigma * (dof / (dof - 2))[:, None] ** 0.5),
        "risk_premium": (("draw", "factor"), mean),
        "factor_mean": (("draw", "factor"), mean),
    }
    if dof is not None:
        variables["dof"] = (("draw",), dof)
    posterior = xr.Dataset(variables, coords={"draw": np.arange(len(sigma)), **names}).expand_dims(chain=[0])
    model = bf.FactorModel() if dof is None else replace(STUDENT, name="made")
    sampler = bf.Sampler(draws=len(sigma), chains=1)
    return bf.Fit(panel, model, sampler, xr.DataTree.from_dict({"posterior": posterior}))
