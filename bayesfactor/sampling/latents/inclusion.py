"""Which loadings are in, given the law of the rest: coefficients integrated out, exact.

For asset i, with r_i = X~ c_i + e_i, e_i ~ N(0, s^2 I), c_ik ~ N(m_k, d_k^2), and gamma_k = 0 or 1 for the free
coefficients k, of which m_k and d_k (or, where the spike is at the group's mean, d_k alone) are multiplied by gamma_k:

    V = (s^2 I + sum_always_in d_j^2 x_j x_j')^-1, r_0 = r less X~ m of all that is in whatever gamma is,
    G = (x_free, r_0)' V (x_free, r_0): what is left of the statistics when those always in are eliminated,
    log p(r_i | gamma) = -1/2 log|I + D_a G_aa D_a| - 1/2 [ e'Ve - g' (I + D_a G_aa D_a)^-1 g ] + constant,

for a those of gamma_k = 1, e = r_0 - sum_a m_k x_k, g = D_a x_a' V e. G is made once for each asset.

Given gamma of the other coefficients, the rate pi_k ~ Beta(a, b) is drawn with gamma_.k summed out, and gamma_.k given
it: alternating between the two moves the rate by no more than the square root of 1 / N at a time.
"""

import numpy as np

from bayesfactor.base.jit import jit, jit_part

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


@jit
def reduce_statistics(
    s: np.ndarray,
    b: np.ndarray,
    q: np.ndarray,
    mean: np.ndarray,
    sd: np.ndarray,
    sigma: np.ndarray,
    order: np.ndarray,
    masked: np.ndarray,
) -> np.ndarray:
    """Return G (asset, free + 1, free + 1): coefficients that are always in are eliminated.

    Parameters
    ----------
    s, b, q : array (asset, coefficient, coefficient), (asset, coefficient), (asset)
        X~'X~, X~'r, r'r.
    mean, sd : array (asset, coefficient)
        Of coefficients that are in.
    sigma : array (asset)
    order : array of int (coefficient)
        The coefficients, those that are always in first; the others are free.
    masked : array of bool (free)
        Whether the mean is 0 as well, where a coefficient is out.
    """
    assets, p, free = len(q), len(order), len(masked)
    gram, w = np.zeros((assets, free + 1, free + 1)), np.zeros((p + 1, p + 1))
    for i in range(assets):
        _reduce(s[i], b[i], q[i], mean[i], sd[i], sigma[i] ** -2.0, order, p - free, masked, w, gram[i])
    return gram


@jit
def log_bayes_factors(
    gram: np.ndarray, mean: np.ndarray, sd: np.ndarray, masked: np.ndarray, included: np.ndarray, k: int
) -> np.ndarray:
    """Return log p(r_i | gamma_ik = 1) - log p(r_i | gamma_ik = 0) (asset), given gamma of the other coefficients.

    `mean`, `sd` and `included` are (asset, free).
    """
    assets, free = included.shape
    value, on, w = np.zeros(assets), np.zeros(free, dtype=np.bool_), np.zeros((free + 1, free + 1))
    for i in range(assets):
        on[:] = included[i]
        on[k] = True
        value[i] = _log_density(gram[i], mean[i], sd[i], masked, on, w)
        on[k] = False
        value[i] -= _log_density(gram[i], mean[i], sd[i], masked, on, w)
    return value


@jit
def count_probabilities(log_bayes_factor: np.ndarray, a: float, b: float) -> np.ndarray:
    """Return the probabilities of 0, 1, ... assets being in, the rate ~ Beta(a, b) integrated out.

    Assets come in turn, as balls of an urn: n of i being in, the next is with probability (a + n) / (a + b + i).
    """
    assets = len(log_bayes_factor)
    weight, before = np.zeros(assets + 1), np.zeros(assets + 1)
    weight[0] = 1.0
    for i in range(assets):
        before, weight = weight, before
        inside, outside = 1.0 / (1.0 + np.exp(-log_bayes_factor[i])), 1.0 / (1.0 + np.exp(log_bayes_factor[i]))
        inside, outside = inside / (a + b + i), outside / (a + b + i)
        weight[0] = before[0] * outside * (b + i)
        for n in range(1, i + 2):
            weight[n] = before[n] * outside * (b + i - n) + before[n - 1] * inside * (a + n - 1)
        if i % 16 == 15:  # the sum shrinks with every asset
            weight /= weight.sum()
    return weight / weight.sum()


@jit
def draw_jointly(
    gram: np.ndarray, mean: np.ndarray, sd: np.ndarray, masked: np.ndarray, rate: np.ndarray, uniforms: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one of all configurations of each asset, from a uniform each.

    Returns
    -------
    included : array of bool (asset, free)
    probability : array (asset, free)
        P(gamma_ik = 1 | theta, rate).
    """
    assets, free = mean.shape
    included, probability = np.zeros((assets, free), dtype=np.bool_), np.zeros((assets, free))
    w, table = np.zeros((free + 1, free + 1)), np.zeros(1 << free)
    for i in range(assets):
        on, most = included[i], -np.inf
        for c in range(len(table)):
            value = 0.0
            for k in range(free):
                on[k] = (c >> k) & 1 == 1
                value += _log_prior(rate[k], on[k])
            table[c] = value + _log_density(gram[i], mean[i], sd[i], masked, on, w)
            most = max(most, table[c])
        whole = 0.0
        for c in range(len(table)):
            table[c] = np.exp(table[c] - most)
            whole += table[c]
            for k in range(free):
                if (c >> k) & 1:
                    probability[i, k] += table[c]
        probability[i] /= whole
        below, drawn = 0.0, 0
        for c in range(len(table)):
            if table[c] > 0.0 and below <= uniforms[i] * whole:
                drawn = c
            below += table[c]
        for k in range(free):
            on[k] = (drawn >> k) & 1 == 1
    return included, probability
