"""Student-t noise in the surrogate-conditional form: log-density and gradient.

Coefficients c_i = m_i + D_i u_i, u_i ~ N(0, I) a priori, are written through a normal surrogate of their own posterior.
With fixed weights (from a robust first fit) and their statistics S, b, shifted as the regressors are,

    A_i = I + D S~ D / s2 = L L',   v_i = D (b~ - S~ m) / s2,   u_i = L^-T (L^-1 v_i + z_i),

and -log|L_i| is added to the density. This is exact whatever the weights; they only make z_i nearly standard normal in
every regime: long histories and short, strong factors and weak ones.
"""

from math import lgamma
from typing import NamedTuple

import numpy as np

from bayesfactor.base.jit import jit_alloc, jit_part
from bayesfactor.sampling.kernels.conditional import Conditional
from bayesfactor.sampling.kernels.simd import WIDTH, aligned
from bayesfactor.sampling.kernels.student_likelihood import digamma, log_likelihood


@jit_part
def _factorize(
    s: np.ndarray,
    m: np.ndarray,
    d: np.ndarray,
    w: float,
    a: np.ndarray,
    low: np.ndarray,
    e: np.ndarray,
    v: np.ndarray,
    half: np.ndarray,
) -> None:
    """Fill A, its Cholesky factor, e = b~ - S~ m (`e` comes in as b~), v = D e w, half = L^-1 v."""
    p = d.size
    for j in range(p):
        for k in range(p):
            e[j] -= s[j, k] * m[k]
            a[j, k] = d[j] * d[k] * s[j, k] * w + (1.0 if j == k else 0.0)
    for j in range(p):
        v[j] = d[j] * e[j] * w
        for k in range(j, p):
            total = a[k, j]
            for q in range(j):
                total -= low[k, q] * low[j, q]
            low[k, j] = np.sqrt(total) if k == j else total / low[j, j]
    for j in range(p):
        total = v[j]
        for k in range(j):
            total -= low[j, k] * half[k]
        half[j] = total / low[j, j]


@jit_part
def _back_solve(low: np.ndarray, x: np.ndarray) -> None:
    """Replace x by L^-T x."""
    for j in range(x.size - 1, -1, -1):
        for k in range(j + 1, x.size):
            x[j] -= low[k, j] * x[k]
        x[j] /= low[j, j]


@jit_part
def _forward_solve(low: np.ndarray, x: np.ndarray) -> None:
    """Replace x by L^-1 x."""
    for j in range(x.size):
        for k in range(j):
            x[j] -= low[j, k] * x[k]
        x[j] /= low[j, j]


class Observations[T](NamedTuple):
    """Returns, and the regressors common to all assets, in blocks of eight dates; and the surrogate's statistics.

    Asset i has blocks first_y[i] to first_y[i + 1] of y, a multiple of `STEP` of them, NaN where it has no return; they
    belong to the dates of blocks first_x[i], ... of x.
    """

    xx: T  # weighted statistics: (asset, coefficient, coefficient)
    xy: T  # (asset, coefficient)
    dates: T  # (asset): number of observations
    first_x: T
    first_y: T
    x: T  # (block, coefficient, lane), flat
    y: T  # (block, lane), flat


class Surrogate(NamedTuple):
    """Intermediate values for one asset: matrices (coefficient, coefficient) and vectors (coefficient)."""

    s: np.ndarray
    a: np.ndarray
    low: np.ndarray
    adjoint: np.ndarray
    m: np.ndarray
    d: np.ndarray
    e: np.ndarray
    v: np.ndarray
    half: np.ndarray
    u: np.ndarray
    g: np.ndarray
    g_half: np.ndarray
    slope: np.ndarray  # (coefficient, lane), flat


@jit_alloc
def allocate_surrogate(p: int) -> Surrogate:
    """Allocate a `Surrogate` for p coefficients."""
    return Surrogate(
        np.empty((p, p)), np.empty((p, p)), np.zeros((p, p)), np.empty((p, p)), np.empty(p), np.empty(p), np.empty(p),
        np.empty(p), np.empty(p), np.empty(p), np.empty(p), np.empty(p), aligned(WIDTH * p),
    )  # fmt: skip


@jit_part
def _fill_surrogate(
    conditional: Conditional, z: np.ndarray, data: Observations[np.ndarray], i: int, work: Surrogate, out: np.ndarray
) -> None:
    """Compute the surrogate of asset i and its coefficients."""
    p, w, shift, xx, xy = conditional.shift.size, conditional.w[i], conditional.shift, data.xx, data.xy
    for j in range(p):
        work.m[j], work.d[j] = conditional.mean[j, i], conditional.sd[j, i]
        work.e[j] = xy[i, j] + shift[j] * xy[i, 0]
        for k in range(p):
            shifted = xx[i, j, 0] + shift[j] * xx[i, 0, 0]
            work.s[j, k] = xx[i, j, k] + shift[j] * xx[i, 0, k] + shift[k] * shifted
    _factorize(work.s, work.m, work.d, w, work.a, work.low, work.e, work.v, work.half)
    for j in range(p):
        work.u[j] = work.half[j] + z[i, j]
    _back_solve(work.low, work.u)
    for j in range(p):
        out[i, j] = work.m[j] + work.d[j] * work.u[j]


