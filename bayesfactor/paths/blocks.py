"""Cross-products of returns and factors within blocks of dates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from bayesfactor.base.records import FrozenArrays


def block_edges(rows: int, length: int, anchor: int | None = None) -> np.ndarray:
    """Return the first row of each block of `length` rows, and the number of rows last.

    Blocks are counted back from the last row, so that the first may be shorter; or from row `anchor`, the number of
    rows that an earlier panel had: newer rows are then one with its last block until they are half a block.
    """
    first = (rows if anchor is None else anchor) % length
    edges = np.unique(np.r_[0, np.arange(first, rows, length), rows])
    short = anchor is not None and rows > anchor and 2 * (edges[-1] - edges[-2]) < length and edges.size > 2
    return np.delete(edges, -2) if short else edges


@dataclass(frozen=True, eq=False)
class Blocks(FrozenArrays):
    """Weighted cross-products of x_t = (1, f_t')' and returns, by asset and block of dates.

    Loadings are u_i + v_ib in block b, and v_ib multiplies z_t = L'x_t: each factor by its long-run standard
    deviation, less its sample mean unless it is traded. Assets with the same rows and weights have one pattern, and
    share what does not depend on their returns.

    Attributes
    ----------
    edges : array (block + 1)
        First row of each block, and the number of rows.
    pattern : array (asset)
        Number of each asset's pattern.
    move : array (coefficient, factor)
        L.
    xx : array (pattern, block, coefficient, coefficient)
        S_ib = sum_t w_it x_t x_t'.
    count, log_weight : array (pattern, block)
        T_ib, the number of rows, and sum_t log w_it.
    xy : array (asset, block, coefficient)
        b_ib = sum_t w_it x_t r_it.
    yy : array (asset, block)
        q_ib = sum_t w_it r_it^2.
    """

    edges: np.ndarray
    pattern: np.ndarray
    move: np.ndarray
    xx: np.ndarray
    count: np.ndarray
    log_weight: np.ndarray
    xy: np.ndarray
    yy: np.ndarray

    @property
    def unit(self) -> np.ndarray:
        """What v_ib is of a loading, by factor: one over the factor's standard deviation."""
        return np.diagonal(self.move[1:])

    @cached_property
    def zx(self) -> np.ndarray:
        """Cross-products (pattern, block, factor, coefficient) of z and x."""
        return self.move.T @ self.xx

    @cached_property
    def zz(self) -> np.ndarray:
        """Cross-products (pattern, block, factor, factor) of z."""
        return self.zx @ self.move

    @cached_property
    def zy(self) -> np.ndarray:
        """Cross-products (asset, block, factor) of z and returns."""
        return self.xy @ self.move

    def select(self, assets: Sequence[int] | np.ndarray) -> "Blocks":
        """Return the blocks of some assets, by number."""
        kept, pattern = np.unique(self.pattern[assets], return_inverse=True)
        return replace(
            self,
            pattern=pattern,
            xx=self.xx[kept],
            count=self.count[kept],
            log_weight=self.log_weight[kept],
            xy=self.xy[assets],
            yy=self.yy[assets],
        )


def cross_products_in_blocks(
    returns: np.ndarray,
    factors: np.ndarray,
    edges: np.ndarray,
    centre: np.ndarray,
    sd: np.ndarray,
    weight: np.ndarray | None = None,
) -> Blocks:
    """Return the cross-products of returns (time, asset), NaN where not observed, in blocks of rows.

    Parameters
    ----------
    returns, factors : array (time, asset), (time, factor)
    edges : array (block + 1)
        As of `block_edges`.
    centre, sd : array (factor)
        What is taken from a factor before a moving loading multiplies it (0 of a traded factor), and its long-run
        standard deviation.
    weight : array (time) or (time, asset), or None
        1/g^2 of each return. Returns of weight 0 are left out.
    """
    w = np.isfinite(returns).astype(float)
    if weight is not None:
        w *= weight if weight.ndim == 2 else weight[:, None]
    first, pattern = _patterns(w)
    y, own = np.where(w > 0, returns, 0.0), w[:, first]
    weighted = w * y
    logs = np.log(np.where(own > 0, own, 1.0))
    x = np.column_stack([np.ones(len(factors)), factors])
    squares = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    spans = [slice(*pair) for pair in pairwise(edges)]
    p = x.shape[1]
    return Blocks(
        edges=edges,
        pattern=pattern,
        move=np.vstack([-centre, np.eye(p - 1)]) / sd,
        xx=np.stack([own[rows].T @ squares[rows] for rows in spans], axis=1).reshape(first.size, -1, p, p),
        count=np.stack([np.sum(own[rows] > 0, axis=0) for rows in spans], axis=1).astype(float),
        log_weight=np.stack([logs[rows].sum(axis=0) for rows in spans], axis=1),
        xy=np.stack([weighted[rows].T @ x[rows] for rows in spans], axis=1),
        yy=np.stack([np.sum(weighted[rows] * y[rows], axis=0) for rows in spans], axis=1),
    )


def _patterns(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a number of an asset of each different column, and which of them each asset's column is."""
    found: dict[bytes, int] = {}
    columns = np.ascontiguousarray(weight.T)
    pattern = np.array([found.setdefault(column.tobytes(), len(found)) for column in columns], dtype=int)
    return np.unique(pattern, return_index=True)[1], pattern
