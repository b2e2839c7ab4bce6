"""Laws of residuals: their priors, and their own numbers given draws.

Every law answers in terms of `NoiseDraws`: the residual standard deviation, which the posterior of a fit holds whatever
the law, and the law's own parameters (`parameters`). Nobody who asks a law needs to know which one it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import xarray as xr
from scipy.special import gammaln

from bayesfactor.base.errors import SpecError
from bayesfactor.panel.design import Design
from bayesfactor.panel.regressions import SURROGATE_DOF, least_squares
from bayesfactor.spec.priors import Exponential, HalfNormal, LogNormalRate, Normal, log_normal
from bayesfactor.spec.residual_factors import CommonResiduals, ScaledResidualFactors, check_residual_factors
from bayesfactor.spec.sample_variance import ChiSquaredVariance, NoiseDraws, VarianceLaw, simulated_variance
from bayesfactor.spec.units import PanelUnits
from bayesfactor.spec.volatility import CommonVolatility, ConstantVolatility, ResidualVolatility

BOUNDARY = 0.1  # distance from the least degrees of freedom within which they count as there


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

    def log_prior(self, draws: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the log prior densities (draw) of what scales and tails share, but for constants, of draws by name."""
        found = {
            **log_normal(draws, "log_sigma_mean", self.level_loc, self.level_sd),
            **log_normal(draws, "log_sigma_scale", 0.0, self.spread),
        }
        if self.dof is not None and "dof" in draws:
            found["dof"] = -(draws["dof"] - self.dof.above) / self.dof.mean
        return found


def _scaled(level: LogNormalRate, spread: HalfNormal, units: PanelUnits, dof: Exponential | None = None) -> ScaledNoise:
    middle = float(np.log(level.median.volatility(units.year)))
    return ScaledNoise(middle, level.sd, spread.scale, units.resolution, dof)