@jit_part
def fill_coefficients(
    conditional: Conditional, z: np.ndarray, data: Observations[np.ndarray], work: Surrogate, out: np.ndarray
) -> None:
    """Fill `out` (asset, coefficient) with c_i, as `student_log_density` does."""
    for i in range(data.dates.size):
        _fill_surrogate(conditional, z, data, i, work, out)


@jit_part
def student_log_density(
    conditional: Conditional,
    dof: float,
    z: np.ndarray,
    data: Observations[np.ndarray],
    work: Surrogate,
    out: np.ndarray,
    g_z: np.ndarray,
) -> tuple[float, float]:
    """Return the log-density of returns and z given the rest, and its derivative in dof; fill `out` and the gradients.

    Parameters
    ----------
    conditional : Conditional
        Its arrays of gradients are overwritten.
    dof : float
    z : array (asset, coefficient)
    data : Observations
    work : Surrogate
        Workspace, reused for every asset.
    out : array (asset, coefficient)
        Filled with the coefficients c_i.
    g_z : array
        Shaped like z; overwritten.
    """
    conditional.g_mean[:] = 0.0
    conditional.g_log_sd[:] = 0.0
    conditional.g_log_sigma[:] = 0.0
    conditional.g_shift[:] = 0.0
    n, p = data.xy.shape
    value, g_dof, total_count = 0.0, 0.0, 0.0
    for i in range(n):
        _fill_surrogate(conditional, z, data, i, work, out)
        for j in range(p):
            value -= 0.5 * work.u[j] * work.u[j] + np.log(work.low[j, j])
        at_x, at_y, count = int(data.first_x[i]), int(data.first_y[i]), data.dates[i]
        blocks = int(data.first_y[i + 1]) - at_y
        here, g_ls, of_dof = log_likelihood(
            out[i], conditional.shift, conditional.w[i], dof, data.x, data.y, at_x, at_y, blocks, work.g, work.slope
        )
        value += here - count * conditional.log_sigma[i]
        g_dof += of_dof
        total_count += count
        for k in range(1, p):
            conditional.g_shift[k] += out[i, k] * work.g[0]
        conditional.g_log_sigma[i] = g_ls - count + _backward_surrogate(conditional, data, i, work, g_z)
    value += total_count * (lgamma(0.5 * (dof + 1.0)) - lgamma(0.5 * dof) - 0.5 * np.log(dof * np.pi))
    g_dof += total_count * 0.5 * (digamma(0.5 * (dof + 1.0)) - digamma(0.5 * dof) - 1.0 / dof)
    return value, g_dof


@jit_part
def _backward_surrogate(
    conditional: Conditional, data: Observations[np.ndarray], i: int, work: Surrogate, g_z: np.ndarray
) -> float:
    """Carry the gradient g in c_i back through u_i, L_i and A_i; return the derivative in log sigma_i."""
    p, w, shift, xx, xy = conditional.shift.size, conditional.w[i], conditional.shift, data.xx, data.xy
    s, m, d, e, half, u, low = work.s, work.m, work.d, work.e, work.half, work.u, work.low
    g_v, g_half, adjoint = work.v, work.g_half, work.adjoint
    for j in range(p):
        conditional.g_mean[j, i], conditional.g_log_sd[j, i] = work.g[j], work.g[j] * u[j] * d[j]
        g_half[j] = d[j] * work.g[j] - u[j]
    _forward_solve(low, g_half)  # derivative in z, and in L^-1 v
    for j in range(p):
        g_z[i, j] = g_half[j]
        g_v[j] = g_half[j]
    _back_solve(low, g_v)  # derivative in v
    # derivative in L (lower): -u g_half' - g_v half' - diag(1 / L); then A' = L^-T Phi(L'L') L^-1, made symmetric
    for j in range(p):
        for k in range(j + 1):
            adjoint[j, k] = -u[j] * g_half[k] - g_v[j] * half[k] - (1.0 / low[j, j] if j == k else 0.0)
    for j in range(p):  # Phi(L' adjoint), in place: its row j needs only rows q >= j of adjoint
        for k in range(j + 1):
            total = 0.0
            for q in range(j, p):
                total += low[q, j] * adjoint[q, k]
            adjoint[j, k] = 0.5 * total if j == k else total
        for k in range(j + 1, p):
            adjoint[j, k] = 0.0
    for k in range(p):
        _back_solve(low, adjoint[:, k])
    for j in range(p):
        _back_solve(low, adjoint[j])
    g_w = 0.0
    for j in range(p):
        g_w += d[j] * e[j] * g_v[j]
        conditional.g_log_sd[j, i] += d[j] * w * e[j] * g_v[j]
    for j in range(p):
        g_e = w * d[j] * g_v[j]
        conditional.g_shift[j] += g_e * xy[i, 0]
        for k in range(p):
            g_a = 0.5 * (adjoint[j, k] + adjoint[k, j])
            g_w += g_a * d[j] * d[k] * s[j, k]
            conditional.g_log_sd[j, i] += 2.0 * d[j] * g_a * w * s[j, k] * d[k]
            conditional.g_mean[k, i] -= s[j, k] * g_e
            g_s = g_a * w * d[j] * d[k]
            shifted_k = xx[i, 0, k] + shift[k] * xx[i, 0, 0]
            shifted_j = xx[i, 0, j] + shift[j] * xx[i, 0, 0]
            conditional.g_shift[j] += (g_s - g_e * m[k]) * shifted_k
            conditional.g_shift[k] += (g_s - g_e * m[k]) * shifted_j
    return -2.0 * w * g_w
