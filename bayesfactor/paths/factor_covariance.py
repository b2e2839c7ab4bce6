"""Exact draws of the factors' covariance given their means."""

import numpy as np

from bayesfactor.panel.histories import FactorMoments
from bayesfactor.spec.factors import ScaledFactors


def draw_covariance(
    history: FactorMoments, prior: ScaledFactors, mean: np.ndarray, rng: np.random.Generator, discount: float = 1.0
) -> np.ndarray:
    """Return draws of Omega given mu (draw, factor), span by span from the longest history to the shortest.

    With a discount d, those of the period after the last: `history` has the weight d^(T + 1 - t) in row t, and the
    prior counts d^(n + 1) of itself in a span of n rows.

    With A = prior scale + scatter around mu over the rows of a span, and q older factors of p: the new ones given the
    old have covariance V ~ IW(dof - K + p + n, A_nn - A_no A_oo^-1 A_on) and slopes N(A_no A_oo^-1, V, A_oo^-1).
    """
    k = mean.shape[1]
    result = np.zeros((len(mean), k, k))
    for span in history.spans:
        p, q, members = len(span.factors), span.older, span.factors
        gap = mean[:, members] - span.mean
        faded = discount ** (span.rows + 1)
        scale = span.scatter + np.diag(faded * prior.covariance_scale[members])
        scale = scale + span.count * gap[:, :, None] * gap[:, None, :]
        dof = faded * (prior.covariance_dof - k - 1) + p + 1 + span.count
        slope = np.swapaxes(np.linalg.solve(scale[:, :q, :q], scale[:, :q, q:]), 1, 2)
        noise = _inverse_wishart(scale[:, q:, q:] - slope @ scale[:, :q, q:], dof, rng)
        if q:
            low = np.linalg.cholesky(scale[:, :q, :q])
            z = rng.standard_normal((len(mean), p - q, q))
            away = np.linalg.solve(np.swapaxes(low, 1, 2), np.swapaxes(z, 1, 2))  # columns with covariance A_oo^-1
            slope = slope + np.linalg.cholesky(noise) @ np.swapaxes(away, 1, 2)
        new, old = members[q:], members[:q]
        cross = slope @ result[np.ix_(np.arange(len(mean)), old, old)]
        result[np.ix_(np.arange(len(mean)), new, old)] = cross
        result[np.ix_(np.arange(len(mean)), old, new)] = np.swapaxes(cross, 1, 2)
        result[np.ix_(np.arange(len(mean)), new, new)] = noise + cross @ np.swapaxes(slope, 1, 2)
    return result


def _inverse_wishart(scale: np.ndarray, dof: float, rng: np.random.Generator) -> np.ndarray:
    """Return one draw of IW(dof, scale) for each matrix (draw, k, k), by Bartlett's decomposition of its inverse."""
    draws, k, _ = scale.shape
    root = np.tril(rng.standard_normal((draws, k, k)), -1)
    diagonal = np.arange(k)
    root[:, diagonal, diagonal] = np.sqrt(rng.chisquare(dof - diagonal, size=(draws, k)))
    # W = C A A' C' with C C' = scale^-1, so W^-1 = B B' with B = C'^-1 A'^-1 = low A'^-1
    low = np.linalg.cholesky(scale)
    b = np.swapaxes(np.linalg.solve(root, np.swapaxes(low, -1, -2)), -1, -2)
    return b @ np.swapaxes(b, -1, -2)
