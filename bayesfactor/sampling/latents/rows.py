"""Rows of a panel as latent variables see them, and the statistics that they give to the kernel."""

from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from bayesfactor.base.jit import jit_sums


@dataclass
class Rows:
    """Returns and regressors of one chain, over their volatility.

    With y_it = r_it / g_it, c_i on regressors x_t, moves v_ib of loadings in block b and residual factors z_t::

        y_it = (x_t'c_i + u_t'v_ib) / g_it + lambda_i'z_t + sigma_i e_it

    Attributes
    ----------
    x : array (coefficient, time)
        1 and the factors, which a latent may replace by its draws.
    z : array (residual factor, time)
    y, root, seen : array (asset, time)
        Returns over their volatility, 1 / g_it, and 1; each 0 where there is no return.
    common : array (time)
        1 over the volatility that all assets share.
    edges : array (block + 1)
        First row of each block in which loadings are constant, and the number of rows.
    u : array (factor, time)
        What a move of a loading multiplies.
    moved : array (asset, time)
        u_t'v_ib / g_it.
    changed : bool
        Whether x is not what the statistics were last made of.
    """

    x: np.ndarray
    z: np.ndarray
    y: np.ndarray
    root: np.ndarray
    seen: np.ndarray
    common: np.ndarray
    edges: np.ndarray
    u: np.ndarray
    moved: np.ndarray
    changed: bool = True

    def copy(self) -> "Rows":
        """Return the same rows for another chain."""
        return deepcopy(self)

    def unexplained(self, coefficients: np.ndarray, common: np.ndarray | None = None) -> np.ndarray:
        """Return y less what coefficients (asset, coefficient) on x and loadings on z explain (asset, time)."""
        loading = np.zeros((len(self.y), 0)) if common is None else common
        return residuals(self.y - self.moved, self.root, self.seen, self.x, coefficients, self.z, loading)


@jit_sums
def residuals(
    y: np.ndarray,
    root: np.ndarray,
    seen: np.ndarray,
    x: np.ndarray,
    coefficients: np.ndarray,
    z: np.ndarray,
    loading: np.ndarray,
) -> np.ndarray:
    """Return y_it - root_it x_t'c_i - seen_it lambda_i'z_t (asset, time)."""
    n, rows = y.shape
    result = np.empty((n, rows))
    for i in range(n):
        for t in range(rows):
            result[i, t] = 0.0
        for k in range(x.shape[0]):
            c = coefficients[i, k]
            for t in range(rows):
                result[i, t] += c * x[k, t]
        for t in range(rows):
            result[i, t] = y[i, t] - root[i, t] * result[i, t]
        for j in range(loading.shape[1]):
            c = loading[i, j]
            for t in range(rows):
                result[i, t] -= c * seen[i, t] * z[j, t]
    return result


@jit_sums
def add_statistics(
    x: np.ndarray,
    z: np.ndarray,
    y: np.ndarray,
    root: np.ndarray,
    seen: np.ndarray,
    first: int,
    xx: np.ndarray,
    xy: np.ndarray,
    yy: np.ndarray,
) -> None:
    """Fill the cross-products of columns (x / g, z) with each other, with y, and of y, from column `first` on.

    Parameters
    ----------
    xx, xy, yy : array (asset, column, column), (asset, column), (asset)
        Both halves of `xx` are filled; `yy` only where `first` is 0.
    """
    p, q, rows = x.shape[0], z.shape[0], x.shape[1]
    n, columns = y.shape[0], np.empty((p + q, rows))
    for i in range(n):
        for k in range(p):
            for t in range(rows):
                columns[k, t] = root[i, t] * x[k, t]
        for j in range(q):
            for t in range(rows):
                columns[p + j, t] = seen[i, t] * z[j, t]
        for a in range(first, p + q):
            for b in range(a + 1):
                value = 0.0
                for t in range(rows):
                    value += columns[a, t] * columns[b, t]
                xx[i, a, b] = value
                xx[i, b, a] = value
            value = 0.0
            for t in range(rows):
                value += columns[a, t] * y[i, t]
            xy[i, a] = value
        if first == 0:
            value = 0.0
            for t in range(rows):
                value += y[i, t] * y[i, t]
            yy[i] = value
