"""The variance of weighted residuals: what they have in common, and what is each one's own."""

import xarray as xr

COMMON, OWN = "common residual", "idiosyncratic"


def residual_variance(
    weights: xr.DataArray, sd: xr.DataArray, loading: xr.DataArray | None = None, together: xr.DataArray | None = None
) -> dict[str, xr.DataArray]:
    """Return w'Sigma w = sum_j (sum_i w_i lambda_ij)^2 + sum_i w_i^2 s_i^2 of each draw, by its two sources.

    Parameters
    ----------
    weights : DataArray (..., asset)
        Any other dimensions: of several books.
    sd : DataArray (chain, draw, asset)
        s_i, of what is each asset's own.
    loading : DataArray (chain, draw, asset, residual_factor), optional
        lambda_ij, on residual factors of variance 1; without them residuals are independent.
    together : DataArray (asset, asset_other), optional
        By what the covariance of two residuals is multiplied, such as the mean of g_it g_jt over some dates; by default
        1.

    Returns
    -------
    dict of str to DataArray (chain, draw, ...)
        `COMMON` where there are residual factors, and `OWN`.
    """
    scale = xr.DataArray(1.0) if together is None else _diagonal(together)
    own = {OWN: xr.dot(weights**2 * scale, sd**2, dim="asset")}
    if loading is None:
        return own
    held = weights * loading
    if together is None:
        return {COMMON: (held.sum("asset") ** 2).sum("residual_factor"), **own}
    other = xr.dot(held, together, dim="asset").rename(asset_other="asset")
    return {COMMON: xr.dot(held, other, dim=["asset", "residual_factor"]), **own}


def _diagonal(together: xr.DataArray) -> xr.DataArray:
    return xr.DataArray(together.values.diagonal(), dims="asset")
