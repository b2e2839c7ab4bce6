"""Fitted returns and residuals at draws of a fit, date by date, where volatility or loadings move."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import xarray as xr

from bayesfactor.panel.panel import require_returns
from bayesfactor.panel.regressions import regressors
from bayesfactor.paths.blocks import Blocks
from bayesfactor.paths.loading_draws import draw_paths
from bayesfactor.paths.movement import STATIC_LOADINGS, LoadingPaths, Movement
from bayesfactor.paths.prewhitened import Whitened
from bayesfactor.posterior.facts import FitFacts
from bayesfactor.posterior.residuals import raw_coefficients, residual_level, residual_sd


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

    @property
    def unknown(self) -> str:
        """Why nothing is known of past dates, if so: draws of what moves that have no record of its path."""
        found = self.movement or Movement(None, None, None)
        parts = {"volatility_now": found.residuals, "loading_long_run": found.loadings}
        lost = [name for name, part in parts.items() if part is None and name in self.draws]
        return f"no record of the path of '{lost[0]}', which these draws have of the next period alone" if lost else ""

    @property
    def still(self) -> bool:
        """Whether neither the volatility of residuals nor a loading moves."""
        return self.movement is None or (self.movement.residuals is None and self.movement.loadings is None)

    @cached_property
    def coefficients(self) -> np.ndarray:
        """Intercept and loadings in the long run, on the factors as they are in the panel (sample, asset, coef)."""
        return raw_coefficients(self.fit, self.draws)

    @cached_property
    def level(self) -> np.ndarray:
        """Residual standard deviations over the level of their common volatility (sample, asset)."""
        return residual_sd(self.draws.assign(residual_sd=residual_level(self.fit, self.draws)))

    def scale(self, asset: int) -> np.ndarray:
        """Return the volatility of an asset's residuals over its level on each date (time)."""
        path = None if self.movement is None else self.movement.residuals
        return np.ones(len(self.fit.panel.times)) if path is None else path.precision[:, asset] ** -0.5

    @cached_property
    def mean_squares(self) -> np.ndarray:
        """Mean square of the volatility of residuals over their level on each date (time, asset)."""
        panel, path = require_returns(self.fit.panel), None if self.movement is None else self.movement.residuals
        if path is None:
            return np.ones(panel.returns.shape)
        return path.mean_squares(panel.returns.values, panel.aligned)[:, None] * path.drift**2

    @cached_property
    def paths(self) -> LoadingPaths | None:
        """How loadings move, by cells; None where they do not."""
        found = None if self.movement is None else self.movement.loadings
        return found if "loading_move" in self.draws else None

    @property
    def edges(self) -> np.ndarray:
        """First row of each block within which loadings are constant, and the number of rows (block + 1)."""
        return np.array([0, len(self.fit.panel.times)]) if self.filters is None else self.filters[0].edges

    @cached_property
    def filters(self) -> tuple[Blocks, list[Whitened]] | None:
        """Blocks of dates, and the filter of loadings over them in each cell; None where loadings do not move."""
        if self.paths is None or self.movement is None:
            return None
        blocks = self.movement.blocks(require_returns(self.fit.panel), self.paths)
        return blocks, self.paths.filters(blocks)

    def moves(self, asset: int) -> np.ndarray:
        """Return how far the loadings of an asset are from their long-run values (sample, block, factor).

        Drawn again, exactly, from their law given the rest of each draw and the loadings of the next period that it
        has: the same ones each time, whatever other draws there are. One block of zeros where loadings do not move.
        """
        long_run = self.coefficients[:, asset]
        if self.filters is None or self.paths is None:
            return np.zeros((len(long_run), 1, long_run.shape[1] - 1))
        blocks, sums = self.filters
        many, factors = len(blocks.edges) - 1, long_run.shape[1] - 1
        every, place = self._place
        noise = np.random.default_rng([self.fit.seed, asset]).standard_normal((many, every, factors))[:, place]
        following = self._loading(asset) - long_run[:, 1:]
        cell, sigma, found = self.cell, self.level[:, asset], np.zeros((place.size, many, factors))
        for number, one in enumerate(sums):
            own = cell == number
            if own.any():
                some = long_run[own], sigma[own], noise[:, own], following[own]
                found[own] = draw_paths(blocks, one, asset, *some)
        return found

    @cached_property
    def cell(self) -> np.ndarray:
        """The cell of how loadings move that each draw is of (sample)."""
        paths = self.paths or STATIC_LOADINGS
        move, memory = (self.draws[name].transpose("chain", "draw").values.ravel() for name in MOVES)
        apart = np.abs(move[:, None] - paths.move) + np.abs(1 / memory[:, None] - 1 / paths.memory)
        return apart.argmin(axis=1)

    @cached_property
    def _place(self) -> tuple[int, np.ndarray]:
        """How many draws the fit has, and which of them these are (sample)."""
        every = self.fit.posterior
        chain, draw = (every.get_index(dim).get_indexer(self.draws.get_index(dim)) for dim in ("chain", "draw"))
        return every.sizes["chain"] * every.sizes["draw"], (chain[:, None] * every.sizes["draw"] + draw).ravel()

    def _loading(self, asset: int) -> np.ndarray:
        """Return the loadings of an asset in the next period (sample, factor)."""
        own = self.draws["loading"].isel(asset=asset).transpose("chain", "draw", "factor").values
        return own.reshape(-1, own.shape[-1])

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
            moves, place = self.moves(asset), np.searchsorted(rows, blocks.edges)
            away = x @ blocks.move / blocks.unit  # factors, less their centre
            for number, (first, last) in enumerate(pairwise(place.tolist())):
                residual[:, first:last] -= moves[:, number] @ away[first:last].T
        return rows, residual, self.level[:, asset, None] * self.scale(asset)[rows]


MOVES = ("loading_move", "loading_memory")
