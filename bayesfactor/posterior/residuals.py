"""Residuals at draws of a fit."""

import numpy as np
import xarray as xr

from bayesfactor.panel.regressions import regressors
from bayesfactor.posterior.facts import FitFacts


def thin(fit: FitFacts, most: int) -> xr.Dataset:
    """Return about `most` draws of the posterior, evenly spaced in each chain."""
    posterior = fit.posterior
    step = max(1, -(-posterior.sizes["chain"] * posterior.sizes["draw"] // most))
    return posterior.isel(draw=slice(None, None, step))


def raw_coefficients(fit: FitFacts, draws: xr.Dataset) -> np.ndarray:
    """Return (sample, asset, coefficient): intercept and loadings on the factors as they are in the panel.

    The intercept is alpha + zero-beta rate + sum over non-traded factors of beta (lambda - mu).
    """
    names = [name for name in ("alpha", "loading", "risk_premium", "factor_mean", "zero_beta") if name in draws]
    flat = draws[names].compute().stack(sample=("chain", "draw"), create_index=False)
    loading = flat["loading"].transpose("sample", "asset", "factor").values
    shift = (flat["risk_premium"] - flat["factor_mean"]).transpose("sample", "factor").values
    shift[:, [factor.traded for factor in fit.panel.factor_info]] = 0.0
    alpha = flat["alpha"].transpose("sample", "asset").values + np.einsum("saf,sf->sa", loading, shift)
    if "zero_beta" in flat:
        alpha = alpha + flat["zero_beta"].values[:, None]
    return np.concatenate([alpha[:, :, None], loading], axis=2)


def standardised_residuals(fit: FitFacts, index: int, coefficients: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Return (sample, time) residuals of asset number `index` over their scale."""
    _, returns, x = regressors(fit.panel, index)
    fitted = np.einsum("sp,tp->st", coefficients[:, index], x)  # one thread: callers have several assets at work
    return (returns - fitted) / sigma[:, index, None]


def degrees_of_freedom(draws: xr.Dataset) -> np.ndarray | None:
    """Return the degrees of freedom (sample) of the noise law at draws; None where it is normal."""
    return draws["dof"].transpose("chain", "draw").values.ravel() if "dof" in draws else None


def variance_factor(draws: xr.Dataset) -> xr.DataArray:
    """Return what the variance of the noise law is of its squared scale, at every draw."""
    return draws["dof"] / (draws["dof"] - 2) if "dof" in draws else xr.DataArray(1.0)


def noise(rng: np.random.Generator, dof: np.ndarray | float | None, shape: tuple[int, ...]) -> np.ndarray:
    """Return draws of the noise law at a scale of 1."""
    return rng.standard_normal(shape) if dof is None else rng.standard_t(dof, size=shape)
