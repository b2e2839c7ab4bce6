"""Laws of residuals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayesfactor.base.errors import SpecError
from bayesfactor.panel.design import Design
from bayesfactor.panel.regressions import least_squares, robust_fit
from bayesfactor.spec.priors import Exponential, HalfNormal, LogNormalRate
from bayesfactor.spec.units import PanelUnits


@dataclass(frozen=True)
class ScaledNoise:
    """Priors of residual scales in decimals per period: log sigma_i ~ N(l, omega^2).

    Attributes
    ----------
    level_loc, level_sd : float
        l ~ N(level_loc, level_sd^2).
    spread : float
        Scale of the half-normal prior of omega.
    floor : float
        Least residual scale.
    dof : Exponential, or None
        Prior of the degrees of freedom of heavy tails.
    """

    level_loc: float
    level_sd: float
    spread: float
    floor: float
    dof: Exponential | None = None

    def simulate(self, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
        """Return residual scales (draw, asset) from their prior."""
        level = self.level_loc + self.level_sd * rng.standard_normal((shape[0], 1))
        spread = self.spread * np.abs(rng.standard_normal((shape[0], 1)))
        return np.exp(level + spread * rng.standard_normal(shape))


def _scaled(level: LogNormalRate, spread: HalfNormal, units: PanelUnits, dof: Exponential | None = None) -> ScaledNoise:
    middle = float(np.log(level.median.volatility(units.year)))
    return ScaledNoise(middle, level.sd, spread.scale, units.resolution, dof)


@dataclass(frozen=True)
class NormalNoise:
    """eps_it ~ N(0, sigma_i^2), log sigma_i ~ N(l, omega^2), exp(l) ~ `level`, omega ~ `spread`."""

    kind: ClassVar[str] = "normal"
    takes_weights: ClassVar[bool] = True
    level: LogNormalRate
    spread: HalfNormal

    def scaled(self, units: PanelUnits) -> ScaledNoise:
        """Return the priors in decimals per period."""
        return _scaled(self.level, self.spread, units)

    def first_scale(self, design: Design) -> np.ndarray:
        """Return the residual standard deviation of every asset's least squares (asset)."""
        return least_squares(design.moments)[1]

    def prior_draws(
        self, scaled: ScaledNoise, shape: tuple[int, int], rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """Return draws from the prior: scales ``sigma`` (draw, asset)."""
        return {"sigma": scaled.simulate(shape, rng)}

    def sd(self, draws: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the residual standard deviation at draws of ``sigma``, which it is."""
        return draws["sigma"]


@dataclass(frozen=True)
class StudentTNoise:
    """eps_it ~ t_nu(0, sigma_i^2), log sigma_i ~ N(l, omega^2), one nu ~ `dof` for all assets.

    sigma_i is the scale; the variance is sigma_i^2 nu / (nu - 2).
    """

    kind: ClassVar[str] = "student_t"
    takes_weights: ClassVar[bool] = False
    level: LogNormalRate
    spread: HalfNormal
    dof: Exponential

    def __post_init__(self) -> None:
        if self.dof.above <= 2:
            raise SpecError(
                f"noise.dof starts at {self.dof.above}, and must start above 2.",
                place="noise.dof.above",
                found=self.dof.above,
                remedy="At 2 a Student-t has no variance, and near it none with a posterior mean: 2.1 is a fair start.",
            )

    def scaled(self, units: PanelUnits) -> ScaledNoise:
        """Return the priors in decimals per period."""
        return _scaled(self.level, self.spread, units, self.dof)

    def first_scale(self, design: Design) -> np.ndarray:
        """Return the scale of every asset's robust regression (asset)."""
        return robust_fit(design.panel).scale

    def prior_draws(
        self, scaled: ScaledNoise, shape: tuple[int, int], rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """Return draws from the prior: scales ``sigma`` (draw, asset), degrees of freedom ``dof`` (draw, 1)."""
        sigma = scaled.simulate(shape, rng)
        return {"sigma": sigma, "dof": self.dof.above + self.dof.mean * rng.exponential(size=(shape[0], 1))}

    def sd(self, draws: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the residual standard deviation, sigma sqrt(nu / (nu - 2)), at draws of ``sigma`` and ``dof``."""
        return draws["sigma"] * np.sqrt(draws["dof"] / (draws["dof"] - 2))


Noise = NormalNoise | StudentTNoise
