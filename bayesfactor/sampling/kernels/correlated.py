"""Normal noise with common residual factors, coefficients and factors integrated out: log-density and gradient.

Of assets observed on the same dates, with X~'X~ = L L' of the shifted regressors, C^ the least-squares coefficients
and c_i ~ N(m_i, D_i^2) for asset i:

    f_i = L'(C^_i - m_i),  f ~ N(0, diag over i of B_i + (Lambda Lambda') x I),  B_i = L'D_i^2 L + s_i^2 I,
    K = I + sum_i lambda_i lambda_i' x B_i^-1,  y = K^-1 sum_i lambda_i x B_i^-1 f_i,
    a_i = B_i^-1 (f_i - sum_j lambda_ij y_j),
    V_i = B_i^-1 - B_i^-1 (sum_jl lambda_ij lambda_il K^-1_jl) B_i^-1,

so that a is the inverse covariance of f times f, V_i its blocks and y, K^-1 the moments of what z leaves in f. With
H_i = a_i a_i' - V_i the gradient in B_i is H_i / 2, in f_i it is -a_i, and in lambda_ij
a_i'y_j - sum_l lambda_il tr(B_i^-1 K^-1_lj). The residuals' part is in `residual_covariance`.
"""

import numpy as np

from bayesfactor.base.jit import jit_inline, jit_part
from bayesfactor.sampling.kernels.conditional import LOG_2PI, Conditional
from bayesfactor.sampling.kernels.correlated_arrays import CorrelatedData, CorrelatedWorkspace
from bayesfactor.sampling.kernels.residual_covariance import add_residuals
from bayesfactor.sampling.kernels.simd import WIDTH, Lanes, full, load, store, total
from bayesfactor.sampling.kernels.symmetric import invert
from bayesfactor.sampling.kernels.triangles import factorize, tri


@jit_inline
def whiten(conditional: Conditional, data: CorrelatedData[np.ndarray], work: CorrelatedWorkspace) -> None:
    """Fill L of the shifted regressors, and f_i = L'(C^_i - m_i)."""
    p, step = work.f.shape
    for k in range(p):
        for a in range(k + 1):
            work.low[k, a] = data.low[k * p + a]
        work.low[k, 0] += conditional.shift[k] * data.low[0]
    for at in range(0, step, WIDTH):
        for k in range(p):
            store(work.f, k * step + at, load(data.fitted, k * step + at) - load(conditional.mean, k * step + at))
        for k in range(1, p):
            store(work.f, at, load(work.f, at) - full(conditional.shift[k]) * load(data.fitted, k * step + at))
        for a in range(p):
            value = full(0.0)
            for k in range(a, p):
                value += full(work.low[k, a]) * load(work.f, k * step + at)
            store(work.f, a * step + at, value)


