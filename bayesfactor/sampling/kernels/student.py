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

from bayesfactor.base.jit import jit_alloc, jit_inline, jit_part
from bayesfactor.sampling.kernels.conditional import Law
from bayesfactor.sampling.kernels.simd import WIDTH, Lanes, aligned, full, known, load, log, store, total

STEP = 4  # blocks of dates that are taken at once


@jit_part
def _digamma(x: float) -> float:
    value = 0.0
    while x < 10.0:
        value -= 1.0 / x
        x += 1.0
    f = 1.0 / (x * x)
    series = f * (1.0 / 12 - f * (1.0 / 120 - f * (1.0 / 252 - f * (1.0 / 240 - f * (1.0 / 132)))))
    return value + np.log(x) - 0.5 / x - series


@jit_part
def _triangle(
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
    """Fill A, its lower root, e = b~ - S~ m (`e` comes in as b~), v = D e w, half = L^-1 v."""
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
def _back(low: np.ndarray, x: np.ndarray) -> None:
    """Replace x by L^-T x."""
    for j in range(x.size - 1, -1, -1):
        for k in range(j + 1, x.size):
            x[j] -= low[k, j] * x[k]
        x[j] /= low[j, j]


@jit_part
def _ahead(low: np.ndarray, x: np.ndarray) -> None:
    """Replace x by L^-1 x."""
    for j in range(x.size):
        for k in range(j):
            x[j] -= low[j, k] * x[k]
        x[j] /= low[j, j]


@jit_inline
def _residual(c: np.ndarray, raw: float, x: np.ndarray, y: np.ndarray, p: int, from_x: int, from_y: int) -> Lanes:
    """Return eight residuals; 0 where there is no observation."""
    here = load(y, from_y)
    fitted = load(x, from_x) * full(raw)
    for k in range(1, p):
        fitted += load(x, from_x + WIDTH * k) * full(c[k])
    return known(here, here - fitted)


@jit_part
def _likelihood(
    c: np.ndarray,
    shift: np.ndarray,
    w: float,
    dof: float,
    x: np.ndarray,
    y: np.ndarray,
    at_x: int,
    at_y: int,
    blocks: int,
    g: np.ndarray,
    slope: np.ndarray,
) -> tuple[float, float, float]:
    """Return sum_t log t(r_t | x~_t'c) but for constants, and its slopes in log sigma and dof; fill that in c.

    With q_t = 1 + r_t^2 / (dof sigma^2), logarithms are of products of q_t, and one division serves four of them.
    """
    p, unit = c.size, w / dof
    raw = c[0]
    for k in range(1, p):
        raw += shift[k] * c[k]
    one, scale = full(1.0), full(unit)
    logs, share, product = full(0.0), full(0.0), one
    slope[:] = 0.0
    row = WIDTH * p
    for h in range(0, blocks, STEP):
        x0, y0 = (at_x + h) * row, (at_y + h) * WIDTH
        x1, x2, x3 = x0 + row, x0 + 2 * row, x0 + 3 * row
        r0 = _residual(c, raw, x, y, p, x0, y0)
        r1 = _residual(c, raw, x, y, p, x1, y0 + WIDTH)
        r2 = _residual(c, raw, x, y, p, x2, y0 + 2 * WIDTH)
        r3 = _residual(c, raw, x, y, p, x3, y0 + 3 * WIDTH)
        q0, q1, q2, q3 = one + r0 * r0 * scale, one + r1 * r1 * scale, one + r2 * r2 * scale, one + r3 * r3 * scale
        left, right = q0 * q1, q2 * q3
        both = left * right
        inverse = one / both
        of_left, of_right = right * inverse, left * inverse
        i0, i1, i2, i3 = q1 * of_left, q0 * of_left, q3 * of_right, q2 * of_right
        share += (one - i0) + (one - i1) + (one - i2) + (one - i3)
        product *= both
        if h % (2 * STEP):
            logs += log(product)
            product = one
        r0, r1, r2, r3 = r0 * i0, r1 * i1, r2 * i2, r3 * i3
        for k in range(p):
            here = WIDTH * k
            pull = r0 * load(x, x0 + here) + r1 * load(x, x1 + here)
            pull += r2 * load(x, x2 + here) + r3 * load(x, x3 + here)
            store(slope, here, load(slope, here) + pull)
    whole, sum_of_logs = total(share), total(logs + log(product))
    for k in range(p):
        g[k] = (dof + 1.0) * unit * total(load(slope, WIDTH * k))
    for k in range(1, p):
        g[k] += shift[k] * g[0]
    value = -0.5 * (dof + 1.0) * sum_of_logs
    return value, (dof + 1.0) * whole, 0.5 * ((dof + 1.0) * whole / dof - sum_of_logs)


class Observations(NamedTuple):
    """Returns, and the regressors that all assets share, in blocks of eight dates; and the surrogate's statistics.

    Asset i has blocks first_y[i] to first_y[i + 1] of y, a multiple of `STEP` of them, NaN where it has no return; they
    are beside blocks first_x[i], ... of x.
    """

    xx: np.ndarray  # weighted statistics: (asset, coefficient, coefficient)
    xy: np.ndarray  # (asset, coefficient)
    dates: np.ndarray  # (asset): how many
    first_x: np.ndarray
    first_y: np.ndarray
    x: np.ndarray  # (block, coefficient, lane), flat
    y: np.ndarray  # (block, lane), flat


class Surrogate(NamedTuple):
    """What is worked out for one asset: matrices (coefficient, coefficient) and vectors (coefficient)."""

    s: np.ndarray
    a: np.ndarray
    low: np.ndarray
    back: np.ndarray
    m: np.ndarray
    d: np.ndarray
    e: np.ndarray
    v: np.ndarray
    half: np.ndarray
    u: np.ndarray
    g: np.ndarray
    root: np.ndarray
    slope: np.ndarray  # (coefficient, lane), flat


@jit_alloc
def room(p: int) -> Surrogate:
    """Return a `Surrogate` to be filled, for p coefficients."""
    return Surrogate(
        np.empty((p, p)), np.empty((p, p)), np.zeros((p, p)), np.empty((p, p)), np.empty(p), np.empty(p), np.empty(p),
        np.empty(p), np.empty(p), np.empty(p), np.empty(p), np.empty(p), aligned(WIDTH * p),
    )  # fmt: skip


@jit_part
def _place(law: Law, z: np.ndarray, data: Observations, i: int, now: Surrogate, out: np.ndarray) -> None:
    """Work out the surrogate of asset i, and its coefficients."""
    p, w, shift, xx, xy = law.shift.size, law.w[i], law.shift, data.xx, data.xy
    for j in range(p):
        now.m[j], now.d[j] = law.mean[j, i], law.sd[j, i]
        now.e[j] = xy[i, j] + shift[j] * xy[i, 0]
        for k in range(p):
            moved = xx[i, j, 0] + shift[j] * xx[i, 0, 0]
            now.s[j, k] = xx[i, j, k] + shift[j] * xx[i, 0, k] + shift[k] * moved
    _triangle(now.s, now.m, now.d, w, now.a, now.low, now.e, now.v, now.half)
    for j in range(p):
        now.u[j] = now.half[j] + z[i, j]
    _back(now.low, now.u)
    for j in range(p):
        out[i, j] = now.m[j] + now.d[j] * now.u[j]


@jit_part
def place_coefficients(law: Law, z: np.ndarray, data: Observations, now: Surrogate, out: np.ndarray) -> None:
    """Fill `out` (asset, coefficient) with c_i, as `student` does."""
    for i in range(data.dates.size):
        _place(law, z, data, i, now, out)


@jit_part
def student(
    law: Law, dof: float, z: np.ndarray, data: Observations, now: Surrogate, out: np.ndarray, g_z: np.ndarray
) -> tuple[float, float]:
    """Return the log-density of returns and z given the rest, and its derivative in dof; fill `out` and the gradients.

    Parameters
    ----------
    law : Law
        Its arrays of gradients are overwritten.
    dof : float
    z : array (asset, coefficient)
    data : Observations
    now : Surrogate
        Room for one asset at a time.
    out : array (asset, coefficient)
        Filled with the coefficients c_i.
    g_z : array
        Shaped like z; overwritten.
    """
    law.g_mean[:] = 0.0
    law.g_log_sd[:] = 0.0
    law.g_log_sigma[:] = 0.0
    law.g_shift[:] = 0.0
    n, p = data.xy.shape
    value, g_dof, total_count = 0.0, 0.0, 0.0
    for i in range(n):
        _place(law, z, data, i, now, out)
        for j in range(p):
            value -= 0.5 * now.u[j] * now.u[j] + np.log(now.low[j, j])
        at_x, at_y, count = int(data.first_x[i]), int(data.first_y[i]), data.dates[i]
        blocks = int(data.first_y[i + 1]) - at_y
        here, g_ls, of_dof = _likelihood(
            out[i], law.shift, law.w[i], dof, data.x, data.y, at_x, at_y, blocks, now.g, now.slope
        )
        value += here - count * law.log_sigma[i]
        g_dof += of_dof
        total_count += count
        for k in range(1, p):
            law.g_shift[k] += out[i, k] * now.g[0]
        law.g_log_sigma[i] = g_ls - count + _reverse(law, data, i, now, g_z)
    value += total_count * (lgamma(0.5 * (dof + 1.0)) - lgamma(0.5 * dof) - 0.5 * np.log(dof * np.pi))
    g_dof += total_count * 0.5 * (_digamma(0.5 * (dof + 1.0)) - _digamma(0.5 * dof) - 1.0 / dof)
    return value, g_dof


@jit_part
def _reverse(law: Law, data: Observations, i: int, now: Surrogate, g_z: np.ndarray) -> float:
    """Carry the gradient g in c_i back through u_i, L_i and A_i; return what it means for log sigma_i."""
    p, w, shift, xx, xy = law.shift.size, law.w[i], law.shift, data.xx, data.xy
    s, m, d, e, half, u, t, low, back = now.s, now.m, now.d, now.e, now.half, now.u, now.v, now.low, now.back
    root = now.root
    for j in range(p):
        law.g_mean[j, i], law.g_log_sd[j, i] = now.g[j], now.g[j] * u[j] * d[j]
        root[j] = d[j] * now.g[j] - u[j]
    _ahead(low, root)  # derivative in z, and in L^-1 v
    for j in range(p):
        g_z[i, j] = root[j]
        t[j] = root[j]
    _back(low, t)  # derivative in v
    # derivative in L (lower): -u root' - t half' - diag(1 / L); then A' = L^-T Phi(L'L') L^-1, made symmetric
    for j in range(p):
        for k in range(j + 1):
            back[j, k] = -u[j] * root[k] - t[j] * half[k] - (1.0 / low[j, j] if j == k else 0.0)
    for j in range(p):  # Phi(L' back): row j of L' back needs rows q >= j of back, so it may be written in place
        for k in range(j + 1):
            total = 0.0
            for q in range(j, p):
                total += low[q, j] * back[q, k]
            back[j, k] = 0.5 * total if j == k else total
        for k in range(j + 1, p):
            back[j, k] = 0.0
    for k in range(p):
        _back(low, back[:, k])
    for j in range(p):
        _back(low, back[j])
    g_w = 0.0
    for j in range(p):
        g_w += d[j] * e[j] * t[j]
        law.g_log_sd[j, i] += d[j] * w * e[j] * t[j]
    for j in range(p):
        g_e = w * d[j] * t[j]
        law.g_shift[j] += g_e * xy[i, 0]
        for k in range(p):
            both = 0.5 * (back[j, k] + back[k, j])
            g_w += both * d[j] * d[k] * s[j, k]
            law.g_log_sd[j, i] += 2.0 * d[j] * both * w * s[j, k] * d[k]
            law.g_mean[k, i] -= s[j, k] * g_e
            g_s = both * w * d[j] * d[k]
            moved = xx[i, 0, k] + shift[k] * xx[i, 0, 0]
            other = xx[i, 0, j] + shift[j] * xx[i, 0, 0]
            law.g_shift[j] += (g_s - g_e * m[k]) * moved
            law.g_shift[k] += (g_s - g_e * m[k]) * other
    return -2.0 * w * g_w
