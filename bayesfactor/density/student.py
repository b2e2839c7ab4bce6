"""Student-t noise in the surrogate-conditional form: log-density and gradient.

Coefficients c_i = m_i + D_i u_i, u_i ~ N(0, I) a priori, are written through a normal surrogate of their own posterior.
With fixed weights (from a robust first fit) and their statistics S, b, shifted as the regressors are,

    A_i = I + D S~ D / s2 = L L',   v_i = D (b~ - S~ m) / s2,   u_i = L^-T (L^-1 v_i + z_i),

and -log|L_i| is added to the density. This is exact whatever the weights; they only make z_i nearly standard normal in
every regime: long histories and short, strong factors and weak ones.
"""

from math import lgamma

import numpy as np

from bayesfactor.density.cache import kernel
from bayesfactor.density.normal import BLOCK


@kernel
def _digamma(x):
    value = 0.0
    while x < 10.0:
        value -= 1.0 / x
        x += 1.0
    f = 1.0 / (x * x)
    series = f * (1.0 / 12 - f * (1.0 / 120 - f * (1.0 / 252 - f * (1.0 / 240 - f * (1.0 / 132)))))
    return value + np.log(x) - 0.5 / x - series


@kernel
def _triangle(s, m, d, w, a, low, e, v, half):
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


@kernel
def _back(low, x):
    """Replace x by L^-T x."""
    for j in range(x.size - 1, -1, -1):
        for k in range(j + 1, x.size):
            x[j] -= low[k, j] * x[k]
        x[j] /= low[j, j]


@kernel
def _ahead(low, x):
    """Replace x by L^-1 x."""
    for j in range(x.size):
        for k in range(j):
            x[j] -= low[j, k] * x[k]
        x[j] /= low[j, j]


@kernel
def _likelihood(c, shift, log_sigma, dof, x, y, first, blocks, g, work):
    """Return sum_t log t(r_t | x~_t'c) but for constants, and its slopes in log sigma and dof; fill that in c.

    Rows without an observation hold zeros, intercept too: their residual is 0, and they add nothing.
    """
    p, scale = c.size, np.exp(-2.0 * log_sigma) / dof
    residual, product, share, slope = work[0], work[1], work[2], work[3:]
    raw = c[0]
    for k in range(1, p):
        raw += shift[k] * c[k]
    logs = 0.0
    product[:] = 1.0
    share[:] = 0.0
    slope[:] = 0.0
    for h in range(blocks):
        b = first + h
        for i in range(BLOCK):
            residual[i] = y[b, i] - x[b, 0, i] * raw
        for k in range(1, p):
            for i in range(BLOCK):
                residual[i] -= x[b, k, i] * c[k]
        for i in range(BLOCK):
            ratio = residual[i] * residual[i] * scale
            inverse = 1.0 / (1.0 + ratio)
            product[i] *= 1.0 + ratio
            share[i] += ratio * inverse
            residual[i] *= inverse
        for k in range(p):
            for i in range(BLOCK):
                slope[k, i] += residual[i] * x[b, k, i]
        if h % 4 == 3 or h == blocks - 1:  # a logarithm of products, taken before they can overflow
            for i in range(BLOCK):
                logs += np.log(product[i])
                product[i] = 1.0
    total = np.sum(share)
    for k in range(p):
        g[k] = (dof + 1.0) * scale * np.sum(slope[k])
    for k in range(1, p):
        g[k] += shift[k] * g[0]
    value = -0.5 * (dof + 1.0) * logs
    return value, (dof + 1.0) * total, 0.5 * ((dof + 1.0) * total / dof - logs)


