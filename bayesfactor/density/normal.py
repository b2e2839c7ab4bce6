"""Normal noise with the coefficients integrated out: log-density, gradient, and exact draws of the coefficients.

For asset i, with c_i = (alpha_i, beta_i')' = m_i + D_i u_i, u_i ~ N(0, I), regressors x~_t = x_t + shift:

    A_i = I + D S~ D / s2 = L L',   v_i = D (b~ - S~ m) / s2,
    log p(r_i | m, D, s, shift) = -T/2 log(2 pi s2) - 1/2 log|A| - 1/2 [ (q - m'b~ - m'(b~ - S~ m)) / s2 - v' A^-1 v ],
    u_i | r_i ~ N(A^-1 v, A^-1).

D may hold zeros (a common loading, a zero alpha): it is never inverted, and its signs do not matter. The gradient is
the posterior mean of the gradient of the complete likelihood (Fisher's identity), with (D S~ D / s2) A^-1 = I - A^-1
where that saves work. Assets come in blocks of `BLOCK` along the last axis (the last block padded with assets without
data), so that every inner loop is a vector operation.
"""

import numpy as np

from bayesfactor.density.cache import kernel

BLOCK = 64
LOG_2PI = float(np.log(2 * np.pi))


@kernel
def _load(mean, sd, log_sigma, shift, xx, xy, g, s, b, d, e, v, w):
    """Fill block g: S~ (both triangles), b~, D, e = b~ - S~ m, v = D e / s2 and w = 1 / s2."""
    p = b.shape[0]
    for i in range(BLOCK):
        w[i] = np.exp(-2.0 * log_sigma[g, i])
    for j in range(p):
        step = shift[j]
        for i in range(BLOCK):
            s[0, j, i] = xx[0, j, g, i] + step * xx[0, 0, g, i]
            b[j, i] = xy[j, g, i] + step * xy[0, g, i]
            d[j, i] = sd[j, g, i]
            e[j, i] = b[j, i]
    for j in range(p):
        for k in range(max(j, 1), p):
            if j > 0:
                left, right = shift[j], shift[k]
                for i in range(BLOCK):
                    s[j, k, i] = xx[j, k, g, i] + left * xx[0, k, g, i] + right * s[0, j, i]
            if k > j:
                for i in range(BLOCK):
                    s[k, j, i] = s[j, k, i]
    for j in range(p):
        for k in range(p):
            for i in range(BLOCK):
                e[j, i] -= s[j, k, i] * mean[k, g, i]
        for i in range(BLOCK):
            v[j, i] = d[j, i] * e[j, i] * w[i]


@kernel
def _factor(s, d, w, low, inv, logdet):
    """Factor A = L L'; fill L^-1 (lower) and log|L|."""
    p = d.shape[0]
    product = np.ones(BLOCK)
    logdet[:] = 0.0
    for j in range(p):
        for k in range(j, p):
            for i in range(BLOCK):
                low[k, j, i] = d[k, i] * d[j, i] * s[k, j, i] * w[i]
            for m in range(j):
                for i in range(BLOCK):
                    low[k, j, i] -= low[k, m, i] * low[j, m, i]
        for i in range(BLOCK):
            root = np.sqrt(low[j, j, i] + 1.0)
            product[i] *= root
            inv[j, j, i] = 1.0 / root
        for k in range(j + 1, p):
            for i in range(BLOCK):
                low[k, j, i] *= inv[j, j, i]
        if j % 16 == 15:  # a product of many roots could overflow: take its logarithm from time to time
            for i in range(BLOCK):
                logdet[i] += np.log(product[i])
                product[i] = 1.0
    for i in range(BLOCK):
        logdet[i] += np.log(product[i])
    for j in range(p):
        for k in range(j + 1, p):
            for i in range(BLOCK):
                inv[k, j, i] = -low[k, j, i] * inv[j, j, i]
            for m in range(j + 1, k):
                for i in range(BLOCK):
                    inv[k, j, i] -= low[k, m, i] * inv[m, j, i]
            for i in range(BLOCK):
                inv[k, j, i] *= inv[k, k, i]


@kernel
def _solve(inv, v, half, u):
    """Fill half = L^-1 v and u = L^-T half."""
    p = v.shape[0]
    for j in range(p):
        for i in range(BLOCK):
            half[j, i] = inv[j, j, i] * v[j, i]
        for k in range(j):
            for i in range(BLOCK):
                half[j, i] += inv[j, k, i] * v[k, i]
    for j in range(p):
        for i in range(BLOCK):
            u[j, i] = inv[j, j, i] * half[j, i]
        for k in range(j + 1, p):
            for i in range(BLOCK):
                u[j, i] += inv[k, j, i] * half[k, i]


