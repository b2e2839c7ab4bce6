"""The part of the density that all noise laws share: priors of what is sampled, and the way from it to the assets.

`forward` turns a point theta into what the noise laws need (m_i, D_i, log sigma_i, shift) and returns the log prior;
`backward` carries the noise law's gradient in these back to theta. Both follow the PyMC graph line by line. Arrays over
assets are padded to whole blocks of lanes; what is in the padding adds nothing.
"""

from typing import NamedTuple

import numpy as np

from bayesfactor.base.jit import jit_part
from bayesfactor.sampling.kernels.conditional import LOG_2PI, Law, Scales, summed
from bayesfactor.sampling.kernels.mixture import quantile
from bayesfactor.sampling.kernels.simd import WIDTH, exp, full, load, log, sqrt, store, total

GROUPED, FREE, COMMON = 0, 1, 2


class Prior(NamedTuple):
    """Views into the buffer of a problem: sizes, where each block of theta starts, and the priors' numbers."""

    size: np.ndarray  # assets, factors, groups, non-traded factors, kind of loadings
    at: np.ndarray  # first element of each block of theta, in the order of `problem.layout`; -1 where absent
    group_of: np.ndarray
    other: np.ndarray  # numbers of the non-traded factors
    loading_loc: np.ndarray
    loading_sd: np.ndarray
    loading_spread: np.ndarray
    scalars: (
        np.ndarray
    )  # alpha loc, sd; level loc, sd, spread; dof mean, above; zero-beta loc, sd; resolution; unit of scaled alphas
    mean_loc: np.ndarray
    mean_sd: np.ndarray
    premium_loc: np.ndarray
    premium_sd: np.ndarray
    start: np.ndarray  # most likely factor means
    unit: np.ndarray  # their standard errors
    precision: np.ndarray  # (term, factor, factor), flat
    log_sigma_start: np.ndarray  # padded, as is the next
    log_sigma_variance: np.ndarray
    real: np.ndarray  # 1 for an asset, 0 for padding
    blend: np.ndarray  # of each non-traded factor: near 1 where the prior says more of its premium than the data
    inclusion: np.ndarray  # probability of the slab; 1 where a premium has a normal prior
    spike: np.ndarray  # variance of the spike over that of the slab
    centre: np.ndarray  # (term, factor), flat: mean of a span of the factors' history, less `start`
    rows: np.ndarray  # (term): how many
    power: np.ndarray  # (term)


@jit_part
def _normal(x: np.ndarray, grad: np.ndarray, at: int, count: int) -> float:
    """Add standard normal priors of theta[at : at + count]."""
    value = 0.0
    for i in range(at, at + count):
        value -= 0.5 * (x[i] * x[i] + LOG_2PI)
        grad[i] -= x[i]
    return value


@jit_part
def forward(x: np.ndarray, prior: Prior, law: Law, scales: Scales, grad: np.ndarray) -> float:
    """Fill mean, sd, log_sigma, w and shift of a law; return the log prior."""
    n, k, kind = int(prior.size[0]), int(prior.size[1]), int(prior.size[4])
    value = _forward_factors(x, prior, law.shift, scales, grad) + _forward_scales(x, prior, law, scales, grad)
    value += _forward_alphas(x, prior, law, grad)
    first, second = int(prior.at[2]), int(prior.at[3])
    if kind == GROUPED:
        value += _normal(x, grad, first, int(prior.size[2]) * k) + _normal(x, grad, second, k)
    elif kind == COMMON:
        value += _normal(x, grad, first, k)
    for j in range(k):
        loc, width, spread = prior.loading_loc[j], prior.loading_sd[j], 0.0
        mean, sd = law.mean[j + 1], law.sd[j + 1]
        if kind == GROUPED:
            spread = prior.loading_spread[j] * x[second + j]
            for i in range(n):
                mean[i] = loc + width * x[first + int(prior.group_of[i]) * k + j]
        else:
            if kind == COMMON:
                loc, width = loc + width * x[first + j], 0.0
            mean[:n] = loc
            spread = width
        sd[:n] = spread
    return value


