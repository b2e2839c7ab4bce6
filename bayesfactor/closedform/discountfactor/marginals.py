"""Log marginal likelihoods of all models of a set of traded factors, from two matrices of cross-products.

Every determinant that a model needs is a principal minor of one of the two, or a ratio of minors: with F'F the
cross-products of all factors and X'X those of the factors in the model, the residuals of the others have |F'F| / |X'X|.
"""

import numpy as np
from scipy.special import multigammaln


def members(k: int) -> np.ndarray:
    """Return which of k factors are in each of 2^k models: bit j of the model's number is factor j."""
    return (np.arange(2**k)[:, None] >> np.arange(k) & 1).astype(bool)


def log_minors(matrix: np.ndarray) -> np.ndarray:
    """Return the log determinant of every principal submatrix; bit j of its number says that row j is in.

    One row after another is either dropped or swept out of the rest: 2^K steps in all, not 2^K factorisations.
    """
    rest, total = matrix[None], np.zeros(1)
    for _ in range(len(matrix)):
        pivot, column, below = rest[:, 0, 0], rest[:, 1:, 0], rest[:, 1:, 1:]
        swept = below - column[:, :, None] * (column / pivot[:, None])[:, None, :]
        rest, total = np.concatenate([below, swept]), np.concatenate([total, total + np.log(pivot)])
    return total


def trained_marginals(values: np.ndarray, start: np.ndarray, kappa: float) -> tuple[np.ndarray, np.ndarray]:
    """Return log m of every model but the empty one, and which factors are in it.

    For L of K factors in the model, m = K - L, T periods, ``lambda ~ N(start, kappa Omega)``::

        -(L/2) log(T kappa + 1) - (T L/2) log pi + log Gamma_L((T - m)/2) - ((T - m)/2) log|Psi_x|
        -((T - L) m/2) log pi - (m/2) log|X'X| - (T/2) log|S_w| + log Gamma_m(T/2)
        Psi_x = sum (x_t - mean)(x_t - mean)' + T/(T kappa + 1) (mean - start)(mean - start)'
    """
    t, k = values.shape
    gap, cross = values.mean(axis=0) - start, values.T @ values
    centred = values - values.mean(axis=0)
    scatter = centred.T @ centred + t / (t * kappa + 1) * np.outer(gap, gap)
    member = members(k)[1:]
    inside = member.sum(axis=1)
    m = k - inside
    own, raw, whole = log_minors(scatter)[1:], log_minors(cross)[1:], np.linalg.slogdet(cross)[1]
    gamma = np.array([multigammaln((t - k + j) / 2, j) + multigammaln(t / 2, k - j) for j in range(k + 1)])
    premia = -inside / 2 * (np.log(t * kappa + 1) + t * np.log(np.pi)) - (t - m) / 2 * own
    others = -(t - inside) * m / 2 * np.log(np.pi) - m / 2 * raw - t / 2 * (whole - raw)
    return premia + others + gamma[inside], member


def market_marginals(market: np.ndarray, others: np.ndarray, multiple: float) -> tuple[np.ndarray, np.ndarray]:
    """Return log m of every model that holds the market z, and which of the other factors f are in it.

    For L of K others in the model, m = K - L, nu = T - 1 + L - K, ``alpha ~ N(0, k Sigma)``, A = T/(1 + SR_z^2)::

        -((T - 1) L/2) log 2 pi - (L/2) log z'z - (L/2) log(1 + k A) + (nu L/2) log 2 + log Gamma_L(nu/2)
        -(nu/2) log|S + A/(1 + k A) alpha alpha'|
        -((T - L - 1) m/2) log 2 pi - (m/2) log|Z'Z| + ((T - 1) m/2) log 2 + log Gamma_m((T - 1)/2)
        -((T - 1)/2) log|S_w|

    alpha and S are those of least squares of the others in the model on (1, z), and Z = (z, f in the model).
    """
    t, k = others.shape
    square = market.mean() ** 2 / market.var()
    spread, a = (multiple**2 - 1) * square / k, t / (1 + square)
    x = np.column_stack([np.ones(t), market])
    coefficient = np.linalg.lstsq(x, others, rcond=None)[0]
    residual, alpha = others - x @ coefficient, coefficient[0]
    scatter = residual.T @ residual + a / (1 + spread * a) * np.outer(alpha, alpha)
    ordered = np.column_stack([market, others])
    cross = ordered.T @ ordered
    member = members(k)
    inside = member.sum(axis=1)
    m, nu = k - inside, t - 1 + inside - k
    own, raw, whole = log_minors(scatter), log_minors(cross)[1::2], np.linalg.slogdet(cross)[1]
    gamma = np.array([multigammaln((t - 1 + j - k) / 2, j) + multigammaln((t - 1) / 2, k - j) for j in range(k + 1)])
    two, two_pi = np.log(2), np.log(2 * np.pi)
    scale = -(t - 1) * two_pi - np.log(market @ market) - np.log1p(spread * a) + nu * two
    inner = inside / 2 * scale - nu / 2 * own
    outer = m / 2 * (-(t - inside - 1) * two_pi - raw + (t - 1) * two) - (t - 1) / 2 * (whole - raw)
    return inner + outer + gamma[inside], member
