"""Cross-products of the residuals of assets that were observed on the same dates."""

from dataclasses import dataclass

import numpy as np

from bayesfactor.base.records import FrozenArrays
from bayesfactor.panel.panel import Panel


@dataclass(frozen=True, eq=False)
class ResidualProducts(FrozenArrays):
    """What returns that are observed on the same dates say of their regressions, whose residuals are correlated.

    Attributes
    ----------
    low : array (coefficient, coefficient)
        Lower root of X'X of the regressors x_t = (1, f_t')'.
    fitted : array (coefficient, asset)
        Least-squares coefficients.
    cross : array (asset, asset)
        Cross-products of their residuals.
    dates : float
        Number of dates.
    """

    low: np.ndarray
    fitted: np.ndarray
    cross: np.ndarray
    dates: float


def observed_together(panel: Panel) -> bool:
    """Return whether all assets were observed on the same dates, more of them than there are coefficients."""
    seen = np.isfinite(panel.returns.values)
    rows = seen.any(axis=1)
    return bool(seen[rows].all()) and int(rows.sum()) > panel.factors.sizes["factor"] + 1


def residual_products(panel: Panel) -> ResidualProducts:
    """Return the cross-products of a panel whose assets were observed together."""
    rows = np.isfinite(panel.returns.values).all(axis=1)
    y, x = panel.returns.values[rows], np.column_stack([np.ones(rows.sum()), panel.aligned[rows]])
    fitted, *_ = np.linalg.lstsq(x, y, rcond=None)
    residuals = y - x @ fitted
    return ResidualProducts(np.linalg.cholesky(x.T @ x), fitted, residuals.T @ residuals, float(len(y)))
