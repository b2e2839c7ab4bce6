"""From priors in economic units to numbers per period of one panel."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayesfactor.panel.design import Design
from bayesfactor.spec.alphas import ScaledAlphas, ScaledNormal
from bayesfactor.spec.factors import ScaledFactors, ScaledPremia
from bayesfactor.spec.inclusion import ScaledInclusion
from bayesfactor.spec.loadings import ScaledLoadings
from bayesfactor.spec.measurement_error import ScaledReliability
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.noise import ScaledNoise
from bayesfactor.spec.residual_factors import ScaledResidualFactors
from bayesfactor.spec.units import PanelUnits


@dataclass(frozen=True, eq=False)
class ScaledPriors:
    """Every prior of a model as decimals per period, part by part; None where the model has none of a part."""

    alpha: ScaledAlphas
    loadings: ScaledLoadings
    premia: ScaledPremia
    factors: ScaledFactors
    noise: ScaledNoise
    zero_beta: ScaledNormal | None
    residual_factors: ScaledResidualFactors | None = None
    reliability: ScaledReliability | None = None

    @property
    def inclusion(self) -> ScaledInclusion | None:
        """Which loadings may be out; None where all are in."""
        return self.loadings.inclusion

    def log_prior(self, draws: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the log prior density (draw) of each variable with a fixed prior, but for constants.

        Parameters
        ----------
        draws : mapping of str to array (draw, ...)
            Variables of a posterior; those that assets and factors share.
        """
        return {
            **self.alpha.log_prior(draws),
            **self.loadings.log_prior(draws),
            **self.factors.log_prior(draws),
            **self.noise.log_prior(draws),
            **(self.zero_beta.log_prior(draws) if self.zero_beta else {}),
            **(self.reliability.log_prior(draws) if self.reliability else {}),
        }


def scale_priors(design: Design, model: FactorModel) -> ScaledPriors:
    """Return the priors of a model in the units of a panel (already restricted to the model's factors)."""
    units = PanelUnits(design, model.noise, model.name)
    zero_beta = model.zero_beta.scaled(units)
    premia = model.factors.scaled_premia(units, demeaned=zero_beta is not None)
    return ScaledPriors(
        alpha=model.alpha.scaled(units),
        loadings=model.loadings.scaled(units),
        premia=premia,
        factors=model.factors.scaled(units, premia),
        noise=model.noise.scaled(units),
        zero_beta=zero_beta,
        residual_factors=model.noise.scaled_residual_factors(units),
        reliability=model.factors.scaled_reliability(units),
    )