@dataclass(frozen=True)
class NormalNoise:
    """eps_it ~ N(0, sigma_i^2), log sigma_i ~ N(l, omega^2), exp(l) ~ `level`, omega ~ `spread`.

    Where `volatility` is common, eps_it ~ N(0, g_t^2 sigma_i^2) of a path g that is the same for all assets (see
    `CommonVolatility`). `common` residual factors take their part of it, and `groups` one factor a group:
    lambda_ig ~ N(n_g, kappa_g^2) of its members, 0 of others, n_g ~ `groups`; its positive mean says which sign is up.
    """

    kind: ClassVar[str] = "normal"
    sums_suffice: ClassVar[bool] = True  # S, b, q and T are all that the likelihood takes from returns
    scale_information: ClassVar[float] = 2.0  # of one residual about log sigma (Fisher)
    least: ClassVar[Mapping[str, float]] = {}  # own parameters, and where they leave no standard deviation
    parameters: ClassVar[tuple[str, ...]] = tuple(least)
    matches_sample_moments: ClassVar[bool] = True  # means and variances of the fit follow the sample's

    level: LogNormalRate
    spread: HalfNormal
    volatility: ResidualVolatility = field(default=ConstantVolatility(), metadata={"table": "path"})
    common: CommonResiduals = field(default=CommonResiduals(), metadata={"left_out": True})
    groups: Normal | None = field(default=None, metadata={"left_out": True})

    def __post_init__(self) -> None:
        check_residual_factors(self.common, self.groups)

    @property
    def has_residual_factors(self) -> bool:
        """Whether residuals have common factors, or one a group."""
        return self.common.count != 0 or self.groups is not None

    @property
    def law(self) -> "Noise":
        """The law of a residual given the volatility of its period: with the tails of the path, where there is one."""
        if isinstance(self.volatility, CommonVolatility):
            return StudentTNoise(self.level, self.spread, self.volatility.dof)
        return self

    def scaled(self, units: PanelUnits) -> ScaledNoise:
        """Return the priors in decimals per period."""
        return _scaled(self.level, self.spread, units)

    def scaled_residual_factors(self, units: PanelUnits) -> ScaledResidualFactors | None:
        """Return the law of loadings on residual factors in decimals per period; None without them."""
        return self.common.scaled(self.groups, units) if self.has_residual_factors else None

    def first_scale(self, design: Design) -> np.ndarray:
        """Return the residual standard deviation of every asset's least squares (asset)."""
        return least_squares(design.regression)[1]

    def prior_draws(
        self, scaled: ScaledNoise, shape: tuple[int, int], rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """Return draws from the prior: scales ``sigma`` (draw, asset)."""
        return {"sigma": scaled.simulate(shape, rng)}

    def sd[Draws: (np.ndarray, xr.DataArray)](self, draws: Mapping[str, Draws]) -> Draws:
        """Return the standard deviation of a residual from its sampled scale ``sigma``: sigma itself."""
        return draws["sigma"]

    def scale[Draws: (np.ndarray, xr.DataArray)](self, draws: Mapping[str, Draws]) -> Draws:
        """Return sigma from ``residual_sd``: the same."""
        return draws["residual_sd"]

    def log_density(self, residual: np.ndarray, draws: NoiseDraws) -> np.ndarray:
        """Return log p(e) = -e^2 / (2 sigma^2) - log sigma - log(2 pi) / 2."""
        scale = self.scale(draws)
        z = residual / scale
        return -0.5 * (z * z + np.log(2 * np.pi)) - np.log(scale)

    def log_likelihood(self, squares: np.ndarray, count: float, draws: NoiseDraws) -> np.ndarray | None:
        """Return the log-density of `count` residuals with this sum of squares, which is all that it depends on."""
        scale = self.scale(draws)
        return -0.5 * squares / scale**2 - count * (0.5 * np.log(2 * np.pi) + np.log(scale))

    def simulate(self, draws: NoiseDraws, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Return draws of e = sigma z, z ~ N(0, 1)."""
        return self.scale(draws) * rng.standard_normal(shape)

    def information(self, draws: NoiseDraws) -> np.ndarray:
        """Return the Fisher information of one residual about its location: 1 / sigma^2."""
        return 1 / self.scale(draws) ** 2

    def sample_variance(self, counts: np.ndarray, draws: NoiseDraws, rng: np.random.Generator) -> VarianceLaw:
        """Return the law of the variance of residuals: chi-squared with n - 1 degrees of freedom."""
        return ChiSquaredVariance()

    def boundary(self, draws: NoiseDraws) -> dict[str, float]:
        """Return no probability: the law has no parameter at whose bound it has no variance."""
        return {}


@dataclass(frozen=True)
class StudentTNoise:
    """eps_it ~ t_nu(0, sigma_i^2), log sigma_i ~ N(l, omega^2), one nu ~ `dof` for all assets.

    sigma_i is the scale; the variance is sigma_i^2 nu / (nu - 2).
    """

    kind: ClassVar[str] = "student_t"
    sums_suffice: ClassVar[bool] = False
    scale_information: ClassVar[float] = 2 * SURROGATE_DOF / (SURROGATE_DOF + 3)  # at the first fits' nu
    least: ClassVar[Mapping[str, float]] = {"dof": 2.0}
    parameters: ClassVar[tuple[str, ...]] = tuple(least)
    matches_sample_moments: ClassVar[bool] = False  # outlying returns weigh little in its means
    has_residual_factors: ClassVar[bool] = False

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

    @property
    def law(self) -> "Noise":
        """The law of a residual: itself."""
        return self

    def scaled(self, units: PanelUnits) -> ScaledNoise:
        """Return the priors in decimals per period."""
        return _scaled(self.level, self.spread, units, self.dof)

    def scaled_residual_factors(self, units: PanelUnits) -> None:
        """Return None: there are no residual factors."""

    def first_scale(self, design: Design) -> np.ndarray:
        """Return the scale of every asset's robust regression (asset)."""
        return design.robust.scale

    def prior_draws(
        self, scaled: ScaledNoise, shape: tuple[int, int], rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """Return draws from the prior: scales ``sigma`` (draw, asset), degrees of freedom ``dof`` (draw, 1)."""
        sigma = scaled.simulate(shape, rng)
        return {"sigma": sigma, "dof": self.dof.above + self.dof.mean * rng.exponential(size=(shape[0], 1))}

    def sd[Draws: (np.ndarray, xr.DataArray)](self, draws: Mapping[str, Draws]) -> Draws:
        """Return the standard deviation of a residual from its sampled scale ``sigma``: sigma sqrt(nu / (nu - 2))."""
        return draws["sigma"] * (draws["dof"] / (draws["dof"] - 2)) ** 0.5

    def scale[Draws: (np.ndarray, xr.DataArray)](self, draws: Mapping[str, Draws]) -> Draws:
        """Return sigma from ``residual_sd``: the standard deviation times sqrt((nu - 2) / nu)."""
        return draws["residual_sd"] * ((draws["dof"] - 2) / draws["dof"]) ** 0.5

    def log_density(self, residual: np.ndarray, draws: NoiseDraws) -> np.ndarray:
        """Return log p(e) of sigma times a standard t: log c(nu) - log sigma - (nu + 1) / 2 log(1 + z^2 / nu).

        z = e / sigma and c(nu) = Gamma((nu + 1) / 2) / Gamma(nu / 2) / sqrt(nu pi).
        """
        scale, dof = self.scale(draws), draws["dof"]
        z = residual / scale
        constant = gammaln((dof + 1) / 2) - gammaln(dof / 2) - 0.5 * np.log(dof * np.pi)
        return constant - np.log(scale) - 0.5 * (dof + 1) * np.log1p(z * z / dof)

    def log_likelihood(self, squares: np.ndarray, count: float, draws: NoiseDraws) -> np.ndarray | None:
        """Return None: the log-density of several residuals depends on more than their sum of squares."""
        return None

    def simulate(self, draws: NoiseDraws, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Return draws of e = sigma t, t ~ Student-t(nu)."""
        return self.scale(draws) * rng.standard_t(draws["dof"], size=shape)

    def information(self, draws: NoiseDraws) -> np.ndarray:
        """Return the Fisher information of one residual about its location: (nu + 1) / ((nu + 3) sigma^2)."""
        dof = draws["dof"]
        return (dof + 1) / (dof + 3) / self.scale(draws) ** 2

    def sample_variance(self, counts: np.ndarray, draws: NoiseDraws, rng: np.random.Generator) -> VarianceLaw:
        """Return the law of the variance of residuals, by simulation."""
        return simulated_variance(self, counts, draws, rng)

    def boundary(self, draws: NoiseDraws) -> dict[str, float]:
        """Return P(degrees of freedom within `BOUNDARY` of the least that the prior allows): there is no variance."""
        return {"degrees of freedom": float((draws["dof"] < self.dof.above + BOUNDARY).mean())}


Noise = NormalNoise | StudentTNoise
