"""From priors in economic units to numbers per period of one panel."""

from dataclasses import dataclass
from typing import assert_never

import numpy as np

from bayesfactor.base.errors import DataError
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.histories import factor_moments
from bayesfactor.panel.regressions import least_squares, moments, robust_fit
from bayesfactor.spec.alphas import (
    AppraisalAlpha,
    FreeAlpha,
    FreeZeroBeta,
    NoZeroBeta,
    ScaledAlpha,
    SharpeAlpha,
    ShrunkAlpha,
    ZeroAlpha,
)
from bayesfactor.spec.loadings import CommonLoadings, FreeLoadings, GroupedLoadings, GroupedPrior, LoadingPrior
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.noise import NormalNoise, StudentTNoise
from bayesfactor.spec.priors import SpikeSlab, keyed

RESOLUTION = 1e-2  # a residual scale below this share of the typical deviation cannot be told from an exact fit
FAINTEST = 1e-3  # least strength of a factor's loadings: with none at all its premium would have no prior
SHORTEST = 12  # an asset with fewer returns does not count for the typical deviation, unless all have fewer


@dataclass(frozen=True, eq=False)
class Numbers:
    """Every prior of a model as decimals per period; `unit` arrays scale what is sampled with N(0, 1).

    Attributes
    ----------
    loading_loc, loading_sd : array (factor)
        Mean and deviation of m_gk (grouped), b_k (common) or beta_ik (free).
    loading_spread : array (factor)
        Scale of tau_k; 0 unless loadings are grouped.
    alpha_loc, alpha_sd : float
        Mean and deviation of alpha_i, or the scale of tau_alpha when it is shrunk.
    alpha_unit : float
        Where alphas scale with residual deviations: that of the typical asset, at which the deviation is tau_alpha.
        Else 0.
    zero_beta_loc, zero_beta_sd : float
        Prior of the zero-beta rate; 0 where the model has none.
    mean_loc, mean_sd : array (factor)
        Prior of mu_k.
    premium_loc, premium_sd : array (factor)
        Prior of lambda_k (the same as that of mu_k for traded factors). With a spike and slab, `premium_sd` is the
        slab's.
    premium_inclusion, premium_spike : array (factor)
        Probability of the slab, and variance of the spike over that of the slab; 1 and 1 for a normal prior.
    covariance_scale, covariance_dof : array (factor), float
        Inverse Wishart with diagonal scale.
    level_loc, level_sd, level_spread : float
        Prior of the mean of log sigma_i, and scale of its deviation omega.
    resolution : float
        Least residual scale: `RESOLUTION` of the typical asset's deviation.
    dof_mean, dof_above : float
        Prior of the degrees of freedom; 0 for normal noise.
    """

    loading_loc: np.ndarray
    loading_sd: np.ndarray
    loading_spread: np.ndarray
    alpha_loc: float
    alpha_sd: float
    mean_loc: np.ndarray
    mean_sd: np.ndarray
    premium_loc: np.ndarray
    premium_sd: np.ndarray
    covariance_scale: np.ndarray
    covariance_dof: float
    level_loc: float
    level_sd: float
    level_spread: float
    resolution: float
    premium_inclusion: np.ndarray
    premium_spike: np.ndarray
    alpha_unit: float = 0.0
    zero_beta_loc: float = 0.0
    zero_beta_sd: float = 0.0
    dof_mean: float = 0.0
    dof_above: float = 0.0


def typical_deviation(panel: PanelBase) -> float:
    """Return the median over assets of the standard deviation of returns."""
    statistics = moments(panel)
    count = statistics.count
    if not count.any():
        raise DataError("No asset has a return.", series="panel", remedy="Give returns on the dates of the factors.")
    long = count >= min(SHORTEST, count.max())
    return float(np.median(statistics.sd()[long]))


