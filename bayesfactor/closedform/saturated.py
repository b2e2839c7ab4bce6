"""Draws of unrestricted means and covariances, and the cross-section of each draw."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bayesfactor.base.errors import DataError, unknown
from bayesfactor.closedform.data import Rectangle

Weights = Literal["ols", "gls"]
WEIGHTS = ("ols", "gls")
BATCH, CELLS = 500, 2**22  # draws at a time, and at most so many elements of their covariances
DEPENDENT = 1e-10  # a correlation matrix with a smaller eigenvalue is singular


def moment_draws(values: np.ndarray, draws: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield draws of mean and covariance of the columns, in batches of some hundreds.

    The posterior under the flat prior ``p(mu, Sigma) ~ |Sigma|^{-(p + 1) / 2}``::

        Sigma ~ W^{-1}(T - 1, sum_t (Y_t - mean)(Y_t - mean)')      mu | Sigma ~ N(mean, Sigma / T)

    Parameters
    ----------
    values : array (time, series)
        More periods than series, none of them a combination of the others (see `require_independent`).
    draws : int
    seed : int

    Yields
    ------
    mean : array (draw, series)
    covariance : array (draw, series, series)
    """
    rng = np.random.default_rng(seed)
    periods, p = values.shape
    average = values.mean(axis=0)
    centred = values - average
    lower = np.linalg.cholesky(centred.T @ centred)
    dof = periods - 1 - np.arange(p)
    batch = min(BATCH, max(1, CELLS // p**2))
    for start in range(0, draws, batch):
        count = min(batch, draws - start)
        bartlett = np.tril(rng.normal(size=(count, p, p)), -1)
        bartlett[:, np.arange(p), np.arange(p)] = np.sqrt(rng.chisquare(dof, size=(count, p)))
        root = lower @ np.linalg.inv(bartlett).transpose(0, 2, 1)
        mean = average + (root @ rng.normal(size=(count, p, 1)))[..., 0] / periods**0.5
        yield mean, root @ root.transpose(0, 2, 1)


def require_independent(values: np.ndarray, names: tuple[str, ...], verb: str) -> np.ndarray:
    """Return the correlation matrix of the columns.

    Raises
    ------
    DataError
        When a series is constant, or a combination of the others.
    """
    sd = values.std(axis=0)
    flat = np.flatnonzero(sd <= 1e-12 * np.abs(values).max(axis=0))
    if len(flat):
        raise DataError(
            f"{verb}: '{names[flat[0]]}' is constant.",
            series=names[flat[0]],
            value=float(values[0, flat[0]]),
            remedy="Leave it out with panel.select(...).",
        )
    correlation = np.corrcoef(values, rowvar=False).reshape(len(names), len(names))
    size, vector = np.linalg.eigh(correlation)
    if size[0] < DEPENDENT:
        involved = [names[i] for i in np.argsort(-np.abs(vector[:, 0])) if abs(vector[i, 0]) > 0.05]
        raise DataError(
            f"{verb}: '{involved[0]}' is a combination of other series ({', '.join(involved[1:5])}).",
            series=involved[0],
            value=float(size[0]),
            remedy="Leave one of them out with panel.select(...); a traded factor cannot be one of the assets too.",
        )
    return correlation


def asset_exposures(rect: Rectangle, verb: str) -> np.ndarray:
    """Return the sample correlations (asset, factor) of the returns with the factors.

    Raises
    ------
    DataError
        When a series is constant, or a combination of the others.
    """
    both = np.column_stack([rect.factors, rect.returns])
    k = len(rect.names)
    return require_independent(both, (*rect.names, *rect.assets), verb)[k:, :k]


@dataclass(frozen=True, eq=False)
class PricingDraws:
    """Cross-products of the cross-sections a = H lambda + pricing errors, one per draw.

    a_i = mu_i / sd_i; H holds the correlations of asset and factor, after a column of ones where there is an intercept;
    W = 1 (ols) or the inverse correlation matrix of the returns (gls).

    Attributes
    ----------
    cross : array (draw, coefficient, coefficient)
        H'WH.
    right : array (draw, coefficient)
        H'Wa.
    square : array (draw)
        a'Wa.
    centred : array (draw)
        The same for a less its average over assets.
    factor_correlation : array (draw, factor, factor)
    """

    cross: np.ndarray
    right: np.ndarray
    square: np.ndarray
    centred: np.ndarray
    factor_correlation: np.ndarray


def pricing_draws(rect: Rectangle, weights: Weights, intercept: bool, draws: int, seed: int) -> Iterator[PricingDraws]:
    """Yield the cross-section of each draw of means and covariances, in batches of some hundreds."""
    if weights not in WEIGHTS:
        raise unknown("weights", weights, WEIGHTS, place="weights")
    k, n = len(rect.names), len(rect.assets)
    for mean, covariance in moment_draws(np.column_stack([rect.factors, rect.returns]), draws, seed):
        sd = np.sqrt(np.einsum("dii->di", covariance))
        correlation = covariance / (sd[:, :, None] * sd[:, None, :])
        ratio = mean[:, k:] / sd[:, k:]
        ones = np.ones((len(mean), n, 1))
        columns = [correlation[:, k:, :k], ratio[..., None], (ratio - ratio.mean(axis=1, keepdims=True))[..., None]]
        stacked = np.concatenate([ones, *columns] if intercept else columns, axis=2)
        weighted = stacked if weights == "ols" else np.linalg.solve(correlation[:, k:, k:], stacked)
        gram = stacked.transpose(0, 2, 1) @ weighted
        yield PricingDraws(
            cross=gram[:, :-2, :-2],
            right=gram[:, :-2, -2],
            square=gram[:, -2, -2],
            centred=gram[:, -1, -1],
            factor_correlation=correlation[:, :k, :k],
        )
