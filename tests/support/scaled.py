"""Priors and units of a model on a panel, as a fit has them."""

import numpy as np
from scipy.stats import halfnorm, norm

from bayesfactor.panel.base import PanelBase
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.scaling import ScaledPriors, scale_priors
from bayesfactor.spec.units import PanelUnits


def units_of(panel: PanelBase, model: FactorModel | None = None) -> PanelUnits:
    """Return the units in which a model's priors are scaled."""
    model = model or FactorModel()
    return PanelUnits(model.design(panel), model.noise, model.name)


def half_normal(z: np.ndarray) -> np.ndarray:
    """Return the quantiles of a half-normal with scale 1 at the probabilities of standard normals, within 6 of 0."""
    return halfnorm.ppf(norm.cdf(z))


def priors_of(panel: PanelBase, model: FactorModel) -> ScaledPriors:
    """Return the priors of a model as numbers per period."""
    return scale_priors(units_of(panel, model).design, model)
