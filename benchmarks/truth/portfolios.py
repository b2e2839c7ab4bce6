"""Portfolios that predictions are judged by: equal weights, random long-only and residual, minimum variance."""

import numpy as np

COUNT, SEED = 20, 7


def long_only(here: np.ndarray) -> np.ndarray:
    """Return random weights (portfolio, asset), uniform on the simplex, of the assets that were traded."""
    weights = np.random.default_rng(SEED).exponential(size=(COUNT, len(here)))[:, here]
    return weights / weights.sum(axis=1, keepdims=True)


def residual(loading: np.ndarray, here: np.ndarray) -> np.ndarray:
    """Return random long-short weights w with w'B = 0 and sum |w| = 2: normal ones, projected off the loadings B."""
    weights = np.random.default_rng(SEED + 1).standard_normal((COUNT, len(here)))[:, here]
    basis, _ = np.linalg.qr(loading[here])
    weights -= weights @ basis @ basis.T
    return 2 * weights / np.abs(weights).sum(axis=1, keepdims=True)


def minimum_variance(covariance: np.ndarray) -> np.ndarray:
    """Return S^-1 1 / 1'S^-1 1 as one portfolio (1, asset)."""
    weights = np.linalg.solve(covariance, np.ones(len(covariance)))
    return weights[None] / weights.sum()
