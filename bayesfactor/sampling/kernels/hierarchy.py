"""Hierarchical priors, the part of the density that all noise laws share.

`forward` turns a point theta into the parameters of the noise laws (m_i, D_i, log sigma_i, shift) and returns the log
prior with its gradient; `hierarchy_gradient.backward` carries the noise law's gradient in these back to theta. Both
follow the PyMC graph line by line. Arrays over assets are padded to a multiple of eight; the padding adds nothing.
"""

import numpy as np

from bayesfactor.base.jit import jit_part
from bayesfactor.sampling.kernels.conditional import LOG_2PI, Conditional, ScaleWorkspace
from bayesfactor.sampling.kernels.half_normal import half_normal
from bayesfactor.sampling.kernels.mixture import quantile
from bayesfactor.sampling.kernels.prior import AT, COMMON, GROUPED, SCALAR, SIZE, PriorArrays
from bayesfactor.sampling.kernels.simd import WIDTH, exp, full, load, log, sqrt, store, total


@jit_part
def _standard_normal(x: np.ndarray, grad: np.ndarray, at: int, count: int) -> float:
    """Add standard normal priors of theta[at : at + count]."""
    value = 0.0
    for i in range(at, at + count):
        value -= 0.5 * (x[i] * x[i] + LOG_2PI)
        grad[i] -= x[i]
    return value


@jit_part
def _half_normal(x: np.ndarray, grad: np.ndarray, at: int, count: int, scales: ScaleWorkspace, to: int) -> float:
    """Add standard normal priors of theta[at : at + count], and fill the scales of which they are coordinates."""
    for i in range(count):
        scales.half[to + i], scales.d_half[to + i] = half_normal(x[at + i])
    return _standard_normal(x, grad, at, count)


@jit_part
def forward(
    x: np.ndarray, prior: PriorArrays, conditional: Conditional, scales: ScaleWorkspace, grad: np.ndarray
) -> float:
    """Fill mean, sd, log_sigma, w and shift of `conditional`; return the log prior."""
    n, k, kind = int(prior.size[SIZE.assets]), int(prior.size[SIZE.factors]), int(prior.size[SIZE.loadings])
    value = _forward_factors(x, prior, conditional.shift, scales, grad) + _forward_scales(
        x, prior, conditional, scales, grad
    )
    value += _forward_alphas(x, prior, conditional, scales, grad)
    grouped, scale = int(prior.offset[AT.loading_mean_z]), int(prior.offset[AT.loading_scale_z])
    common = int(prior.offset[AT.loading_common_z])
    if kind == GROUPED:
        count = int(prior.size[SIZE.groups]) * k
        value += _standard_normal(x, grad, grouped, count) + _half_normal(x, grad, scale, k, scales, 0)
    elif kind == COMMON:
        value += _standard_normal(x, grad, common, k)
    for j in range(k):
        loc, width, spread = prior.loading_loc[j], prior.loading_sd[j], 0.0
        mean, sd = conditional.mean[j + 1], conditional.sd[j + 1]
        if kind == GROUPED:
            spread = prior.loading_floor[j] + prior.loading_spread[j] * scales.half[j]
            for i in range(n):
                mean[i] = loc + width * x[grouped + int(prior.group_of[i]) * k + j]
        else:
            if kind == COMMON:
                loc, width = loc + width * x[common + j], 0.0
            mean[:n] = loc
            spread = width
        sd[:n] = spread
        if prior.loading_unit[j] > 0.0:
            for i in range(0, sd.size, WIDTH):
                store(sd, i, load(sd, i) / sqrt(load(conditional.w, i)))
        for i in range(0, mean.size, WIDTH):
            store(mean, i, load(mean, i) * load(prior.mean_mask, j * mean.size + i))
            store(sd, i, load(sd, i) * load(prior.sd_mask, j * mean.size + i))
    return value


