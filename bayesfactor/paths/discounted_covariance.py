"""The covariance of factors as a discounted inverse Wishart, and the overall volatility of all factors."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.signal import lfilter
from scipy.special import gammaln

from bayesfactor.base.records import FrozenArrays
from bayesfactor.paths.discounted_precision import filter_precision

ROWS_PER_FACTOR = 2
LONGEST = 1e6
START = 10.0  # rows that the overall volatility's first value weighs


def discount_of(memory: float | np.ndarray) -> np.ndarray:
    """Return d = 2^(-1 / memory), memory being a half-life in periods; 1 where it is infinite."""
    return np.exp2(-1 / np.asarray(memory, dtype=float))


@dataclass(frozen=True, eq=False)
class CovarianceSpan(FrozenArrays):
    """The covariance of the factors that are known from one date on, for the period after the last.

    Attributes
    ----------
    factors : array of int
        First the `older` ones, which earlier spans hold too, then those that begin here.
    older : int
    count : array (discount)
        d n_T: the covariance is IW(K + 1 + d n_T, d S_T), of mean S_T / n_T.
    scatter : array (discount, factors, factors)
        d S_T.
    """

    factors: np.ndarray
    older: int
    count: np.ndarray
    scatter: np.ndarray


@dataclass(frozen=True, eq=False)
class DiscountedCovariance(FrozenArrays):
    """A filter of the factors' covariance, for every discount.

    Attributes
    ----------
    discount : array (discount)
    score : array (discount, time)
        log p(f_t | f_1 ... f_{t-1}): of the factors that are known at t.
    spans : tuple of CovarianceSpan
        From the longest history to the shortest: the first's covariance, then the law of new factors given older ones.
    """

    discount: np.ndarray
    score: np.ndarray
    spans: tuple[CovarianceSpan, ...]


def filter_covariance(
    deviations: np.ndarray, discount: np.ndarray, count: float, scatter: np.ndarray
) -> DiscountedCovariance:
    """Filter the covariance of factors given their means.

    ::

        Omega_t | past ~ IW(K + 1 + n', S'),     n' = d n_{t-1}, S' = d S_{t-1},     u_t = f_t - mu
        n_t = n' + 1,    S_t = S' + u_t u_t'
        u_t | past ~ t with n' + 2 degrees of freedom and scale matrix S' / (n' + 2)

    The block of some of the factors has the same n' (IW(q + 1 + n', S'_qq)), so that in the rows of a span the density
    of factors that begin there, given older ones, is that of all over that of the older ones.

    Parameters
    ----------
    deviations : array (time, factor)
        u_t; NaN before a factor begins.
    discount : array (discount)
        d, in (0, 1].
    count : float
        n before the first row of every span: the rows that the prior weighs.
    scatter : array (factor, factor)
        S there: `count` times the prior mean.
    """
    discount = np.atleast_1d(np.asarray(discount, dtype=float))
    known = np.isfinite(deviations)
    first = np.where(known.any(axis=0), known.argmax(axis=0), len(deviations))
    order = np.argsort(first, kind="stable")
    score, spans = np.zeros((discount.size, len(deviations))), []
    for begin in np.unique(first):
        members = order[first[order] <= begin]
        older = int(np.sum(first[members] < begin))
        rows, prior = deviations[begin:, members], scatter[np.ix_(members, members)]
        last = []
        for number, d in enumerate(discount):
            before, counts = _moments(rows, d, count, prior)
            score[number, begin:] += _student_t(rows, before[:-1], counts[:-1])
            score[number, begin:] -= _student_t(rows[:, :older], before[:-1, :older, :older], counts[:-1])
            last.append((counts[-1], before[-1]))
        counts_after, scatters_after = zip(*last, strict=True)
        spans.append(CovarianceSpan(members, older, np.array(counts_after), np.array(scatters_after)))
    return DiscountedCovariance(discount, score, tuple(spans))


def _moments(rows: np.ndarray, d: float, count: float, scatter: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return S' (time + 1, factor, factor) and n' (time + 1) as they stand before every row and after the last."""
    squares = np.concatenate((scatter[None], rows[:, :, None] * rows[:, None, :]))
    counts = np.append(count, np.ones(len(rows)))
    return d * lfilter([1.0], [1.0, -d], squares, axis=0), d * lfilter([1.0], [1.0, -d], counts)


def _student_t(rows: np.ndarray, scatter: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return log densities (time) of t laws: count + 2 degrees of freedom, scale matrix scatter / (count + 2)."""
    size = rows.shape[1]
    if size == 0:
        return np.zeros(len(rows))
    square = np.vecdot(rows, np.linalg.solve(scatter, rows[..., None])[..., 0])
    found = gammaln((count + 2 + size) / 2) - gammaln((count + 2) / 2) - 0.5 * size * np.log(np.pi)
    return found - 0.5 * np.linalg.slogdet(scatter)[1] - 0.5 * (count + 2 + size) * np.log1p(square)


def shortest_memory(factors: int, rows: int, count: float) -> float:
    """Return the shortest memory, in periods, with d n_T of at least 2 (K + 1); infinite where no memory has it.

    n_T = d^T n_0 + (1 - d^T) / (1 - d).
    """
    needed = ROWS_PER_FACTOR * (factors + 1)

    def spare(memory: float) -> float:
        d = float(discount_of(memory))
        return d * (d**rows * count + (1 - d**rows) / (1 - d)) - needed

    if count + rows <= needed or spare(LONGEST) <= 0:
        return np.inf
    return float(brentq(spare, 0.1, LONGEST, xtol=1e-9)) if spare(0.1) < 0 else 0.1


def overall_weights(deviations: np.ndarray, covariance: np.ndarray, memory: float) -> np.ndarray:
    """Return the weights of rows in the likelihood of the factors' means, of mean one (time).

    One volatility h_t for all factors, u_t ~ N(0, h_t^2 C), with 1 / h_t^2 a discounted precision: E[1 / h_t^2 | all].
    Of each row those factors count that are known there.

    Parameters
    ----------
    deviations : array (time, factor)
        u_t = f_t - mean; NaN where not known.
    covariance : array (factor, factor)
        C, of the sample.
    memory : float
        Half-life in periods; infinite gives equal weights.
    """
    known = np.isfinite(deviations)
    squares = np.zeros(len(deviations))
    for pattern in np.unique(known, axis=0):
        rows = (known == pattern).all(axis=1)
        part = deviations[np.ix_(rows, pattern)]
        squares[rows] = np.sum(part * np.linalg.solve(covariance[np.ix_(pattern, pattern)], part.T).T, axis=1)
    found = filter_precision(squares, known.sum(axis=1), discount_of([memory]), count=START).smoothed()[0]
    return found / found.mean()
