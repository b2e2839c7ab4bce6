"""Residuals and log-likelihood at draws of a fit."""

import numpy as np
import xarray as xr
from scipy.special import gammaln

from bayesfactor.posterior import Fit
from bayesfactor.spec import StudentTNoise
from bayesfactor.statistics import factor_moments, moments, regressors


def thin(fit: Fit, most: int) -> xr.Dataset:
    """Return about `most` draws of the posterior, evenly spaced in each chain."""
    posterior = fit.posterior
    step = max(1, -(-posterior.sizes["chain"] * posterior.sizes["draw"] // most))
    return posterior.isel(draw=slice(None, None, step))


def raw_coefficients(fit: Fit, draws: xr.Dataset) -> np.ndarray:
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


def standardised_residuals(fit: Fit, index: int, coefficients: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Return (sample, time) residuals of asset number `index` over their scale."""
    _, returns, x = regressors(fit.panel, index)
    fitted = np.einsum("sp,tp->st", coefficients[:, index], x)  # one thread: callers have several assets at work
    return (returns - fitted) / sigma[:, index, None]


def log_likelihood(fit: Fit) -> xr.DataArray:
    """Return the log-likelihood of every asset and of the factors at every draw, for ArviZ's loo and compare.

    sum_t log p(r_it | alpha_i, beta_i, sigma_i, lambda, mu) for each asset, and log p(f | mu, Omega) as unit "factors".

    Returns
    -------
    DataArray (chain, draw, unit)
    """
    draws = fit.posterior
    coefficients = raw_coefficients(fit, draws)
    flat = draws.stack(sample=("chain", "draw"), create_index=False)
    sigma = flat["sigma"].transpose("sample", "asset").values
    dof = flat["dof"].values[:, None] if isinstance(fit.model.noise, StudentTNoise) else None
    statistics, columns = moments(fit.panel), []
    for i, count in enumerate(statistics.count):
        constant = -0.5 * np.log(2 * np.pi)
        if dof is None:
            shape = -0.5 * statistics.residual_squares(i, coefficients[:, i]) / sigma[:, i] ** 2
        else:
            constant = (gammaln((dof + 1) / 2) - gammaln(dof / 2) - 0.5 * np.log(dof * np.pi))[:, 0]
            z = standardised_residuals(fit, i, coefficients, sigma)
            shape = np.sum(-0.5 * (dof + 1) * np.log1p(z**2 / dof), axis=1)
        columns.append(shape + count * (constant - np.log(sigma[:, i])))
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
    """Return log p(factors | mu, Omega): of each span, what its factors add to the older ones on the same rows."""
    mean = flat["factor_mean"].transpose("sample", "factor").values
    covariance = flat["factor_cov"].transpose("sample", "factor", "factor_other").values
    total = np.zeros(len(mean))
    for span in factor_moments(fit.panel).spans:
        for size, sign in ((len(span.factors), 1), (span.older, -1)):
            members = span.factors[:size]
            gap, own = mean[:, members] - span.mean[:size], covariance[:, members][:, :, members]
            scatter = span.scatter[:size, :size] + span.count * gap[:, :, None] * gap[:, None, :]
            spread = np.trace(np.linalg.solve(own, scatter), axis1=1, axis2=2)
            total -= sign * 0.5 * (span.count * (np.linalg.slogdet(own)[1] + size * np.log(2 * np.pi)) + spread)
    return total
