"""From the gradient of a noise law in its parameters to the gradient in theta: the reverse of `hierarchy`."""

import numpy as np

from bayesfactor.base.jit import jit_part
from bayesfactor.sampling.kernels.conditional import Conditional, ScaleWorkspace, sum_lanes
from bayesfactor.sampling.kernels.mixture import quantile
from bayesfactor.sampling.kernels.prior import AT, COMMON, GROUPED, SCALAR, SIZE, PriorArrays
from bayesfactor.sampling.kernels.simd import WIDTH, full, load, store, total


@jit_part
def backward(
    x: np.ndarray, prior: PriorArrays, conditional: Conditional, scales: ScaleWorkspace, grad: np.ndarray
) -> None:
    """Carry the noise law's gradient back to theta and add it to `grad`."""
    n, k, kind = int(prior.size[SIZE.assets]), int(prior.size[SIZE.factors]), int(prior.size[SIZE.loadings])
    for o in range(int(prior.size[SIZE.others])):
        j, at = int(prior.non_traded[o]), int(prior.offset[AT.premium_z]) + o
        slope = prior.premium_sd[j]
        if prior.premium_inclusion[j] < 1.0:
            _, slope = quantile(x[at], slope, prior.premium_spike[j], prior.premium_inclusion[j])
        grad[at] += slope * conditional.g_shift[j + 1]
        grad[int(prior.offset[AT.factor_mean_z]) + j] -= (
            prior.premium_blend[j] * prior.factor_mean_unit[j] * conditional.g_shift[j + 1]
        )
    _backward_alphas(prior, conditional, scales, grad)
    grouped, scale = int(prior.offset[AT.loading_mean_z]), int(prior.offset[AT.loading_scale_z])
    common = int(prior.offset[AT.loading_common_z])
    for j in range(k):
        width, g_mean = prior.loading_sd[j], conditional.g_mean[j + 1]
        for i in range(0, g_mean.size, WIDTH):
            store(g_mean, i, load(g_mean, i) * load(prior.mean_mask, j * g_mean.size + i))
        if kind == GROUPED:
            in_log, floor = sum_lanes(conditional.g_log_sd[j + 1]), prior.loading_floor[j]
            grad[scale + j] += _slope_from_log(in_log, prior.loading_spread[j], floor, scales, j)
            for i in range(n):
                grad[grouped + int(prior.group_of[i]) * k + j] += width * g_mean[i]
            if prior.loading_unit[j] > 0.0:
                g_log_sd = conditional.g_log_sd[j + 1]
                for i in range(0, g_log_sd.size, WIDTH):
                    store(conditional.g_log_sigma, i, load(conditional.g_log_sigma, i) + load(g_log_sd, i))
        elif kind == COMMON:
            grad[common + j] += width * sum_lanes(g_mean)
    _backward_scales(prior, conditional, scales, grad)


@jit_part
def _backward_scales(prior: PriorArrays, conditional: Conditional, scales: ScaleWorkspace, grad: np.ndarray) -> None:
    last, n, first = int(prior.size[SIZE.factors]) + 1, int(prior.size[SIZE.assets]), int(prior.offset[AT.log_sigma_z])
    spread, one = full(prior.scalars[SCALAR.level_spread] * scales.half[last]), full(1.0)
    g_level, g_spread = full(0.0), full(0.0)
    for i in range(0, conditional.w.size, WIDTH):
        g = load(prior.is_asset, i) * load(conditional.g_log_sigma, i) * load(scales.d_floor, i)
        store(conditional.g_log_sigma, i, g * spread * load(scales.d_z, i))
        g_level += g * (one + spread * load(scales.d_level, i))
        g_spread += g * (load(scales.a, i) + spread * load(scales.d_spread, i))
    for i in range(n):
        grad[first + i] += conditional.g_log_sigma[i]
    grad[int(prior.offset[AT.log_sigma_mean_z])] += scales.level[0] * total(g_level)
    slope = prior.scalars[SCALAR.level_spread] * scales.d_half[last]
    grad[int(prior.offset[AT.log_sigma_scale_z])] += slope * (total(g_spread) + scales.level[1] * total(g_level))


@jit_part
def _slope_from_log(in_log: float, unit: float, floor: float, scales: ScaleWorkspace, j: int) -> float:
    """Return the derivative in the coordinate of scale j from that in its logarithm: 0 where the scale rounds to 0.

    The scale is floor + unit x half-normal.
    """
    if scales.half[j] == 0.0:
        return 0.0
    share = 1.0 if floor == 0.0 else unit * scales.half[j] / (floor + unit * scales.half[j])
    return in_log * share * scales.d_half[j] / scales.half[j]


@jit_part
def _backward_alphas(prior: PriorArrays, conditional: Conditional, scales: ScaleWorkspace, grad: np.ndarray) -> None:
    at, last = int(prior.offset[AT.alpha_scale_z]), int(prior.offset[AT.zero_beta_z])
    if last >= 0:
        grad[last] += prior.scalars[SCALAR.zero_beta_sd] * sum_lanes(conditional.g_mean[0])
    if at < 0:
        return
    grad[at] += _slope_from_log(sum_lanes(conditional.g_log_sd[0]), 1.0, 0.0, scales, int(prior.size[SIZE.factors]))
    if prior.scalars[SCALAR.alpha_unit] > 0.0:  # alphas in proportion to sigma_i
        for i in range(0, conditional.w.size, WIDTH):
            store(conditional.g_log_sigma, i, load(conditional.g_log_sigma, i) + load(conditional.g_log_sd[0], i))
