"""Coefficients and residual factors both integrated out, of assets observed on the same dates, in the PyMC graph."""

import numpy as np
import pytensor.tensor as pt

from bayesfactor.graph.diagonals import register_diagonals
from bayesfactor.graph.marginal import Symbols
from bayesfactor.panel.residual_products import ResidualProducts

LOG_2PI = np.log(2 * np.pi)


def products_data(products: ResidualProducts) -> dict[str, np.ndarray]:
    """Return the statistics by the names that the density reads."""
    return {f"residual_{name}": np.asarray(value) for name, value in vars(products).items()}


def collapsed(symbols: Symbols, loading: pt.TensorVariable, data: dict) -> pt.TensorVariable:
    """Return log p(Y | theta, Lambda) under normal noise, the coefficients and z integrated out, from statistics.

    With Sigma = Lambda Lambda' + diag(s^2) (asset, asset), X~ of the regressors x_t + shift, X~'X~ = L L', C^ the
    least-squares coefficients, S the cross-products of their residuals, c_i ~ N(m_i, D_i^2)::

        log p(Y) = -(T - p) / 2 (N log 2 pi + log|Sigma|) - tr(Sigma^-1 S) / 2 + log N(f; 0, B + (Lambda Lambda') x I)
        f_i = L'(C^_i - m_i),   B = diag over i of B_i,   B_i = L' D_i^2 L + s_i^2 I

    Neither T nor the shift comes into S, and the determinant of L cancels. Both inverses are Woodbury's: of dimension q
    of Sigma, p q of the second. D_i may hold zeros, and need not be the same for all assets.
    """
    register_diagonals()
    size = symbols.sd.shape[1]
    precision = pt.exp(-2 * symbols.log_sigma)
    low, f = _whitened(symbols, data)
    half = symbols.sd[:, :, None] * low  # D_i L
    b = (half[:, :, :, None] * half[:, :, None, :]).sum(1) + pt.eye(size) / precision[:, None, None]
    root = pt.linalg.cholesky(b)
    inverse_root = pt.linalg.solve_triangular(root, pt.zeros_like(b) + pt.eye(size), lower=True, b_ndim=2)
    inverse = (inverse_root[:, :, :, None] * inverse_root[:, :, None, :]).sum(1)
    solved = (inverse * f[:, None, :]).sum(-1)  # B_i^-1 f_i
    square, log_size = _low_rank(loading, inverse, solved)
    quadratic = (f * solved).sum() - square
    log_det = 2 * pt.log(pt.diagonal(root, axis1=-2, axis2=-1)).sum() + log_size
    rest = _residuals(loading, precision, data)
    return rest - 0.5 * (quadratic + log_det + f.size * LOG_2PI)


def _whitened(symbols: Symbols, data: dict) -> tuple[pt.TensorVariable, pt.TensorVariable]:
    """Return L of the shifted regressors, and L'(C^_i - m_i) (asset, coefficient)."""
    shift, low, fitted = symbols.shift, data["residual_low"], data["residual_fitted"].T
    low = low + shift[:, None] * low[0]  # x~ = x + shift x_0, shift_0 = 0
    away = fitted - symbols.mean
    away = pt.set_subtensor(away[:, 0], away[:, 0] - (fitted * shift).sum(-1))
    return low, away @ low


def _low_rank(
    loading: pt.TensorVariable, inverse: pt.TensorVariable, solved: pt.TensorVariable
) -> tuple[pt.TensorVariable, pt.TensorVariable]:
    """Return w'K^-1 w and log|K|: K = I + sum_i lambda_i lambda_i' x B_i^-1, w = sum_i lambda_i x B_i^-1 f_i."""
    assets, q = loading.shape
    size = inverse.shape[-1]
    pairs = (loading[:, :, None] * loading[:, None, :]).reshape((assets, q * q))
    k = (pairs.T @ inverse.reshape((assets, size * size))).reshape((q, q, size, size))
    k = k.transpose(0, 2, 1, 3).reshape((q * size, q * size)) + pt.eye(q * size)
    root = pt.linalg.cholesky(k)
    half = pt.linalg.solve_triangular(root, (loading.T @ solved).ravel(), lower=True)
    return (half**2).sum(), 2 * pt.log(pt.diagonal(root)).sum()


def _residuals(loading: pt.TensorVariable, precision: pt.TensorVariable, data: dict) -> pt.TensorVariable:
    """Return -(T - p) / 2 (N log 2 pi + log|Sigma|) - tr(Sigma^-1 S) / 2."""
    cross, spare = data["residual_cross"], data["residual_dates"] - data["residual_fitted"].shape[0]
    scaled = loading * precision[:, None]
    root = pt.linalg.cholesky(pt.eye(loading.shape[1]) + loading.T @ scaled)
    half = pt.linalg.solve_triangular(root, scaled.T @ cross, lower=True, b_ndim=2)
    trace = (pt.diagonal(cross) * precision).sum() - (
        half * pt.linalg.solve_triangular(root, scaled.T, lower=True)
    ).sum()
    log_det = 2 * pt.log(pt.diagonal(root)).sum() - pt.log(precision).sum()
    return -0.5 * (spare * (precision.shape[0] * LOG_2PI + log_det) + trace)
