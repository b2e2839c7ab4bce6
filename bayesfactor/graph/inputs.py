"""Every number that the density of a model takes from a panel: data, priors, and where coordinates start."""

import numpy as np

from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.design import Design, observe
from bayesfactor.panel.histories import FactorMoments
from bayesfactor.panel.moments import Moments
from bayesfactor.panel.regressions import RobustFit, least_squares, regressors
from bayesfactor.spec.factors import ScaledFactors, ScaledPremia
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.noise import Noise, ScaledNoise
from bayesfactor.spec.scaling import ScaledPriors


def graph_data(design: Design, model: FactorModel, priors: ScaledPriors) -> dict[str, np.ndarray]:
    """Return every number that the density of a model takes from a panel: data, priors and starting offsets."""
    panel, statistics, history, means = design.panel, design.moments, design.history, design.means
    fitted, residual_sd = least_squares(statistics)
    noise = model.noise
    own = vars(statistics) if noise.sums_suffice else observations(panel, design.robust)
    return {
        "group_of": panel.group_numbers,
        **scale_start(design, noise, priors.noise),
        "factor_mean_start": means.mean,
        "factor_mean_unit": history.sd / np.maximum(history.count, 1) ** 0.5,
        "premium_blend": _blend(priors.premia, statistics.count, fitted, residual_sd, history.sd),
        **_factor_terms(priors.factors, means),
        **{name: np.asarray(value, dtype=float) for name, value in prior_data(priors).items()},
        **own,
    }


def prior_data(priors: ScaledPriors) -> dict[str, np.ndarray | float]:
    """Return the numbers of the priors by the names that graph and kernels read; 0 where a model has none."""
    alpha, noise, premia, factors = priors.alpha, priors.noise, priors.premia, priors.factors
    rate = priors.zero_beta
    return {
        **{f"loading_{name}": getattr(priors.loadings, name) for name in ("loc", "sd", "spread", "floor")},
        "alpha_loc": alpha.loc,
        "alpha_sd": alpha.sd,
        "alpha_unit": alpha.per_residual_sd or 0.0,
        "zero_beta_loc": rate.loc if rate else 0.0,
        "zero_beta_sd": rate.sd if rate else 0.0,
        **{f"premium_{name}": value for name, value in vars(premia).items()},
        **vars(factors),
        "level_loc": noise.level_loc,
        "level_sd": noise.level_sd,
        "level_spread": noise.spread,
        "resolution": noise.floor,
        "dof_mean": noise.dof.mean if noise.dof else 0.0,
        "dof_above": noise.dof.above if noise.dof else 0.0,
    }


def _factor_terms(priors: ScaledFactors, history: FactorMoments) -> dict[str, np.ndarray]:
    """Return the terms of log p(factors | mu) with Omega integrated out: -power log(1 + count d'P d), d = mu - centre.

    For a span with P factors of which Q are older, n rows and the inverse Wishart's dof and scale, that is
    |A_P|^(-(dof - K + P + n) / 2) |A_Q|^((dof - K + Q + n) / 2), A = scale + scatter + n (mean - mu)(mean - mu)'.
    """
    k = history.mean.size
    precision, centre, count, power = [], [], [], []
    for span in history.spans:
        scatter = span.scatter + np.diag(priors.covariance_scale[span.factors])
        for size, sign in ((len(span.factors), 1), (span.older, -1)):
            if not size:
                continue
            members, matrix, middle = span.factors[:size], np.zeros((k, k)), history.mean.copy()
            matrix[np.ix_(members, members)] = np.linalg.inv(scatter[:size, :size])
            middle[members] = span.mean[:size]
            precision.append(matrix)
            centre.append(middle - history.mean)
            count.append(float(span.count))
            power.append(sign * 0.5 * (priors.covariance_dof - k + size + span.count))
    return {
        "factor_precision": np.array(precision),
        "factor_centre": np.array(centre),
        "factor_count": np.array(count),
        "factor_power": np.array(power),
    }


def scale_start(design: Design, noise: Noise, priors: ScaledNoise) -> dict[str, np.ndarray]:
    """Return what a first fit says of log sigma_i: its value and the variance of that (for coordinates only)."""
    first, moments = noise.first_scale(design), design.moments
    spare = moments.count - len(moments.xy)
    known = np.isfinite(first) & (first > priors.floor)
    typical = np.median(first[known]) if known.any() else np.exp(priors.level_loc)
    exact = np.isfinite(first) & ~known
    least = priors.floor / np.maximum(spare, 1.0) ** 0.5  # where n dates no longer tell sigma from the floor
    start = np.where(known, first, np.where(exact, least, typical))
    return {
        "log_sigma_start": np.log(start),
        "log_sigma_variance": np.where(exact, 0.01, 1 / (noise.scale_information * np.maximum(spare, 0.5))),
    }


def surrogate_moments(design: Design, noise: Noise) -> dict[str, np.ndarray]:
    """Return S_i (asset, coefficient, coefficient) and b_i (asset, coefficient) of returns as the noise weighs them."""
    moments = design.moments if noise.sums_suffice else observe(design.panel, design.robust.weight).moments
    return {f"surrogate_{name}": value for name, value in _by_asset(moments).items()}


def _by_asset(moments: Moments) -> dict[str, np.ndarray]:
    """Return S_i (asset, coefficient, coefficient) and b_i (asset, coefficient)."""
    return {
        "xx": np.ascontiguousarray(np.moveaxis(moments.xx, -1, 0)),
        "xy": np.ascontiguousarray(moments.xy.T),
    }


def observations(panel: PanelBase, robust: RobustFit) -> dict[str, np.ndarray]:
    """Return the observations, stacked asset by asset, and the weighted statistics of the surrogate."""
    rows = [regressors(panel, i) for i in range(len(panel.assets))]
    return {
        "x": np.concatenate([x for _, _, x in rows]),
        "y": np.concatenate([y for _, y, _ in rows]),
        "asset_of": np.concatenate([np.full(len(y), i, dtype="int64") for i, (_, y, _) in enumerate(rows)]),
        **_by_asset(observe(panel, robust.weight).moments),
    }


def _blend(
    priors: ScaledPremia, count: np.ndarray, fitted: np.ndarray, residual_sd: np.ndarray, factor_sd: np.ndarray
) -> np.ndarray:
    """Return, per factor, the prior's share of what is known of lambda - mu from the cross-section, from 0 to 1.

    It only turns the coordinates in which premium and mean are sampled, so that they are nearly independent.
    """
    enough = np.isfinite(residual_sd) & (residual_sd > 0)
    beta, variance = fitted[enough, 1:], residual_sd[enough, None] ** 2
    noise = variance / (count[enough, None] * factor_sd**2)
    information = np.sum(count[enough, None] * np.maximum(beta**2 - noise, 0) / variance, axis=0)
    share = 1 / (1 + information * priors.sd**2)
    return np.where(priors.inclusion < 1, 1.0, share)  # a spike and slab is sampled as a quantile
