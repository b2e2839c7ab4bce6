"""The part of the density that all noise laws share: priors of what is sampled, and the way from it to the assets.

`forward` turns a point theta into what the noise laws need (m_i, D_i, log sigma_i, shift) and returns the log prior;
`backward` carries the noise law's gradient in these back to theta. Both follow the PyMC graph line by line.
"""

from typing import NamedTuple

import numba
import numpy as np

from bayesfactor.density.normal import LOG_2PI, OPTIONS

GROUPED, FREE, COMMON = 0, 1, 2


class Prior(NamedTuple):
    """Views into the buffer of a problem: sizes, where each block of theta starts, and the priors' numbers."""

    size: np.ndarray  # assets, factors, groups, non-traded factors, kind of loadings, 1 when alphas are shrunk
    at: np.ndarray  # first element of each block of theta, in the order of `layout.BLOCKS`; -1 where absent
    group_of: np.ndarray
    other: np.ndarray  # numbers of the non-traded factors
    loading_loc: np.ndarray
    loading_sd: np.ndarray
    loading_spread: np.ndarray
    scalars: np.ndarray  # alpha loc, sd; level loc, sd, spread; dof mean, above; covariance dof; factor count
    mean_loc: np.ndarray
    mean_sd: np.ndarray
    premium_loc: np.ndarray
    premium_sd: np.ndarray
    start: np.ndarray  # factor means of the sample
    unit: np.ndarray  # their standard errors
    precision: np.ndarray  # (factor, factor), flat
    log_sigma_start: np.ndarray
    log_sigma_variance: np.ndarray
    blend: np.ndarray  # of each non-traded factor: near 1 where the prior says more of its premium than the data


@numba.njit(**OPTIONS)
def _normal(x, grad, at, count):
    """Add standard normal priors of theta[at : at + count]."""
    value = 0.0
    for i in range(at, at + count):
        value -= 0.5 * (x[i] * x[i] + LOG_2PI)
        grad[i] -= x[i]
    return value


@numba.njit(**OPTIONS)
def forward(x, prior, mean, sd, log_sigma, shift, grad):
    """Fill mean and sd (coefficient, asset), log_sigma (asset) and shift (coefficient); return the log prior."""
    n, k = int(prior.size[0]), int(prior.size[1])
    kind, shrunk = int(prior.size[4]), prior.size[5] > 0
    value = _forward_factors(x, prior, shift, grad)
    alpha_sd = prior.scalars[1]
    if shrunk:
        at = int(prior.at[4])
        value += _normal(x, grad, at, 1)
        alpha_sd *= x[at]
    for i in range(n):
        mean[0, i], sd[0, i] = prior.scalars[0], alpha_sd
    first, second = int(prior.at[2]), int(prior.at[3])
    if kind == GROUPED:
        value += _normal(x, grad, first, int(prior.size[2]) * k) + _normal(x, grad, second, k)
    elif kind == COMMON:
        value += _normal(x, grad, first, k)
    for j in range(k):
        loc, width, spread = prior.loading_loc[j], prior.loading_sd[j], 0.0
        if kind == GROUPED:
            spread = prior.loading_spread[j] * x[second + j]
            for i in range(n):
                mean[j + 1, i], sd[j + 1, i] = loc + width * x[first + int(prior.group_of[i]) * k + j], spread
        else:
            if kind == COMMON:
                loc, width = loc + width * x[first + j], 0.0
            for i in range(n):
                mean[j + 1, i], sd[j + 1, i] = loc, width
    return value + _forward_scales(x, prior, log_sigma, grad)


