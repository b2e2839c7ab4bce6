"""From priors in economic units to numbers per period of one panel."""

from dataclasses import dataclass
from typing import assert_never

import numpy as np

from bayesfactor.errors import DataError
from bayesfactor.panel import Panel
from bayesfactor.spec import (
    CommonLoadings,
    FactorModel,
    FreeAlpha,
    FreeLoadings,
    GroupedLoadings,
    GroupedPrior,
    LoadingPrior,
    NormalNoise,
    ShrunkAlpha,
    StudentTNoise,
    ZeroAlpha,
    keyed,
)
from bayesfactor.statistics import (
    SURROGATE_DOF,
    RobustFit,
    factor_moments,
    least_squares,
    moments,
    regressors,
    robust_fit,
)

RESOLUTION = 1e-2  # a residual scale below this share of the typical deviation cannot be told from an exact fit
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
    mean_loc, mean_sd : array (factor)
        Prior of mu_k.
    premium_loc, premium_sd : array (factor)
        Prior of lambda_k (the same as that of mu_k for traded factors).
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
    dof_mean: float = 0.0
    dof_above: float = 0.0


def typical_deviation(panel: Panel) -> float:
    """Return the median over assets of the standard deviation of returns."""
    values = panel.returns.values
    count = np.isfinite(values).sum(axis=0)
    if not count.any():
        raise DataError("No asset has a return.", series="panel", remedy="Give returns on the dates of the factors.")
    long = count >= min(SHORTEST, count.max())
    return float(np.median([np.nanstd(values[:, i]) for i in np.flatnonzero(long)]))


def translate(panel: Panel, model: FactorModel) -> Numbers:
    """Return the priors of a model as numbers for one panel (already restricted to the model's factors)."""
    year = panel.periods_per_year
    sd = factor_moments(panel).deviation
    typical = typical_deviation(panel)
    loc, width, spread = _loadings(panel, model, typical / sd)
    traded = np.array([factor.traded for factor in panel.factor_info])
    law = model.factors
    sharpe = [keyed(law.premium, f, place=f"model '{model.name}': factors.premium") for f in panel.factor_info]
    premium_loc = np.array([prior.mean for prior in sharpe]) * sd / year**0.5
    premium_sd = np.array([prior.sd for prior in sharpe]) * sd / year**0.5
    alpha_loc, alpha_sd = _alpha(model, year)
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
        mean_loc=np.where(traded, premium_loc, law.drift.mean * sd),
        mean_sd=np.where(traded, premium_sd, law.drift.sd * sd),
        premium_loc=premium_loc,
        premium_sd=premium_sd,
        covariance_scale=law.covariance.weight * sd**2,
        covariance_dof=law.covariance.weight + sd.size + 1,
        level_loc=float(np.log(model.noise.level.median.volatility(year))),
        level_sd=model.noise.level.sd,
        level_spread=model.noise.spread.scale,
        resolution=RESOLUTION * typical,
        **tails,
    )


def _loadings(panel: Panel, model: FactorModel, ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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


def _alpha(model: FactorModel, year: int) -> tuple[float, float]:
    match model.alpha:
        case ZeroAlpha():
            return 0.0, 0.0
        case ShrunkAlpha(spread=spread):
            return 0.0, spread.scale.mean(year)
        case FreeAlpha(value=value):
            return value.mean.mean(year), value.sd.mean(year)
        case _:
            assert_never(model.alpha)


def graph_data(panel: Panel, model: FactorModel) -> dict[str, np.ndarray]:
    """Return every number that the density of a model takes from a panel: data, priors and starting offsets."""
    numbers, history = translate(panel, model), factor_moments(panel)
    groups = {name: i for i, name in enumerate(panel.group_names)}
    statistics = moments(panel)
    fitted, deviation = least_squares(statistics)
    match model.noise:
        case NormalNoise():
            own, first, information = vars(statistics), deviation, 2.0
        case StudentTNoise():
            robust = robust_fit(panel)
            own, first = student_data(panel, robust), robust.scale
            information = 2 * SURROGATE_DOF / (SURROGATE_DOF + 3)
        case _:
            assert_never(model.noise)
    scatter = history.scatter + np.diag(numbers.covariance_scale)
    return {
        "group_of": np.array([groups[name] for name in panel.groups.values.tolist()], dtype="int64"),
        **_scale_start(numbers, first, statistics.count - fitted.shape[1], information),
        "factor_mean_start": history.mean,
        "factor_mean_unit": history.deviation / max(history.count, 1) ** 0.5,
        "premium_blend": _blend(numbers, statistics.count, fitted, deviation, history.deviation),
        "factor_precision": np.linalg.inv(scatter),
        "factor_count": np.array(float(history.count)),
        **{name: np.asarray(value, dtype=float) for name, value in vars(numbers).items()},
        **own,
    }


def _scale_start(numbers: Numbers, first: np.ndarray, spare: np.ndarray, information: float) -> dict[str, np.ndarray]:
    """Return what a first fit says of log sigma_i: its value and the variance of that (for coordinates only)."""
    known = np.isfinite(first) & (first > numbers.resolution)
    typical = np.median(first[known]) if known.any() else np.exp(numbers.level_loc)
    exact = np.isfinite(first) & ~known
    start = np.where(known, first, np.where(exact, numbers.resolution, typical))
    return {
        "log_sigma_start": np.log(start),
        "log_sigma_variance": np.where(exact, 1.0, 1 / (information * np.maximum(spare, 0.5))),
    }


def student_data(panel: Panel, robust: RobustFit) -> dict[str, np.ndarray]:
    """Return the observations, stacked asset by asset, and the weighted statistics of the surrogate."""
    weighted = moments(panel, robust.weights)
    rows = [regressors(panel, i) for i in range(len(panel.assets))]
    return {
        "x": np.concatenate([x for _, _, x in rows]),
        "y": np.concatenate([y for _, y, _ in rows]),
        "asset_of": np.concatenate([np.full(len(y), i, dtype="int64") for i, (_, y, _) in enumerate(rows)]),
        "xx": np.ascontiguousarray(np.moveaxis(weighted.xx, -1, 0)),
        "xy": np.ascontiguousarray(weighted.xy.T),
    }


def _blend(
    numbers: Numbers, count: np.ndarray, fitted: np.ndarray, deviation: np.ndarray, factor_sd: np.ndarray
) -> np.ndarray:
    """Return, per factor, the prior's share of what is known of lambda - mu from the cross-section, from 0 to 1.

    It only turns the coordinates in which premium and mean are sampled, so that they are nearly independent.
    """
    enough = np.isfinite(deviation) & (deviation > 0)
    beta, variance = fitted[enough, 1:], deviation[enough, None] ** 2
    noise = variance / (count[enough, None] * factor_sd**2)
    information = np.sum(count[enough, None] * np.maximum(beta**2 - noise, 0) / variance, axis=0)
    return 1 / (1 + information * numbers.premium_sd**2)
