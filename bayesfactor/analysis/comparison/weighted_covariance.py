"""The exponentially weighted covariance of returns, on every date by those before it."""

from collections.abc import Iterable, Iterator

import numpy as np


def half_life(decay: float) -> int:
    """Return after how many periods, rounded up, the weight of a return has halved."""
    return int(np.ceil(np.log(0.5) / np.log(decay)))


def weighted_covariances(returns: np.ndarray, decay: float, rows: Iterable[int]) -> Iterator[np.ndarray]:
    r"""Yield the covariance (asset, asset) of the returns (row, asset) before each of some rows, in increasing order.

    .. math:: w_s = d^{t - 1 - s}, \qquad
              S_t = \frac{W^2}{W^2 - \sum w_s^2} \frac1W \sum_{s < t} w_s (r_s - \bar r)(r_s - \bar r)', \quad
              W = \sum w_s

    with the weighted mean, for each two assets of the rows on which both have a return (pandas' ``ewm(alpha=1 - d)``).
    NaN for two that have fewer common rows than the half-life.
    """
    known = np.isfinite(returns)
    x, here = np.where(known, returns, 0.0), known.astype(float)
    weight, square, count, first, product = np.zeros((5, returns.shape[1], returns.shape[1]))
    least, done = max(2, half_life(decay)), 0
    for row in rows:
        value, seen = x[done:row], here[done:row]
        age, kept = decay ** np.arange(row - done - 1, -1, -1)[:, None], decay ** (row - done)
        weight = kept * weight + (age * seen).T @ seen
        square = kept**2 * square + (age**2 * seen).T @ seen
        count = count + seen.T @ seen
        first = kept * first + (age * value).T @ seen
        product = kept * product + (age * value).T @ value
        done = row
        with np.errstate(divide="ignore", invalid="ignore"):
            biased = product / weight - first / weight * (first / weight).T
            yield np.where(count >= least, biased * weight**2 / (weight**2 - square), np.nan)
