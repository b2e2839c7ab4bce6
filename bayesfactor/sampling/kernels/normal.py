"""Normal noise with the coefficients integrated out: log-density, gradient, and exact draws of the coefficients.

For asset i, with c_i = (alpha_i, beta_i')' = m_i + D_i u_i, u_i ~ N(0, I), regressors x~_t = x_t + shift:

    A_i = I + D S~ D / s2 = L E L', v_i = D (b~ - S~ m) / s2,
    log p(r_i | m, D, s, shift) = -T/2 log(2 pi s2) - 1/2 log|A| - 1/2 [ (q - m'b~ - m'(b~ - S~ m)) / s2 - v' A^-1 v ],
    u_i | r_i ~ N(A^-1 v, A^-1).

D may hold zeros (a common loading, a zero alpha): it is never inverted, and its signs do not matter. The gradient is
the posterior mean of the gradient of the complete likelihood (Fisher's identity), with (D S~ D / s2) A^-1 = I - A^-1
where that saves work. Assets are processed eight at a time (`simd`); the last eight are padded with assets without
data. The intermediate values for eight assets fit in the processor's first-level cache.
"""

from typing import NamedTuple

import numpy as np

from bayesfactor.base.jit import jit_alloc, jit_inline, jit_part
from bayesfactor.sampling.kernels.conditional import LOG_2PI, Conditional, has_shift
from bayesfactor.sampling.kernels.simd import WIDTH, Lanes, aligned, full, load, sqrt, store, total
from bayesfactor.sampling.kernels.triangles import back_solve, factorize, forward_solve, tri


class MomentBlocks[T](NamedTuple):
    """Sufficient statistics in blocks of eight assets, flat; see `normal_kernel`."""

    xx: T  # (block, lower triangle, lane)
    xy: T  # (block, coefficient, lane)
    yy: T  # (block, lane)
    dates: T  # (block, lane): number of observations


class BlockWorkspace(NamedTuple):
    """Intermediate values for eight assets: lower triangles (s, low, inv) and vectors over coefficients, flat."""

    s: np.ndarray
    low: np.ndarray
    inv: np.ndarray
    b: np.ndarray
    m: np.ndarray
    d: np.ndarray
    e: np.ndarray
    v: np.ndarray
    half: np.ndarray
    inv_pivot: np.ndarray
    u: np.ndarray
    g_shift: np.ndarray


