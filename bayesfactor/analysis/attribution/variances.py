"""Contributions of sources to variances: of the next period, and in the long run."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from bayesfactor.analysis.attribution.contributions import Parts, combined, labelled, loaded
from bayesfactor.analysis.attribution.entry_blocks import in_blocks
from bayesfactor.analysis.portfolio.portfolio_exposures import Exposures
from bayesfactor.panel.records import written
from bayesfactor.posterior.dated_posterior import of_posterior
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.plausibility import MOVING
from bayesfactor.posterior.residual_variance import COMMON, OWN
from bayesfactor.posterior.residuals import residual_level

RESIDUALS = ("residual_sd", "residual_loading")


def variance(fit: Fit, held: Exposures, label: Mapping[str, str] | None = None) -> xr.DataArray:
    """Return what every factor or label and the residuals add to each holding's variance a year, in the next period."""
    posterior = fit.posterior
    return _variance(fit, held, posterior["loading"], posterior["factor_cov"], posterior, label)


def long_run_variance(fit: Fit, held: Exposures, label: Mapping[str, str] | None = None) -> xr.DataArray | None:
    """Return the same in the long run; None where nothing moves.

    At the long-run loadings and factor covariance, and at the mean of the residual variance over the panel's rows.
    """
    posterior = fit.posterior
    if not moves(posterior):
        return None
    loading = posterior.get("loading_long_run", posterior["loading"])
    cov = posterior.get("factor_cov_long_run", posterior["factor_cov"])
    residuals = xr.Dataset({name: _over_sample(fit, name) for name in RESIDUALS if name in posterior})
    return _variance(fit, held, loading, cov, residuals, label)


def moves(posterior: xr.Dataset) -> bool:
    """Whether the variance of the next period is another one than that of the long run."""
    return any(name in posterior for name in MOVING)


def residual_sd_over_sample(fit: Fit) -> xr.DataArray:
    """Return the square root of the mean residual variance over the panel's rows (chain, draw, asset).

    Of the own part, where there are residual factors.
    """
    return _over_sample(fit, "residual_sd")


def _over_sample(fit: Fit, name: str) -> xr.DataArray:
    """Return residual standard deviations, or residual loadings, at the mean of the square over the panel's rows."""
    if "volatility_now" not in fit.posterior:
        return fit.posterior[name]
    mean = of_posterior(fit).mean_squares.mean(axis=0)
    return residual_level(fit, fit.posterior, name) * xr.DataArray(np.sqrt(mean), dims="asset")


def notes_on_level(fit: Fit) -> tuple[str, ...]:
    """Say of when the variances are, where something moves."""
    if not moves(fit.posterior):
        return ()
    return (
        f"variances are at today's level, that of the period after {written(fit.panel.times[-1])}; long_run: at the "
        "long-run loadings and factor covariance, and the mean residual variance over the sample",
    )


def _variance(
    fit: Fit,
    held: Exposures,
    loading: xr.DataArray,
    cov: xr.DataArray,
    residuals: xr.Dataset,
    label: Mapping[str, str] | None,
) -> xr.DataArray:
    """Return contributions of factors, of residual factors where `residuals` load on them, and of own residuals."""
    year, together = fit.panel.periods_per_year, "residual_loading" in residuals

    def added(weights: xr.DataArray, values: xr.Dataset, direct: xr.DataArray | None) -> xr.DataArray:
        of_factors = labelled(_of_factors(loaded(weights, values["loading"], direct), values["cov"]), label)
        own = {OWN: combined(weights**2, values["residual_sd"] ** 2 * year)}
        if not together:
            return Parts(of_factors, own).sources
        common = (combined(weights, values["residual_loading"]) ** 2).sum("residual_factor") * year
        return Parts(of_factors, {COMMON: common, **own}).sources

    used = {name: residuals[name] for name in RESIDUALS if name in residuals}
    values = xr.Dataset({"loading": loading, "cov": cov * year, **used})
    return in_blocks(held.weights, values, held.direct, added)


def _of_factors(held: xr.DataArray, cov: xr.DataArray) -> xr.DataArray:
    """Return b_k (Omega b)_k at loadings b (chain, draw, ..., factor)."""
    if held.chunks is not None or cov.chunks is not None:
        return held * xr.dot(held.rename(factor="factor_other"), cov, dim="factor_other")
    held = held.transpose("chain", "draw", ..., "factor")
    moved = held.values @ cov.transpose("chain", "draw", "factor_other", "factor").values
    moved *= held.values
    return held.copy(data=moved)
