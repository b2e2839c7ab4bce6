"""Laws of alphas and of the zero-beta rate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayesfactor.spec.priors import HalfNormal, HalfNormalRate, NormalRate, log_normal
from bayesfactor.spec.units import PanelUnits


@dataclass(frozen=True)
class ScaledAlphas:
    """The law of alphas in decimals per period: alpha_i ~ N(loc, (sd t u_i)^2).

    Attributes
    ----------
    loc, sd : float
    hierarchical : bool
        Whether one factor of the standard deviation, t ~ HalfNormal(1), is sampled: sd t is tau_alpha. Else t = 1.
    per_residual_sd : float, or None
        Where alphas scale with residual risk, u_i = sigma_i over this: the typical asset's. Else u_i = 1.
    """

    loc: float = 0.0
    sd: float = 0.0
    hierarchical: bool = False
    per_residual_sd: float | None = None

    def simulate(self, sigma: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return alphas (draw, asset) from their law, given residual scales (draw, asset)."""
        away = self.sd * rng.standard_normal(sigma.shape)
        if self.hierarchical:
            away *= np.abs(rng.standard_normal((len(sigma), 1)))
        if self.per_residual_sd is not None:
            away *= sigma / self.per_residual_sd
        return self.loc + away

    def log_prior(self, draws: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the log prior density (draw) of what alphas share, but for constants, of draws by name (draw, ...)."""
        return log_normal(draws, "alpha_scale", 0.0, self.sd)


@dataclass(frozen=True)
class ScaledNormal:
    """x ~ N(loc, sd^2), in decimals per period."""

    loc: float
    sd: float

    def simulate(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return draws."""
        return self.loc + self.sd * rng.standard_normal(shape)

    def log_prior(self, draws: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the log prior density (draw) of the zero-beta rate, but for constants, of draws by name (draw)."""
        return log_normal(draws, "zero_beta", self.loc, self.sd)


@dataclass(frozen=True)
class ZeroAlpha:
    """alpha_i = 0: the factors price every asset exactly."""

    kind: ClassVar[str] = "zero"

    def scaled(self, units: PanelUnits) -> ScaledAlphas:
        """Return the law in decimals per period."""
        return ScaledAlphas()


@dataclass(frozen=True)
class ShrunkAlpha:
    """alpha_i ~ N(0, tau_alpha^2), tau_alpha ~ `spread`."""

    kind: ClassVar[str] = "shrunk"
    spread: HalfNormalRate

    def scaled(self, units: PanelUnits) -> ScaledAlphas:
        """Return the law in decimals per period."""
        return ScaledAlphas(sd=self.spread.scale.mean(units.year), hierarchical=True)


@dataclass(frozen=True)
class ScaledAlpha:
    """alpha_i ~ N(0, tau_alpha^2 sigma_i^2 / s^2), tau_alpha ~ `spread`, s^2 the mean residual variance of the assets.

    Mispricing is tied to residual risk, so that no portfolio has an implausible Sharpe ratio. s is that of each
    asset's own first fit. Source: Pastor and Stambaugh (1999).
    """

    kind: ClassVar[str] = "scaled"
    spread: HalfNormalRate

    def scaled(self, units: PanelUnits) -> ScaledAlphas:
        """Return the law in decimals per period."""
        sd = self.spread.scale.mean(units.year)
        return ScaledAlphas(sd=sd, hierarchical=True, per_residual_sd=units.residual_scale)


@dataclass(frozen=True)
class SharpeAlpha:
    """alpha_i ~ N(0, k sigma_i^2), k N = q^2 per period, q ~ `spread`: a Sharpe ratio a year.

    q is the Sharpe ratio that mispricing adds: E[sum_i alpha_i^2 / sigma_i^2] = q^2, and the largest Sharpe ratio there
    is, of factors and mispricing together, has the square Sh^2(f) + q^2. With Student-t noise sigma_i is the scale, and
    mispricing adds q sqrt((nu - 2) / nu): the variable ``mispricing_sharpe`` of a fit is that. Source: Pastor and
    Stambaugh (1999).
    """

    kind: ClassVar[str] = "sharpe"
    spread: HalfNormal

    def scaled(self, units: PanelUnits) -> ScaledAlphas:
        """Return the law in decimals per period."""
        unit = units.residual_scale
        sd = self.spread.scale * unit / (units.year * units.assets) ** 0.5
        return ScaledAlphas(sd=sd, hierarchical=True, per_residual_sd=unit)


@dataclass(frozen=True)
class AppraisalAlpha:
    """alpha_i ~ N(0, a^2 sigma_i^2), a sqrt(periods a year) ~ `spread`: an appraisal ratio a year, of every asset.

    The appraisal (information) ratio is alpha over the residual standard deviation: with 0.25 a year, the alpha of a
    bond fund with 2 % of residual volatility has a standard deviation of 0.5 % a year, that of a token with 80 % one of
    20 %. It does not fall as assets are added, as that of `SharpeAlpha` does. With Student-t noise sigma_i is the
    scale, and the ratio a sqrt((nu - 2) / nu). Source: Pastor and Stambaugh (1999).
    """

    kind: ClassVar[str] = "appraisal"
    spread: HalfNormal

    def scaled(self, units: PanelUnits) -> ScaledAlphas:
        """Return the law in decimals per period."""
        unit = units.residual_scale
        return ScaledAlphas(sd=self.spread.scale * unit / units.year**0.5, hierarchical=True, per_residual_sd=unit)


@dataclass(frozen=True)
class FreeAlpha:
    """alpha_i ~ `value`, each asset on its own."""

    kind: ClassVar[str] = "free"
    value: NormalRate

    def scaled(self, units: PanelUnits) -> ScaledAlphas:
        """Return the law in decimals per period."""
        return ScaledAlphas(loc=self.value.mean.mean(units.year), sd=self.value.sd.mean(units.year))


@dataclass(frozen=True)
class NoZeroBeta:
    """lambda_0 = 0: an asset without loadings earns the risk-free rate."""

    kind: ClassVar[str] = "none"

    def scaled(self, units: PanelUnits) -> None:
        """Return None: there is no zero-beta rate."""


@dataclass(frozen=True)
class FreeZeroBeta:
    """lambda_0 ~ `value`: the mean excess return of an asset without loadings.

    A free intercept leaves the premia of factors whose loadings hardly vary across assets, such as the market's,
    nearly collinear with it.
    """

    kind: ClassVar[str] = "free"
    value: NormalRate

    def scaled(self, units: PanelUnits) -> ScaledNormal:
        """Return the law in decimals per period."""
        return ScaledNormal(self.value.mean.mean(units.year), self.value.sd.mean(units.year))


Alpha = ZeroAlpha | ShrunkAlpha | ScaledAlpha | SharpeAlpha | AppraisalAlpha | FreeAlpha
ZeroBeta = NoZeroBeta | FreeZeroBeta
