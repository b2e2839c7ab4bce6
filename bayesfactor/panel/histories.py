"""Means and covariance of factors whose histories have different lengths."""

from dataclasses import dataclass

import numpy as np

from bayesfactor.base.records import FrozenArrays
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.regressions import RIDGE, TINY


@dataclass(frozen=True, eq=False)
class Span(FrozenArrays):
    """Moments, over all rows from one date on, of the factors that are known there.

    Attributes
    ----------
    factors : array of int
        Indices of the factors: first the `older` ones, which are in earlier spans too, then those that begin here.
    older : int
    rows : int
    count : float
        Number of rows, or the sum of their weights.
    mean : array (factors)
    scatter : array (factors, factors)
        (Weighted) sum over rows of (f_t - mean)(f_t - mean)'.
    """

    factors: np.ndarray
    older: int
    rows: int
    count: float
    mean: np.ndarray
    scatter: np.ndarray


@dataclass(frozen=True, eq=False)
class FactorMoments(FrozenArrays):
    """Maximum-likelihood means and covariance of factors from their own histories.

    With factors that begin at different dates the likelihood is that of the longest ones on all of their rows, times
    that of the next ones given those on the rows of both, and so on (Stambaugh 1997).

    Attributes
    ----------
    mean : array (factor)
        Maximum-likelihood mean: that of a factor's own history, adjusted by its regression on factors with longer ones.
    sd : array (factor)
        Sample standard deviation over the factor's own history.
    count : array (factor)
        Length of that history.
    spans : tuple of Span
        From the longest history to the shortest.
    """

    mean: np.ndarray
    sd: np.ndarray
    count: np.ndarray
    spans: tuple[Span, ...]

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the factors (factor, factor), of each span's regressions with n - 1 degrees of freedom."""
        covariance = np.zeros((self.mean.size, self.mean.size))
        for span in self.spans:
            q = span.older
            old, new = span.factors[:q], span.factors[q:]
            slope = _slope(span)
            noise = (span.scatter[q:, q:] - slope @ span.scatter[:q, q:]) / max(span.count - 1, 1)
            cross = slope @ covariance[np.ix_(old, old)]
            covariance[np.ix_(new, old)], covariance[np.ix_(old, new)] = cross, cross.T
            covariance[np.ix_(new, new)] = noise + cross @ slope.T
        return covariance


def _slope(span: Span) -> np.ndarray:
    """Return the least-squares slopes (new, old) of the factors that begin in a span on the older ones."""
    q = span.older
    ridge = RIDGE * np.diag(np.diag(span.scatter)[:q] + TINY)
    return np.linalg.solve(span.scatter[:q, :q] + ridge, span.scatter[:q, q:]).T


def factor_moments(panel: PanelBase, weight: np.ndarray | None = None) -> FactorMoments:
    """Return the moments of the factors, each from its own first value on.

    Parameters
    ----------
    panel : Panel or PanelStatistics
    weight : array (time), optional
        Of every row of the factors. Means and scatters are weighted by it; standard deviations are not.
    """
    values = panel.factors.values
    known = np.isfinite(values)
    first = np.where(known.any(axis=0), known.argmax(axis=0), len(values))
    order = np.argsort(first, kind="stable")
    mean, sd, spans = np.zeros(first.size), np.zeros(first.size), []
    for start in np.unique(first):
        members = order[first[order] <= start]
        older = int(np.sum(first[members] < start))
        span = _span(members, older, values[start:, members], None if weight is None else weight[start:])
        spans.append(span)
        new = members[older:]
        mean[new] = span.mean[older:] + _slope(span) @ (mean[members[:older]] - span.mean[:older])
        plain = span if weight is None else _span(members, older, values[start:, members], None)
        sd[new] = np.sqrt(np.diag(plain.scatter)[older:] / max(plain.count - 1, 1))
    return FactorMoments(mean, sd, len(values) - first, tuple(spans))


def _span(members: np.ndarray, older: int, rows: np.ndarray, weight: np.ndarray | None) -> Span:
    """Return the moments of the rows of a span (time, factors)."""
    if weight is None:
        centre = rows.mean(axis=0)
        deviations = rows - centre
        return Span(members, older, len(rows), len(rows), centre, deviations.T @ deviations)
    centre = np.average(rows, axis=0, weights=weight)
    deviations = rows - centre
    scatter = (weight[:, None] * deviations).T @ deviations
    return Span(members, older, len(rows), float(weight.sum()), centre, scatter)
