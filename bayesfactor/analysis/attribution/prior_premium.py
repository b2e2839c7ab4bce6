"""What a model's priors say each source pays, before any return is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayesfactor.analysis.assessment.identification import cached_identification
from bayesfactor.analysis.assessment.prior_draws import PriorDraws, draw_priors
from bayesfactor.analysis.attribution import contributions
from bayesfactor.analysis.attribution.kinds import By
from bayesfactor.analysis.portfolio.portfolio_exposures import exposures
from bayesfactor.analysis.portfolio.portfolio_weights import Portfolio
from bayesfactor.base.errors import unknown
from bayesfactor.base.records import FrozenResult
from bayesfactor.posterior.fit import Fit

LONG_RUN = "the prior is that of long-run loadings, the posterior that of the next period's"
NO_MODEL = "the priors of these draws are not known"
BY_LEVEL = "by level, the prior is not drawn"


@dataclass(frozen=True, eq=False)
class PriorPremium(FrozenResult):
    """Prior draws of contributions to the premium of one entry, or why there are none.

    Attributes
    ----------
    draws : DataArray (chain, draw, source) or None
        Decimal, a year; the last source is ``total``.
    reason : str
        Why there are none; empty where there are.
    note : str
        What to know when they are compared with the posterior.
    """

    draws: xr.DataArray | None
    reason: str = ""
    note: str = ""


def prior_premium(
    fit: Fit,
    entry: str | None = None,
    *,
    portfolio: Portfolio | None = None,
    by: By = "factor",
    draws: int = 2000,
    seed: int = 0,
) -> PriorPremium:
    """Draw contributions to the premium of an asset, a portfolio or the mean asset from a fit's priors.

    In every draw of loadings beta, premia lambda, alphas and zero-beta rate from their priors, with weights w::

        sum_i w_i beta_ik lambda_k    of each factor k;    sum_i w_i alpha_i    of alpha

    Parameters
    ----------
    fit : Fit
    entry : str, optional
        An asset, or ``"portfolio"``. By default the mean of all assets, equally weighted.
    portfolio : mapping or Series of asset to weight, or Book, optional
    by : {"factor", "family", "identification"}
        Sources, as in `attribute`; of levels there are no draws.
    draws : int
    seed : int

    Returns
    -------
    PriorPremium
        Without draws where the fit does not know its model's priors.

    Raises
    ------
    SpecError, DataError
        When the entry is unknown or the portfolio cannot be used.
    """
    held = exposures(fit.panel, "asset", portfolio)
    known = held.weights["asset"].values.tolist()
    if entry is not None and entry not in known:
        raise unknown("asset", entry, known, place="prior_premium.entry")
    if fit.model is None or fit.priors is None:
        return PriorPremium(None, NO_MODEL)
    if by == "level":
        return PriorPremium(None, BY_LEVEL)
    drawn = draw_priors(fit.panel, fit.model, fit.priors, draws, np.random.default_rng(seed))
    direct = np.zeros(len(fit.panel.factor_names))
    if entry is not None and held.direct is not None:
        direct = held.direct.sel(asset=entry).values
    label = contributions.labels(fit, by, cached_identification(fit).verdicts if by == "identification" else {})
    parts = _parts(fit, drawn, _weights(held.weights, entry), direct, label)
    note = LONG_RUN if "loading_long_run" in fit.posterior else ""
    return PriorPremium(parts.sources.transpose("chain", "draw", "source").rename("premium"), note=note)


def _weights(weights: xr.DataArray, entry: str | None) -> np.ndarray:
    """Return the weight of each asset in an entry; of the mean asset, the same for all."""
    if weights.dims != ("asset",) and entry is not None:
        return weights.sel(asset=entry).values
    assets = weights["asset" if weights.dims == ("asset",) else "member"].values.tolist()
    return np.array([1 / len(assets) if entry is None else float(name == entry) for name in assets])


def _parts(
    fit: Fit, drawn: PriorDraws, weights: np.ndarray, direct: np.ndarray, label: Mapping[str, str] | None
) -> contributions.Parts:
    """Return what every factor or label, alpha and zero-beta rate pay in each draw, a year."""
    year, factors = fit.panel.periods_per_year, list(fit.panel.factor_names)
    held = np.flatnonzero(weights)
    loading = np.einsum("dik,i->dk", drawn.loading[:, held], weights[held]) + direct
    paid = xr.DataArray((loading * drawn.premium * year)[None], {"factor": factors}, ("chain", "draw", "factor"))
    rest = {"alpha": drawn.alpha[:, held] @ weights[held]}
    if "zero_beta" in fit.posterior:
        rest["zero_beta"] = drawn.zero_beta * weights.sum()
    named = {name: xr.DataArray((value * year)[None], dims=("chain", "draw")) for name, value in rest.items()}
    return contributions.Parts(contributions.labelled(paid, label), named)