@numba.njit(**OPTIONS)
def _forward_factors(x, prior, shift, grad):
    k, others, at = int(prior.size[1]), int(prior.size[3]), int(prior.at[0])
    value, quadratic = 0.0, 0.0
    gap, pull = np.empty(k), np.zeros(k)
    for j in range(k):
        gap[j] = prior.unit[j] * x[at + j]
        scale = prior.mean_sd[j] / prior.unit[j]
        away = (x[at + j] - (prior.mean_loc[j] - prior.start[j]) / prior.unit[j]) / scale
        value -= 0.5 * (away * away + LOG_2PI) + np.log(scale)
        grad[at + j] -= away / scale
    for j in range(k):
        for m in range(k):
            pull[j] += prior.precision[j * k + m] * gap[m]
        quadratic += gap[j] * pull[j]
    dof, count = prior.scalars[7], prior.scalars[8]
    value -= 0.5 * (dof + count) * np.log1p(count * quadratic)
    for j in range(k):
        grad[at + j] -= (dof + count) * count * pull[j] * prior.unit[j] / (1.0 + count * quadratic)
    shift[:] = 0.0
    for o in range(others):
        j, here = int(prior.other[o]), int(prior.at[1]) + o
        width = prior.premium_sd[j]
        away = x[here] - (prior.premium_loc[j] - (1.0 - prior.blend[j]) * gap[j]) / width
        value -= 0.5 * (away * away + LOG_2PI)
        grad[here] -= away
        grad[at + j] -= away * (1.0 - prior.blend[j]) * prior.unit[j] / width
        shift[j + 1] = width * x[here] - prior.blend[j] * gap[j] - prior.start[j]
    return value


@numba.njit(**OPTIONS)
def _forward_scales(x, prior, log_sigma, grad):
    """Fill log sigma_i = l + omega a_i; see `graph.assemble` for its coordinates."""
    at, below, first = int(prior.at[5]), int(prior.at[6]), int(prior.at[7])
    value = _normal(x, grad, at, 1) + _normal(x, grad, below, 1)
    level, spread = prior.scalars[2] + prior.scalars[3] * x[at], prior.scalars[4] * x[below]
    for i in range(int(prior.size[0])):
        a, of_level, of_spread, of_z = _scale(prior, i, level, spread, x[first + i])
        both = prior.log_sigma_variance[i] + spread * spread
        log_sigma[i] = level + spread * a
        value += 0.5 * (np.log(prior.log_sigma_variance[i] / both) - a * a - LOG_2PI)
        grad[first + i] -= a * of_z
        grad[at] -= prior.scalars[3] * a * of_level
        grad[below] -= prior.scalars[4] * (a * of_spread + spread / both)
    return value


@numba.njit(**OPTIONS)
def _scale(prior, i, level, spread, z):
    """Return a = (s - l) omega / (v + omega^2) + sqrt(v / (v + omega^2)) z and its derivatives in l, omega and z."""
    v, away = prior.log_sigma_variance[i], prior.log_sigma_start[i] - level
    both = v + spread * spread
    root = np.sqrt(v / both)
    of_spread = away * (v - spread * spread) / (both * both) - z * root * spread / both
    return away * spread / both + root * z, -spread / both, of_spread, root


@numba.njit(**OPTIONS)
def backward(x, prior, g_mean, g_sd, g_log_sigma, g_shift, grad):
    """Add to `grad` what the noise law's gradient in mean, sd, log_sigma and shift means for theta."""
    n, k, kind = int(prior.size[0]), int(prior.size[1]), int(prior.size[4])
    for o in range(int(prior.size[3])):
        j = int(prior.other[o])
        grad[int(prior.at[1]) + o] += prior.premium_sd[j] * g_shift[j + 1]
        grad[int(prior.at[0]) + j] -= prior.blend[j] * prior.unit[j] * g_shift[j + 1]
    if prior.size[5] > 0:
        total = 0.0
        for i in range(n):
            total += g_sd[0, i]
        grad[int(prior.at[4])] += prior.scalars[1] * total
    first, second = int(prior.at[2]), int(prior.at[3])
    for j in range(k):
        if kind == GROUPED:
            total = 0.0
            for i in range(n):
                total += g_sd[j + 1, i]
                grad[first + int(prior.group_of[i]) * k + j] += prior.loading_sd[j] * g_mean[j + 1, i]
            grad[second + j] += prior.loading_spread[j] * total
        elif kind == COMMON:
            total = 0.0
            for i in range(n):
                total += g_mean[j + 1, i]
            grad[first + j] += prior.loading_sd[j] * total
    at, below, first = int(prior.at[5]), int(prior.at[6]), int(prior.at[7])
    level, spread = prior.scalars[2] + prior.scalars[3] * x[at], prior.scalars[4] * x[below]
    for i in range(n):
        a, of_level, of_spread, of_z = _scale(prior, i, level, spread, x[first + i])
        grad[first + i] += g_log_sigma[i] * spread * of_z
        grad[at] += g_log_sigma[i] * prior.scalars[3] * (1.0 + spread * of_level)
        grad[below] += g_log_sigma[i] * prior.scalars[4] * (a + spread * of_spread)