def translate(panel: PanelBase, model: FactorModel) -> Numbers:
    """Return the priors of a model as numbers for one panel (already restricted to the model's factors)."""
    year = panel.periods_per_year
    sd = factor_moments(panel).sd
    typical = typical_deviation(panel)
    loc, width, spread = _loadings(panel, model, typical / sd)
    traded = np.array([factor.traded for factor in panel.factor_info])
    law = model.factors
    loc_of, sd_of, inclusion, spike = _premia(panel, model)
    premium_loc, premium_sd = loc_of * sd / year**0.5, sd_of * sd / year**0.5
    alpha_loc, alpha_sd, alpha_unit = _alpha(panel, model)
    zero_beta_loc, zero_beta_sd = _zero_beta(model, year)
    tails = (
        {"dof_mean": model.noise.dof.mean, "dof_above": model.noise.dof.above}
        if isinstance(model.noise, StudentTNoise)
        else {}
    )
    return Numbers(
        loading_loc=loc,
        loading_sd=width,
        loading_spread=spread,
        alpha_loc=alpha_loc,
        alpha_sd=alpha_sd,
        alpha_unit=alpha_unit,
        zero_beta_loc=zero_beta_loc,
        zero_beta_sd=zero_beta_sd,
        mean_loc=np.where(traded, premium_loc, law.drift.mean * sd),
        mean_sd=np.where(traded, premium_sd, law.drift.sd * sd),
        premium_loc=premium_loc,
        premium_sd=premium_sd,
        premium_inclusion=inclusion,
        premium_spike=spike,
        covariance_scale=law.covariance.weight * sd**2,
        covariance_dof=law.covariance.weight + sd.size + 1,
        level_loc=float(np.log(model.noise.level.median.volatility(year))),
        level_sd=model.noise.level.sd,
        level_spread=model.noise.spread.scale,
        resolution=RESOLUTION * typical,
        **tails,
    )


