"""How the covariance of the factors moves on a panel: memories with their weights, and what each row counts."""

from dataclasses import dataclass, replace

import numpy as np

from bayesfactor.base.records import FrozenArrays
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.histories import FactorMoments, factor_moments
from bayesfactor.paths.discounted_covariance import discount_of, filter_covariance, overall_weights, shortest_memory
from bayesfactor.paths.evidence import cell_weights
from bayesfactor.paths.factor_covariance import draw_covariance
from bayesfactor.spec.factors import ScaledFactors
from bayesfactor.spec.grids import duration_grid
from bayesfactor.spec.volatility import MovingVolatility


@dataclass(frozen=True, eq=False)
class FactorPath(FrozenArrays):
    """The covariance of the factors, by how long it remembers.

    Attributes
    ----------
    memory, weight : array (cell)
        Half-life in periods, and posterior probability.
    precision : array (factor_time)
        What a row counts in the likelihood of the means: E[1 / h_t^2], 1 on average.
    lengthened : bool
        Whether the shortest memories were made longer, so that each is told by enough rows.
    """

    memory: np.ndarray
    weight: np.ndarray
    precision: np.ndarray
    lengthened: bool


def factor_path(panel: PanelBase, volatility: MovingVolatility, prior: ScaledFactors) -> FactorPath:
    """Return the memories of a panel's factors by how well each foretold them."""
    history, values = factor_moments(panel), panel.factors.values
    grid = duration_grid(volatility.memory, panel.periods_per_year)
    weight_of_prior = prior.covariance_dof - history.mean.size - 1
    shortest = max(shortest_memory(len(span.factors), span.rows, weight_of_prior) for span in history.spans)
    if not np.isfinite(shortest):
        return FactorPath(np.array([np.inf]), np.ones(1), np.ones(len(values)), True)
    memory, place = np.unique(np.maximum(grid.points, shortest), return_inverse=True)
    prior_weight = np.bincount(place, grid.weight)
    away = values - history.mean
    score = filter_covariance(away, discount_of(memory), weight_of_prior, np.diag(prior.covariance_scale)).score
    weight = cell_weights(score.sum(axis=1), prior_weight)
    used = np.flatnonzero(weight)
    precision = _precision(values, history, memory[used], weight[used])
    return FactorPath(memory[used], weight[used], precision, bool(memory[used[0]] == shortest))


def continued(panel: PanelBase, path: FactorPath) -> FactorPath:
    """Return the path on a longer panel: the same memories, and what each row counts there."""
    return replace(path, precision=_precision(panel.factors.values, factor_moments(panel), path.memory, path.weight))


def _precision(values: np.ndarray, history: FactorMoments, memory: np.ndarray, weight: np.ndarray) -> np.ndarray:
    rows = [overall_weights(values - history.mean, history.covariance, one) for one in memory.tolist()]
    return np.average(rows, axis=0, weights=weight)


def precise_history(panel: PanelBase, path: FactorPath) -> FactorMoments:
    """Return the moments of the factors, rows weighted by their precision."""
    return factor_moments(panel, path.precision)


def next_covariance(
    panel: PanelBase, memory: float, prior: ScaledFactors, mean: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return draws (draw, factor, factor) of the next period's covariance given means (draw, factor)."""
    discount = float(discount_of(memory))
    age = np.arange(panel.factors.sizes["time"], 0, -1.0)
    return draw_covariance(factor_moments(panel, discount**age), prior, mean, rng, discount)
