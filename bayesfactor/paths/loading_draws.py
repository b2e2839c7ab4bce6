"""Draws of loadings' moves, given long-run coefficients and residual standard deviations."""

import numpy as np

from bayesfactor.paths.blocks import Blocks
from bayesfactor.paths.prewhitened import Whitened

NEXT = 0.5  # blocks from the middle of the last one to the period after it


def draw_paths(
    blocks: Blocks, sums: Whitened, asset: int, long_run: np.ndarray, sigma: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw how far the loadings of asset number `asset` are from their long-run values, in every block.

    Exact draws of v_i1, ..., v_iB | u_i, sigma_i and all returns, backwards from the last block (Carter and Kohn
    1994). Covariances scale with sigma_i^2, so that only means are made per draw.

    Parameters
    ----------
    blocks, sums : Blocks, Whitened
    asset : int
    long_run : array (draw, coefficient)
        u_i = (alpha_i, beta_i').
    sigma : array (draw)
    rng : numpy Generator

    Returns
    -------
    array (draw, block, factor)
        Per unit of each factor.
    """
    pattern, (_, many, k) = sums.pattern[asset], sums.mean_y.shape
    draws, phi = len(sigma), sums.phi
    if sums.kappa == 0:
        return np.zeros((draws, many, k))
    noise = rng.standard_normal((many, draws, k)) * sigma[:, None]
    path = np.empty((many, draws, k))
    for b in reversed(range(many)):
        cov = sums.cov[pattern, b]
        path[b] = sums.mean_y[asset, b] - long_run @ sums.mean_x[pattern, b].T
        if b < many - 1:
            ahead = phi**2 * cov + (1 - phi**2) * sums.kappa**2 * np.eye(k)
            gain = np.linalg.solve(ahead, phi * cov)  # (cov phi ahead^-1)'
            path[b] += (path[b + 1] - phi * path[b]) @ gain
            cov = cov - phi * cov @ gain
        path[b] += noise[b] @ np.linalg.cholesky((cov + cov.T) / 2).T
    return np.moveaxis(path, 0, 1) * blocks.unit


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
