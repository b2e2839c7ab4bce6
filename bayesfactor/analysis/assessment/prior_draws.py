"""Draws of loadings, alphas, premia and zero-beta rate from a model's priors, on one panel."""

from dataclasses import dataclass

import numpy as np

from bayesfactor.base.records import FrozenArrays
from bayesfactor.panel.base import PanelBase
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.scaling import ScaledPriors


@dataclass(frozen=True, eq=False)
class PriorDraws(FrozenArrays):
    """What priors say of assets and factors, a period; loadings are those of the long run.

    Attributes
    ----------
    loading : array (draw, asset, factor)
    alpha : array (draw, asset)
        Without the zero-beta rate.
    zero_beta : array (draw)
        0 where the model has none.
    premium : array (draw, factor)
    residual_variance : array (draw, asset)
    """

    loading: np.ndarray
    alpha: np.ndarray
    zero_beta: np.ndarray
    premium: np.ndarray
    residual_variance: np.ndarray


def draw_priors(
    panel: PanelBase, model: FactorModel, priors: ScaledPriors, draws: int, rng: np.random.Generator
) -> PriorDraws:
    """Draw from the priors of a model, in the units of a panel that is restricted to the model's factors."""
    groups = {name: i for i, name in enumerate(panel.group_names)}
    own_group = np.array([groups[name] for name in panel.groups.values.tolist()], dtype=int)
    beta = model.loadings.simulate(priors.loadings, own_group, draws, rng)
    noise = model.noise.prior_draws(priors.noise, (draws, len(panel.assets)), rng)
    alpha = priors.alpha.simulate(noise["sigma"], rng)
    rate = np.zeros(draws) if priors.zero_beta is None else priors.zero_beta.simulate((draws, 1), rng)[:, 0]
    premium = priors.premia.simulate(draws, rng)
    return PriorDraws(beta, alpha, rate, premium, model.noise.sd(noise) ** 2)
