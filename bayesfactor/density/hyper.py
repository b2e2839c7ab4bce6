"""The part of the density that all noise laws share: priors of what is sampled, and the way from it to the assets.

`forward` turns a point theta into what the noise laws need (m_i, D_i, log sigma_i, shift) and returns the log prior;
`backward` carries the noise law's gradient in these back to theta. Both follow the PyMC graph line by line.
"""

from typing import NamedTuple

import numpy as np

from bayesfactor.density.cache import kernel
from bayesfactor.density.mixture import quantile
from bayesfactor.density.normal import LOG_2PI

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
    log_sigma_start: np.ndarray
    log_sigma_variance: np.ndarray
    blend: np.ndarray  # of each non-traded factor: near 1 where the prior says more of its premium than the data
    inclusion: np.ndarray  # probability of the slab; 1 where a premium has a normal prior
    spike: np.ndarray  # variance of the spike over that of the slab
    centre: np.ndarray  # (term, factor), flat: mean of a span of the factors' history, less `start`
    count: np.ndarray  # (term)
    power: np.ndarray  # (term)


@kernel
def _normal(x, grad, at, count):
    """Add standard normal priors of theta[at : at + count]."""
    value = 0.0
    for i in range(at, at + count):
        value -= 0.5 * (x[i] * x[i] + LOG_2PI)
        grad[i] -= x[i]
    return value


@kernel
def forward(x, prior, mean, sd, log_sigma, shift, scales, grad):
    """Fill mean and sd (coefficient, asset), log_sigma (asset), shift (coefficient); return the log prior.

    `scales` (6, asset) is filled with what `backward` needs of the way to log sigma and the alphas' deviations.
    """
    n, k, kind = int(prior.size[0]), int(prior.size[1]), int(prior.size[4])
    value = _forward_factors(x, prior, shift, grad) + _forward_scales(x, prior, log_sigma, scales, grad)
    value += _forward_alphas(x, prior, log_sigma, mean, sd, scales, grad)
    first, second = int(prior.at[2]), int(prior.at[3])
    if kind == GROUPED:
        value += _normal(x, grad, first, int(prior.size[2]) * k) + _normal(x, grad, second, k)
    elif kind == COMMON:
        value += _normal(x, grad, first, k)
    group = prior.group_of.astype(np.int64)
    for j in range(k):
        loc, width, spread = prior.loading_loc[j], prior.loading_sd[j], 0.0
        if kind == GROUPED:
            spread = prior.loading_spread[j] * x[second + j]
            for i in range(n):
                mean[j + 1, i] = loc + width * x[first + group[i] * k + j]
        else:
            if kind == COMMON:
                loc, width = loc + width * x[first + j], 0.0
            mean[j + 1, :n] = loc
            spread = width
        sd[j + 1, :n] = spread
    return value


@kernel
def _forward_alphas(x, prior, log_sigma, mean, sd, scales, grad):
    """Fill the first rows of mean and sd: alpha_i + lambda_0 ~ N(loc + lambda_0, sd_i^2)."""
    n, at, last, unit = int(prior.size[0]), int(prior.at[4]), int(prior.at[10]), prior.scalars[10]
    value, alpha_sd = 0.0, prior.scalars[1]
    mean[0, :n] = prior.scalars[0]
    if last >= 0:
        value += _normal(x, grad, last, 1)
        mean[0, :n] += prior.scalars[7] + prior.scalars[8] * x[last]
    if at >= 0:
        value += _normal(x, grad, at, 1)
        alpha_sd *= x[at]
    for i in range(n):
        scales[5, i] = np.exp(log_sigma[i]) / unit if unit > 0.0 else 1.0
        sd[0, i] = alpha_sd * scales[5, i]
    return value


@kernel
def _forward_factors(x, prior, shift, grad):
    k, others, at = int(prior.size[1]), int(prior.size[3]), int(prior.at[0])
    value, gap = 0.0, np.empty(k)
    for j in range(k):
        gap[j] = prior.unit[j] * x[at + j]
        scale = prior.mean_sd[j] / prior.unit[j]
        away = (x[at + j] - (prior.mean_loc[j] - prior.start[j]) / prior.unit[j]) / scale
        value -= 0.5 * (away * away + LOG_2PI) + np.log(scale)
        grad[at + j] -= away / scale
    for m in range(prior.count.size):
        value -= _term(prior, m, gap, grad, at)
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


@kernel
def _term(prior, m, gap, grad, at):
    """Return one term of -log p(factors | mu), power log(1 + count d'P d); take its gradient off `grad`."""
    k = gap.size
    quadratic, count, power = 0.0, prior.count[m], prior.power[m]
    pull = np.zeros(k)
    for j in range(k):
        for i in range(k):
            pull[j] += prior.precision[(m * k + j) * k + i] * (gap[i] - prior.centre[m * k + i])
        quadratic += (gap[j] - prior.centre[m * k + j]) * pull[j]
    for j in range(k):
        grad[at + j] -= 2.0 * power * count * pull[j] * prior.unit[j] / (1.0 + count * quadratic)
    return power * np.log1p(count * quadratic)


