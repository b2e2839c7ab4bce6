"""Filter and smoother of coefficients u + v over blocks of dates, by asset."""

from dataclasses import dataclass

import numpy as np

from bayesfactor.base.records import FrozenArrays
from bayesfactor.paths.blocks import Blocks

Number = float | np.ndarray  # one for all factors, or an array (factor)


@dataclass(frozen=True, eq=False)
class FilteredLoadings(FrozenArrays):
    """What the returns say of s_ib = (u_i, v_ib): long-run coefficients, and moves in units of Blocks.

    Attributes
    ----------
    log_density : array (asset, block)
        log p(returns of the block | those before it).
    mean, cov : array (asset, block, state), (asset, block, state, state)
        Given the blocks up to b.
    smooth_mean, smooth_cov
        Given all blocks.
    """

    log_density: np.ndarray
    mean: np.ndarray
    cov: np.ndarray
    smooth_mean: np.ndarray
    smooth_cov: np.ndarray


@dataclass(frozen=True, eq=False)
class _Forward:
    """The forward pass: state ahead of each block, and what the block does to it; covariances over sigma^2."""

    log_density: np.ndarray
    mean: np.ndarray
    cov: np.ndarray
    ahead: np.ndarray
    shrink: np.ndarray
    information: np.ndarray
    keep: np.ndarray


def filter_loadings(
    blocks: Blocks,
    mean: np.ndarray,
    sd: np.ndarray,
    kappa: np.ndarray | float,
    phi: np.ndarray | float,
    sigma: np.ndarray,
) -> FilteredLoadings:
    """Filter and smooth the coefficients of each asset.

    r_it = x_t'u_i + z_t'v_ib + N(0, sigma_i^2 / w_it), u_i ~ N(mean_i, diag(sd^2)), v_i as in `Whitened`. No
    covariance is inverted, so that sd and kappa may be 0 (Durbin and Koopman 2012, 4.4).

    Parameters
    ----------
    blocks : Blocks
    mean, sd : array (asset, coefficient), (coefficient)
    kappa, phi : float or array (factor)
    sigma : array (asset)
    """
    forward = _forward(blocks, mean, sd, kappa, phi, sigma)
    variance = sigma[:, None, None, None] ** 2
    shrunk, cov = forward.shrink @ forward.cov, forward.cov
    filtered = forward.mean + _times(shrunk, forward.ahead)
    r, n = np.zeros_like(forward.mean[:, 0]), np.zeros_like(cov[:, 0])
    smooth_mean, smooth_cov = np.empty_like(forward.mean), np.empty_like(cov)
    keep = forward.keep
    for b in reversed(range(forward.mean.shape[1])):
        back = forward.shrink[:, b].mT
        r = _times(back, forward.ahead[:, b] + keep * r)
        n = back @ (forward.information[:, b] + keep[:, None] * n * keep @ forward.shrink[:, b])
        smooth_mean[:, b] = forward.mean[:, b] + _times(cov[:, b], r)
        smooth_cov[:, b] = cov[:, b] - cov[:, b] @ n @ cov[:, b]
    return FilteredLoadings(forward.log_density, filtered, shrunk * variance, smooth_mean, smooth_cov * variance)


def _forward(
    blocks: Blocks,
    mean: np.ndarray,
    sd: np.ndarray,
    kappa: np.ndarray | float,
    phi: np.ndarray | float,
    sigma: np.ndarray,
) -> _Forward:
    n, many, k = blocks.zy.shape
    p = k + 1
    maps = np.hstack([np.eye(p), blocks.move])  # coefficients of a block are maps s
    keep, move = np.r_[np.ones(p), np.broadcast_to(phi, k)], np.r_[np.zeros(p), np.broadcast_to(kappa, k)]
    information = (maps.T @ blocks.xx @ maps)[blocks.pattern]
    seen = blocks.xy @ maps
    a, c = np.hstack([mean, np.zeros((n, k))]), np.zeros((n, p + k, p + k))
    c[:] = np.diag(move**2)
    c[:, range(p), range(p)] = (sd / sigma[:, None]) ** 2
    means, covs, ahead = np.empty((n, many, p + k)), np.empty((n, many, p + k, p + k)), np.empty((n, many, p + k))
    shrink, log_density = np.empty_like(covs), np.empty((n, many))
    for b in range(many):
        if b:
            a, c = keep * a, keep[:, None] * c * keep + np.diag((1 - keep**2) * move**2)
        means[:, b], covs[:, b] = a, c
        lever = np.eye(p + k) + c @ information[:, b]
        shrink[:, b] = np.linalg.inv(lever)
        rest = ahead[:, b] = seen[:, b] - _times(information[:, b], a)
        c = shrink[:, b] @ c
        c = (c + c.mT) / 2
        step = _times(c, rest)
        squares = blocks.yy[:, b] - np.sum(a * (seen[:, b] + rest), axis=-1) - np.sum(rest * step, axis=-1)
        log_density[:, b] = -(np.linalg.slogdet(lever)[1] + squares / sigma**2) / 2
        a = a + step
    rows = blocks.count[blocks.pattern] * np.log(2 * np.pi * sigma[:, None] ** 2)
    log_density += (blocks.log_weight[blocks.pattern] - rows) / 2
    return _Forward(log_density, means, covs, ahead, shrink, information, keep)


def _times(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return the product of each matrix and its vector."""
    return np.squeeze(matrices @ vectors[..., None], -1)
