"""Every number that the density of a model takes from a panel: data, priors, and where coordinates start."""

from typing import assert_never

import numpy as np

from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.histories import FactorMoments, factor_moments
from bayesfactor.panel.regressions import SURROGATE_DOF, RobustFit, least_squares, moments, regressors, robust_fit
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.noise import NormalNoise, StudentTNoise
from bayesfactor.spec.scaling import Numbers, translate


def graph_data(panel: PanelBase, model: FactorModel) -> dict[str, np.ndarray]:
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
    return {
        "group_of": np.array([groups[name] for name in panel.groups.values.tolist()], dtype="int64"),
        **_scale_start(numbers, first, statistics.count - fitted.shape[1], information),
        "factor_mean_start": history.mean,
        "factor_mean_unit": history.sd / np.maximum(history.count, 1) ** 0.5,
        "premium_blend": _blend(numbers, statistics.count, fitted, deviation, history.sd),
        **_factor_terms(numbers, history),
        **{name: np.asarray(value, dtype=float) for name, value in vars(numbers).items()},
        **own,
    }


def _factor_terms(numbers: Numbers, history: FactorMoments) -> dict[str, np.ndarray]:
    """Return the terms of log p(factors | mu) with Omega integrated out: -power log(1 + count d'P d), d = mu - centre.

    For a span with P factors of which Q are older, n rows and the inverse Wishart's dof and scale, that is
    |A_P|^(-(dof - K + P + n) / 2) |A_Q|^((dof - K + Q + n) / 2), A = scale + scatter + n (mean - mu)(mean - mu)'.
    """
    k = history.mean.size
    precision, centre, count, power = [], [], [], []
    for span in history.spans:
        scatter = span.scatter + np.diag(numbers.covariance_scale[span.factors])
        for size, sign in ((len(span.factors), 1), (span.older, -1)):
            if not size:
                continue
            members, matrix, middle = span.factors[:size], np.zeros((k, k)), history.mean.copy()
            matrix[np.ix_(members, members)] = np.linalg.inv(scatter[:size, :size])
            middle[members] = span.mean[:size]
            precision.append(matrix)
            centre.append(middle - history.mean)
            count.append(float(span.count))
            power.append(sign * 0.5 * (numbers.covariance_dof - k + size + span.count))
    return {
        "factor_precision": np.array(precision),
        "factor_centre": np.array(centre),
        "factor_count": np.array(count),
        "factor_power": np.array(power),
    }


def _scale_start(numbers: Numbers, first: np.ndarray, spare: np.ndarray, information: float) -> dict[str, np.ndarray]:
    """Return what a first fit says of log sigma_i: its value and the variance of that (for coordinates only)."""
    known = np.isfinite(first) & (first > numbers.resolution)
    typical = np.median(first[known]) if known.any() else np.exp(numbers.level_loc)
    exact = np.isfinite(first) & ~known
    least = numbers.resolution / np.maximum(spare, 1.0) ** 0.5  # where n dates no longer tell sigma from the floor
    start = np.where(known, first, np.where(exact, least, typical))
    return {
        "log_sigma_start": np.log(start),
        "log_sigma_variance": np.where(exact, 0.01, 1 / (information * np.maximum(spare, 0.5))),
    }


def student_data(panel: PanelBase, robust: RobustFit) -> dict[str, np.ndarray]:
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
    share = 1 / (1 + information * numbers.premium_sd**2)
    return np.where(numbers.premium_inclusion < 1, 1.0, share)  # a spike and slab is sampled as a quantile
