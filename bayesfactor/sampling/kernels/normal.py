"""Normal noise with the coefficients integrated out: log-density, gradient, and exact draws of the coefficients.

For asset i, with c_i = (alpha_i, beta_i')' = m_i + D_i u_i, u_i ~ N(0, I), regressors x~_t = x_t + shift:

    A_i = I + D S~ D / s2 = L E L', v_i = D (b~ - S~ m) / s2,
    log p(r_i | m, D, s, shift) = -T/2 log(2 pi s2) - 1/2 log|A| - 1/2 [ (q - m'b~ - m'(b~ - S~ m)) / s2 - v' A^-1 v ],
    u_i | r_i ~ N(A^-1 v, A^-1).

D may hold zeros (a common loading, a zero alpha): it is never inverted, and its signs do not matter. The gradient is
the posterior mean of the gradient of the complete likelihood (Fisher's identity), with (D S~ D / s2) A^-1 = I - A^-1
where that saves work. Assets come eight at a time, as `lanes`; the last eight are padded with assets without data.
Everything that one step needs of eight assets stays in the processor's first cache.
"""

from typing import NamedTuple

import numpy as np

from bayesfactor.base.jit import jit_alloc, jit_inline, jit_part
from bayesfactor.sampling.kernels.conditional import LOG_2PI, Law, moves
from bayesfactor.sampling.kernels.simd import WIDTH, Lanes, aligned, full, load, log, sqrt, store, total


class Data(NamedTuple):
    """Sufficient statistics in blocks of eight assets, flat; see `blocked`."""

    xx: np.ndarray  # (block, lower triangle, lane)
    xy: np.ndarray  # (block, coefficient, lane)
    yy: np.ndarray  # (block, lane)
    dates: np.ndarray  # (block, lane): how many


class Work(NamedTuple):
    """What is worked out for eight assets: triangles (s, low, inv) and vectors over coefficients, flat."""

    s: np.ndarray
    low: np.ndarray
    inv: np.ndarray
    b: np.ndarray
    m: np.ndarray
    d: np.ndarray
    e: np.ndarray
    v: np.ndarray
    half: np.ndarray
    own: np.ndarray
    u: np.ndarray
    pull: np.ndarray


