"""Whether returns go with a factor of another row better than with that of their own: rows may be off by one."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from bayesfactor.screening.extremes import winsorised

ERROR_RATE = 1e-3  # of a panel whose rows are right
_ROWS = 24  # common rows from which it can be told
_BETTER = 2.0  # times the squared correlation of the same row


@dataclass(frozen=True)
class Shift:
    """An asset that goes with a factor of another row better than with that of its own.

    Attributes
    ----------
    asset, factor : int
    rows : int
        -1: the factor's row before the asset's; 1: the row after.
    same, other : float
        Correlation on the same row, and on that one.
    """

    asset: int
    factor: int
    rows: int
    same: float
    other: float


def lead_lag(returns: np.ndarray, factors: np.ndarray, error_rate: float = ERROR_RATE) -> list[Shift]:
    r"""Return the assets that go clearly better with a factor one row earlier or later than with the same row.

    With standardised returns r and factor f, and u_t = s r_t f_{t+h} - c r_t f_t with the signs s and c of the two
    correlations, an asset is shifted when

    .. math:: \sum_t r_t f_{t+h} / \sqrt{\sum_t r_t^2 f_{t+h}^2} \quad\text{and}\quad
              \sum_t u_t / \sqrt{\sum_t u_t^2}

    both exceed the normal quantile of `error_rate` over all assets, factors and the two directions h, and the squared
    correlation is at least twice that of the same row. Sums over their own root sums of squares hold their size under
    heavy tails and volatility that moves.

    Parameters
    ----------
    returns : array (time, asset)
        NaN where not observed.
    factors : array (time, factor)
        Traded factors on the same rows, which follow each other.
    error_rate : float
        Of a panel whose rows are right.
    """
    found: list[Shift] = []
    tests = 2 * returns.shape[1] * factors.shape[1]
    if len(returns) < _ROWS or not tests:
        return found
    limit = norm.isf(error_rate / tests / 2)
    f = winsorised(factors)[0]
    for h in (-1, 1):
        inner = slice(1, None) if h == -1 else slice(None, -1)
        r, known, _ = winsorised(returns[inner])
        own, other = f[inner], f[:-1] if h == -1 else f[1:]
        count = known.sum(axis=0)[:, None]
        same, shifted = r.T @ own, r.T @ other
        square = (r**2).T
        sizes, cross, shared = square @ own**2, square @ other**2, square @ (own * other)
        sign, turn = np.sign(shifted), np.sign(same)
        gain = np.abs(shifted) - np.abs(same)
        spread = np.maximum(cross + sizes - 2 * sign * turn * shared, 1e-300)
        with np.errstate(divide="ignore", invalid="ignore"):
            clear = (np.abs(shifted) / np.sqrt(cross) > limit) & (gain / np.sqrt(spread) > limit)
            clear &= (shifted**2 > _BETTER * same**2) & (count >= _ROWS)
            own_r, other_r = same / count, shifted / count
        for asset, factor in np.argwhere(clear):
            at = (asset, factor)
            found.append(Shift(int(asset), int(factor), h, float(own_r[at]), float(other_r[at])))
    return found
