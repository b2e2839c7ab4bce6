"""The density of loadings on residual factors and residual scales given coefficients, residual factors integrated out.

Residuals e_t of a date are N(0, Lambda Lambda' + diag(sigma^2)), over the assets that have a return on it. Dates with
the same assets need only the sum of their e e'.
"""

from typing import NamedTuple

import numpy as np

from bayesfactor.base.jit import jit_sums
from bayesfactor.sampling.kernels.symmetric import invert


class DatedResiduals(NamedTuple):
    """What dates with the same assets have in common: 1 for those assets (pattern, asset), and their number (pattern).

    `roots` (asset, row) has F_m with F_m F_m' = sum_t e_t e_t' of each pattern, side by side from `starts` on.
    """

    seen: np.ndarray
    dates: np.ndarray
    roots: np.ndarray
    starts: np.ndarray


class MovePriors(NamedTuple):
    """Normal priors of Lambda and log sigma (residual factor + 1, asset), the floor under sigma^2, and alphas' law.

    Alphas in units of sigma are N(0, k^2 sigma_i^2): `alpha` has (alpha_i / k)^2, `scaled` 1; of others both are 0.
    """

    mean: np.ndarray
    precision: np.ndarray
    floor: float
    alpha: np.ndarray
    scaled: np.ndarray


@jit_sums
def marginal_density(at: np.ndarray, priors: MovePriors, data: DatedResiduals, slope: np.ndarray) -> float:
    """Return the log density of Lambda and log sigma (residual factor + 1, asset), and fill its gradient."""
    q, n = at.shape[0] - 1, at.shape[1]
    value, weight, share, own = 0.0, np.empty(n), np.empty(n), np.empty(n)
    for i in range(n):
        whole = np.exp(2.0 * at[q, i]) + priors.floor
        weight[i], share[i] = 1.0 / whole, 1.0 - priors.floor / whole
        for j in range(q + 1):
            away = at[j, i] - priors.mean[j, i]
            value -= 0.5 * priors.precision[j, i] * away * away
            slope[j, i] = -priors.precision[j, i] * away
        own[i] = priors.alpha[i] * weight[i] - priors.scaled[i]
        value -= 0.5 * (priors.scaled[i] * np.log(whole) + priors.alpha[i] * weight[i])
    for m in range(data.dates.size):
        value += _add_pattern(at[:q], weight, m, data, slope, own)
    for i in range(n):
        slope[q, i] += share[i] * own[i]
    return value


@jit_sums
def _add_pattern(
    loading: np.ndarray, weight: np.ndarray, m: int, data: DatedResiduals, slope: np.ndarray, own: np.ndarray
) -> float:
    """Return the log density of the residuals of one pattern; add its slopes in Lambda and (`own`) in log sigma.

    With W = diag(1 / sigma^2) of its assets, R = I + Lambda'W Lambda, Z = W Lambda R^-1, T dates and S the sum of e e'
    it is -T log|Sigma| / 2 - (tr(W S) - tr(C)) / 2, C = Lambda'W S Z, and slopes in Lambda are W S Z - Z C - T Z.
    """
    (q, n), dates = loading.shape, data.dates[m]
    seen, first, last = data.seen[m], data.starts[m], data.starts[m + 1]
    inner = np.eye(q)
    for a in range(q):
        for b in range(q):
            for i in range(n):
                inner[a, b] += seen[i] * weight[i] * loading[a, i] * loading[b, i]
    value = -0.5 * dates * invert(inner)
    z, score = np.zeros((q, n)), np.zeros((q, last - first))
    for i in range(n):
        if seen[i] > 0.0:
            row = data.roots[i, first:last]
            for a in range(q):
                for b in range(q):
                    z[a, i] += inner[a, b] * loading[b, i] * weight[i]
                c = z[a, i]
                for t in range(row.size):
                    score[a, t] += c * row[t]
    product, cross = np.zeros((q, n)), np.zeros((q, q))
    for i in range(n):
        if seen[i] > 0.0:
            row, square = data.roots[i, first:last], 0.0
            for t in range(row.size):
                square += row[t] * row[t]
            own[i] += weight[i] * square - dates
            value -= 0.5 * (weight[i] * square - dates * np.log(weight[i]))
            for a in range(q):
                total = 0.0
                for t in range(row.size):
                    total += row[t] * score[a, t]
                product[a, i] = weight[i] * total
    for a in range(q):
        for b in range(q):
            for i in range(n):
                cross[a, b] += loading[a, i] * product[b, i]
        value += 0.5 * cross[a, a]
    for i in range(n):
        for a in range(q):
            along, back = dates * loading[a, i], dates * z[a, i]
            for b in range(q):
                along += cross[a, b] * loading[b, i]
                back += z[b, i] * cross[b, a]
            slope[a, i] += product[a, i] - back
            own[i] += z[a, i] * along - 2.0 * product[a, i] * loading[a, i]
    return value


@jit_sums
def marginal_trajectory(
    at: np.ndarray,
    momentum: np.ndarray,
    unit: np.ndarray,
    priors: MovePriors,
    data: DatedResiduals,
    step: float,
    steps: int,
) -> tuple[np.ndarray, float]:
    """Return the end of a leapfrog trajectory from a point, and by how much the energy is larger there."""
    point, p, slope = at.copy(), momentum.copy(), np.empty_like(at)
    value = marginal_density(point, priors, data, slope)
    start = 0.5 * np.sum(p * p) - value
    for _ in range(steps):
        p += (0.5 * step) * unit * slope
        point += step * unit * p
        value = marginal_density(point, priors, data, slope)
        p += (0.5 * step) * unit * slope
    return point, 0.5 * np.sum(p * p) - value - start