@jit_part
def _forward_alphas(
    x: np.ndarray, prior: PriorArrays, conditional: Conditional, scales: ScaleWorkspace, grad: np.ndarray
) -> float:
    """Fill the first rows of mean and sd: alpha_i + lambda_0 ~ N(loc + lambda_0, sd_i^2)."""
    n, at, last, unit = (
        int(prior.size[SIZE.assets]),
        int(prior.offset[AT.alpha_scale_z]),
        int(prior.offset[AT.zero_beta_z]),
        prior.scalars[SCALAR.alpha_unit],
    )
    value, alpha_sd, loc = 0.0, prior.scalars[SCALAR.alpha_sd], prior.scalars[SCALAR.alpha_loc]
    if last >= 0:
        value += _standard_normal(x, grad, last, 1)
        loc += prior.scalars[SCALAR.zero_beta_loc] + prior.scalars[SCALAR.zero_beta_sd] * x[last]
    if at >= 0:
        k = int(prior.size[SIZE.factors])
        value += _half_normal(x, grad, at, 1, scales, k)
        alpha_sd *= scales.half[k]
    for i in range(n):
        conditional.mean[0, i] = loc
        conditional.sd[0, i] = alpha_sd / (unit * np.sqrt(conditional.w[i])) if unit > 0.0 else alpha_sd
    return value


@jit_part
def _forward_factors(
    x: np.ndarray, prior: PriorArrays, shift: np.ndarray, scales: ScaleWorkspace, grad: np.ndarray
) -> float:
    k, others, at = int(prior.size[SIZE.factors]), int(prior.size[SIZE.others]), int(prior.offset[AT.factor_mean_z])
    value, delta = 0.0, scales.delta
    for j in range(k):
        delta[j] = prior.factor_mean_unit[j] * x[at + j]
        scale = prior.mean_sd[j] / prior.factor_mean_unit[j]
        z = (x[at + j] - (prior.mean_loc[j] - prior.factor_mean_start[j]) / prior.factor_mean_unit[j]) / scale
        value -= 0.5 * (z * z + LOG_2PI) + np.log(scale)
        grad[at + j] -= z / scale
    for m in range(prior.factor_count.size):
        value -= _history_term(prior, m, delta, scales.precision_delta, grad, at)
    shift[:] = 0.0
    for o in range(others):
        j, i = int(prior.non_traded[o]), int(prior.offset[AT.premium_z]) + o
        sd = prior.premium_sd[j]
        if prior.premium_inclusion[j] < 1.0:
            value += _standard_normal(x, grad, i, 1)
            premium, _ = quantile(x[i], sd, prior.premium_spike[j], prior.premium_inclusion[j])
            shift[j + 1] = premium - delta[j] - prior.factor_mean_start[j]
            continue
        z = x[i] - (prior.premium_loc[j] - (1.0 - prior.premium_blend[j]) * delta[j]) / sd
        value -= 0.5 * (z * z + LOG_2PI)
        grad[i] -= z
        grad[at + j] -= z * (1.0 - prior.premium_blend[j]) * prior.factor_mean_unit[j] / sd
        shift[j + 1] = sd * x[i] - prior.premium_blend[j] * delta[j] - prior.factor_mean_start[j]
    return value


@jit_part
def _history_term(
    prior: PriorArrays, m: int, delta: np.ndarray, product: np.ndarray, grad: np.ndarray, at: int
) -> float:
    """Return one term of -log p(factors | mu), power log(1 + count d'P d); subtract its gradient from `grad`."""
    k = delta.size
    quadratic, count, power = 0.0, prior.factor_count[m], prior.factor_power[m]
    for j in range(k):
        product[j] = 0.0
        for i in range(k):
            product[j] += prior.factor_precision[(m * k + j) * k + i] * (delta[i] - prior.factor_centre[m * k + i])
        quadratic += (delta[j] - prior.factor_centre[m * k + j]) * product[j]
    for j in range(k):
        grad[at + j] -= 2.0 * power * count * product[j] * prior.factor_mean_unit[j] / (1.0 + count * quadratic)
    return power * np.log1p(count * quadratic)


