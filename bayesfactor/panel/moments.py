"""Cross-products of returns and factors: sufficient statistics of an asset's history under normal noise."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from bayesfactor.base.records import FrozenArrays

EXACT = 1e-12  # residual variances below this share of the mean square are rounding errors


@dataclass(frozen=True, eq=False)
class Moments(FrozenArrays):
    """Cross-products of regressors x_t = (1, f_t')' and returns over each asset's own dates.

    Attributes
    ----------
    xx : array (coefficient, coefficient, asset)
        S_i = X_i'X_i.
    xy : array (coefficient, asset)
        b_i = X_i'r_i.
    yy : array (asset)
        q_i = r_i'r_i.
    count : array (asset)
        T_i.
    """

    xx: np.ndarray
    xy: np.ndarray
    yy: np.ndarray
    count: np.ndarray

    def __post_init__(self) -> None:
        for field in fields(self):
            array = np.array(getattr(self, field.name), dtype=float, order="C")
            array.flags.writeable = False
            object.__setattr__(self, field.name, array)

    @property
    def mean(self) -> np.ndarray:
        """Mean return of every asset; NaN without a return."""
        return self.xy[0] / np.where(self.count > 0, self.count, np.nan)

    def sd(self, ddof: int = 0) -> np.ndarray:
        """Return the standard deviation of every asset's returns; NaN with `ddof` returns or fewer."""
        spare = np.where(self.count > ddof, self.count - ddof, np.nan)
        return np.sqrt(np.maximum(self.yy - np.maximum(self.count, 1) * np.nan_to_num(self.mean) ** 2, 0) / spare)

    def residual_squares(self, index: int, coefficients: np.ndarray) -> np.ndarray:
        """Return the sum of squared residuals of asset number `index` at coefficients (..., coefficient).

        q - 2 c'b + c'Sc; below `EXACT` times q it is rounding error.
        """
        c = coefficients
        squares = self.yy[index] - 2 * c @ self.xy[:, index] + np.sum((c @ self.xx[:, :, index]) * c, axis=-1)
        return np.maximum(squares, 0.0)

    def select(self, assets: Sequence[int], coefficients: Sequence[int]) -> "Moments":
        """Return the moments of some assets and some coefficients, by number."""
        return Moments(
            self.xx[np.ix_(coefficients, coefficients, assets)],
            self.xy[np.ix_(coefficients, assets)],
            self.yy[list(assets)],
            self.count[list(assets)],
        )


def own_rows(returns: np.ndarray, factors: np.ndarray, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows on which asset number `index` was observed, its returns there, and its regressors (1, f_t')."""
    rows = np.flatnonzero(np.isfinite(returns[:, index]))
    return rows, returns[rows, index], np.column_stack([np.ones(rows.size), factors[rows]])


def cross_products(returns: np.ndarray, factors: np.ndarray, weight: np.ndarray | None = None) -> Moments:
    """Return the moments of returns (time, asset), NaN where not observed, on factors (time, factor).

    `weight` (time, asset) is that of each return; what it is where there is none does not matter.
    """
    n, p = returns.shape[1], factors.shape[1] + 1
    xx, xy, yy, count = np.zeros((p, p, n)), np.zeros((p, n)), np.zeros(n), np.zeros(n)
    for i in range(n):
        rows, y, x = own_rows(returns, factors, i)
        own = None if weight is None else weight[rows, i]
        weighted = x if own is None else x * own[:, None]
        xx[:, :, i], xy[:, i] = weighted.T @ x, weighted.T @ y
        yy[i] = y @ y if own is None else y @ (own * y)
        count[i] = y.size if own is None else own.sum()
    return Moments(xx, xy, yy, count)


def never_varies(values: np.ndarray) -> np.ndarray:
    """Return whether each column is constant up to rounding."""
    size = np.abs(values).max(axis=0)
    return np.ptp(values, axis=0) <= 1e-12 * size


def condition_number(values: np.ndarray) -> float:
    """Largest over smallest singular value of the standardised columns of an array (time, factor).

    1 for uncorrelated factors, infinite for collinear ones; NaN when there are fewer rows than columns.
    """
    if len(values) <= values.shape[1] or never_varies(values).any():
        return float("nan")
    sizes = np.linalg.svd((values - values.mean(axis=0)) / values.std(axis=0), compute_uv=False)
    return float(sizes[0] / sizes[-1]) if sizes[-1] > 0 else float("inf")
