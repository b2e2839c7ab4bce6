"""Laws of alphas and of the zero-beta rate."""

from dataclasses import dataclass

from bayesfactor.spec.priors import HalfNormal, HalfNormalRate, NormalRate


@dataclass(frozen=True)
class ZeroAlpha:
    """alpha_i = 0: the factors price every asset exactly."""


@dataclass(frozen=True)
class ShrunkAlpha:
    """alpha_i ~ N(0, tau_alpha^2), tau_alpha ~ `spread`."""

    spread: HalfNormalRate


@dataclass(frozen=True)
class ScaledAlpha:
    """alpha_i ~ N(0, tau_alpha^2 sigma_i^2 / s^2), tau_alpha ~ `spread`, s^2 the mean residual variance of the assets.

    Mispricing is tied to residual risk, so that no portfolio earns an unbelievable Sharpe ratio. s is that of each
    asset's own first fit. Source: Pastor and Stambaugh (1999).
    """

    spread: HalfNormalRate


@dataclass(frozen=True)
class SharpeAlpha:
    """alpha_i ~ N(0, k sigma_i^2), k N = q^2 per period, q ~ `spread`: a Sharpe ratio a year.

    q is the Sharpe ratio that mispricing adds: E[sum_i alpha_i^2 / sigma_i^2] = q^2, and the largest Sharpe ratio there
    is, of factors and mispricing together, has the square Sh^2(f) + q^2. With Student-t noise sigma_i is the scale, and
    mispricing adds q sqrt((nu - 2) / nu): the variable ``mispricing_sharpe`` of a fit is that. Source: Pastor and
    Stambaugh (1999).
    """

    spread: HalfNormal


@dataclass(frozen=True)
class AppraisalAlpha:
    """alpha_i ~ N(0, a^2 sigma_i^2), a sqrt(periods a year) ~ `spread`: an appraisal ratio a year, of every asset.

    The appraisal (information) ratio is alpha over the residual standard deviation: with 0.25 a year, the alpha of a
    bond fund with 2 % of residual volatility has a standard deviation of 0.5 % a year, that of a token with 80 % one of
    20 %. It does not fall as assets are added, as that of `SharpeAlpha` does. With Student-t noise sigma_i is the
    scale, and the ratio a sqrt((nu - 2) / nu). Source: Pastor and Stambaugh (1999).
    """

    spread: HalfNormal


@dataclass(frozen=True)
class FreeAlpha:
    """alpha_i ~ `value`, each asset on its own."""

    value: NormalRate


@dataclass(frozen=True)
class NoZeroBeta:
    """lambda_0 = 0: an asset without loadings earns the risk-free rate."""


@dataclass(frozen=True)
class FreeZeroBeta:
    """lambda_0 ~ `value`: the mean excess return of an asset without loadings.

    A free intercept ruins the premia of factors whose loadings hardly differ across assets, such as the market's.
    """

    value: NormalRate


SharedSpread = ShrunkAlpha | ScaledAlpha | SharpeAlpha | AppraisalAlpha  # alphas with one spread, which is sampled
