"""Whether returns correlate better with a factor of another row than of their own: dates may be shifted."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from bayesfactor.data.screening.extremes import winsorised

ERROR_RATE = 1e-3  # of a panel whose rows are right
REACH = 5  # rows looked at before and after
_ROWS = 24  # common rows from which it can be told
_NOISE = 4.0  # squared sum of products over its variance below which it is not looked at closely
_BETTER = 2.0  # times the squared correlation of the same row
_INFLATED = 1.75  # standard errors of correlations, over those of independent normal rows


@dataclass(frozen=True)
class Shift:
    """An asset that correlates better with a factor of another row than of its own.

    Attributes
    ----------
    asset, factor : int
    rows : int
        Of the factor, from the asset's own: -1 is the row before it, 1 the row after.
    same, other : float
        Correlation on the same row, and on that one.
    """

    asset: int
    factor: int
    rows: int
    same: float
    other: float


def lead_lag(returns: np.ndarray, factors: np.ndarray, error_rate: float = ERROR_RATE) -> list[Shift]:
    r"""Return the assets that correlate clearly better with a factor some rows earlier or later than on the same row.

    With standardised returns r and factor f, correlations c_h of r_t with f_{t+h}, and u_t = |c_h| - |c_0| row by row,
    r_t f_{t+h} and r_t f_t with the signs of their sums, an asset is shifted by h when its squared correlation is twice
    that of the same row at least, and when either

    .. math:: \sum_t r_t f_{t+h} / \sqrt{\sum_t r_t^2 f_{t+h}^2} \quad\text{and}\quad
              \sum_t u_t / \sqrt{\sum_t u_t^2}

    both exceed z, the normal quantile of `error_rate` over all assets, factors and h, or when Fisher's

    .. math:: (\operatorname{artanh} |c_h| - \operatorname{artanh} |c_0|) \sqrt{(n - 3) / 2} > 1.75 z.

    Sums over their own root sums of squares hold their size under heavy tails and volatility that moves; Fisher's
    statistic, with room for these, tells a strong factor in a short history. Of several h the best is returned.

    Parameters
    ----------
    returns : array (time, asset)
        NaN where not observed.
    factors : array (time, factor)
        Traded factors on the same rows, which follow each other.
    error_rate : float
        Of a panel whose rows are right.
    """
    best: dict[tuple[int, int], Shift] = {}
    tests = 2 * REACH * returns.shape[1] * factors.shape[1]
    if len(returns) < _ROWS or not tests:
        return []
    limit, f = norm.isf(error_rate / tests / 2), winsorised(factors)[0]
    r, known, _ = winsorised(returns)
    for h in sorted(range(-REACH, REACH + 1), key=abs)[1:]:
        inner, beside = (slice(-h, None), slice(None, h)) if h < 0 else (slice(None, -h), slice(h, None))
        if len(returns) - abs(h) < _ROWS:
            break
        for one in _shifts((r[inner], known[inner]), f[inner], f[beside], limit, h):
            at = (one.asset, one.factor)
            if at not in best or abs(one.other) > abs(best[at].other):
                best[at] = one
    return list(best.values())


def _shifts(
    returns: tuple[np.ndarray, np.ndarray], own: np.ndarray, other: np.ndarray, limit: float, rows: int
) -> list[Shift]:
    """Return the assets that correlate clearly better with the `other` rows of the factors than with their `own`.

    `returns` are standardised, zero where missing, and what is known of them.
    """
    same, shifted = (returns[0].T @ f for f in (own, other))
    size = np.einsum("ti,ti->i", returns[0], returns[0])[:, None]
    some = np.flatnonzero(((np.abs(shifted) > np.abs(same)) & (shifted**2 > _NOISE * size)).any(axis=1))
    if not some.size:
        return []
    r, known = (values[:, some] for values in returns)
    same, shifted, square = same[some], shifted[some], (r**2).T
    sizes, cross, shared = square @ own**2, square @ other**2, square @ (own * other)
    total, count = square.sum(axis=1)[:, None], known.sum(axis=0)[:, None]
    spread = np.maximum(cross + sizes - 2 * np.sign(shifted) * np.sign(same) * shared, 1e-300)
    with np.errstate(divide="ignore", invalid="ignore"):
        c_0, c_h = (sums / np.sqrt(total * (known.T @ f**2)) for sums, f in ((same, own), (shifted, other)))
        gain = (np.abs(shifted) - np.abs(same)) / np.sqrt(spread)
        clear = (np.abs(shifted) / np.sqrt(cross) > limit) & (gain > limit)
        fisher = [np.arctanh(np.minimum(np.abs(c), 1 - 1e-9)) for c in (c_h, c_0)]
        clear |= (fisher[0] - fisher[1]) * np.sqrt((count - 3) / 2) > _INFLATED * limit
        clear &= (c_h**2 > _BETTER * c_0**2) & (count >= _ROWS)
    return [Shift(int(some[i]), int(k), rows, float(c_0[i, k]), float(c_h[i, k])) for i, k in np.argwhere(clear)]