@kernel
def _forward_scales(x, prior, log_sigma, scales, grad):
    """Fill log sigma_i = l + omega a_i, a_i = (s_i - l) omega / q_i + sqrt(v_i / q_i) z_i, q_i = v_i + omega^2.

    The noise law gets log(sigma_i^2 + resolution^2) / 2. `scales` gets a_i, its derivatives in l, omega and z_i, and
    that of the noise law's log sigma in l + omega a_i.
    """
    n, at, below, first = int(prior.size[0]), int(prior.at[5]), int(prior.at[6]), int(prior.at[7])
    value = _normal(x, grad, at, 1) + _normal(x, grad, below, 1)
    level, spread = prior.scalars[2] + prior.scalars[3] * x[at], prior.scalars[4] * x[below]
    start, variance, z = prior.log_sigma_start, prior.log_sigma_variance, x[first : first + n]
    slope = grad[first : first + n]
    of_level, of_spread, product, least = 0.0, 0.0, 1.0, prior.scalars[9] * prior.scalars[9]
    for i in range(n):
        away, v = start[i] - level, variance[i]
        both = v + spread * spread
        inverse = 1.0 / both
        root = np.sqrt(v * inverse)
        scales[0, i] = away * spread * inverse + root * z[i]
        scales[1, i] = -spread * inverse
        scales[2, i] = away * (v - spread * spread) * inverse * inverse - z[i] * root * spread * inverse
        scales[3, i] = root
    for i in range(n):
        a, root = scales[0, i], scales[3, i]
        square = np.exp(2.0 * (level + spread * a))
        log_sigma[i] = 0.5 * np.log(square + least)
        scales[4, i] = square / (square + least)
        slope[i] -= a * root
        of_level -= a * scales[1, i]
        of_spread -= a * scales[2, i] - scales[1, i]
        value -= 0.5 * a * a
        product *= root
        if i % 16 == 15:  # logarithms of products, taken before they can underflow
            value += np.log(product)
            product = 1.0
    grad[at] += prior.scalars[3] * of_level
    grad[below] += prior.scalars[4] * of_spread
    return value + np.log(product) - 0.5 * n * LOG_2PI


@kernel
def backward(x, prior, scales, g_mean, g_sd, g_log_sigma, g_shift, grad):
    """Add to `grad` what the noise law's gradient in mean, sd, log_sigma and shift means for theta."""
    n, k, kind = int(prior.size[0]), int(prior.size[1]), int(prior.size[4])
    for o in range(int(prior.size[3])):
        j, here = int(prior.other[o]), int(prior.at[1]) + o
        slope = prior.premium_sd[j]
        if prior.inclusion[j] < 1.0:
            _, slope = quantile(x[here], slope, prior.spike[j], prior.inclusion[j])
        grad[here] += slope * g_shift[j + 1]
        grad[int(prior.at[0]) + j] -= prior.blend[j] * prior.unit[j] * g_shift[j + 1]
    _backward_alphas(x, prior, scales, g_mean, g_sd, g_log_sigma, grad)
    first, second, group = int(prior.at[2]), int(prior.at[3]), prior.group_of.astype(np.int64)
    for j in range(k):
        if kind == GROUPED:
            grad[second + j] += prior.loading_spread[j] * np.sum(g_sd[j + 1, :n])
            width = prior.loading_sd[j]
            for i in range(n):
                grad[first + group[i] * k + j] += width * g_mean[j + 1, i]
        elif kind == COMMON:
            grad[first + j] += prior.loading_sd[j] * np.sum(g_mean[j + 1, :n])
    first, spread = int(prior.at[7]), prior.scalars[4] * x[int(prior.at[6])]
    of_level, of_spread = 0.0, 0.0
    slope = grad[first : first + n]
    for i in range(n):
        pull = g_log_sigma[i] * scales[4, i]
        slope[i] += pull * spread * scales[3, i]
        of_level += pull * (1.0 + spread * scales[1, i])
        of_spread += pull * (scales[0, i] + spread * scales[2, i])
    grad[int(prior.at[5])] += prior.scalars[3] * of_level
    grad[int(prior.at[6])] += prior.scalars[4] * of_spread


@kernel
def _backward_alphas(x, prior, scales, g_mean, g_sd, g_log_sigma, grad):
    n, at, last = int(prior.size[0]), int(prior.at[4]), int(prior.at[10])
    if last >= 0:
        grad[last] += prior.scalars[8] * np.sum(g_mean[0, :n])
    if at < 0:
        return
    for i in range(n):
        pull = prior.scalars[1] * g_sd[0, i] * scales[5, i]
        grad[at] += pull
        if prior.scalars[10] > 0.0:
            g_log_sigma[i] += pull * x[at]
