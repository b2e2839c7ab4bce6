"""Sufficient statistics: all that the data say, at a size that does not depend on the number of periods."""

from dataclasses import dataclass

import numpy as np

from bayesfactor.moments import Moments, cross_products, own_rows
from bayesfactor.panel import PanelBase, require_returns

SURROGATE_DOF = 4.0
ROUNDS = 12
RIDGE, TINY = 1e-8, 1e-300


def regressors(panel: PanelBase, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows on which asset number `index` was observed, its returns there, and its regressors (1, f_t').

    Raises
    ------
    SpecError
        When the panel holds statistics instead of returns.
    """
    held = require_returns(panel)
    return own_rows(held.returns.values, held.aligned, index)


def moments(panel: PanelBase, weights: list[np.ndarray] | None = None) -> Moments:
    """Return the sufficient statistics of every asset, optionally with a weight per observation.

    Parameters
    ----------
    panel : Panel or PanelStatistics
    weights : list of array, optional
        For each asset, one weight per row on which it was observed; of a Panel only.
    """
    if weights is None:
        return panel.moments
    held = require_returns(panel)
    return cross_products(held.returns.values, held.aligned, weights)


def least_squares(statistics: Moments) -> tuple[np.ndarray, np.ndarray]:
    """Return each asset's least-squares coefficients (asset, coefficient) and residual deviation (asset).

    NaN where an asset has too few dates for as many coefficients, or collinear regressors.
    """
    xx = np.moveaxis(statistics.xx, -1, 0)
    n, p = xx.shape[0], xx.shape[1]
    coefficients, deviation = np.full((n, p), np.nan), np.full(n, np.nan)
    spread = np.sqrt(np.einsum("ijj->ij", xx))
    scaled = xx / np.where(spread[:, :, None] * spread[:, None, :] > 0, spread[:, :, None] * spread[:, None, :], 1)
    enough = (statistics.count > p) & (np.linalg.matrix_rank(scaled, hermitian=True) == p)
    b = statistics.xy.T[enough]
    coefficients[enough] = np.linalg.solve(scaled[enough], (b / spread[enough])[..., None])[..., 0] / spread[enough]
    rss = statistics.yy[enough] - np.einsum("ij,ij->i", coefficients[enough], b)
    deviation[enough] = np.sqrt(np.maximum(rss, 0) / (statistics.count[enough] - p))
    return coefficients, deviation


@dataclass(frozen=True, eq=False)
class Span:
    """Moments of the factors that are known from one date on, over all later rows.

    Attributes
    ----------
    factors : array of int
        Numbers of the factors: first the `older` ones, which earlier spans know too, then those that begin here.
    older : int
    count : int
        Rows.
    mean : array (factors)
    scatter : array (factors, factors)
        Sum over rows of (f_t - mean)(f_t - mean)'.
    """

    factors: np.ndarray
    older: int
    count: int
    mean: np.ndarray
    scatter: np.ndarray


@dataclass(frozen=True, eq=False)
class FactorMoments:
    """What the factors' own histories say of their means and covariance.

    With factors that begin at different dates the likelihood is that of the longest ones on all of their rows, times
    that of the next ones given those on the rows of both, and so on (Stambaugh 1997).

    Attributes
    ----------
    mean : array (factor)
        Most likely mean: that of a factor's own history, moved by what longer histories say of factors beside it.
    deviation : array (factor)
        Sample standard deviation over the factor's own history.
    count : array (factor)
        Length of that history.
    spans : tuple of Span
        From the longest history to the shortest.
    """

    mean: np.ndarray
    deviation: np.ndarray
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


def factor_moments(panel: PanelBase) -> FactorMoments:
    """Return what the factors' histories say, each from its own first value on."""
    values = panel.factors.values
    known = np.isfinite(values)
    first = np.where(known.any(axis=0), known.argmax(axis=0), len(values))
    order = np.argsort(first, kind="stable")
    mean, deviation, spans = np.zeros(first.size), np.zeros(first.size), []
    for start in np.unique(first):
        members = order[first[order] <= start]
        rows = values[start:, members]
        centre = rows.mean(axis=0)
        away = rows - centre
        older = int(np.sum(first[members] < start))
        span = Span(members, older, len(rows), centre, away.T @ away)
        spans.append(span)
        new = members[older:]
        mean[new] = centre[older:] + _slope(span) @ (mean[members[:older]] - centre[:older])
        deviation[new] = np.sqrt(np.diag(span.scatter)[older:] / max(len(rows) - 1, 1))
    return FactorMoments(mean, deviation, len(values) - first, tuple(spans))


@dataclass(frozen=True, eq=False)
class RobustFit:
    """A Student-t regression of every asset on its own, with fixed degrees of freedom.

    Attributes
    ----------
    weights : list of array
        For each asset, (nu + 1) / (nu + z_t^2) on the rows on which it was observed.
    scale : array (asset)
        The scale of the residuals; NaN where an asset has too few dates.
    """

    weights: list[np.ndarray]
    scale: np.ndarray


def robust_fit(panel: PanelBase) -> RobustFit:
    """Return each asset's Student-t regression, by reweighted least squares."""
    require_returns(panel, "Student-t noise")
    weights, scales = [], np.full(len(panel.assets), np.nan)
    for i in range(len(panel.assets)):
        _, y, x = regressors(panel, i)
        weight = np.ones(y.size)
        for _ in range(ROUNDS if y.size > x.shape[1] else 0):
            xw = x * weight[:, None]
            cross = xw.T @ x
            residual = y - x @ np.linalg.solve(cross + RIDGE * np.diag(np.diag(cross) + TINY), xw.T @ y)
            square = np.sum(weight * residual**2) / y.size
            weight = (SURROGATE_DOF + 1) / (SURROGATE_DOF + residual**2 / max(square, TINY))
            scales[i] = square**0.5
        weights.append(weight)
    return RobustFit(weights, scales)