def _loadings(panel: PanelBase, model: FactorModel, ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    place = f"model '{model.name}': loadings.prior"
    chosen: list[GroupedPrior] | list[LoadingPrior]
    match model.loadings:
        case GroupedLoadings(prior=prior):
            chosen = [keyed(prior, factor, place=place) for factor in panel.factor_info]
            values, spread = [p.mean for p in chosen], np.array([p.spread.scale for p in chosen])
        case FreeLoadings(prior=prior) | CommonLoadings(prior=prior):
            chosen = [keyed(prior, factor, place=place) for factor in panel.factor_info]
            values, spread = [p.value for p in chosen], np.zeros(len(chosen))
        case _:
            assert_never(model.loadings)
    unit = np.where([p.units == "beta" for p in chosen], 1.0, ratio)
    return np.array([v.mean for v in values]) * unit, np.array([v.sd for v in values]) * unit, spread * unit


def _alpha(panel: PanelBase, model: FactorModel) -> tuple[float, float, float]:
    """Return mean, deviation (or the scale of it) and unit of the alphas."""
    year = panel.periods_per_year
    match model.alpha:
        case ZeroAlpha():
            return 0.0, 0.0, 0.0
        case ShrunkAlpha(spread=spread):
            return 0.0, spread.scale.mean(year), 0.0
        case ScaledAlpha(spread=spread):
            return 0.0, spread.scale.mean(year), residual_deviation(panel, model)
        case AppraisalAlpha(spread=spread):
            unit = residual_deviation(panel, model)
            return 0.0, spread.scale * unit / year**0.5, unit
        case SharpeAlpha(spread=spread):
            unit = residual_deviation(panel, model)
            return 0.0, spread.scale * unit / (year * len(panel.assets)) ** 0.5, unit
        case FreeAlpha(value=value):
            return value.mean.mean(year), value.sd.mean(year), 0.0
        case _:
            assert_never(model.alpha)


def _zero_beta(model: FactorModel, year: int) -> tuple[float, float]:
    match model.zero_beta:
        case NoZeroBeta():
            return 0.0, 0.0
        case FreeZeroBeta(value=value):
            return value.mean.mean(year), value.sd.mean(year)
        case _:
            assert_never(model.zero_beta)


def residual_deviation(panel: PanelBase, model: FactorModel) -> float:
    """Return s, the root mean square of the residual scales of the assets' own first fits."""
    match model.noise:
        case NormalNoise():
            scale = least_squares(moments(panel))[1]
        case StudentTNoise():
            scale = robust_fit(panel).scale
        case _:
            assert_never(model.noise)
    scale = scale[np.isfinite(scale)]
    return max(float(np.sqrt(np.mean(scale**2))) if scale.size else 0.0, RESOLUTION * typical_deviation(panel))


def _premia(panel: PanelBase, model: FactorModel) -> tuple[np.ndarray, ...]:
    """Return mean and deviation (Sharpe ratios a year), inclusion and spike of every factor's premium."""
    place = f"model '{model.name}': factors.premium"
    chosen = [keyed(model.factors.premium, factor, place=place) for factor in panel.factor_info]
    found = np.ones(len(chosen))
    if any(isinstance(prior, SpikeSlab) for prior in chosen):
        found = loading_strength(panel, demeaned=isinstance(model.zero_beta, FreeZeroBeta))
    rows = [
        (0.0, p.slab * found[k] / p.strength, p.inclusion, p.spike)
        if isinstance(p, SpikeSlab)
        else (p.mean, p.sd, 1.0, 1.0)
        for k, p in enumerate(chosen)
    ]
    return tuple(np.array(rows).reshape(-1, 4).T)


def loading_strength(panel: PanelBase, *, demeaned: bool) -> np.ndarray:
    """Return, per factor, the root mean square over assets of b_ik = beta_ik sd(f_k) / sd(r_i), by least squares.

    What estimation error adds to the mean square is taken off. `demeaned` leaves out the mean over assets, which a
    zero-beta rate takes up.
    """
    statistics = moments(panel)
    fitted, deviation = least_squares(statistics)
    enough = np.isfinite(deviation)
    if not enough.any():
        return np.full(len(panel.factor_info), FAINTEST)
    xx = np.moveaxis(statistics.xx[:, :, enough], -1, 0)
    size = np.sqrt(np.einsum("ijj->ij", xx))
    inverse = np.linalg.pinv(xx / (size[:, :, None] * size[:, None, :]), hermitian=True)
    error = deviation[enough, None] * (np.sqrt(np.einsum("ijj->ij", inverse)) / size)[:, 1:]
    unit = factor_moments(panel).sd / statistics.sd()[enough, None]
    b, noise = fitted[enough, 1:] * unit, (error * unit) ** 2
    if demeaned:
        b, noise = b - b.mean(axis=0), noise * (1 - 1 / len(b))
    return np.sqrt(np.maximum(np.mean(b**2 - noise, axis=0), FAINTEST**2))


def log_premium(numbers: Numbers, premium: np.ndarray) -> np.ndarray:
    """Return the log prior density of premia (..., factor), but for constants that no premium changes."""
    z = (premium - numbers.premium_loc) / numbers.premium_sd
    with np.errstate(divide="ignore"):
        slab, spike = np.log(numbers.premium_inclusion), np.log(1 - numbers.premium_inclusion)
    narrow = spike - 0.5 * np.log(numbers.premium_spike) - 0.5 * z**2 / numbers.premium_spike
    return np.logaddexp(slab - 0.5 * z**2, narrow)


def inclusion(numbers: Numbers, premium: np.ndarray) -> np.ndarray:
    """Return the probability of the slab given premia (..., factor); 1 for a normal prior."""
    z = (premium - numbers.premium_loc) / numbers.premium_sd
    with np.errstate(divide="ignore"):
        slab = np.log(numbers.premium_inclusion)
    return np.exp(slab - 0.5 * z**2 - log_premium(numbers, premium))
