"""Draws of loadings' moves, given long-run coefficients and residual standard deviations."""

import numpy as np

from bayesfactor.paths.blocks import Blocks
from bayesfactor.paths.prewhitened import Whitened

NEXT = 0.5  # blocks from the middle of the last one to the period after it


def draw_paths(
    blocks: Blocks,
    sums: Whitened,
    asset: int,
    long_run: np.ndarray,
    sigma: np.ndarray,
    noise: np.ndarray,
    following: np.ndarray | None = None,
    taken: np.ndarray | None = None,
) -> np.ndarray:
    """Draw how far the loadings of asset number `asset` are from their long-run values, in every block.

    Exact draws of v_i1, ..., v_iB | u_i, sigma_i and all returns, backwards from the last block (Carter and Kohn
    1994), or from the period after the last row. Covariances scale with sigma_i^2, so that only means are made per
    draw.

    Parameters
    ----------
    blocks, sums : Blocks, Whitened
    asset : int
    long_run : array (draw, coefficient)
        u_i = (alpha_i, beta_i').
    sigma : array (draw)
    noise : array (block, draw, factor)
        Standard normal.
    following : array (draw, factor), optional
        Moves of the period after the last row, as of `draw_ahead`; by default they are not known.
    taken : array (draw, block, factor), optional
        The `response` to what is taken off the returns; by default nothing is.

    Returns
    -------
    array (draw, block, factor)
        Per unit of each factor.
    """
    pattern, (_, many, k) = sums.pattern[asset], sums.mean_y.shape
    path = np.zeros((many, len(sigma), k))
    if sums.kappa == 0:
        return np.moveaxis(path, 0, 1)
    later, keep = None if following is None else following / blocks.unit, sums.phi**NEXT
    for b in reversed(range(many)):
        cov = sums.cov[pattern, b]
        path[b] = sums.mean_y[asset, b] - long_run @ sums.mean_x[pattern, b].T
        if taken is not None:
            path[b] -= taken[:, b]
        if later is not None:
            ahead = keep**2 * cov + (1 - keep**2) * sums.kappa**2 * np.eye(k)
            gain = np.linalg.solve(ahead, keep * cov)  # (cov keep ahead^-1)'
            path[b] += (later - keep * path[b]) @ gain
            cov = cov - keep * cov @ gain
        path[b] += noise[b] * sigma[:, None] @ np.linalg.cholesky((cov + cov.T) / 2).T
        later, keep = path[b], sums.phi
    return np.moveaxis(path, 0, 1) * blocks.unit


def response(sums: Whitened, blocks: Blocks, asset: int, zy: np.ndarray) -> np.ndarray:
    """Return the filter's mean of v_ib, which is linear in returns, for other returns of asset number `asset`.

    Parameters
    ----------
    sums, blocks : Whitened, Blocks
    asset : int
    zy : array (draw, block, factor)
        Weighted cross-products of z and these returns, as of `Blocks`.

    Returns
    -------
    array (draw, block, factor)
        As ``mean_y`` of `Whitened`.
    """
    pattern, found, mean = sums.pattern[asset], np.zeros_like(zy), np.zeros_like(zy[:, 0])
    for b in range(zy.shape[1]):
        ahead = sums.phi * mean
        mean = ahead + (zy[:, b] - ahead @ blocks.zz[pattern, b]) @ sums.cov[pattern, b]
        found[:, b] = mean
    return found


def draw_ahead(
    blocks: Blocks,
    sums: Whitened,
    long_run: np.ndarray,
    sigma: np.ndarray,
    rng: np.random.Generator,
    ahead: float = NEXT,
) -> np.ndarray:
    """Draw how far the loadings of all assets are from their long-run values after the last row.

    Parameters
    ----------
    blocks, sums : Blocks, Whitened
    long_run : array (draw, asset, coefficient)
    sigma : array (draw, asset)
    rng : numpy Generator
    ahead : float
        How far ahead, in blocks, of the middle of the last one: 0 for the last block itself. The period after the
        last row is half a block ahead; v of the last block in its place is too sure of itself (on simulated loadings
        that move every week, 90 % intervals hold .73 to .87 of them, against .87 to .94).

    Returns
    -------
    array (draw, asset, factor)
        Per unit of each factor.
    """
    if sums.kappa == 0:
        return np.zeros((*sigma.shape, sums.mean_y.shape[-1]))
    keep = sums.phi**ahead
    cov = keep**2 * sums.cov[:, -1] + (1 - keep**2) * sums.kappa**2 * np.eye(sums.cov.shape[-1])
    root, slope = np.linalg.cholesky(cov)[sums.pattern], sums.mean_x[sums.pattern, -1]
    mean = sums.mean_y[:, -1] - np.squeeze(slope @ long_run[..., None], -1)
    noise = rng.standard_normal(mean.shape) * sigma[..., None]
    return (keep * mean + np.squeeze(root @ noise[..., None], -1)) * blocks.unit
