"""How far loadings are shrunk: the weight of the prior in each of them."""

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.residuals import ResidualLaw, parameters, thin
from bayesfactor.spec.alphas import ScaledAlphas
from bayesfactor.spec.scaling import ScaledPriors

DRAWS = 200


def shrinkage_of_loadings(fit: Fit) -> pd.DataFrame:
    """Return the prior's weight in each loading: the diagonal of (I + D S D / s2)^-1, averaged over draws.

    1 for a loading that is common to all assets. 1 / s2 is the information of one residual about its location, with
    what residual factors give in its variance. Where volatility or loadings move it is the weight in the long-run
    loading: S is weighted by precisions, and s the level of residuals under the normal law that loadings are fitted by.
    NaN without a model, where the draws lack a spread that it samples, or without a record of the path of what moves.
    """
    draws, statistics = thin(fit, DRAWS), fit.design.moments
    index, columns = pd.Index(fit.panel.assets, name="asset"), list(fit.panel.factor_names)
    if "loading_common" in draws:
        return pd.DataFrame(1.0, index=index, columns=columns)
    dated = Dated(fit, draws)
    if fit.model is None or fit.priors is None or _lacking(fit.priors, draws) or dated.unknown:
        return pd.DataFrame(np.nan, index=index, columns=columns)
    law = fit.model.noise
    own = parameters(law, draws)
    residuals = ResidualLaw(law, dated.level, own)
    flat = draws.stack(sample=("chain", "draw"), create_index=False)
    shape = flat.sizes["sample"], len(columns)
    if "loading_scale" in flat:
        spread = flat["loading_scale"].transpose("sample", "factor").values
    else:
        spread = np.broadcast_to(fit.priors.loadings.sd, shape)
    information = residuals.law.information(residuals.of_assets)
    alpha = _alpha_spread(fit.priors.alpha, flat, ResidualLaw(law, dated.own_level, own))
    weight = np.zeros((len(index), len(columns)))
    for i in range(len(index)):
        d = np.concatenate([alpha[:, i, None], spread], axis=1)
        scaled = d[:, :, None] * d[:, None, :] * statistics.xx[:, :, i] * information[:, i, None, None]
        inverse = np.linalg.inv(np.eye(d.shape[1]) + scaled)
        weight[i] = np.einsum("sjj->sj", inverse).mean(axis=0)[1:]
    return pd.DataFrame(weight, index=index, columns=columns)


def _lacking(priors: ScaledPriors, draws: xr.Dataset) -> bool:
    """Return whether a spread that the model samples is not among the draws."""
    pooled = bool(priors.loadings.spread.any())
    return (pooled and "loading_scale" not in draws) or (priors.alpha.hierarchical and "alpha_scale" not in draws)


def _alpha_spread(prior: ScaledAlphas, flat: xr.Dataset, residuals: ResidualLaw) -> np.ndarray:
    """Return the prior standard deviation of every alpha, (sample, asset)."""
    sigma = residuals.law.scale(residuals.of_assets)
    spread = flat["alpha_scale"].values[:, None] if "alpha_scale" in flat else prior.sd
    return spread * (np.ones_like(sigma) if prior.per_residual_sd is None else sigma / prior.per_residual_sd)