@jit_part
def _forward_alphas(x: np.ndarray, prior: Prior, law: Law, grad: np.ndarray) -> float:
    """Fill the first rows of mean and sd: alpha_i + lambda_0 ~ N(loc + lambda_0, sd_i^2)."""
    n, at, last, unit = int(prior.size[0]), int(prior.at[4]), int(prior.at[10]), prior.scalars[10]
    value, alpha_sd, loc = 0.0, prior.scalars[1], prior.scalars[0]
    if last >= 0:
        value += _normal(x, grad, last, 1)
        loc += prior.scalars[7] + prior.scalars[8] * x[last]
    if at >= 0:
        value += _normal(x, grad, at, 1)
        alpha_sd *= x[at]
    for i in range(n):
        law.mean[0, i] = loc
        law.sd[0, i] = alpha_sd / (unit * np.sqrt(law.w[i])) if unit > 0.0 else alpha_sd
    return value


@jit_part
def _forward_factors(x: np.ndarray, prior: Prior, shift: np.ndarray, scales: Scales, grad: np.ndarray) -> float:
    k, others, at = int(prior.size[1]), int(prior.size[3]), int(prior.at[0])
    value, gap = 0.0, scales.gap
    for j in range(k):
        gap[j] = prior.unit[j] * x[at + j]
        scale = prior.mean_sd[j] / prior.unit[j]
        away = (x[at + j] - (prior.mean_loc[j] - prior.start[j]) / prior.unit[j]) / scale
        value -= 0.5 * (away * away + LOG_2PI) + np.log(scale)
        grad[at + j] -= away / scale
    for m in range(prior.rows.size):
        value -= _term(prior, m, gap, scales.pull, grad, at)
    shift[:] = 0.0
    for o in range(others):
        j, here = int(prior.other[o]), int(prior.at[1]) + o
        width = prior.premium_sd[j]
        if prior.inclusion[j] < 1.0:
            value += _normal(x, grad, here, 1)
            premium, _ = quantile(x[here], width, prior.spike[j], prior.inclusion[j])
            shift[j + 1] = premium - gap[j] - prior.start[j]
            continue
        away = x[here] - (prior.premium_loc[j] - (1.0 - prior.blend[j]) * gap[j]) / width
        value -= 0.5 * (away * away + LOG_2PI)
        grad[here] -= away
        grad[at + j] -= away * (1.0 - prior.blend[j]) * prior.unit[j] / width
        shift[j + 1] = width * x[here] - prior.blend[j] * gap[j] - prior.start[j]
    return value


@jit_part
def _term(prior: Prior, m: int, gap: np.ndarray, pull: np.ndarray, grad: np.ndarray, at: int) -> float:
    """Return one term of -log p(factors | mu), power log(1 + count d'P d); take its gradient off `grad`."""
    k = gap.size
    quadratic, count, power = 0.0, prior.rows[m], prior.power[m]
    for j in range(k):
        pull[j] = 0.0
        for i in range(k):
            pull[j] += prior.precision[(m * k + j) * k + i] * (gap[i] - prior.centre[m * k + i])
        quadratic += (gap[j] - prior.centre[m * k + j]) * pull[j]
    for j in range(k):
        grad[at + j] -= 2.0 * power * count * pull[j] * prior.unit[j] / (1.0 + count * quadratic)
    return power * np.log1p(count * quadratic)


@jit_part
def _forward_scales(x: np.ndarray, prior: Prior, law: Law, scales: Scales, grad: np.ndarray) -> float:
    """Fill log sigma_i = l + omega a_i, a_i = (s_i - l) omega / q_i + sqrt(v_i / q_i) z_i, q_i = v_i + omega^2.

    The noise law gets log(sigma_i^2 + resolution^2) / 2.
    """
    n, at, below, first = int(prior.size[0]), int(prior.at[5]), int(prior.at[6]), int(prior.at[7])
    value = _normal(x, grad, at, 1) + _normal(x, grad, below, 1)
    z = scales.z
    z[n:] = 0.0
    for i in range(n):
        z[i] = x[first + i]
    level, spread = full(prior.scalars[2] + prior.scalars[3] * x[at]), full(prior.scalars[4] * x[below])
    least, one, logs, half = full(prior.scalars[9] * prior.scalars[9]), full(1.0), full(0.0), full(0.5)
    of_level, of_spread = full(0.0), full(0.0)
    for i in range(0, z.size, WIDTH):
        away, v, real = load(prior.log_sigma_start, i) - level, load(prior.log_sigma_variance, i), load(prior.real, i)
        inverse = one / (v + spread * spread)
        share = v * inverse
        root, ahead, here = sqrt(share), spread * inverse, load(z, i)
        a = away * ahead + root * here
        square = exp((level + spread * a) + (level + spread * a))
        whole = square + least
        w = one / whole
        store(law.w, i, w)
        store(law.log_sigma, i, half * log(whole))
        slope = away * (share - spread * ahead) * inverse - here * root * ahead
        store(scales.a, i, a)
        store(scales.of_level, i, full(0.0) - ahead)
        store(scales.of_spread, i, slope)
        store(scales.of_z, i, root)
        store(scales.above, i, square * w)
        of_level += real * a * ahead
        of_spread -= real * (a * slope + ahead)
        logs += real * (log(share) - a * a)
    for i in range(n):
        grad[first + i] -= scales.a[i] * scales.of_z[i]
    grad[at] += prior.scalars[3] * total(of_level)
    grad[below] += prior.scalars[4] * total(of_spread)
    return value + 0.5 * (total(logs) - n * LOG_2PI)