@kernel
def student(
    mean, sd, log_sigma, shift, dof, z, xx, xy, x, y, first, count, out, g_mean, g_sd, g_log_sigma, g_shift, g_z
):
    """Return the log-density of returns and z given the rest, and its derivative in dof; fill `out` and the gradients.

    Parameters
    ----------
    mean, sd : array (coefficient, asset)
    log_sigma : array (asset)
    shift : array (coefficient)
    dof : float
    z : array (asset, coefficient)
    xx, xy : arrays (asset, coefficient, coefficient), (asset, coefficient)
        Weighted statistics of the surrogate.
    x, y : arrays (block, coefficient, BLOCK), (block, BLOCK)
        Observations, asset by asset, in whole blocks; those of asset i are blocks first[i] to first[i + 1].
    first, count : array (asset + 1), array (asset)
        Where the blocks of each asset start, and its number of observations.
    out : array (asset, coefficient)
        Filled with the coefficients c_i.
    g_mean, g_sd, g_log_sigma, g_shift, g_z : arrays
        Shaped like mean, sd, log_sigma, shift and z; overwritten.
    """
    n, p = xy.shape
    s, a, low, back = np.empty((p, p)), np.empty((p, p)), np.zeros((p, p)), np.empty((p, p))
    e, v, half, u, g = np.empty(p), np.empty(p), np.empty(p), np.empty(p), np.empty(p)
    m, d = np.empty(p), np.empty(p)
    g_shift[:] = 0.0
    work = np.empty((p + 3, BLOCK))
    value, g_dof = 0.0, 0.0
    for i in range(n):
        w = np.exp(-2.0 * log_sigma[i])
        for j in range(p):
            m[j], d[j] = mean[j, i], sd[j, i]
            e[j] = xy[i, j] + shift[j] * xy[i, 0]
            for k in range(p):
                s[j, k] = xx[i, j, k] + shift[j] * xx[i, 0, k] + shift[k] * (xx[i, j, 0] + shift[j] * xx[i, 0, 0])
        _triangle(s, m, d, w, a, low, e, v, half)
        for j in range(p):
            u[j] = half[j] + z[i, j]
        _back(low, u)
        for j in range(p):
            out[i, j] = m[j] + d[j] * u[j]
            value -= 0.5 * u[j] * u[j] + np.log(low[j, j])
        start = int(first[i])
        here, g_ls, of_dof = _likelihood(
            out[i], shift, log_sigma[i], dof, x, y, start, int(first[i + 1]) - start, g, work
        )
        here -= count[i] * log_sigma[i]
        g_ls -= count[i]
        value += here
        g_dof += of_dof
        for k in range(1, p):
            g_shift[k] += out[i, k] * g[0]
        g_log_sigma[i] = g_ls + _reverse(
            s, m, d, w, a, low, e, half, u, g, v, back, xx[i], xy[i], shift, g_mean, g_sd, g_shift, g_z, i
        )
    total = np.sum(count)
    value += total * (lgamma(0.5 * (dof + 1.0)) - lgamma(0.5 * dof) - 0.5 * np.log(dof * np.pi))
    g_dof += total * 0.5 * (_digamma(0.5 * (dof + 1.0)) - _digamma(0.5 * dof) - 1.0 / dof)
    return value, g_dof


@kernel
def _reverse(s, m, d, w, a, low, e, half, u, g, t, back, xx, xy, shift, g_mean, g_sd, g_shift, g_z, i):
    """Carry the gradient g in c_i back through u_i, L_i and A_i; return what it means for log sigma_i."""
    p = d.size
    root = np.empty(p)
    for j in range(p):
        g_mean[j, i], g_sd[j, i] = g[j], g[j] * u[j]
        root[j] = d[j] * g[j] - u[j]
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
        g_sd[j, i] += w * e[j] * t[j]
    for j in range(p):
        g_e = w * d[j] * t[j]
        g_shift[j] += g_e * xy[0]
        for k in range(p):
            both = 0.5 * (back[j, k] + back[k, j])
            g_w += both * d[j] * d[k] * s[j, k]
            g_sd[j, i] += 2.0 * both * w * s[j, k] * d[k]
            g_mean[k, i] -= s[j, k] * g_e
            g_s = both * w * d[j] * d[k]
            moved = xx[0, k] + shift[k] * xx[0, 0]
            other = xx[0, j] + shift[j] * xx[0, 0]
            g_shift[j] += (g_s - g_e * m[k]) * moved
            g_shift[k] += (g_s - g_e * m[k]) * other
    return -2.0 * w * g_w