@jit_inline
def invert_own(conditional: Conditional, work: CorrelatedWorkspace, at: int) -> Lanes:
    """Fill B_i^-1 and B_i^-1 f_i of eight assets; return log|B_i / s_i^2| / 2."""
    p, step = work.f.shape
    scale, one = load(conditional.w, at), full(1.0)
    for t in range(0, work.half.size, WIDTH):
        store(work.half, t, full(0.0))
    for a in range(p):
        store(work.half, tri(a, a), one)
    for k in range(p):
        d = load(conditional.sd, k * step + at)
        weight = scale * d * d
        for a in range(k + 1):
            left = weight * full(work.low[k, a])
            for b in range(a + 1):
                store(work.half, tri(a, b), load(work.half, tri(a, b)) + left * full(work.low[k, b]))
    logs = factorize(work.half, work.root, work.pivot, p)
    for a in range(p):
        store(work.root, tri(a, a), one)
        store(work.a, WIDTH * a, full(0.0))
    for a in range(p):
        for b in range(a + 1):
            value = full(0.0)
            for c in range(a, p):
                value += load(work.root, tri(c, a)) * load(work.root, tri(c, b)) * load(work.pivot, WIDTH * c)
            value *= scale
            store(work.inverse, (a * (a + 1) // 2 + b) * step + at, value)
            store(work.a, WIDTH * a, load(work.a, WIDTH * a) + value * load(work.f, b * step + at))
            if a != b:
                store(work.a, WIDTH * b, load(work.a, WIDTH * b) + value * load(work.f, a * step + at))
    for a in range(p):
        store(work.solved, a * step + at, load(work.a, WIDTH * a))
    return logs


@jit_inline
def _element(a: int, b: int) -> int:
    """Return the place of an element of a symmetric matrix in its lower triangle."""
    return a * (a + 1) // 2 + b if a >= b else b * (b + 1) // 2 + a


@jit_part
def solve_shared(work: CorrelatedWorkspace) -> tuple[float, float]:
    """Fill K^-1 and y; return log|K| and w'K^-1 w, w = sum_i lambda_i x B_i^-1 f_i."""
    (p, step), q = work.f.shape, len(work.loading)
    for j in range(q):
        for m in range(j + 1):
            for a in range(p):
                for b in range(a + 1):
                    value, here = full(0.0), (a * (a + 1) // 2 + b) * step
                    for at in range(0, step, WIDTH):
                        both = load(work.loading, j * step + at) * load(work.loading, m * step + at)
                        value += both * load(work.inverse, here + at)
                    added = total(value)
                    work.k[j * p + a, m * p + b] = added
                    work.k[j * p + b, m * p + a] = added
                    work.k[m * p + a, j * p + b] = added
                    work.k[m * p + b, j * p + a] = added
    for j in range(q * p):
        work.k[j, j] += 1.0
    for j in range(q):
        for a in range(p):
            value = full(0.0)
            for at in range(0, step, WIDTH):
                value += load(work.loading, j * step + at) * load(work.solved, a * step + at)
            work.w[j, a] = total(value)
    log_det, quadratic = invert(work.k), 0.0
    for j in range(q):
        for a in range(p):
            work.y[j, a] = 0.0
            for m in range(q):
                for b in range(p):
                    work.y[j, a] += work.k[j * p + a, m * p + b] * work.w[m, b]
            quadratic += work.y[j, a] * work.w[j, a]
    return log_det, quadratic


@jit_part
def log_correlated(conditional: Conditional, data: CorrelatedData[np.ndarray], work: CorrelatedWorkspace) -> float:
    """Return log p(Y | theta, Lambda), Lambda in `work.loading`; overwrite the gradients of its arguments."""
    p, step = work.f.shape
    whiten(conditional, data, work)
    value = full(0.0)
    for at in range(0, step, WIDTH):
        value -= invert_own(conditional, work, at)
        level = load(data.dates, at) * (full(LOG_2PI) + full(2.0) * load(conditional.log_sigma, at))
        for a in range(p):
            level += load(work.f, a * step + at) * load(work.solved, a * step + at)
        value -= full(0.5) * level
    log_det, quadratic = solve_shared(work)
    for j in range(p):
        conditional.g_shift[j] = 0.0
    for at in range(0, step, WIDTH):
        _fill_inner(work, at)
        _fill_slopes(conditional, work, at)
    rest = add_residuals(
        conditional, work.loading, data.cross, data.square, data.dates[0] - p, work.covariance, work.g_loading
    )
    return total(value) + 0.5 * (quadratic - log_det) + rest


@jit_inline
def _fill_inner(work: CorrelatedWorkspace, at: int) -> None:
    """Fill a_i and H_i of eight assets, and the gradient in their Lambda."""
    (p, step), q = work.f.shape, len(work.loading)
    for a in range(p):
        value = load(work.f, a * step + at)
        for j in range(q):
            value -= load(work.loading, j * step + at) * full(work.y[j, a])
        store(work.side, WIDTH * a, value)
    for a in range(p):
        value = full(0.0)
        for b in range(p):
            value += load(work.inverse, _element(a, b) * step + at) * load(work.side, WIDTH * b)
        store(work.a, WIDTH * a, value)
    for t in range(0, work.m.size, WIDTH):
        store(work.m, t, full(0.0))
    for j in range(q):
        g = full(0.0)
        for a in range(p):
            g += load(work.a, WIDTH * a) * full(work.y[j, a])
        for m in range(q):
            other, trace = load(work.loading, m * step + at), full(0.0)
            both = load(work.loading, j * step + at) * other
            for a in range(p):
                for b in range(p):
                    own, here = full(work.k[m * p + a, j * p + b]), WIDTH * (a * p + b)
                    trace += load(work.inverse, _element(a, b) * step + at) * own
                    store(work.m, here, load(work.m, here) + both * own)
            g -= other * trace
        store(work.g_loading, j * step + at, g)
    for a in range(p):
        for b in range(p):
            value = full(0.0)
            for c in range(p):
                value += load(work.inverse, _element(a, c) * step + at) * load(work.m, WIDTH * (c * p + b))
            store(work.product, WIDTH * (a * p + b), value)
    for a in range(p):
        for b in range(p):
            value = load(work.a, WIDTH * a) * load(work.a, WIDTH * b)
            value -= load(work.inverse, _element(a, b) * step + at)
            for c in range(p):
                value += load(work.product, WIDTH * (a * p + c)) * load(work.inverse, _element(c, b) * step + at)
            store(work.h, WIDTH * (a * p + b), value)


@jit_inline
def _fill_slopes(conditional: Conditional, work: CorrelatedWorkspace, at: int) -> None:
    """Overwrite the gradients in m, log D and log s of eight assets, and add that in the shift."""
    p, step = work.f.shape
    trace = full(0.0)
    for k in range(p):
        trace += load(work.h, WIDTH * (k * p + k))
        d, g_mean, along = load(conditional.sd, k * step + at), full(0.0), full(0.0)
        for a in range(k + 1):
            side = full(0.0)
            for b in range(k + 1):
                side += load(work.h, WIDTH * (a * p + b)) * full(work.low[k, b])
            store(work.side, WIDTH * a, side)
            along += side * full(work.low[k, a])
            g_mean += load(work.a, WIDTH * a) * full(work.low[k, a])
        store(conditional.g_mean, k * step + at, g_mean)
        store(conditional.g_log_sd, k * step + at, d * d * along)
        moved = d * d * load(work.side, 0) + load(work.a, 0) * load(conditional.mean, k * step + at)
        conditional.g_shift[k] += work.low[0, 0] * total(moved)
    store(conditional.g_log_sigma, at, trace / load(conditional.w, at))