@jit_part
def _forward_scales(
    x: np.ndarray, prior: PriorArrays, conditional: Conditional, scales: ScaleWorkspace, grad: np.ndarray
) -> float:
    """Fill log sigma_i = l + omega a_i, a_i = (s_i - l) omega / q_i + sqrt(v_i / q_i) z_i, q_i = v_i + omega^2.

    The noise law gets log(sigma_i^2 + resolution^2) / 2.
    """
    n, at_level, at_spread, first = (
        int(prior.size[SIZE.assets]),
        int(prior.offset[AT.log_sigma_mean_z]),
        int(prior.offset[AT.log_sigma_scale_z]),
        int(prior.offset[AT.log_sigma_z]),
    )
    k = int(prior.size[SIZE.factors])
    value = _half_normal(x, grad, at_spread, 1, scales, k + 1)
    omega, level_sd = prior.scalars[SCALAR.level_spread] * scales.half[k + 1], prior.scalars[SCALAR.level_sd]
    middle = _level(x[at_level], omega, prior, scales.level)
    gap, in_level, in_spread, in_log_slope = (
        (middle - prior.scalars[SCALAR.level_loc]) / level_sd, scales.level[0], scales.level[1], scales.level[2],
    )  # fmt: skip
    value += np.log(in_level / level_sd) - 0.5 * (gap * gap + LOG_2PI)
    z = scales.z
    z[n:] = 0.0
    for i in range(n):
        z[i] = x[first + i]
    level, spread = (
        full(middle),
        full(omega),
    )
    floor, one, logs, half = (
        full(prior.scalars[SCALAR.resolution] * prior.scalars[SCALAR.resolution]),
        full(1.0),
        full(0.0),
        full(0.5),
    )
    g_level, g_spread = full(0.0), full(0.0)
    for i in range(0, z.size, WIDTH):
        distance, v, mask = (
            load(prior.log_sigma_start, i) - level,
            load(prior.log_sigma_variance, i),
            load(prior.is_asset, i),
        )
        inverse = one / (v + spread * spread)
        share = v * inverse
        root, gain, z_i = sqrt(share), spread * inverse, load(z, i)
        a = distance * gain + root * z_i
        variance = exp((level + spread * a) + (level + spread * a))
        floored = variance + floor
        w = one / floored
        store(conditional.w, i, w)
        store(conditional.log_sigma, i, half * log(floored))
        d_spread = distance * (share - spread * gain) * inverse - z_i * root * gain
        store(scales.a, i, a)
        store(scales.d_level, i, full(0.0) - gain)
        store(scales.d_spread, i, d_spread)
        store(scales.d_z, i, root)
        store(scales.d_floor, i, variance * w)
        g_level += mask * a * gain
        g_spread -= mask * (a * d_spread + gain)
        logs += mask * (log(share) - a * a)
    for i in range(n):
        grad[first + i] -= scales.a[i] * scales.d_z[i]
    slope = total(g_level) - gap / level_sd
    grad[at_level] += in_level * slope
    slope = total(g_spread) + in_spread * slope + in_log_slope
    grad[at_spread] += prior.scalars[SCALAR.level_spread] * scales.d_half[k + 1] * slope
    return value + 0.5 * (total(logs) - n * LOG_2PI)


@jit_part
def _level(z: float, omega: float, prior: PriorArrays, slopes: np.ndarray) -> float:
    """Return the level l = l_0 + M + z / sqrt(P) of log sigma_i, nearly standard normal in z a posteriori.

    P = 1 / level_sd^2 + sum 1 / q_i and M = sum (s_i - l_0) / (q_i P), q_i = v_i + omega^2, are what first fits say of
    it. `slopes` gets its derivatives in z and omega, and that of log(dl / dz) in omega.
    """
    start, one = full(prior.scalars[SCALAR.level_loc]), full(1.0)
    precision, weighted, d_precision, d_weighted = full(0.0), full(0.0), full(0.0), full(0.0)
    square = full(omega * omega)
    for i in range(0, prior.is_asset.size, WIDTH):
        inverse = load(prior.is_asset, i) * one / (load(prior.log_sigma_variance, i) + square)
        distance = inverse * (load(prior.log_sigma_start, i) - start)
        precision += inverse
        weighted += distance
        d_precision += inverse * inverse
        d_weighted += inverse * distance
    p = total(precision) + 1.0 / (prior.scalars[SCALAR.level_sd] * prior.scalars[SCALAR.level_sd])
    d_p, middle = -2.0 * omega * total(d_precision), total(weighted) / p
    away = z / np.sqrt(p)
    slopes[0] = 1.0 / np.sqrt(p)
    slopes[1] = (-2.0 * omega * total(d_weighted) - middle * d_p) / p - 0.5 * away * d_p / p
    slopes[2] = -0.5 * d_p / p
    return prior.scalars[SCALAR.level_loc] + middle + away
