"""All 2^K models of a spike-and-slab prior at once, by removing factors from the full model one after another."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bayesfactor.closedform.discountfactor.marginals import members
from bayesfactor.closedform.saturated import PricingDraws

CELLS = 2**21  # numbers in the largest array


@dataclass(frozen=True, eq=False)
class SlabPrior:
    """The prior of the prices of risk.

    Attributes
    ----------
    variance : array (factor)
        psi_j: variance of the slab over that of the pricing errors.
    ratio : float
        Variance of the spike over that of the slab; 0 for a point mass.
    point : array (factor)
        Location of a spike that is a point mass.
    inclusion : float
        Prior probability that a factor is in.
    intercept : float or None
        Prior precision of the intercept; None where there is none.
    assets : int
    """

    variance: np.ndarray
    ratio: float
    point: np.ndarray
    inclusion: float
    intercept: float | None
    assets: int

    @cached_property
    def members(self) -> np.ndarray:
        """Which factors are in a model (model, factor): bit j of the model's number is factor j."""
        return members(len(self.variance))

    @property
    def first(self) -> int:
        """Position of the first factor among the coefficients."""
        return 0 if self.intercept is None else 1

    @property
    def precision(self) -> np.ndarray:
        """Prior precision of the coefficients of the full model."""
        return np.concatenate([[] if self.intercept is None else [self.intercept], 1 / self.variance])


@dataclass(frozen=True, eq=False)
class Mixture:
    """The posterior over models, in each draw of means and covariances.

    Attributes
    ----------
    inclusion : array (draw, factor)
        Probability that a factor is in.
    mean, second : array (draw, coefficient)
        First and second moment of the prices, over all models.
    picked : array (draw)
        Number of one model, drawn by its probability.
    models : array (model)
        Sum over draws of each model's probability.
    """

    inclusion: np.ndarray
    mean: np.ndarray
    second: np.ndarray
    picked: np.ndarray
    models: np.ndarray

    @classmethod
    def joined(cls, parts: list["Mixture"]) -> "Mixture":
        """Return the mixture of all the draws of the parts."""
        rows = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("inclusion", "mean", "second", "picked")
        }
        return cls(models=np.sum([part.models for part in parts], axis=0), **rows)


def mixture(pricing: PricingDraws, prior: SlabPrior, rng: np.random.Generator) -> Mixture:
    """Return the posterior over all models in each draw, prices and variance of the pricing errors integrated out."""
    return Mixture.joined([_mixture(piece, prior, rng) for piece in _pieces(pricing, prior)])


def _pieces(pricing: PricingDraws, prior: SlabPrior) -> Iterator[PricingDraws]:
    """Yield the draws in batches, to bound the size of arrays."""
    count, p = pricing.right.shape
    step = max(1, CELLS // (2 ** len(prior.variance) * p))
    for start in range(0, count, step):
        rows = slice(start, start + step)
        yield replace(pricing, cross=pricing.cross[rows], right=pricing.right[rows], square=pricing.square[rows])


def _mixture(pricing: PricingDraws, prior: SlabPrior, rng: np.random.Generator) -> Mixture:
    mean, spread, errors, weight = enumerate_models(pricing, prior)
    weight = weight - 0.5 * prior.assets * np.log(errors)
    weight = np.exp(weight - weight.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    second = mean**2 + spread * (errors / (prior.assets - 2))[..., None]
    below = np.cumsum(weight, axis=1) < rng.uniform(size=(len(weight), 1))
    return Mixture(
        inclusion=weight @ prior.members,
        mean=np.einsum("dm,dmp->dp", weight, mean),
        second=np.einsum("dm,dmp->dp", weight, second),
        picked=np.minimum(below.sum(axis=1), weight.shape[1] - 1),
        models=weight.sum(axis=0),
    )


def enumerate_models(pricing: PricingDraws, prior: SlabPrior) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return each model's posterior of the prices, given the variance of the pricing errors sigma^2.

    Starting from the full model, whose prices have mean m and covariance sigma^2 V, factor j is removed from every
    model so far: its prior variance shrinks from psi_j to ratio psi_j, which is one step of a Gaussian update, and at
    ratio 0 the conditioning on lambda_j = point_j.

    Returns
    -------
    mean : array (draw, model, coefficient)
    spread : array (draw, model, coefficient)
        Diagonal of V.
    errors : array (draw, model)
        Weighted sum of squares of the pricing errors, and of the prices against their prior.
    weight : array (draw, model)
        Log posterior weight of the model, up to its sum of squares and a constant.
    """
    k, first, ratio = len(prior.variance), prior.first, prior.ratio
    inverse = np.linalg.inv(pricing.cross + np.diag(prior.precision))
    mean = np.einsum("dij,dj->di", inverse, pricing.right)[:, None, :]
    errors = (pricing.square - np.einsum("di,di->d", mean[:, 0], pricing.right))[:, None]
    spread = np.einsum("dii->di", inverse)[:, None, :]
    columns = inverse[:, None, :, first:]
    weight = np.zeros_like(errors)
    log_in, log_out = np.log(prior.inclusion), np.log1p(-prior.inclusion)
    for j in range(k):
        psi, point, column = prior.variance[j], prior.point[j], columns[..., 0]
        own = spread[..., first + j]
        gain = 1 / (own + ratio * psi / (1 - ratio))
        move = (mean[..., first + j] - point) * gain
        shift = column * gain[..., None]
        fallen = columns[..., 1:] - shift[..., None] * column[..., None, first + j + 1 :]
        change = log_out - 0.5 * np.log(ratio + (1 - ratio) * own / psi)
        out_errors = errors + move**2 / gain - point**2 / psi
        mean = np.concatenate([mean - column * move[..., None], mean], axis=1)
        spread = np.concatenate([np.maximum(spread - shift * column, 0), spread], axis=1)
        columns = np.concatenate([fallen, columns[..., 1:]], axis=1)
        errors = np.concatenate([out_errors, errors], axis=1)
        weight = np.concatenate([weight + change, weight + log_in], axis=1)
    return mean, spread, errors, weight


def sample(pricing: PricingDraws, prior: SlabPrior, picked: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one draw of the prices (draw, coefficient) from the model picked in each draw."""
    inside = prior.members[picked]
    if prior.first:
        inside = np.column_stack([np.ones(len(inside), bool), inside])
    point = np.where(inside, 0.0, np.concatenate([np.zeros(prior.first), prior.point]))
    precision = np.broadcast_to(prior.precision, inside.shape)
    right, square = pricing.right, pricing.square
    if prior.ratio:
        precision, free = np.where(inside, precision, precision / prior.ratio), np.ones_like(inside)
    else:
        free = inside
        fixed = np.einsum("dij,dj->di", pricing.cross, point)
        square = square - 2 * np.einsum("di,di->d", right, point) + np.einsum("di,di->d", fixed, point)
        right = np.where(inside, right - fixed, 0.0)
    cross = pricing.cross * (free[:, :, None] & free[:, None, :])
    cross = cross + np.eye(free.shape[1]) * np.where(free, precision, 1.0)[:, None, :]
    mean = np.linalg.solve(cross, right[..., None])[..., 0]
    errors = square - np.einsum("di,di->d", mean, right)
    sigma = np.sqrt(errors / rng.chisquare(prior.assets, size=len(errors)))
    noise = np.linalg.solve(np.linalg.cholesky(cross).transpose(0, 2, 1), rng.normal(size=(*mean.shape, 1)))[..., 0]
    return np.where(free, mean + sigma[:, None] * noise, point)