@jit_alloc
def allocate_workspace(p: int) -> BlockWorkspace:
    """Allocate a `BlockWorkspace` for p coefficients."""
    size, row = WIDTH * (p * (p + 1) // 2), WIDTH * p
    return BlockWorkspace(
        aligned(size), aligned(size), aligned(size), aligned(row), aligned(row), aligned(row), aligned(row),
        aligned(row), aligned(row), aligned(row), aligned(row), aligned(row),
    )  # fmt: skip


@jit_inline
def _subtract_product(s: np.ndarray, x: np.ndarray, out: np.ndarray, p: int) -> None:
    """Subtract S x from `out`."""
    for j in range(p):
        row, own = load(out, WIDTH * j), load(x, WIDTH * j)
        for k in range(j):
            element, here = load(s, tri(j, k)), WIDTH * k
            row -= element * load(x, here)
            store(out, here, load(out, here) - element * own)
        store(out, WIDTH * j, row - load(s, tri(j, j)) * own)


@jit_inline
def _load_block(
    conditional: Conditional, data: MomentBlocks[np.ndarray], g: int, shifted: bool, work: BlockWorkspace
) -> None:
    """Fill block g: S~, b~, m, D, e = b~ - S~ m and v = D e / s2."""
    p, step = conditional.mean.shape
    triangle, at = WIDTH * (p * (p + 1) // 2), WIDTH * g
    for t in range(0, triangle, WIDTH):
        store(work.s, t, load(data.xx, g * triangle + t))
    for j in range(p):
        store(work.b, WIDTH * j, load(data.xy, WIDTH * (g * p + j)))
        store(work.m, WIDTH * j, load(conditional.mean, j * step + at))
        store(work.d, WIDTH * j, load(conditional.sd, j * step + at))
    if shifted:
        for j in range(1, p):
            left = full(conditional.shift[j])
            store(work.b, WIDTH * j, load(work.b, WIDTH * j) + left * load(work.b, 0))
            first = load(work.s, tri(j, 0)) + left * load(work.s, 0)
            store(work.s, tri(j, 0), first)
            for k in range(1, j + 1):
                beside = left * load(data.xx, g * triangle + tri(k, 0)) + full(conditional.shift[k]) * first
                store(work.s, tri(j, k), load(work.s, tri(j, k)) + beside)
    scale = load(conditional.w, at)
    for j in range(0, WIDTH * p, WIDTH):
        store(work.e, j, load(work.b, j))
    _subtract_product(work.s, work.m, work.e, p)
    for j in range(0, WIDTH * p, WIDTH):
        store(work.v, j, load(work.d, j) * load(work.e, j) * scale)


@jit_inline
def _factorize(scale: Lanes, work: BlockWorkspace, p: int) -> Lanes:
    """Factor A = L E L' with ones on the diagonal of L; fill the rest of L^-1, and E^-1; return log|A| / 2."""
    low, one = work.low, full(1.0)
    for k in range(p):
        right = load(work.d, WIDTH * k) * scale
        for j in range(k):
            store(low, tri(k, j), right * load(work.d, WIDTH * j) * load(work.s, tri(k, j)))
        store(low, tri(k, k), one + right * load(work.d, WIDTH * k) * load(work.s, tri(k, k)))
    return factorize(low, work.inv, work.inv_pivot, p)


@jit_part
def log_marginal(conditional: Conditional, data: MomentBlocks[np.ndarray], work: BlockWorkspace) -> float:
    """Return log p(r | theta) summed over assets; overwrite the gradients in `conditional`."""
    p, step = conditional.mean.shape
    shifted = has_shift(conditional.shift)
    work.g_shift[:] = 0.0
    value, one = full(0.0), full(1.0)
    for g in range(step // WIDTH):
        at = WIDTH * g
        scale, count = load(conditional.w, at), load(data.dates, at)
        _load_block(conditional, data, g, shifted, work)
        logs = _factorize(scale, work, p)
        forward_solve(work.inv, work.v, work.half, p)
        quad = load(data.yy, at)
        for j in range(0, WIDTH * p, WIDTH):
            quad -= load(work.m, j) * (load(work.b, j) + load(work.e, j))
        quad *= scale
        for j in range(0, WIDTH * p, WIDTH):
            half = load(work.half, j)
            scaled = half * load(work.inv_pivot, j)
            quad -= half * scaled
            store(work.half, j, scaled)
        back_solve(work.inv, work.half, work.u, p)
        for j in range(0, WIDTH * p, WIDTH):
            store(work.v, j, load(work.d, j) * load(work.u, j))
        _subtract_product(work.s, work.v, work.e, p)  # residual moment b~ - S~ (m + D u)
        value -= full(0.5) * (count * (full(LOG_2PI) + full(2.0) * load(conditional.log_sigma, at)) + quad) + logs
        g_log_sigma = quad - count
        for j in range(p):
            variance = load(work.inv_pivot, WIDTH * j)  # diagonal of A^-1
            for k in range(j + 1, p):
                element = load(work.inv, tri(k, j))
                variance += element * element * load(work.inv_pivot, WIDTH * k)
            scaled = load(work.e, WIDTH * j) * scale
            g_log_sd = load(work.v, WIDTH * j) * scaled - (one - variance)
            store(conditional.g_mean, j * step + at, scaled)
            store(conditional.g_log_sd, j * step + at, g_log_sd)
            g_log_sigma -= g_log_sd
        store(conditional.g_log_sigma, at, g_log_sigma)
        if shifted:
            _shift_gradient(scale, work, p)
    for j in range(p):
        conditional.g_shift[j] = total(load(work.g_shift, WIDTH * j))
    return total(value)


@jit_inline
def _shift_gradient(scale: Lanes, work: BlockWorkspace, p: int) -> None:
    """Add the gradient in the shift: E[c_k (b~_0 - S~_0 c)] / s2 = (c_k e_0 - d_k (A^-1 D S~_0)_k) / s2."""
    moment = load(work.e, 0)
    for j in range(0, WIDTH * p, WIDTH):
        store(work.m, j, load(work.m, j) + load(work.v, j))  # c
    for j in range(p):
        store(work.v, WIDTH * j, load(work.d, WIDTH * j) * load(work.s, tri(j, 0)))
    forward_solve(work.inv, work.v, work.half, p)
    for j in range(0, WIDTH * p, WIDTH):
        store(work.half, j, load(work.half, j) * load(work.inv_pivot, j))
    back_solve(work.inv, work.half, work.u, p)
    for j in range(0, WIDTH * p, WIDTH):
        g = (load(work.m, j) * moment - load(work.d, j) * load(work.u, j)) * scale
        store(work.g_shift, j, load(work.g_shift, j) + g)


@jit_part
def draw_coefficients(
    conditional: Conditional, data: MomentBlocks[np.ndarray], work: BlockWorkspace, z: np.ndarray, out: np.ndarray
) -> None:
    """Fill `out` (coefficient, asset) with an exact draw of c_i | r_i, theta, from standard normals z."""
    p, step = conditional.mean.shape
    shifted = has_shift(conditional.shift)
    for g in range(step // WIDTH):
        at = WIDTH * g
        _load_block(conditional, data, g, shifted, work)
        _factorize(load(conditional.w, at), work, p)
        forward_solve(work.inv, work.v, work.half, p)
        for j in range(p):
            own, noise = load(work.inv_pivot, WIDTH * j), load(z, j * step + at)
            store(work.half, WIDTH * j, load(work.half, WIDTH * j) * own + sqrt(own) * noise)
        back_solve(work.inv, work.half, work.u, p)
        for j in range(p):
            here = WIDTH * j
            store(out, j * step + at, load(work.m, here) + load(work.d, here) * load(work.u, here))
