"""Fitted returns and residuals at draws of a fit, date by date, where volatility or loadings move."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from bayesfactor.panel.panel import require_returns
from bayesfactor.panel.regressions import regressors
from bayesfactor.paths.blocks import Blocks
from bayesfactor.paths.loading_draws import draw_paths
from bayesfactor.paths.movement import Movement
from bayesfactor.paths.prewhitened import Whitened
from bayesfactor.posterior.facts import FitFacts
from bayesfactor.posterior.residuals import raw_coefficients, residual_sd


@dataclass(frozen=True, eq=False)
class Dated:
    """What a fit says of each date of its panel, at some draws.

    Attributes
    ----------
    fit : Fit
    draws : Dataset
        Of its posterior.
    """

    fit: FitFacts
    draws: xr.Dataset

    @property
    def movement(self) -> Movement | None:
        """What moves, as the fit found it."""
        return self.fit.movement

    @cached_property
    def coefficients(self) -> np.ndarray:
        """Intercept and loadings in the long run, on the factors as they are in the panel (sample, asset, coef)."""
        return raw_coefficients(self.fit, self.draws)

    @cached_property
    def level(self) -> np.ndarray:
        """Residual standard deviations over the level of their common volatility (sample, asset)."""
        sd = residual_sd(self.draws)
        if "volatility_now" not in self.draws:
            return sd
        own = 1.0 if self.movement is None or self.movement.residuals is None else self.movement.residuals.next_drift
        return sd / self.draws["volatility_now"].transpose("chain", "draw").values.ravel()[:, None] / own

    @cached_property
    def volatility(self) -> np.ndarray:
        """Volatility of residuals over their level on each date (time); ones where it does not move."""
        path = None if self.movement is None else self.movement.residuals
        return np.ones(len(self.fit.panel.times)) if path is None else path.weight**-0.5

    def scale(self, asset: int) -> np.ndarray:
        """Return the volatility of an asset's residuals over its level on each date (time)."""
        path = None if self.movement is None else self.movement.residuals
        return np.ones(len(self.fit.panel.times)) if path is None else path.precision[:, asset] ** -0.5

    @cached_property
    def cell(self) -> np.ndarray:
        """The cell of how loadings move that each draw is of (sample)."""
        move, memory = (self.draws[name].transpose("chain", "draw").values.ravel() for name in MOVES)
        paths = self.movement.loadings
        apart = np.abs(move[:, None] - paths.move) + np.abs(1 / memory[:, None] - 1 / paths.memory)
        return apart.argmin(axis=1)

    @cached_property
    def filters(self) -> tuple[Blocks, list[Whitened]] | None:
        """Blocks of dates, and the filter of loadings over them in each cell; None where loadings do not move."""
        paths = None if self.movement is None else self.movement.loadings
        if paths is None or "loading_move" not in self.draws:
            return None
        blocks = self.movement.blocks(require_returns(self.fit.panel))
        return blocks, [paths.whitened(blocks, number) for number in range(len(paths.weight))]

    def moves(self, asset: int) -> np.ndarray:
        """Return how far the loadings of an asset are from their long-run values (sample, block, factor).

        Drawn again, exactly, from their law given the rest of each draw: the same ones each time.
        """
        blocks, sums = self.filters
        rng = np.random.default_rng([self.fit.seed, asset])
        found = np.zeros((len(self.cell), len(blocks.edges) - 1, self.coefficients.shape[2] - 1))
        for number, one in enumerate(sums):
            own = self.cell == number
            if own.any():
                found[own] = draw_paths(blocks, one, asset, self.coefficients[own, asset], self.level[own, asset], rng)
        return found

    def residuals(self, asset: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the rows on which an asset was observed, its residuals there, and their standard deviations.

        Returns
        -------
        rows : array (time)
        residuals : array (sample, time)
        sd : array (sample, time)
        """
        rows, returns, x = regressors(self.fit.panel, asset)
        residual = returns - self.coefficients[:, asset] @ x.T
        if self.filters is not None:
            blocks, _ = self.filters
            block = np.searchsorted(blocks.edges, rows, side="right") - 1
            away = x @ blocks.move * np.diagonal(blocks.move[1:]) ** -1  # factors, less their centre
            residual -= np.einsum("stk,tk->st", self.moves(asset)[:, block], away)
        return rows, residual, self.level[:, asset, None] * self.scale(asset)[rows]


MOVES = ("loading_move", "loading_memory")
