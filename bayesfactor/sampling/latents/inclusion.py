"""Which loadings are in, given the law of the rest: coefficients integrated out, exact.

For asset i, with r_i = X~ c_i + e_i, e_i ~ N(0, s^2 I), c_ik ~ N(m_k, d_k^2), and gamma_k = 0 or 1 for the free
coefficients k, of which m_k and d_k (or, where the spike is at the group's mean, d_k alone) are multiplied by gamma_k:

    V = (s^2 I + sum_always_in d_j^2 x_j x_j')^-1, r_0 = r less X~ m of all that is in whatever gamma is,
    G = (x_free, r_0)' V (x_free, r_0): what is left of the statistics when those always in are eliminated,
    log p(r_i | gamma) = -1/2 log|I + D_a G_aa D_a| - 1/2 [ e'Ve - g' (I + D_a G_aa D_a)^-1 g ] + constant,

for a those of gamma_k = 1, e = r_0 - sum_a m_k x_k, g = D_a x_a' V e. G is made once for each asset.
"""

import numpy as np

from bayesfactor.base.jit import jit, jit_part

MOST_JOINT = 6  # free factors of which all configurations are enumerated; of more, one is drawn after the other
TINY = 1e-300  # a rate may be so near 0 or 1 that it is rounded to it


@jit_part
def _eliminate(w: np.ndarray, count: int, size: int) -> float:
    """Eliminate the first `count` of `size` rows of a lower triangle in place; return the log of their determinant."""
    value = 0.0
    for j in range(count):
        pivot = w[j, j]
        value += np.log(pivot)
        for m in range(j + 1, size):
            ratio = w[m, j] / pivot
            for k in range(j + 1, m + 1):
                w[m, k] -= ratio * w[k, j]
    return value


@jit_part
def _reduce(
    s: np.ndarray,
    b: np.ndarray,
    q: float,
    mean: np.ndarray,
    sd: np.ndarray,
    weight: float,
    order: np.ndarray,
    fixed: int,
    masked: np.ndarray,
    w: np.ndarray,
    gram: np.ndarray,
) -> None:
    """Fill G (free and r_0, square) of one asset; `order` has the coefficients that are always in first."""
    p = len(order)
    quad = q
    for m in range(p):
        row = order[m]
        e = b[row]
        for k in range(p):
            col = order[k]
            if k < fixed or not masked[k - fixed]:
                e -= s[row, col] * mean[col]
        left = sd[row] if m < fixed else 1.0
        if m < fixed or not masked[m - fixed]:
            quad -= mean[row] * (b[row] + e)
        w[p, m] = left * e * weight
        for k in range(m + 1):
            right = sd[order[k]] if k < fixed else 1.0
            w[m, k] = left * right * s[row, order[k]] * weight
        if m < fixed:
            w[m, m] += 1.0
    w[p, p] = quad * weight
    _eliminate(w, fixed, p + 1)
    for m in range(p - fixed + 1):
        for k in range(m + 1):
            gram[m, k] = gram[k, m] = w[fixed + m, fixed + k]


@jit_part
def _log_density(
    gram: np.ndarray, mean: np.ndarray, sd: np.ndarray, masked: np.ndarray, on: np.ndarray, w: np.ndarray
) -> float:
    """Return log p(r_i | gamma) but for a constant, for one configuration `on` of the free coefficients."""
    last, size = len(on), 0
    quad = gram[last, last]
    for k in range(last):
        if on[k]:
            e = gram[last, k]
            for m in range(last):
                if on[m] and masked[m]:
                    e -= gram[k, m] * mean[m]
            if masked[k]:
                quad -= mean[k] * (gram[last, k] + e)
            place = 0
            for m in range(k):
                if on[m]:
                    w[size, place] = sd[k] * sd[m] * gram[k, m]
                    place += 1
            w[size, size] = 1.0 + sd[k] * sd[k] * gram[k, k]
            w[last, size] = sd[k] * e
            size += 1
    for m in range(size):
        w[size, m] = w[last, m]
    w[size, size] = quad
    log_determinant = _eliminate(w, size, size + 1)
    return -0.5 * (log_determinant + w[size, size])


@jit_part
def _log_prior(rate: float, on: bool) -> float:
    """Return the log of the probability of being in, or of being out."""
    return np.log(max(rate if on else 1.0 - rate, TINY))


