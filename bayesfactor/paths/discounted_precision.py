"""A volatility that all series of a date share, as a discounted precision in closed form."""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from bayesfactor.base.records import FrozenArrays


@dataclass(frozen=True, eq=False)
class DiscountedPrecision(FrozenArrays):
    """A filter of phi_t = 1 / g_t^2, for every discount.

    Attributes
    ----------
    discount : array (cell)
    score : array (cell, time)
        log p(z_t | z_1 ... z_{t-1}).
    count : array (cell, time)
        n_t: phi_t | z_1 ... z_t ~ Gamma(n_t / 2, n_t s_t / 2).
    variance : array (cell, time)
        s_t.
    """

    discount: np.ndarray
    score: np.ndarray
    count: np.ndarray
    variance: np.ndarray

    def smoothed(self) -> np.ndarray:
        """Return E[phi_t | all dates] (cell, time).

        phi_{t+1} = phi_t B / d with B ~ Beta(d n_t / 2, (1 - d) n_t / 2), so that phi_t = d phi_{t+1} + (1 - B) phi_t
        with the second term Gamma((1 - d) n_t / 2, n_t s_t / 2) and independent of phi_{t+1}::

            E[phi_t | all] = d E[phi_{t+1} | all] + (1 - d) / s_t,      E[phi_T | all] = 1 / s_T
        """
        found = 1 / self.variance
        for date in range(found.shape[1] - 2, -1, -1):
            found[:, date] = self.discount * found[:, date + 1] + (1 - self.discount) * found[:, date]
        return found


def filter_precision(
    squares: np.ndarray,
    observed: np.ndarray,
    discount: np.ndarray,
    share: np.ndarray | float = 1.0,
    *,
    count: float = 50.0,
    variance: float = 1.0,
) -> DiscountedPrecision:
    """Filter the common precision of each date's series.

    ::

        phi_t | past ~ Gamma(n' / 2, n' s / 2),      n' = d n_{t-1}, s = s_{t-1}
        n_t = n' + k N_t,    n_t s_t = n' s + k q_t
        log p(z_t | past) = lG((n' + N) / 2) - lG(n' / 2) - N/2 log(n' pi s) - (n' + N)/2 log(1 + q_t / (n' s))

    Parameters
    ----------
    squares : array (time)
        q_t, the sum of squares of the date's standardised values.
    observed : array (time)
        N_t, their number.
    discount : array (cell)
        d, in (0, 1].
    share : float or array (cell)
        k, the share of a date's series that count as independent; it tempers the update, never the score.
    count, variance : float
        n and s before the first date.

    References
    ----------
    Uhlig (1997, Econometrica 65); West and Harrison (1997), section 10.8.
    """
    discount = np.atleast_1d(np.asarray(discount, dtype=float))
    n, s = np.full(discount.size, count), np.full(discount.size, variance)
    before, scale, after, level = np.empty((4, len(squares), discount.size))
    for date, (square, number) in enumerate(zip(squares, observed, strict=True)):
        before[date], scale[date] = discount * n, s
        n = before[date] + share * number
        s = (before[date] * s + share * square) / n
        after[date], level[date] = n, s
    number, square = np.asarray(observed, dtype=float)[:, None], np.asarray(squares)[:, None]
    score = gammaln((before + number) / 2) - gammaln(before / 2) - 0.5 * number * np.log(np.pi * before * scale)
    score -= 0.5 * (before + number) * np.log1p(square / (before * scale))
    return DiscountedPrecision(discount, score.T, after.T, level.T)
