"""Draws of what moves, of the period after a panel's last row."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.histories import factor_moments
from bayesfactor.panel.panel import require_returns
from bayesfactor.paths.allotment import allot, shuffled
from bayesfactor.paths.blocks import Blocks
from bayesfactor.paths.factor_covariance import draw_covariance
from bayesfactor.paths.factor_path import next_covariance
from bayesfactor.paths.level_doubt import level_doubt, log_ratios
from bayesfactor.paths.loading_draws import draw_ahead
from bayesfactor.paths.movement import Movement
from bayesfactor.paths.prewhitened import Whitened
from bayesfactor.spec.factors import ScaledFactors

Named = dict[str, np.ndarray]  # draws (draw, ...) by the name of a variable


@dataclass(frozen=True, eq=False)
class NextPeriod:
    """What moves, in the period after a panel's last row.

    Attributes
    ----------
    panel : Panel or PanelStatistics
    movement : Movement
        Of the panel's own rows.
    factors : ScaledFactors
        Priors of the factors' means and covariance.
    """

    panel: PanelBase
    movement: Movement
    factors: ScaledFactors

    def cells(self, draws: int, rng: np.random.Generator) -> Named:
        """Return the parameters of paths that are summed over, of draws in no order, by their weights."""
        found: Named = {}
        residuals, factors = self.movement.residuals, self.movement.factors
        if residuals is not None:
            cell = shuffled(allot(residuals.probability, draws), rng)
            found = {
                "volatility_memory": residuals.memory[cell],
                "volatility_size": residuals.size[cell],
                "dof": residuals.dof[cell],
            }
        if factors is not None:
            found["factor_memory"] = factors.memory[shuffled(allot(factors.weight, draws), rng)]
        return found

    def moved_loadings(self, cell: np.ndarray) -> Named:
        """Return what tells how loadings move in each draw's cell."""
        paths = self.movement.loadings
        return {} if paths is None else {"loading_move": paths.move[cell], "loading_memory": paths.memory[cell]}

    def volatility(self, cells: Named, rng: np.random.Generator) -> Named:
        """Return draws of the residuals' common volatility, over the level of each asset."""
        residuals = self.movement.residuals
        if residuals is None:
            return {}
        return {"volatility_now": residuals.draw_next(residuals.cell_of(cells), rng)}

    @property
    def drift(self) -> np.ndarray | float:
        """Each asset's own volatility beside the common one (asset)."""
        return 1.0 if self.movement.residuals is None else self.movement.residuals.next_drift

    @cached_property
    def _tails(self) -> dict[float, np.ndarray]:
        residuals = self.movement.residuals
        return {} if residuals is None else {dof: log_ratios(dof) for dof in np.unique(residuals.dof).tolist()}

    def level_doubt(self, dof: np.ndarray, spread: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return what tails multiply levels by that are drawn under normal noise (draw, asset).

        Parameters
        ----------
        dof, spread : array (draw)
            Degrees of freedom, and the standard deviation of log levels across assets.
        rng : Generator
        """
        return level_doubt(self._tails, dof, self.panel.moments.count, spread, rng)

    def covariance(self, cells: Named, mean: np.ndarray, rng: np.random.Generator) -> Named:
        """Return draws of the factors' covariance given their means (draw, factor), and of that in the long run."""
        long_run = draw_covariance(factor_moments(self.panel), self.factors, mean, rng)
        if self.movement.factors is None:
            return {"factor_cov": long_run}
        return {"factor_cov": self.now(cells["factor_memory"], mean, rng), "factor_cov_long_run": long_run}

    def now(self, memory: np.ndarray, mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return draws of the factors' covariance given their means (draw, factor), each by its memory (draw)."""
        found = np.empty((*mean.shape, mean.shape[1]))
        for one in np.unique(memory):
            own = memory == one
            found[own] = next_covariance(self.panel, one, self.factors, mean[own], rng)
        return found

    @cached_property
    def _filters(self) -> tuple[Blocks, list[Whitened]] | None:
        """The blocks of the panel, and each cell's filter over them; None where loadings do not move."""
        paths = self.movement.loadings
        if paths is None:
            return None
        blocks = self.movement.blocks(require_returns(self.panel), paths)
        return blocks, paths.filters(blocks)

    def moves(self, cell: np.ndarray, long_run: np.ndarray, sigma: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return draws of how far loadings are from their long-run values (draw, asset, factor).

        Parameters
        ----------
        cell : array (draw)
        long_run : array (draw, asset, coefficient)
            Intercept and loadings on the factors as they are in the panel.
        sigma : array (draw, asset)
            Levels of residual standard deviations.
        rng : Generator
        """
        moved = np.zeros((*long_run.shape[:2], long_run.shape[2] - 1))
        if self._filters is None:
            return moved
        blocks, filters = self._filters
        for number, sums in enumerate(filters):
            own = cell == number
            if own.any():
                moved[own] = draw_ahead(blocks, sums, long_run[own], sigma[own], rng)
        return moved
