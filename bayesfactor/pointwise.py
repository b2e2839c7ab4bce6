"""Residuals and log-likelihood at draws of a fit."""

import numpy as np
import xarray as xr
from scipy.special import gammaln

from bayesfactor.posterior import Fit
from bayesfactor.spec import StudentTNoise
from bayesfactor.statistics import factor_moments, regressors


def thin(fit: Fit, most: int) -> xr.Dataset:
    """Return about `most` draws of the posterior, evenly spaced in each chain."""
    posterior = fit.posterior
    step = max(1, -(-posterior.sizes["chain"] * posterior.sizes["draw"] // most))
    return posterior.isel(draw=slice(None, None, step))


def raw_coefficients(fit: Fit, draws: xr.Dataset) -> np.ndarray:
    """Return (sample, asset, coefficient): intercept and loadings on the factors as they are in the panel.

    The intercept is alpha + sum over non-traded factors of beta (lambda - mu).
    """
    flat = draws.stack(sample=("chain", "draw"), create_index=False)
    loading = flat["loading"].transpose("sample", "asset", "factor").values
    shift = (flat["risk_premium"] - flat["factor_mean"]).transpose("sample", "factor").values
    shift[:, [factor.traded for factor in fit.panel.factor_info]] = 0.0
    alpha = flat["alpha"].transpose("sample", "asset").values + np.einsum("saf,sf->sa", loading, shift)
    return np.concatenate([alpha[:, :, None], loading], axis=2)


def standardised_residuals(fit: Fit, index: int, coefficients: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Return (sample, time) residuals of asset number `index` over their scale."""
    _, returns, x = regressors(fit.panel, index)
    return (returns - coefficients[:, index] @ x.T) / sigma[:, index, None]


def log_likelihood(fit: Fit, draws: xr.Dataset) -> xr.DataArray:
    """Return log p(r_i | alpha, beta, sigma) for every asset, and log p(f | mu, Omega): (chain, draw, unit)."""
    coefficients = raw_coefficients(fit, draws)
    flat = draws.stack(sample=("chain", "draw"), create_index=False)
    sigma = flat["sigma"].transpose("sample", "asset").values
    dof = flat["dof"].values[:, None] if isinstance(fit.model.noise, StudentTNoise) else None
    columns = []
    for i in range(len(fit.panel.assets)):
        z = standardised_residuals(fit, i, coefficients, sigma)
        if dof is None:
            each = -0.5 * (z**2 + np.log(2 * np.pi))
        else:
            constant = gammaln((dof + 1) / 2) - gammaln(dof / 2) - 0.5 * np.log(dof * np.pi)
            each = constant - 0.5 * (dof + 1) * np.log1p(z**2 / dof)
        columns.append(np.sum(each, axis=1) - z.shape[1] * np.log(sigma[:, i]))
    columns.append(_factor_likelihood(fit, flat))
    sizes = (draws.sizes["chain"], draws.sizes["draw"])
    names = [*fit.panel.assets, "factors"]
    return xr.DataArray(
        np.stack(columns, axis=1).reshape(*sizes, -1),
        dims=("chain", "draw", "unit"),
        coords={"chain": draws["chain"], "draw": draws["draw"], "unit": names},
        name="returns",
    )


def _factor_likelihood(fit: Fit, flat: xr.Dataset) -> np.ndarray:
    history = factor_moments(fit.panel)
    gap = flat["factor_mean"].transpose("sample", "factor").values - history.mean
    covariance = flat["factor_cov"].transpose("sample", "factor", "factor_other").values
    scatter = history.scatter + history.count * gap[:, :, None] * gap[:, None, :]
    _, logdet = np.linalg.slogdet(covariance)
    spread = np.trace(np.linalg.solve(covariance, scatter), axis1=1, axis2=2)
    return -0.5 * (history.count * (logdet + gap.shape[1] * np.log(2 * np.pi)) + spread)
