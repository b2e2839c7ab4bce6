"""The Student-t log-likelihood of one asset's returns given its coefficients: value and gradient."""

import numpy as np

from bayesfactor.base.jit import jit_inline, jit_part
from bayesfactor.sampling.kernels.simd import WIDTH, Lanes, full, load, log, store, total, zero_where_nan

STEP = 4  # blocks of dates that are processed together


@jit_part
def digamma(x: float) -> float:
    """Return the derivative of log Gamma, by recurrence and an asymptotic series."""
    value = 0.0
    while x < 10.0:
        value -= 1.0 / x
        x += 1.0
    f = 1.0 / (x * x)
    series = f * (1.0 / 12 - f * (1.0 / 120 - f * (1.0 / 252 - f * (1.0 / 240 - f * (1.0 / 132)))))
    return value + np.log(x) - 0.5 / x - series


@jit_inline
def _residual(c: np.ndarray, raw: float, x: np.ndarray, y: np.ndarray, p: int, from_x: int, from_y: int) -> Lanes:
    """Return eight residuals, 0 where there is no observation."""
    here = load(y, from_y)
    fitted = load(x, from_x) * full(raw)
    for k in range(1, p):
        fitted += load(x, from_x + WIDTH * k) * full(c[k])
    return zero_where_nan(here, here - fitted)


@jit_part
def log_likelihood(
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
    """Return sum_t log t(r_t | x~_t'c) up to a constant, and its derivatives in log sigma and dof; fill that in c.

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
