"""What residual factors gave of realised returns."""

import numpy as np

from bayesfactor.panel.panel import Panel
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.residual_variance import COMMON

STATISTICS = "the panel holds statistics, not returns"


def why_whole(dated: Dated) -> str:
    """Return why residuals are not split by residual factors, which the draws have; empty where they are."""
    return dated.unknown if isinstance(dated.fit.panel, Panel) else STATISTICS


def splits(dated: Dated) -> bool:
    """Whether the draws have residual factors, and they can be drawn again date by date."""
    return "residual_loading" in dated.draws and not why_whole(dated)


def notes_on_common(dated: Dated) -> tuple[str, ...]:
    """Say whether residuals are split, where the draws have residual factors."""
    if "residual_loading" not in dated.draws:
        return ()
    why = why_whole(dated)
    if why:
        return (f"what residual factors gave is part of 'residual': {why}",)
    return (f"'{COMMON}' is what residual factors gave, drawn again date by date, and 'residual' the assets' own part",)


def common_returns(dated: Dated, matrix: np.ndarray, rows: np.ndarray, by_date: np.ndarray) -> np.ndarray:
    """Return what residual factors gave every holding (chain, draw, holding): sum_t w_t sum_i w_i g_it l_i'z_t.

    Parameters
    ----------
    dated : Dated
    matrix : array (holding, asset)
        Weights of assets.
    rows : array (row)
        Of the panel.
    by_date : array (holding, row)
        Weights of dates.
    """
    chains, draws = dated.draws.sizes["chain"], dated.draws.sizes["draw"]
    found = np.zeros((chains * draws, len(matrix)))
    factors, law = dated.common, dated.residual_factors
    if factors is None or law is None:
        return found.reshape(chains, draws, -1)
    size, dates = factors.shape[1:]
    for asset in np.flatnonzero((matrix != 0).any(axis=0)).tolist():
        holdings = np.flatnonzero(matrix[:, asset])
        weights = np.zeros((dates, len(holdings)))
        weights[rows] = (by_date[holdings] * matrix[holdings, asset, None] * dated.scale(asset)[rows]).T
        summed = (factors.reshape(-1, dates) @ weights).reshape(-1, size, len(holdings))
        found[:, holdings] += np.einsum("sqh,sq->sh", summed, law.loading[:, asset])
    return found.reshape(chains, draws, -1)


def common_path(dated: Dated, weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the same of one holding of weights (asset), summed up to each of some rows (sample, row)."""
    held = np.flatnonzero(weights).tolist()
    given = np.sum([weights[asset] * dated.common_residuals(asset, rows) for asset in held], axis=0)
    return np.cumsum(given, axis=1)
