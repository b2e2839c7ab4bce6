"""Regressions of books on the factors by least squares: how volatile what the factors leave of them has been."""

from dataclasses import dataclass

import numpy as np

from bayesfactor.panel.moments import EXACT
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.regressions import least_squares
from bayesfactor.posterior.diagnostics import UNSEEN
from bayesfactor.posterior.fit import Fit

NORMAL = 3.0  # kurtosis


@dataclass(frozen=True, eq=False)
class Regression:
    """Least squares of a book's returns on the factors, on the dates on which all its members have returns.

    Attributes
    ----------
    rows : array (row), or None
        Which of the panel's dates these are; None where the panel does not hold returns.
    periods : int
        How many.
    variance : float
        Of residuals a period: their sum of squares over n - p. NaN where it cannot be computed.
    share : float
        1 - R-squared.
    mean, error, total : float
        Of the returns themselves, a period, on these dates: mean and its standard error, and variance.
    spare : float
        Degrees of freedom of `variance` as a multiple of a chi-squared variable: n - p of normal residuals, fewer by
        2 / (kurtosis - 1) of heavier tails, among them those that a volatility that moves gives.
    factor_cov : array (factor, factor_other)
        Covariance of the factors on these dates.
    reason : str
        Why there are none, if so.
    """

    rows: np.ndarray | None
    periods: int
    variance: float
    share: float
    mean: float
    error: float
    total: float
    spare: float
    factor_cov: np.ndarray
    reason: str = ""


@dataclass(frozen=True, eq=False)
class AssetRegressions:
    """The same of every asset by itself, from its cross-products: arrays (asset), (asset, factor, factor_other)."""

    variance: np.ndarray
    share: np.ndarray
    mean: np.ndarray
    error: np.ndarray
    total: np.ndarray
    spare: np.ndarray
    factor_cov: np.ndarray


def regress_assets(fit: Fit) -> AssetRegressions:
    """Return every asset's own regression, weighted as the fit weights its returns; NaN where there are too few."""
    moments, k = fit.design.sample, len(fit.panel.factor_names)
    _, sd = least_squares(moments)
    count = np.where(np.isfinite(sd), moments.count, np.nan)
    mean = np.moveaxis(moments.xx[0, 1:] / count, -1, 0)
    cross = np.moveaxis(moments.xx[1:, 1:], -1, 0) / count[:, None, None] - mean[:, :, None] * mean[:, None, :]
    spare, total = count - k - 1, count * moments.sd() ** 2
    with np.errstate(invalid="ignore", divide="ignore"):  # an asset without variance has no share
        share = sd**2 * spare / total
        factors = cross * (count / (count - 1))[:, None, None]
        whole = total / (count - 1)
        return AssetRegressions(sd**2, share, moments.mean, np.sqrt(whole / count), whole, spare, factors)


def regress(fit: Fit, weights: np.ndarray, returns: np.ndarray | None = None) -> Regression:
    """Return the regression of the book with these weights (asset); dates are weighted as the fit weights them.

    `returns` (time, asset) are regressed instead of those of the panel, where they are given.
    """
    members, panel, p = np.flatnonzero(weights), fit.panel, len(fit.panel.factor_names) + 1
    if not isinstance(panel, Panel):
        if members.size == 1:
            return _of_one(fit, int(members[0]), float(weights[members[0]]))
        return _none(None, p - 1, UNSEEN)
    held = (panel.returns.values if returns is None else returns)[:, members]
    rows = np.flatnonzero(np.isfinite(held).all(axis=1))
    weight = np.ones(rows.size)
    if fit.design.weight is not None and rows.size:
        weight = fit.design.weight[np.ix_(rows, members)].mean(axis=1)
        weight = weight * (weight.sum() / (weight @ weight))  # their sum is the effective number of dates (Kish 1965)
    if weight.sum() <= p + 1:
        return _none(rows, p - 1, f"cannot be computed: its members have {rows.size} dates in common")
    y, x = held[rows] @ weights[members], np.column_stack([np.ones(rows.size), panel.aligned[rows]])
    return _least_squares(rows, y, x, weight)


def _least_squares(rows: np.ndarray, y: np.ndarray, x: np.ndarray, weight: np.ndarray) -> Regression:
    root, n, p = np.sqrt(weight), float(weight.sum()), x.shape[1]
    size = np.sqrt(np.mean(x**2, axis=0))
    scale = np.where(size > 0, size, 1.0)
    coefficients, _, rank, _ = np.linalg.lstsq(root[:, None] * x / scale, root * y, rcond=None)
    if rank < p:
        return _none(rows, p - 1, "cannot be computed: the factors are collinear on the dates of its members")
    residual, away = y - x / scale @ coefficients, y - weight @ y / n
    squares, total = float(weight @ residual**2), float(weight @ away**2)
    if squares <= EXACT * total:
        residual, squares = np.zeros_like(residual), 0.0
    kurtosis = n * float(weight @ residual**4) / squares**2 if squares else NORMAL
    factors = x[:, 1:] - weight @ x[:, 1:] / n
    return Regression(
        rows,
        rows.size,
        squares / (n - p),
        squares / total if total else np.nan,
        float(weight @ y) / n,
        float(np.sqrt(total / (n - 1) / n)),
        total / (n - 1),
        (n - p) * 2 / (max(kurtosis, NORMAL) - 1),
        (factors * weight[:, None]).T @ factors / (n - 1),
    )


def _of_one(fit: Fit, asset: int, weight: float) -> Regression:
    """Return that of a book of one asset from its cross-products."""
    found, periods = regress_assets(fit), int(fit.panel.moments.count[asset])
    if not np.isfinite(found.variance[asset]):
        return _none(None, found.factor_cov.shape[1], f"cannot be computed: it has {periods} dates")
    variance = float(found.variance[asset]) * weight**2
    share, spare = float(found.share[asset]), float(found.spare[asset])
    mean, error = (float(one[asset]) * size for one, size in ((found.mean, weight), (found.error, abs(weight))))
    total = float(found.total[asset]) * weight**2
    return Regression(None, periods, variance, share, mean, error, total, spare, found.factor_cov[asset])


def common_members(seen: np.ndarray, least: int) -> np.ndarray:
    """Return the assets with the longest histories, as many as have most returns on dates that all of them share.

    Parameters
    ----------
    seen : array of bool (time, asset)
    least : int
        Dates that they share; no assets where fewer than two share as many.
    """
    order = np.argsort(-seen.sum(axis=0), kind="stable")
    shared = np.logical_and.accumulate(seen[:, order], axis=1).sum(axis=0)
    size = np.where(shared >= least, shared * np.arange(1, len(order) + 1), 0)
    most = int(np.argmax(size[1:])) + 2 if len(order) > 1 else 0
    return np.sort(order[:most]) if most and size[most - 1] else order[:0]


def _none(rows: np.ndarray | None, factors: int, reason: str) -> Regression:
    nothing = float("nan")
    periods = 0 if rows is None else rows.size
    unknown = (nothing,) * 6
    return Regression(rows, periods, *unknown, np.full((factors, factors), nothing), reason)
