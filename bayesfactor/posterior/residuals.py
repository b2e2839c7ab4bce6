"""Residuals at draws of a fit, and their law."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayesfactor.base.errors import FitError
from bayesfactor.panel.regressions import regressors
from bayesfactor.posterior.facts import FitFacts
from bayesfactor.spec.noise import Noise


def thin(fit: FitFacts, most: int) -> xr.Dataset:
    """Return about `most` draws of the posterior, evenly spaced in each chain."""
    posterior = fit.posterior
    step = max(1, -(-posterior.sizes["chain"] * posterior.sizes["draw"] // most))
    return posterior.isel(draw=slice(None, None, step))


def residual_level(fit: FitFacts, draws: xr.Dataset, name: str = "residual_sd") -> xr.DataArray:
    """Return residual standard deviations, or loadings on residual factors, over the level of what moves them.

    That is the asset's over the sample. `name` is that of the variable.
    """
    if "volatility_now" not in draws:
        return draws[name]
    path = None if fit.movement is None else fit.movement.residuals
    level = draws[name] / draws["volatility_now"]
    return level if path is None else level / xr.DataArray(path.next_drift, dims="asset")


def in_long_run(fit: FitFacts, draws: xr.Dataset) -> xr.Dataset:
    """Return draws with loadings and residual standard deviations of the long run, where the next ones differ.

    Loadings on residual factors with them.
    """
    found = {}
    if "loading_long_run" in draws:
        found["loading"] = draws["loading_long_run"]
    if "volatility_now" in draws:
        for name in ("residual_sd", "residual_loading"):
            if name in draws:
                found[name] = residual_level(fit, draws, name).transpose(*draws[name].dims)
    return draws.assign(found) if found else draws


def raw_coefficients(fit: FitFacts, draws: xr.Dataset) -> np.ndarray:
    """Return (sample, asset, coefficient): intercept and loadings on the factors as they are in the panel.

    Of loadings that move those of the long run. The intercept is alpha + zero-beta rate + sum over non-traded factors
    of beta (lambda - mu).
    """
    names = [name for name in ("alpha", "loading", "risk_premium", "factor_mean", "zero_beta") if name in draws]
    own = "loading_long_run" if "loading_long_run" in draws else "loading"
    flat = draws[[own if name == "loading" else name for name in names]].compute()
    flat = flat.stack(sample=("chain", "draw"), create_index=False)
    loading = flat[own].transpose("sample", "asset", "factor").values
    shift = (flat["risk_premium"] - flat["factor_mean"]).transpose("sample", "factor").values
    shift[:, [factor.traded for factor in fit.panel.factor_info]] = 0.0
    alpha = flat["alpha"].transpose("sample", "asset").values + np.einsum("saf,sf->sa", loading, shift)
    if "zero_beta" in flat:
        alpha = alpha + flat["zero_beta"].values[:, None]
    return np.concatenate([alpha[:, :, None], loading], axis=2)


def with_whole_sd(draws: xr.Dataset) -> xr.Dataset:
    """Return draws whose ``residual_sd`` is that of whole residuals: sqrt(own^2 + sum_j lambda_ij^2).

    The draws themselves where there is no ``residual_loading``: their residuals are the assets' own.
    """
    if "residual_loading" not in draws:
        return draws
    whole = (draws["residual_sd"] ** 2 + (draws["residual_loading"] ** 2).sum("residual_factor")) ** 0.5
    return draws.assign(residual_sd=whole.transpose(*draws["residual_sd"].dims))


def residual_sd(draws: xr.Dataset) -> np.ndarray:
    """Return the standard deviation of residuals (sample, asset): of the own part where there are residual factors."""
    flat = draws[["residual_sd"]].compute().stack(sample=("chain", "draw"), create_index=False)
    return flat["residual_sd"].transpose("sample", "asset").values


def standardised_residuals(fit: FitFacts, index: int, coefficients: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Return (sample, time) whole residuals of asset number `index` over their standard deviation (sample, asset)."""
    _, returns, x = regressors(fit.panel, index)
    return (returns - coefficients[:, index] @ x.T) / sd[:, index, None]


@dataclass(frozen=True, eq=False)
class ResidualLaw:
    """A noise law at draws.

    Attributes
    ----------
    law : Noise
    sd : array (sample, asset)
        Of whole residuals.
    parameters : mapping of str to array (sample)
        The law's own.
    """

    law: Noise
    sd: np.ndarray
    parameters: dict[str, np.ndarray]

    def of_asset(self, index: int, own: slice = slice(None)) -> dict[str, np.ndarray]:
        """Return what the law is told of one asset, at some draws: arrays (sample, 1)."""
        return {"residual_sd": self.sd[own, index, None]} | {
            name: values[own, None] for name, values in self.parameters.items()
        }

    @property
    def of_assets(self) -> dict[str, np.ndarray]:
        """What the law is told of all assets: arrays (sample, asset) or (sample, 1)."""
        return {"residual_sd": self.sd} | {name: values[:, None] for name, values in self.parameters.items()}

    @property
    def standard(self) -> dict[str, np.ndarray]:
        """What the law is told of residuals whose standard deviation is 1: arrays (sample)."""
        return {"residual_sd": np.ones(len(self.sd)), **self.parameters}


def residual_law(law: Noise, draws: xr.Dataset) -> ResidualLaw:
    """Return a noise law at draws, of whole residuals asset by asset.

    Raises
    ------
    FitError
        When the draws lack a parameter of the law.
    """
    return ResidualLaw(law, residual_sd(with_whole_sd(draws)), parameters(law, draws))


def parameters(law: Noise, draws: xr.Dataset) -> dict[str, np.ndarray]:
    """Return the parameters of a noise law at draws (sample).

    Raises
    ------
    FitError
        When the draws lack one.
    """
    missing = [name for name in law.parameters if name not in draws]
    if missing:
        raise FitError(
            f"The noise law of the model is {type(law).__name__}, and its draws have no '{missing[0]}'.",
            remedy=f"Give '{missing[0]}' as a variable (chain, draw), or a model with another noise law.",
        )
    return {name: draws[name].transpose("chain", "draw").values.ravel() for name in law.parameters}
