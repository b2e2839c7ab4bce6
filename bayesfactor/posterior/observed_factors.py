"""What a model with noisy factors says of a regression on the factors as they were observed."""

import numpy as np
import xarray as xr

from bayesfactor.panel.base import PanelBase


def given_observed(draws: xr.Dataset, panel: PanelBase) -> tuple[xr.DataArray, xr.DataArray] | None:
    """Return A and R of f | o = mu + A (o - mu) + R z, z standard normal; None where factors have no error.

    With o = f + u, Var(f) = Omega and Var(u) = Q, A = Omega (Omega + Q)^-1 and R R' = Omega - A Omega. A regression on
    o has the loadings beta A, and its residuals share beta R z, as residual factors.

    Returns
    -------
    DataArray (chain, draw, factor, factor_other), DataArray (chain, draw, factor, residual_factor)
    """
    if "reliability" not in draws or bool((draws["reliability"] == 1).all()):
        return None
    cov = draws.get("factor_cov_long_run", draws["factor_cov"]).transpose("chain", "draw", "factor", "factor_other")
    omega = cov.values
    observed = np.nanvar(panel.factors.values, axis=0, ddof=1)
    noise = (1 - draws["reliability"].transpose("chain", "draw", "factor").values) * observed
    error = noise[..., None] * np.eye(omega.shape[-1])
    share = np.swapaxes(np.linalg.solve(omega + error, omega), -1, -2)
    left = omega - share @ omega
    values, vectors = np.linalg.eigh((left + np.swapaxes(left, -1, -2)) / 2)
    root = vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    names = [f"error of factors {number + 1}" for number in range(omega.shape[-1])]
    held = xr.DataArray(root, dims=("chain", "draw", "factor", "residual_factor"))
    return cov.copy(data=share), held.assign_coords(residual_factor=names)


def with_errors_of_factors(
    loading: xr.DataArray, common: xr.DataArray | None, draws: xr.Dataset, panel: PanelBase
) -> tuple[xr.DataArray, xr.DataArray | None]:
    """Return loadings on the factors as observed, and on residual factors, to which come the errors of factors."""
    found = given_observed(draws, panel)
    if found is None:
        return loading, common
    share, root = (array.drop_vars(["factor", "factor_other"], errors="ignore") for array in found)
    plain = loading.drop_vars("factor")
    seen = xr.dot(plain, share, dim="factor").rename(factor_other="factor").assign_coords(factor=loading["factor"])
    more = xr.dot(plain, root, dim="factor")
    both = more if common is None else xr.concat([common, more], "residual_factor")
    return seen.transpose(*loading.dims), both.transpose("chain", "draw", "asset", "residual_factor")