@jit_alloc
def workspace(p: int) -> Work:
    """Return a `Work` to be filled, for p coefficients."""
    size, row = WIDTH * (p * (p + 1) // 2), WIDTH * p
    return Work(
        aligned(size), aligned(size), aligned(size), aligned(row), aligned(row), aligned(row), aligned(row),
        aligned(row), aligned(row), aligned(row), aligned(row), aligned(row),
    )  # fmt: skip


@jit_inline
def _tri(j: int, k: int) -> int:
    """Return where element (j, k), k <= j, of a lower triangle starts."""
    return WIDTH * (j * (j + 1) // 2 + k)


@jit_inline
def _subtract(s: np.ndarray, x: np.ndarray, out: np.ndarray, p: int) -> None:
    """Take S x off `out`."""
    for j in range(p):
        row, own = load(out, WIDTH * j), load(x, WIDTH * j)
        for k in range(j):
            element, here = load(s, _tri(j, k)), WIDTH * k
            row -= element * load(x, here)
            store(out, here, load(out, here) - element * own)
        store(out, WIDTH * j, row - load(s, _tri(j, j)) * own)


@jit_inline
def _take(law: Law, data: Data, g: int, moved: bool, work: Work) -> None:
    """Fill block g: S~, b~, m, D, e = b~ - S~ m and v = D e / s2."""
    p, step = law.mean.shape
    triangle, at = WIDTH * (p * (p + 1) // 2), WIDTH * g
    for t in range(0, triangle, WIDTH):
        store(work.s, t, load(data.xx, g * triangle + t))
    for j in range(p):
        store(work.b, WIDTH * j, load(data.xy, WIDTH * (g * p + j)))
        store(work.m, WIDTH * j, load(law.mean, j * step + at))
        store(work.d, WIDTH * j, load(law.sd, j * step + at))
    if moved:
        for j in range(1, p):
            left = full(law.shift[j])
            store(work.b, WIDTH * j, load(work.b, WIDTH * j) + left * load(work.b, 0))
            first = load(work.s, _tri(j, 0)) + left * load(work.s, 0)
            store(work.s, _tri(j, 0), first)
            for k in range(1, j + 1):
                beside = left * load(data.xx, g * triangle + _tri(k, 0)) + full(law.shift[k]) * first
                store(work.s, _tri(j, k), load(work.s, _tri(j, k)) + beside)
    scale = load(law.w, at)
    for j in range(0, WIDTH * p, WIDTH):
        store(work.e, j, load(work.b, j))
    _subtract(work.s, work.m, work.e, p)
    for j in range(0, WIDTH * p, WIDTH):
        store(work.v, j, load(work.d, j) * load(work.e, j) * scale)


@jit_inline
def _factor(scale: Lanes, work: Work, p: int) -> Lanes:
    """Factor A = L E L' with ones on the diagonal of L; fill the rest of L^-1, and E^-1; return log|A| / 2."""
    low, inv, own = work.low, work.inv, work.own
    one = full(1.0)
    product, logs = one, full(0.0)
    for k in range(p):
        right = load(work.d, WIDTH * k) * scale
        for j in range(k):
            store(low, _tri(k, j), right * load(work.d, WIDTH * j) * load(work.s, _tri(k, j)))
        store(low, _tri(k, k), one + right * load(work.d, WIDTH * k) * load(work.s, _tri(k, k)))
    for j in range(p):
        pivot = load(low, _tri(j, j))
        product *= pivot
        inverse = one / pivot
        store(own, WIDTH * j, inverse)
        for k in range(j + 1, p):
            beside = load(low, _tri(k, j))
            ratio = beside * inverse
            for m in range(j + 1, k):
                store(low, _tri(k, m), load(low, _tri(k, m)) - ratio * load(inv, _tri(m, j)))
            store(low, _tri(k, k), load(low, _tri(k, k)) - ratio * beside)
            store(inv, _tri(k, j), beside)
            store(low, _tri(k, j), ratio)
        if j % 8 == 7:  # a product of many pivots could overflow: take its logarithm from time to time
            logs += log(product)
            product = one
    for m in range(p):
        for k in range(m + 1, p):
            ratio = load(low, _tri(k, m))
            for j in range(m):
                store(inv, _tri(k, j), load(inv, _tri(k, j)) - ratio * load(inv, _tri(m, j)))
            store(inv, _tri(k, m), full(0.0) - ratio)
    return full(0.5) * (logs + log(product))


@jit_inline
def _ahead(inv: np.ndarray, v: np.ndarray, out: np.ndarray, p: int) -> None:
    """Fill out = L^-1 v."""
    for j in range(p):
        row = load(v, WIDTH * j)
        for k in range(j):
            row += load(inv, _tri(j, k)) * load(v, WIDTH * k)
        store(out, WIDTH * j, row)


@jit_inline
def _back(inv: np.ndarray, x: np.ndarray, out: np.ndarray, p: int) -> None:
    """Fill out = L^-T x."""
    for j in range(p):
        row = load(x, WIDTH * j)
        for k in range(j + 1, p):
            row += load(inv, _tri(k, j)) * load(x, WIDTH * k)
        store(out, WIDTH * j, row)


@jit_part
def marginal(law: Law, data: Data, work: Work) -> float:
    """Return log p(r | theta) summed over assets; overwrite the law's gradients."""
    p, step = law.mean.shape
    moved = moves(law.shift)
    work.pull[:] = 0.0
    value, one = full(0.0), full(1.0)
    for g in range(step // WIDTH):
        at = WIDTH * g
        scale, count = load(law.w, at), load(data.dates, at)
        _take(law, data, g, moved, work)
        logs = _factor(scale, work, p)
        _ahead(work.inv, work.v, work.half, p)
        quad = load(data.yy, at)
        for j in range(0, WIDTH * p, WIDTH):
            quad -= load(work.m, j) * (load(work.b, j) + load(work.e, j))
        quad *= scale
        for j in range(0, WIDTH * p, WIDTH):
            half = load(work.half, j)
            scaled = half * load(work.own, j)
            quad -= half * scaled
            store(work.half, j, scaled)
        _back(work.inv, work.half, work.u, p)
        for j in range(0, WIDTH * p, WIDTH):
            store(work.v, j, load(work.d, j) * load(work.u, j))
        _subtract(work.s, work.v, work.e, p)  # residual moment b~ - S~ (m + D u)
        value -= full(0.5) * (count * (full(LOG_2PI) + full(2.0) * load(law.log_sigma, at)) + quad) + logs
        slope = quad - count
        for j in range(p):
            left = load(work.own, WIDTH * j)  # diagonal of A^-1
            for k in range(j + 1, p):
                element = load(work.inv, _tri(k, j))
                left += element * element * load(work.own, WIDTH * k)
            scaled = load(work.e, WIDTH * j) * scale
            pull = load(work.v, WIDTH * j) * scaled - (one - left)
            store(law.g_mean, j * step + at, scaled)
            store(law.g_log_sd, j * step + at, pull)
            slope -= pull
        store(law.g_log_sigma, at, slope)
        if moved:
            _pull(scale, work, p)
    for j in range(p):
        law.g_shift[j] = total(load(work.pull, WIDTH * j))
    return total(value)


@jit_inline
def _pull(scale: Lanes, work: Work, p: int) -> None:
    """Add the gradient in the shift: E[c_k (b~_0 - S~_0 c)] / s2 = (c_k e_0 - d_k (A^-1 D S~_0)_k) / s2."""
    moment = load(work.e, 0)
    for j in range(0, WIDTH * p, WIDTH):
        store(work.m, j, load(work.m, j) + load(work.v, j))  # c
    for j in range(p):
        store(work.v, WIDTH * j, load(work.d, WIDTH * j) * load(work.s, _tri(j, 0)))
    _ahead(work.inv, work.v, work.half, p)
    for j in range(0, WIDTH * p, WIDTH):
        store(work.half, j, load(work.half, j) * load(work.own, j))
    _back(work.inv, work.half, work.u, p)
    for j in range(0, WIDTH * p, WIDTH):
        pull = (load(work.m, j) * moment - load(work.d, j) * load(work.u, j)) * scale
        store(work.pull, j, load(work.pull, j) + pull)


@jit_part
def draw_coefficients(law: Law, data: Data, work: Work, z: np.ndarray, out: np.ndarray) -> None:
    """Fill `out` (coefficient, asset) with an exact draw of c_i | r_i, theta, made of standard normals z."""
    p, step = law.mean.shape
    moved = moves(law.shift)
    for g in range(step // WIDTH):
        at = WIDTH * g
        _take(law, data, g, moved, work)
        _factor(load(law.w, at), work, p)
        _ahead(work.inv, work.v, work.half, p)
        for j in range(p):
            own, noise = load(work.own, WIDTH * j), load(z, j * step + at)
            store(work.half, WIDTH * j, load(work.half, WIDTH * j) * own + sqrt(own) * noise)
        _back(work.inv, work.half, work.u, p)
        for j in range(p):
            here = WIDTH * j
            store(out, j * step + at, load(work.m, here) + load(work.d, here) * load(work.u, here))


def padded(size: int) -> int:
    """Return the number of assets with padding to whole blocks."""
    return -(-size // WIDTH) * WIDTH


def blocked(array: np.ndarray) -> np.ndarray:
    """Pad the last axis (asset) with zeros to whole blocks and return (block, ..., lane)."""
    short = padded(array.shape[-1]) - array.shape[-1]
    wide = np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, short)])
    return np.ascontiguousarray(np.moveaxis(wide.reshape(*array.shape[:-1], -1, WIDTH), -2, 0), dtype=float)


def lower_triangle(xx: np.ndarray) -> np.ndarray:
    """Return the lower triangles (element, asset) of symmetric matrices (coefficient, coefficient, asset)."""
    return xx[np.tril_indices(xx.shape[0])]
