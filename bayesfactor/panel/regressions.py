"""Regressions of each asset on the factors: least squares and a robust Student-t fit."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesfactor.base.records import FrozenArrays
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.moments import Moments, own_rows
from bayesfactor.panel.panel import require_returns

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


def least_squares(statistics: Moments) -> tuple[np.ndarray, np.ndarray]:
    """Return each asset's least-squares coefficients (asset, coefficient) and residual standard deviation (asset).

    NaN where an asset has no more dates than coefficients, or collinear regressors.
    """
    xx = np.moveaxis(statistics.xx, -1, 0)
    n, p = xx.shape[0], xx.shape[1]
    coefficients, residual_sd = np.full((n, p), np.nan), np.full(n, np.nan)
    spread = np.sqrt(np.einsum("ijj->ij", xx))
    scaled = xx / np.where(spread[:, :, None] * spread[:, None, :] > 0, spread[:, :, None] * spread[:, None, :], 1)
    enough = (statistics.count > p) & (np.linalg.matrix_rank(scaled, hermitian=True) == p)
    b = statistics.xy.T[enough]
    coefficients[enough] = np.linalg.solve(scaled[enough], (b / spread[enough])[..., None])[..., 0] / spread[enough]
    rss = statistics.yy[enough] - np.einsum("ij,ij->i", coefficients[enough], b)
    residual_sd[enough] = np.sqrt(np.maximum(rss, 0) / (statistics.count[enough] - p))
    return coefficients, residual_sd


def least_squares_loadings(panel: PanelBase, statistics: Moments) -> pd.DataFrame:
    """Return each asset's own least-squares loadings (asset by factor); NaN where its history is too short.

    `statistics` are those of the panel, weighted as its fit weights them.
    """
    coefficients, _ = least_squares(statistics)
    assets, factors = list(panel.assets), list(panel.factor_names)
    return pd.DataFrame(coefficients[:, 1:], index=pd.Index(assets, name="asset"), columns=factors)


@dataclass(frozen=True, eq=False)
class RobustFit(FrozenArrays):
    """Separate Student-t regressions of every asset, with fixed degrees of freedom.

    Attributes
    ----------
    weight : array (time, asset)
        (nu + 1) / (nu + z_t^2) where the asset was observed, 1 elsewhere.
    scale : array (asset)
        The scale of the residuals; NaN where an asset has too few dates.
    """

    weight: np.ndarray
    scale: np.ndarray


def robust_fit(panel: PanelBase) -> RobustFit:
    """Return each asset's Student-t regression, by reweighted least squares."""
    held = require_returns(panel, "Noise that is not normal")
    weights, scales = np.ones(held.returns.shape), np.full(len(panel.assets), np.nan)
    for i in range(len(panel.assets)):
        rows, y, x = regressors(panel, i)
        weight = np.ones(y.size)
        for _ in range(ROUNDS if y.size > x.shape[1] else 0):
            xw = x * weight[:, None]
            cross = xw.T @ x
            residual = y - x @ np.linalg.solve(cross + RIDGE * np.diag(np.diag(cross) + TINY), xw.T @ y)
            square = np.sum(weight * residual**2) / y.size
            weight = (SURROGATE_DOF + 1) / (SURROGATE_DOF + residual**2 / max(square, TINY))
            scales[i] = square**0.5
        weights[rows, i] = weight
    return RobustFit(weights, scales)
