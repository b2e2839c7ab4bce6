"""Fitted returns, residuals and residual factors at draws of a fit, date by date, also where something moves."""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import xarray as xr

from bayesfactor.panel.panel import require_returns
from bayesfactor.panel.regressions import regressors
from bayesfactor.paths.blocks import Blocks
from bayesfactor.paths.loading_draws import NEXT, draw_paths, response
from bayesfactor.paths.movement import STATIC_LOADINGS, LoadingPaths, Movement
from bayesfactor.paths.prewhitened import Whitened
from bayesfactor.posterior.facts import FitFacts
from bayesfactor.posterior.residual_factors import ResidualFactors
from bayesfactor.posterior.residuals import in_long_run, raw_coefficients, residual_sd, with_whole_sd

TURNS = 5  # of loadings given residual factors and these given loadings, where both are drawn again


@dataclass(frozen=True, eq=False)
class Dated:
    """What a fit says of each date of its panel, at some draws.

    Attributes
    ----------
    fit : Fit
    draws : Dataset
        Of its posterior.
    known : array (sample, residual factor, time) or None
        Residual factors of the first rows where they were drawn before: those of newer ones are drawn given them.
    """

    fit: FitFacts
    draws: xr.Dataset
    known: np.ndarray | None = None

    @property
    def movement(self) -> Movement | None:
        """What moves, as the fit found it."""
        return self.fit.movement

    @property
    def unknown(self) -> str:
        """Why single dates are not known, if so: no path is recorded, or a factor has error."""
        return self.path_lost or self.unseen

    @property
    def unseen(self) -> str:
        """Which factor is measured with error, if any: its true values on past dates are not kept."""
        if "reliability" not in self.draws:
            return ""
        noisy = (self.draws["reliability"] < 1).any(("chain", "draw"))
        names = noisy["factor"].values[noisy.values]
        return f"'{names[0]}' is measured with error, and draws of its true values are not kept" if names.size else ""

    @property
    def path_lost(self) -> str:
        """Which path is not recorded, if any: draws of what moves may be of the next period alone."""
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
        """Standard deviations of whole residuals over the level of their common volatility (sample, asset)."""
        return residual_sd(with_whole_sd(in_long_run(self.fit, self.draws)))

    @cached_property
    def own_level(self) -> np.ndarray:
        """The same of the part that residual factors leave (sample, asset)."""
        return residual_sd(in_long_run(self.fit, self.draws))

    @cached_property
    def residual_factors(self) -> ResidualFactors | None:
        """The law of residual factors given residuals over their volatility; None without such factors."""
        if "residual_loading" not in self.draws:
            return None
        found = in_long_run(self.fit, self.draws)["residual_loading"].transpose("chain", "draw", "asset", ...).values
        seen = np.isfinite(require_returns(self.fit.panel).returns.values)
        return ResidualFactors(found.reshape(*self.own_level.shape, found.shape[3]), self.own_level, seen)

    @cached_property
    def common(self) -> np.ndarray | None:
        """Residual factors z_t on each date (sample, residual factor, time); None without them.

        Drawn again from their law given the rest of each draw: the same ones each time, whatever other draws there are.
        Exact where loadings do not move. Where they do, both are drawn again, in turns: z given that they do not move,
        and then five times their moves given z, and z given these; `moves` has them given the last z.
        """
        law = self.residual_factors
        if law is None:
            return None
        first = 0 if self.known is None else self.known.shape[2]
        law, found = replace(law, seen=law.seen[first:]), None
        for turn in range(1 if self.filters is None else TURNS + 1):
            linear = law.nothing
            for asset in range(len(self.fit.panel.assets)):
                path = None if turn == 0 else self._moves(asset, found, turn)
                rows, residual = self._residuals(asset, path)
                start = int(np.searchsorted(rows, first))
                residual[:, start:] /= self.scale(asset)[rows[start:]]
                law.add(linear, asset, rows[start:] - first, residual[:, start:])
            drawn = law.draw(linear, self._noise(linear.shape, turn, first))
            found = drawn if self.known is None else np.concatenate([self.known, drawn], axis=2)
        return found

    def common_residuals(self, asset: int, rows: np.ndarray) -> np.ndarray:
        """Return what residual factors give an asset on some rows, g_it l_i'z_t (sample, row)."""
        return self._shared(asset, self.common, rows) * self.scale(asset)[rows]

    def _shared(self, asset: int, factors: np.ndarray | None, rows: np.ndarray) -> np.ndarray:
        """Return l_i'z_t (sample, row); 0 without residual factors."""
        if self.residual_factors is None or factors is None:
            return np.zeros((len(self.own_level), len(rows)))
        return (self.residual_factors.loading[:, asset, None] @ factors)[:, 0, rows]

    def _noise(self, shape: tuple[int, ...], turn: int, first: int) -> np.ndarray:
        """Return standard normal noise (sample, residual factor, time) from a row on, each draw's its own."""
        every, place = self._place
        found = np.empty((shape[2], *shape[:2]))
        for row in range(shape[2]):
            rng = np.random.default_rng([self.fit.seed, first + row, turn, 1])  # assets' have no fourth number
            found[row] = rng.standard_normal((every, shape[1]))[place]
        return np.ascontiguousarray(np.moveaxis(found, 0, 2))

    def scale(self, asset: int) -> np.ndarray:
        """Return the volatility of an asset's residuals over its level on each date (time)."""
        path = None if self.movement is None else self.movement.residuals
        return np.ones(len(self.fit.panel.times)) if path is None else path.precision_of(asset) ** -0.5

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

        Drawn again, exactly, from their law given the rest of each draw, the loadings of the next period that it has
        and, where there are residual factors, these: the same ones each time, whatever other draws there are. One block
        of zeros where loadings do not move.
        """
        return self._moves(asset, None if self.filters is None else self.common)

    def moves_ahead(self, rng: np.random.Generator) -> np.ndarray:
        """Return draws of how far loadings are from their long-run values after the last row (sample, asset, factor).

        Given residual factors, of a panel that newer rows end (`known`).
        """
        if self.filters is None or self.paths is None:
            return np.zeros_like(self.coefficients[:, :, 1:])
        kappa, phi = np.array(self.paths.laws)[self.cell].T
        last = np.stack([self.moves(asset)[:, -1] for asset in range(self.own_level.shape[1])], axis=1)
        keep, spread = phi**NEXT, kappa[:, None] * self.own_level
        shock = np.sqrt(1 - keep**2)[:, None, None] * spread[:, :, None] * rng.standard_normal(last.shape)
        return keep[:, None, None] * last + shock * self.filters[0].unit

    def _moves(self, asset: int, factors: np.ndarray | None, turn: int = 0) -> np.ndarray:
        """Return moves given residual factors (sample, time, residual factor), from the noise of a turn."""
        long_run = self.coefficients[:, asset]
        if self.filters is None or self.paths is None:
            return np.zeros((len(long_run), 1, long_run.shape[1] - 1))
        blocks, sums = self.filters
        many, count = len(blocks.edges) - 1, long_run.shape[1] - 1
        every, place = self._place
        rng = np.random.default_rng([self.fit.seed, asset, turn] if turn else [self.fit.seed, asset])
        noise = rng.standard_normal((many, every, count))[:, place]
        shared = None if factors is None else self._shared_in_blocks(asset, factors, blocks)
        following = None if self.known is not None else self._loading(asset) - long_run[:, 1:]
        cell, sigma, found = self.cell, self.own_level[:, asset], np.zeros((place.size, many, count))
        for number, one in enumerate(sums):
            own = cell == number
            if own.any():
                later = None if following is None else following[own]
                some = long_run[own], sigma[own], noise[:, own], later
                taken = None if shared is None else response(one, blocks, asset, shared[own])
                found[own] = draw_paths(blocks, one, asset, *some, taken)
        return found

    def _shared_in_blocks(self, asset: int, factors: np.ndarray, blocks: Blocks) -> np.ndarray:
        """Return the weighted cross-products of what moves multiply and g_it l_i'z_t (sample, block, factor)."""
        rows, _, x = regressors(self.fit.panel, asset)
        shared = self._shared(asset, factors, rows) / self.scale(asset)[rows]  # weights are 1 / g_it^2
        place = np.searchsorted(rows, blocks.edges)
        moved = x @ blocks.move
        parts = [shared[:, first:last] @ moved[first:last] for first, last in pairwise(place.tolist())]
        return np.stack(parts, axis=1)

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
        """Return the rows (row) of an asset, its whole residuals there and their standard deviations (sample, row)."""
        rows, residual = self._residuals(asset, None if self.filters is None else self.moves(asset))
        return rows, residual, self.level[:, asset, None] * self.scale(asset)[rows]

    @cached_property
    def mean_residuals(self) -> tuple[np.ndarray, ...]:
        """Whole residuals of each asset on its rows (row), averaged over the draws."""
        return tuple(self.residuals(asset)[1].mean(axis=0) for asset in range(len(self.fit.panel.assets)))

    def _residuals(self, asset: int, moves: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of an asset and its residuals there, given how its loadings move (sample, block, factor)."""
        rows, returns, x = regressors(self.fit.panel, asset)
        residual = returns - self.coefficients[:, asset] @ x.T
        if self.filters is not None and moves is not None:
            blocks, _ = self.filters
            place = np.searchsorted(rows, blocks.edges)
            away = x @ blocks.move / blocks.unit  # factors, less their centre
            for number, (first, last) in enumerate(pairwise(place.tolist())):
                residual[:, first:last] -= moves[:, number] @ away[first:last].T
        return rows, residual


MOVES = ("loading_move", "loading_memory")
