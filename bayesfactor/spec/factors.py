"""The law of factors and the priors of their risk premia."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

import numpy as np

from bayesfactor.base.arguments import require
from bayesfactor.base.errors import SpecError
from bayesfactor.base.records import FrozenArrays
from bayesfactor.panel.records import Factor
from bayesfactor.spec.keys import GENERAL, Keyed, keyed, lookup
from bayesfactor.spec.measurement_error import Reliability, ScaledReliability, scaled_reliability
from bayesfactor.spec.priors import InverseWishart, Normal, SpikeSlab, log_normal
from bayesfactor.spec.units import PanelUnits
from bayesfactor.spec.volatility import ConstantVolatility, FactorVolatility


@dataclass(frozen=True, eq=False)
class ScaledPremia(FrozenArrays):
    """Priors of premia lambda_k in decimals per period: N(loc, sd^2), or a spike and slab about 0.

    Attributes
    ----------
    loc, sd : array (factor)
        With a spike and slab, `sd` is the slab's.
    inclusion, spike : array (factor)
        Probability of the slab, and variance of the spike over that of the slab; 1 and 1 for a normal prior.
    """

    loc: np.ndarray
    sd: np.ndarray
    inclusion: np.ndarray
    spike: np.ndarray

    @property
    def variance(self) -> np.ndarray:
        """Prior variance of every premium (factor)."""
        return self.sd**2 * (self.inclusion + (1 - self.inclusion) * self.spike)

    def log_density(self, premium: np.ndarray) -> np.ndarray:
        """Return the log prior density of premia (..., factor), but for constants that no premium changes."""
        z = (premium - self.loc) / self.sd
        with np.errstate(divide="ignore"):
            slab, spike = np.log(self.inclusion), np.log(1 - self.inclusion)
        narrow = spike - 0.5 * np.log(self.spike) - 0.5 * z**2 / self.spike
        return np.logaddexp(slab - 0.5 * z**2, narrow)

    def prob_slab(self, premium: np.ndarray) -> np.ndarray:
        """Return the probability of the slab given premia (..., factor); 1 for a normal prior."""
        z = (premium - self.loc) / self.sd
        with np.errstate(divide="ignore"):
            slab = np.log(self.inclusion)
        return np.exp(slab - 0.5 * z**2 - self.log_density(premium))

    def simulate(self, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Return premia (draw, factor)."""
        away = self.sd * rng.standard_normal((draws, self.loc.size))
        slab = rng.uniform(size=away.shape) < self.inclusion
        return self.loc + away * np.where(slab, 1.0, self.spike**0.5)


@dataclass(frozen=True, eq=False)
class ScaledFactors(FrozenArrays):
    """Priors of the factors' means mu_k and covariance Omega in decimals per period.

    Attributes
    ----------
    mean_loc, mean_sd : array (factor)
    covariance_scale, covariance_dof : array (factor), float
        Inverse Wishart with diagonal scale.
    """

    mean_loc: np.ndarray
    mean_sd: np.ndarray
    covariance_scale: np.ndarray
    covariance_dof: float

    def log_prior(self, draws: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the log prior density (draw) of the means, but for constants, of draws by name."""
        return log_normal(draws, "factor_mean", self.mean_loc, self.mean_sd)


@dataclass(frozen=True)
class FactorLaw:
    """f_t ~ N(mu, Omega); lambda_k = mu_k for traded factors, lambda_k on its own for the others.

    Attributes
    ----------
    premium : keyed Normal or SpikeSlab
        Prior of lambda_k as a Sharpe ratio a year: premium over the factor's standard deviation. A spike and slab is
        for non-traded factors only.
    drift : Normal
        Prior of mu_k of a non-traded factor, in its standard deviations per period.
    covariance : InverseWishart
    volatility : ConstantVolatility or MovingVolatility
        Whether Omega moves.
    error : keyed KnownReliability or BetaReliability
        Of factors that are measured with error, by name, family or ``"non-traded"``; a factor without a key has none.
    """

    premium: Keyed[Normal | SpikeSlab] = (("default", Normal(0.0, 0.5)),)
    drift: Normal = Normal(0.0, 1.0)
    covariance: InverseWishart = InverseWishart()
    volatility: FactorVolatility = ConstantVolatility()
    error: Keyed[Reliability] = field(default=(), metadata={"left_out": True})

    def __post_init__(self) -> None:
        for key, value in self.error:
            require(value, get_args(Reliability), f"factors.error.{key}")
            if key == "default":
                raise _refused(key, key, "a factor without a key has no error, and there is no 'default'")
            if value.proxy and value.proxy in dict(self.error):
                raise _refused(
                    key, value.proxy, f"its proxy '{value.proxy}' is no regressor and has no error of its own"
                )

    def error_of(self, factor: Factor) -> Reliability | None:
        """Return how a factor is measured; None without error."""
        return lookup(self.error, factor)

    def scaled_reliability(self, units: PanelUnits) -> ScaledReliability | None:
        """Return the reliabilities of factors; None where none is measured with error."""
        return scaled_reliability([self.error_of(factor) for factor in units.factors], units.factor_sd**2)

    def scaled_premia(self, units: PanelUnits, *, demeaned: bool) -> ScaledPremia:
        """Return the priors of premia in decimals per period; `demeaned` where a zero-beta rate takes up a mean."""
        place = f"model '{units.model}': factors.premium"
        chosen = [keyed(self.premium, factor, place=place) for factor in units.factors]
        found = np.ones(len(chosen))
        if any(isinstance(prior, SpikeSlab) for prior in chosen):
            found = units.loading_strength(demeaned=demeaned)
        rows = [
            (0.0, p.slab * found[k] / p.strength, p.inclusion, p.spike)
            if isinstance(p, SpikeSlab)
            else (p.mean, p.sd, 1.0, 1.0)
            for k, p in enumerate(chosen)
        ]
        loc, sd, inclusion, spike = np.array(rows).reshape(-1, 4).T
        unit, root = units.factor_sd, units.year**0.5
        return ScaledPremia(loc * unit / root, sd * unit / root, inclusion, spike)

    def scaled(self, units: PanelUnits, premia: ScaledPremia) -> ScaledFactors:
        """Return the priors of means and covariance in decimals per period; a traded factor's mean is its premium."""
        sd, traded = units.factor_sd, np.array([factor.traded for factor in units.factors])
        return ScaledFactors(
            mean_loc=np.where(traded, premia.loc, self.drift.mean * sd),
            mean_sd=np.where(traded, premia.sd, self.drift.sd * sd),
            covariance_scale=self.covariance.weight * sd**2,
            covariance_dof=self.covariance.weight + sd.size + 1,
        )


def _refused(key: str, found: str, why: str) -> SpecError:
    return SpecError(
        f"factors.error.{key}: {why}.",
        place=f"factors.error.{key}",
        found=found,
        allowed=("the name of a factor", "a family", *GENERAL),
        remedy="Key errors by the factors or families that are regressors measured with error.",
    )
