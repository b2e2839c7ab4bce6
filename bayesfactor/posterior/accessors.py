"""Draws of single variables of a fit."""

import xarray as xr

from bayesfactor.base.errors import FitError
from bayesfactor.posterior.fit import Fit


def variable(fit: Fit, name: str) -> xr.DataArray:
    """Return the draws of one variable of a fit."""
    if not isinstance(fit, Fit):
        raise FitError(
            f"Expected a Fit, found {type(fit).__name__}.", remedy="Pass what bf.fit or bf.open_fit returned."
        )
    return fit.posterior[name]


def loadings(fit: Fit) -> xr.DataArray:
    """Return the draws of beta_ik: (chain, draw, asset, factor), per unit of the factor."""
    return variable(fit, "loading")


def alphas(fit: Fit) -> xr.DataArray:
    """Return the draws of alpha_i: (chain, draw, asset), decimal per period."""
    return variable(fit, "alpha")
