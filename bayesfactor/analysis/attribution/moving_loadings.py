"""What moves of loadings add to realised contributions, block of dates by block of dates."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayesfactor.base.records import FrozenArrays
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.dated_posterior import of_posterior
from bayesfactor.posterior.fit import Fit

NO_RECORD = "loadings are those of the long run: these draws have no record of how they moved"


@dataclass(frozen=True, eq=False)
class BlockSums(FrozenArrays):
    """Over the dates of each holding in each block: weighted sums of ones and of factors.

    Attributes
    ----------
    weight : array (holding, block)
    factors : array (holding, block, factor)
    """

    weight: np.ndarray
    factors: np.ndarray

    def select(self, kept: np.ndarray) -> "BlockSums":
        """Return those of some holdings."""
        return BlockSums(self.weight[kept], self.factors[kept])


def block_sums(weight: np.ndarray, factors: np.ndarray, rows: np.ndarray, edges: np.ndarray) -> BlockSums:
    """Return sums of weights (holding, time) and of factors (time, factor) on some rows of a panel, in its blocks."""
    member = np.eye(len(edges) - 1)[block_of(rows, edges)]
    by_factor = [(weight * values) @ member for values in factors.T]
    return BlockSums(weight @ member, np.stack(by_factor, axis=-1))


def block_of(rows: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the number of the block that each row is in."""
    return np.searchsorted(edges, rows, side="right") - 1


def moving(fit: Fit) -> Dated | None:
    """Return what a fit says of each date; None where loadings do not move."""
    found = of_posterior(fit)
    return None if found.filters is None else found


def notes_on_paths(fit: Fit) -> tuple[str, ...]:
    """Say which loadings a realised return is split by, where they move."""
    dated = moving(fit)
    if dated is None:
        return (NO_RECORD,) if "loading_long_run" in fit.posterior else ()
    periods = int(np.diff(dated.edges).max())
    return (f"loadings are those of each block of {periods} periods, counted back from the last one",)


def premium_shift(fit: Fit, draws: xr.Dataset) -> xr.DataArray:
    """Return lambda_k - mu_k of factors that are not traded, 0 of the others (..., factor)."""
    labels = {"factor": list(fit.panel.factor_names)}
    traded = xr.DataArray([factor.traded for factor in fit.panel.factor_info], labels, ("factor",))
    return (draws["risk_premium"] - draws["factor_mean"]).where(~traded, 0.0)


def moved(fit: Fit, dated: Dated, matrix: np.ndarray, sums: BlockSums, member: np.ndarray | None = None) -> np.ndarray:
    """Return what moves add to every factor's contribution (chain, draw, holding, factor).

    sum_i w_i sum_b v_ikb sum_{t in b} (f_kt + [lambda_k - mu_k]_nontraded), the paths of one asset in memory at a time.

    Parameters
    ----------
    fit : Fit
    dated : Dated
    matrix : array (holding, asset)
        Weights.
    sums : BlockSums
    member : array (factor, source), optional
        1 where a factor is of a source: sources are returned instead of factors.
    """
    shift = premium_shift(fit, dated.draws).transpose("chain", "draw", "factor").values
    samples, factors = np.prod(shift.shape[:2], dtype=int), shift.shape[2]
    member = np.eye(factors) if member is None else member
    found, shift = np.zeros((samples, len(matrix), member.shape[1])), shift.reshape(samples, factors)
    for asset in np.flatnonzero((matrix != 0).any(axis=0)).tolist():
        path = dated.moves(asset)
        for holding in np.flatnonzero(matrix[:, asset]).tolist():
            earned = np.einsum("sbk,bk->sk", path, sums.factors[holding])
            earned += shift * np.einsum("sbk,b->sk", path, sums.weight[holding])
            found[:, holding] += matrix[holding, asset] * earned @ member
    return found.reshape(dated.draws.sizes["chain"], -1, len(matrix), member.shape[1])


def moved_path(fit: Fit, dated: Dated, weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return what moves add to the contributions of one holding, summed up to each of some rows (sample, time, factor).

    Parameters
    ----------
    fit : Fit
    dated : Dated
    weights : array (asset)
    rows : array (time)
    """
    held = np.flatnonzero(weights).tolist()
    path = sum(weights[asset] * dated.moves(asset) for asset in held)
    shift = premium_shift(fit, dated.draws).transpose("chain", "draw", "factor").values
    shift = shift.reshape(-1, 1, shift.shape[2])
    earned = path[:, block_of(rows, dated.edges)] * (fit.panel.aligned[rows] + shift)
    return np.cumsum(earned, axis=1)