@jit_part
def backward(x: np.ndarray, prior: Prior, law: Law, scales: Scales, grad: np.ndarray) -> None:
    """Add to `grad` what the noise law's gradient means for theta."""
    n, k, kind = int(prior.size[0]), int(prior.size[1]), int(prior.size[4])
    for o in range(int(prior.size[3])):
        j, here = int(prior.other[o]), int(prior.at[1]) + o
        slope = prior.premium_sd[j]
        if prior.inclusion[j] < 1.0:
            _, slope = quantile(x[here], slope, prior.spike[j], prior.inclusion[j])
        grad[here] += slope * law.g_shift[j + 1]
        grad[int(prior.at[0]) + j] -= prior.blend[j] * prior.unit[j] * law.g_shift[j + 1]
    _backward_alphas(x, prior, law, grad)
    first, second = int(prior.at[2]), int(prior.at[3])
    for j in range(k):
        width, pull = prior.loading_sd[j], law.g_mean[j + 1]
        if kind == GROUPED:
            grad[second + j] += _over(summed(law.g_log_sd[j + 1]), x[second + j])
            for i in range(n):
                grad[first + int(prior.group_of[i]) * k + j] += width * pull[i]
        elif kind == COMMON:
            grad[first + j] += width * summed(pull)
    _backward_scales(x, prior, law, scales, grad)


@jit_part
def _backward_scales(x: np.ndarray, prior: Prior, law: Law, scales: Scales, grad: np.ndarray) -> None:
    n, first = int(prior.size[0]), int(prior.at[7])
    spread, one = full(prior.scalars[4] * x[int(prior.at[6])]), full(1.0)
    of_level, of_spread = full(0.0), full(0.0)
    for i in range(0, law.w.size, WIDTH):
        pull = load(prior.real, i) * load(law.g_log_sigma, i) * load(scales.above, i)
        store(law.g_log_sigma, i, pull * spread * load(scales.of_z, i))
        of_level += pull * (one + spread * load(scales.of_level, i))
        of_spread += pull * (load(scales.a, i) + spread * load(scales.of_spread, i))
    for i in range(n):
        grad[first + i] += law.g_log_sigma[i]
    grad[int(prior.at[5])] += prior.scalars[3] * total(of_level)
    grad[int(prior.at[6])] += prior.scalars[4] * total(of_spread)


@jit_part
def _over(slope: float, x: float) -> float:
    """Return the derivative in x from that in log|x|; a density that is even in x is level at 0."""
    return slope / x if x != 0.0 else 0.0


@jit_part
def _backward_alphas(x: np.ndarray, prior: Prior, law: Law, grad: np.ndarray) -> None:
    at, last = int(prior.at[4]), int(prior.at[10])
    if last >= 0:
        grad[last] += prior.scalars[8] * summed(law.g_mean[0])
    if at < 0:
        return
    grad[at] += _over(summed(law.g_log_sd[0]), x[at])
    if prior.scalars[10] > 0.0:  # alphas in proportion to sigma_i
        for i in range(0, law.w.size, WIDTH):
            store(law.g_log_sigma, i, load(law.g_log_sigma, i) + load(law.g_log_sd[0], i))