@kernel
def marginal(mean, sd, log_sigma, shift, xx, xy, yy, count, g_mean, g_sd, g_log_sigma, g_shift):
    """Return log p(r | theta) summed over assets; fill its gradient in each of the first four arguments.

    Parameters
    ----------
    mean, sd : array (coefficient, block, BLOCK)
        m_i and the diagonal of D_i.
    log_sigma : array (block, BLOCK)
    shift : array (coefficient)
        lambda - mu of the non-traded factors, 0 elsewhere.
    xx, xy, yy, count : arrays (..., block, BLOCK)
        As in `Moments`.
    g_mean, g_sd, g_log_sigma, g_shift : arrays
        Shaped like the first four; overwritten.
    """
    p, blocks = mean.shape[0], mean.shape[1]
    value = 0.0
    g_shift[:] = 0.0
    moved = np.any(shift != 0.0)
    s, low, inv = np.empty((p, p, BLOCK)), np.empty((p, p, BLOCK)), np.empty((p, p, BLOCK))
    b, d, v = np.empty((p, BLOCK)), np.empty((p, BLOCK)), np.empty((p, BLOCK))
    e, u, half = np.empty((p, BLOCK)), np.empty((p, BLOCK)), np.empty((p, BLOCK))
    w, logdet, quad, slope = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    for g in range(blocks):
        _load(mean, sd, log_sigma, shift, xx, xy, g, s, b, d, e, v, w)
        _factor(s, d, w, low, inv, logdet)
        _solve(inv, v, half, u)
        for i in range(BLOCK):
            quad[i] = yy[g, i]
        for j in range(p):
            for i in range(BLOCK):
                quad[i] -= mean[j, g, i] * (b[j, i] + e[j, i])
        for i in range(BLOCK):
            quad[i] *= w[i]
        for j in range(p):
            for i in range(BLOCK):
                quad[i] -= half[j, i] * half[j, i]
        for i in range(BLOCK):
            value -= 0.5 * (count[g, i] * (LOG_2PI + 2.0 * log_sigma[g, i]) + quad[i]) + logdet[i]
            slope[i] = quad[i] - count[g, i] + p
        for j in range(p):  # e becomes the residual moment b~ - S~ (m + D u); half the diagonal of A^-1
            for k in range(p):
                for i in range(BLOCK):
                    e[j, i] -= s[j, k, i] * (d[k, i] * u[k, i])
            for i in range(BLOCK):
                half[j, i] = 0.0
            for k in range(j, p):
                for i in range(BLOCK):
                    half[j, i] += inv[k, j, i] * inv[k, j, i]
            for i in range(BLOCK):
                scaled = e[j, i] * w[i]
                lost = (1.0 - half[j, i]) / d[j, i] if d[j, i] != 0.0 else 0.0
                g_mean[j, g, i] = scaled
                g_sd[j, g, i] = u[j, i] * scaled - lost
                slope[i] -= half[j, i] + u[j, i] * d[j, i] * scaled
        for i in range(BLOCK):
            g_log_sigma[g, i] = slope[i]
        if moved:  # E[c_k (b~_0 - S~_0 c)] / s2 = (c_k e_0 - d_k (A^-1 D S~_0)_k) / s2
            for j in range(p):
                for i in range(BLOCK):
                    v[j, i] = d[j, i] * s[0, j, i]
            _solve(inv, v, half, b)
            for j in range(1, p):
                for i in range(BLOCK):
                    c = mean[j, g, i] + d[j, i] * u[j, i]
                    g_shift[j] += (c * e[0, i] - d[j, i] * b[j, i]) * w[i]
    return value


@kernel
def draw_coefficients(mean, sd, log_sigma, shift, xx, xy, z, out):
    """Fill `out` (coefficient, block, BLOCK) with an exact draw of c_i | r_i, theta, made of standard normals z."""
    p, blocks = mean.shape[0], mean.shape[1]
    s, low, inv = np.empty((p, p, BLOCK)), np.empty((p, p, BLOCK)), np.empty((p, p, BLOCK))
    b, d, v = np.empty((p, BLOCK)), np.empty((p, BLOCK)), np.empty((p, BLOCK))
    e, u, half = np.empty((p, BLOCK)), np.empty((p, BLOCK)), np.empty((p, BLOCK))
    w, logdet = np.empty(BLOCK), np.empty(BLOCK)
    for g in range(blocks):
        _load(mean, sd, log_sigma, shift, xx, xy, g, s, b, d, e, v, w)
        _factor(s, d, w, low, inv, logdet)
        _solve(inv, v, half, u)
        for j in range(p):
            for k in range(j, p):
                for i in range(BLOCK):
                    u[j, i] += inv[k, j, i] * z[k, g, i]
            for i in range(BLOCK):
                out[j, g, i] = mean[j, g, i] + d[j, i] * u[j, i]


def blocked(array: np.ndarray) -> np.ndarray:
    """Pad the last axis (asset) with zeros to whole blocks and fold it into (block, BLOCK)."""
    short = -array.shape[-1] % BLOCK
    padded = np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, short)])
    return np.ascontiguousarray(padded.reshape(*array.shape[:-1], -1, BLOCK), dtype=float)
