"""Draws of several runs as those of one: the cells of what is summed over instead of sampled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from bayesfactor.panel.design import Design
from bayesfactor.paths.allotment import allot, shuffled
from bayesfactor.paths.movement import Movement
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.sampling.engines import Run
from bayesfactor.sampling.theta import Drawn, Theta
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.scaling import ScaledPriors

FEWEST = 4  # draws that a sampler makes; of a cell that is given fewer the first ones are kept


@dataclass(frozen=True, eq=False)
class MixedTheta:
    """Draws theta of the cells of a model, in the order of `cell`.

    Attributes
    ----------
    parts : sequence of Theta
        Of each cell: its draws keep their order.
    cell : array (draw)
        Of each draw of a chain.
    """

    parts: Sequence[Theta]
    cell: np.ndarray

    @property
    def design(self) -> Design:
        """The panel, as the heaviest cell sees it."""
        return self.parts[0].design

    @property
    def model(self) -> FactorModel:
        """The model."""
        return self.parts[0].model

    @property
    def priors(self) -> ScaledPriors:
        """Its priors per period of the panel, in the heaviest cell."""
        return self.parts[0].priors

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of chains and of draws."""
        return self.parts[0].shape[0], len(self.cell)

    def shared(self) -> Drawn:
        """Return the variables that assets share."""
        return self._merged([part.shared() for part in self.parts])

    @property
    def residual_factors(self) -> tuple[str, ...]:
        """Names of the residual factors."""
        return self.parts[0].residual_factors

    def latents(self) -> Drawn:
        """Return latent variables that were sampled."""
        return self._merged([part.latents() for part in self.parts])

    def _merged(self, found: Sequence[Drawn]) -> Drawn:
        """Return the draws of cells in the order of `cell`."""
        if len(found) == 1:
            return found[0]
        chains, _ = self.shape
        result: Drawn = {}
        for name, (first, dims) in found[0].items():
            whole = np.empty((chains, len(self.cell), *first.shape[1:]))
            for number, own in enumerate(found):
                whole[:, self.cell == number] = own[name][0].reshape(chains, -1, *first.shape[1:])
            result[name] = (whole.reshape(-1, *first.shape[1:]), dims)
        return result

    def scales(self, chain: int, part: slice) -> np.ndarray:
        """Return residual scales (draw, asset) of some draws of a chain."""
        return self._gathered(part, lambda theta, own: theta.scales(chain, own))

    def coefficients(self, chain: int, part: slice, rng: np.random.Generator) -> np.ndarray:
        """Return (alpha_i + lambda_0, beta_i) of some draws of a chain (draw, asset, coefficient), exact."""
        return self._gathered(part, lambda theta, own: theta.coefficients(chain, own, rng))

    def moves(self, chain: int, part: slice) -> np.ndarray | None:
        """Return how far loadings are from their long-run values in the next period; None where that follows."""
        if self.parts[0].moves(chain, slice(0)) is None:
            return None
        return self._gathered(part, lambda theta, own: np.asarray(theta.moves(chain, own)))

    def _gathered(self, part: slice, of: Callable[[Theta, slice], np.ndarray]) -> np.ndarray:
        """Return what `of` gives of each cell's own draws, in the order of `cell`."""
        if len(self.parts) == 1:
            return of(self.parts[0], part)
        here, start = self.cell[part], part.start or 0
        places = [np.flatnonzero(here == number) for number in range(len(self.parts))]
        before = [int(np.sum(self.cell[:start] == number)) for number in range(len(self.parts))]
        found = [
            of(theta, slice(first, first + own.size)) if own.size else None
            for theta, first, own in zip(self.parts, before, places, strict=True)
        ]
        whole = np.empty((len(here), *next(one for one in found if one is not None).shape[1:]))
        for own, values in zip(places, found, strict=True):
            if values is not None:
                whole[own] = values
        return whole


def mixed_stats(stats: Sequence[xr.Dataset], cell: np.ndarray) -> xr.Dataset:
    """Return the sampler's records of cells in the order of `cell`, with ``cell`` beside them."""
    if len(stats) == 1:
        return stats[0]
    joined = xr.concat([one.drop_vars("draw", errors="ignore") for one in stats], "draw")
    order = np.argsort(np.argsort(cell, kind="stable"), kind="stable")
    mixed = joined.isel(draw=order).assign_coords(draw=np.arange(len(cell)))
    chains = mixed.sizes["chain"]
    return mixed.assign(cell=(("chain", "draw"), np.broadcast_to(cell, (chains, len(cell))).copy()))


@dataclass(frozen=True, eq=False)
class DrawnCells:
    """Draws of every cell of a model, and the sampler's record of them."""

    theta: MixedTheta
    stats: xr.Dataset
    movement: Movement | None


def sample_cells(
    runs: Sequence[Run], compiled: Sequence[Any], sampler: Sampler, movement: Movement | None
) -> DrawnCells:
    """Sample each cell with its share of the draws of every chain."""
    weight = np.ones(1) if movement is None else movement.weight
    counts = allot(weight, sampler.draws)
    seeds = [sampler.seed, *np.random.SeedSequence(sampler.seed).generate_state(len(runs) - 1).tolist()]
    trees = [
        run.sample(one, replace(sampler, draws=max(int(count), FEWEST), seed=seed)).isel(draw=slice(int(count)))
        for run, one, count, seed in zip(runs, compiled, counts, seeds, strict=True)
        if count
    ]
    used = [run for run, count in zip(runs, counts, strict=True) if count]
    cell = shuffled(counts[counts > 0], np.random.default_rng(sampler.seed))
    theta = MixedTheta([run.theta(tree) for run, tree in zip(used, trees, strict=True)], cell)
    return DrawnCells(theta, mixed_stats([tree["sample_stats"].to_dataset() for tree in trees], cell), movement)
