"""Exact draws of the coefficients of assets whose residuals have common factors.

In the notation of `correlated`, what the factors z leave in f is Lambda phi with phi = (L^-1 X~'z_j)_j, which is
N(y, K^-1) given theta and the returns. Given phi too, assets are independent regressions, as in `normal`:

    c_i = m_i + D_i u_i,  u_i ~ N(A^-1 v, A^-1),  A = I + D L L'D / s^2,  v = D L (f_i - sum_j lambda_ij phi_j) / s^2.
"""

import numpy as np

from bayesfactor.base.jit import jit_inline, jit_part
from bayesfactor.sampling.kernels.conditional import Conditional
from bayesfactor.sampling.kernels.correlated import invert_own, solve_shared, whiten
from bayesfactor.sampling.kernels.correlated_arrays import CorrelatedData, CorrelatedWorkspace
from bayesfactor.sampling.kernels.simd import WIDTH, full, load, sqrt, store
from bayesfactor.sampling.kernels.symmetric import take_root
from bayesfactor.sampling.kernels.triangles import back_solve, factorize, forward_solve, tri


@jit_part
def draw_correlated(
    conditional: Conditional,
    data: CorrelatedData[np.ndarray],
    work: CorrelatedWorkspace,
    shared: np.ndarray,
    own: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fill `out` (coefficient, padded asset) with an exact draw of c | Y, theta, Lambda.

    Standard normals are `shared` (residual factor x coefficient) and `own` (coefficient, padded asset).
    """
    p, step = work.f.shape
    whiten(conditional, data, work)
    for at in range(0, step, WIDTH):
        invert_own(conditional, work, at)
    solve_shared(work)
    take_root(work.k)
    for j in range(len(shared)):
        for k in range(j + 1):
            work.y[j // p, j % p] += work.k[j, k] * shared[k]
    for at in range(0, step, WIDTH):
        _draw_own(conditional, work, own, out, at)


@jit_inline
def _draw_own(conditional: Conditional, work: CorrelatedWorkspace, own: np.ndarray, out: np.ndarray, at: int) -> None:
    """Draw the coefficients of eight assets given what the factors leave in f, in `work.y`."""
    (p, step), q = work.f.shape, len(work.loading)
    scale = load(conditional.w, at)
    for a in range(p):
        value = load(work.f, a * step + at)
        for j in range(q):
            value -= load(work.loading, j * step + at) * full(work.y[j, a])
        store(work.side, WIDTH * a, scale * value)
    for k in range(p):
        d, v = load(conditional.sd, k * step + at), full(0.0)
        for a in range(k + 1):
            v += full(work.low[k, a]) * load(work.side, WIDTH * a)
        store(work.a, WIDTH * k, d * v)
        for m in range(k + 1):
            both = 0.0
            for a in range(m + 1):
                both += work.low[k, a] * work.low[m, a]
            value = scale * d * load(conditional.sd, m * step + at) * full(both)
            store(work.half, tri(k, m), value)
        store(work.half, tri(k, k), full(1.0) + load(work.half, tri(k, k)))
    factorize(work.half, work.root, work.pivot, p)
    forward_solve(work.root, work.a, work.side, p)
    for k in range(p):
        pivot, noise = load(work.pivot, WIDTH * k), load(own, k * step + at)
        store(work.side, WIDTH * k, load(work.side, WIDTH * k) * pivot + sqrt(pivot) * noise)
    back_solve(work.root, work.side, work.a, p)
    for k in range(p):
        moved = load(conditional.sd, k * step + at) * load(work.a, WIDTH * k)
        store(out, k * step + at, load(conditional.mean, k * step + at) + moved)
