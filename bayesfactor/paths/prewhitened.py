"""Statistics of returns under loadings that move, with the moves integrated out."""

from dataclasses import dataclass

import numpy as np

from bayesfactor.base.records import FrozenArrays
from bayesfactor.panel.moments import Moments
from bayesfactor.paths.blocks import Blocks


@dataclass(frozen=True, eq=False)
class Whitened(FrozenArrays):
    """What each block adds to the statistics of r_i ~ N(X u, sigma_i^2 V*_i), and the filter of what moves.

    V*_i is the covariance of returns around X u over sigma_i^2: 1/w_it on its diagonal, plus that of z_t'v_ib, with

        v_i1 ~ N(0, (kappa sigma_i)^2 I),   v_ib = phi v_i,b-1 + sqrt(1 - phi^2) kappa sigma_i eta.

    By the innovations of a Kalman filter over blocks, which is linear in the returns: given u and the blocks up to b,
    v_ib ~ N(mean_y - mean_x u, sigma_i^2 cov). Nothing here depends on a parameter that is sampled.

    Attributes
    ----------
    kappa, phi : float
    pattern : array (asset)
        As of Blocks.
    xx, xy, yy : array (pattern, block, coefficient, coefficient), (asset, block, coefficient), (asset, block)
        What the block adds to X'V*^-1 X, X'V*^-1 r and r'V*^-1 r.
    log_det : array (pattern, block)
        What it adds to log|V*|.
    count : array (pattern, block)
    cov, mean_x : array (pattern, block, factor, factor), (pattern, block, factor, coefficient)
    mean_y : array (asset, block, factor)
    """

    kappa: float
    phi: float
    pattern: np.ndarray
    xx: np.ndarray
    xy: np.ndarray
    yy: np.ndarray
    log_det: np.ndarray
    count: np.ndarray
    cov: np.ndarray
    mean_x: np.ndarray
    mean_y: np.ndarray


@dataclass(frozen=True, eq=False)
class Prewhitened(FrozenArrays):
    """Statistics of returns with the moves of loadings integrated out.

    Attributes
    ----------
    moments : Moments
        X'V*^-1 X, X'V*^-1 r, r'V*^-1 r and the number of rows.
    log_det : array (asset)
        log|V*_i|.
    """

    moments: Moments
    log_det: np.ndarray


def prewhitened(blocks: Blocks, kappa: float, phi: float) -> Prewhitened:
    """Return the statistics of each asset's long-run coefficients; those of `blocks` where `kappa` is 0.

    Parameters
    ----------
    blocks : Blocks
    kappa : float
        Standard deviation of v_ik in the long run, in residual standard deviations per deviation of the factor.
    phi : float
        Autocorrelation of v from block to block.
    """
    sums = whiten(blocks, kappa, phi)
    of = sums.pattern
    moments = Moments(
        np.moveaxis(sums.xx.sum(axis=1)[of], 0, -1),
        sums.xy.sum(axis=1).T,
        sums.yy.sum(axis=1),
        sums.count.sum(axis=1)[of],
    )
    return Prewhitened(moments, sums.log_det.sum(axis=1)[of])


def whiten(blocks: Blocks, kappa: float, phi: float) -> Whitened:
    """Return what each block adds to the statistics of each asset, and the filter of what moves."""
    zx, zz, zy = blocks.zx, blocks.zz, blocks.zy
    pattern, (patterns, many, k, p) = blocks.pattern, zx.shape
    xx, xy, yy = blocks.xx.copy(), blocks.xy.copy(), blocks.yy.copy()
    log_det = -blocks.log_weight
    covs, means_x = np.zeros((patterns, many, k, k)), np.zeros((patterns, many, k, p))
    means_y = np.zeros((pattern.size, many, k))
    if kappa > 0:
        cov = np.broadcast_to(kappa**2 * np.eye(k), (patterns, k, k))
        mean_x, mean_y = means_x[:, 0], means_y[:, 0]
        for b in range(many):
            if b:
                cov = phi**2 * cov + (1 - phi**2) * kappa**2 * np.eye(k)
                mean_x, mean_y = phi * mean_x, phi * mean_y
            lever = np.eye(k) + cov @ zz[:, b]
            ahead_x = zx[:, b] - zz[:, b] @ mean_x
            ahead_y = zy[:, b] - np.squeeze(zz[pattern, b] @ mean_y[..., None], -1)
            solved = np.linalg.solve(lever, np.concatenate([cov, mean_x + cov @ zx[:, b]], axis=-1))
            xx[:, b] -= mean_x.mT @ zx[:, b]
            xy[:, b] -= np.squeeze(mean_x.mT[pattern] @ zy[:, b, :, None], -1)
            yy[:, b] -= np.sum(mean_y * zy[:, b], axis=-1)
            cov, mean_x = (solved[..., :k] + solved[..., :k].mT) / 2, solved[..., k:]
            mean_y = mean_y + np.squeeze(cov[pattern] @ ahead_y[..., None], -1)
            xx[:, b] -= ahead_x.mT @ mean_x
            xy[:, b] -= np.squeeze(ahead_x.mT[pattern] @ mean_y[..., None], -1)
            yy[:, b] -= np.sum(mean_y * ahead_y, axis=-1)
            log_det[:, b] += np.linalg.slogdet(lever)[1]
            covs[:, b], means_x[:, b], means_y[:, b] = cov, mean_x, mean_y
    return Whitened(kappa, phi, pattern, xx, xy, yy, log_det, blocks.count, covs, means_x, means_y)