@jit_part
def _draw_jointly(
    gram: np.ndarray,
    mean: np.ndarray,
    sd: np.ndarray,
    masked: np.ndarray,
    rate: np.ndarray,
    uniform: float,
    w: np.ndarray,
    table: np.ndarray,
    on: np.ndarray,
    probability: np.ndarray,
) -> None:
    """Draw one of all configurations of an asset; fill P(gamma_k = 1)."""
    count, most = len(on), -np.inf
    for c in range(1 << count):
        value = 0.0
        for k in range(count):
            on[k] = (c >> k) & 1 == 1
            value += _log_prior(rate[k], on[k])
        table[c] = value + _log_density(gram, mean, sd, masked, on, w)
        most = max(most, table[c])
    whole = 0.0
    probability[:] = 0.0
    for c in range(1 << count):
        table[c] = np.exp(table[c] - most)
        whole += table[c]
        for k in range(count):
            if (c >> k) & 1:
                probability[k] += table[c]
    below, drawn = 0.0, 0
    for c in range(1 << count):
        if table[c] > 0.0 and below <= uniform * whole:
            drawn = c
        below += table[c]
    for k in range(count):
        on[k] = (drawn >> k) & 1 == 1
        probability[k] /= whole


@jit_part
def _draw_in_turn(
    gram: np.ndarray,
    mean: np.ndarray,
    sd: np.ndarray,
    masked: np.ndarray,
    rate: np.ndarray,
    uniforms: np.ndarray,
    w: np.ndarray,
    on: np.ndarray,
    probability: np.ndarray,
) -> None:
    """Draw each gamma_k of an asset given the others, from its `on` so far; fill P(gamma_k = 1 | the others)."""
    now = _log_density(gram, mean, sd, masked, on, w)
    for k in range(len(on)):
        was = on[k]
        on[k] = not was
        other = _log_density(gram, mean, sd, masked, on, w)
        inside, outside = (now, other) if was else (other, now)
        odds = inside - outside + _log_prior(rate[k], True) - _log_prior(rate[k], False)
        probability[k] = 1.0 / (1.0 + np.exp(-odds))
        on[k] = uniforms[k] < probability[k]
        if on[k] != was:
            now = other


@jit
def draw_inclusion(
    s: np.ndarray,
    b: np.ndarray,
    q: np.ndarray,
    mean: np.ndarray,
    sd: np.ndarray,
    sigma: np.ndarray,
    order: np.ndarray,
    to_group: np.ndarray,
    rate: np.ndarray,
    included: np.ndarray,
    uniforms: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw gamma of every asset given the law of its coefficients and residuals, the coefficients integrated out.

    Up to `MOST_JOINT` free coefficients are drawn jointly, more of them in turn.

    Parameters
    ----------
    s, b, q : array (asset, coefficient, coefficient), (asset, coefficient), (asset)
        X~'X~, X~'r, r'r.
    mean, sd : array (asset, coefficient)
        Of coefficients that are in.
    sigma : array (asset)
    order : array of int (coefficient)
        The coefficients, those that are always in first; the others are free.
    to_group : array of bool (free)
        Whether the spike is at the group's mean, and not at 0.
    rate : array (free)
        Probability of being in.
    included : array of bool (asset, free)
        From which they are drawn in turn.
    uniforms : array (asset, free)
        Of a joint draw, the first is used.

    Returns
    -------
    included : array of bool (asset, free)
    probability : array (asset, free)
        P(gamma_ik = 1 | theta) of joint draws, P(gamma_ik = 1 | theta, the other gamma_i) of draws in turn.
    """
    assets, free = included.shape
    p = len(order)
    fixed = p - free
    drawn, probability, masked = included.copy(), np.zeros((assets, free)), ~to_group
    w, gram = np.zeros((p + 1, p + 1)), np.zeros((free + 1, free + 1))
    table = np.zeros(1 << free if free <= MOST_JOINT else 0)
    own_mean, own_sd = np.zeros(free), np.zeros(free)
    for i in range(assets):
        _reduce(s[i], b[i], q[i], mean[i], sd[i], sigma[i] ** -2.0, order, fixed, masked, w, gram)
        for k in range(free):
            own_mean[k], own_sd[k] = mean[i, order[fixed + k]], sd[i, order[fixed + k]]
        on, chances = drawn[i], probability[i]
        if free <= MOST_JOINT:
            _draw_jointly(gram, own_mean, own_sd, masked, rate, uniforms[i, 0], w, table, on, chances)
        else:
            _draw_in_turn(gram, own_mean, own_sd, masked, rate, uniforms[i], w, on, chances)
    return drawn, probability
