"""Contributions of sources to variances: of the next period, and in the long run."""

import numpy as np
import xarray as xr

from bayesfactor.analysis.attribution.contributions import Parts, combined
from bayesfactor.panel.records import written
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.plausibility import MOVING
from bayesfactor.posterior.residuals import residual_level

EACH = ("chain", "draw", "asset")


def variance(fit: Fit, weights: xr.DataArray) -> Parts:
    """Return what every factor and the residuals add to each holding's variance a year, as it is in the next period."""
    posterior = fit.posterior
    return _variance(fit, weights, posterior["loading"], posterior["factor_cov"], posterior["residual_sd"])


def long_run_variance(fit: Fit, weights: xr.DataArray) -> Parts | None:
    """Return the same in the long run; None where nothing moves.

    At the long-run loadings and factor covariance, and at the mean of the residual variance over the panel's rows.
    """
    posterior = fit.posterior
    if not moves(posterior):
        return None
    loading = posterior.get("loading_long_run", posterior["loading"])
    cov = posterior.get("factor_cov_long_run", posterior["factor_cov"])
    return _variance(fit, weights, loading, cov, residual_sd_over_sample(fit))


def moves(posterior: xr.Dataset) -> bool:
    """Whether the variance of the next period is another one than that of the long run."""
    return any(name in posterior for name in MOVING)


def residual_sd_over_sample(fit: Fit) -> xr.DataArray:
    """Return the square root of the mean residual variance over the panel's rows (chain, draw, asset)."""
    own = fit.posterior["residual_sd"]
    if "volatility_now" not in fit.posterior:
        return own
    mean = Dated(fit, fit.posterior).mean_squares.mean(axis=0)
    return residual_level(fit, fit.posterior) * xr.DataArray(np.sqrt(mean), dims="asset")


def notes_on_level(fit: Fit) -> tuple[str, ...]:
    """Say of when the variances are, where something moves."""
    if not moves(fit.posterior):
        return ()
    return (
        f"variances are at today's level, that of the period after {written(fit.panel.times[-1])}; long_run: at the "
        "long-run loadings and factor covariance, and the mean residual variance over the sample",
    )


def _variance(fit: Fit, weights: xr.DataArray, loading: xr.DataArray, cov: xr.DataArray, sd: xr.DataArray) -> Parts:
    year = fit.panel.periods_per_year
    held = combined(weights, loading)
    moved = xr.dot(cov * year, held.rename(factor="factor_other"), dim="factor_other")
    return Parts(held * moved, {"idiosyncratic": combined(weights**2, sd**2 * year)})
