"""The engine of models with latent variables given which a kernel holds: a sweep around the kernel."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.design import Design
from bayesfactor.panel.panel import Panel
from bayesfactor.paths.movement import Cell
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.sampling.kernel_engine import KernelRun, KernelTheta
from bayesfactor.sampling.kernels.buffer import aligned_copy
from bayesfactor.sampling.kernels.coverage import refusal
from bayesfactor.sampling.kernels.density_problem import pack
from bayesfactor.sampling.kernels.residual_columns import ResidualColumns
from bayesfactor.sampling.latents.chain import Chain, Recorded
from bayesfactor.sampling.latents.found import FirstResiduals, moves_of, rows_of
from bayesfactor.sampling.latents.hamiltonian import StepSize
from bayesfactor.sampling.latents.loading_moves import LoadingMoves
from bayesfactor.sampling.latents.noisy_factors import NoisyFactors
from bayesfactor.sampling.latents.residual_factors import ResidualFactors
from bayesfactor.sampling.latents.rows import Rows
from bayesfactor.sampling.latents.several_chains import run_chains
from bayesfactor.sampling.latents.sparse_loadings import SparseLoadings
from bayesfactor.sampling.latents.state import Latent, State
from bayesfactor.sampling.nuts import STATISTICS, cores
from bayesfactor.sampling.theta import Drawn
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.named_residual_factors import named_residual_factors
from bayesfactor.spec.scaling import ScaledPriors

FIRST = {"draws": 200, "tune": 300}  # of the run at first values, for the start and the mass matrix
ACCEPT, STEP = 0.8, 0.4


@dataclass(frozen=True)
class ConditionalEngine:
    """Latent variables in turn with the kernel: of models that have some."""

    name: str = "conditional"
    libraries: tuple[str, ...] = ("nutpie", "numba", "numpy")

    def refuses(self, panel: PanelBase, model: FactorModel) -> str | None:
        """Return which choice it does not cover, or None."""
        if not model.has_latents:
            return "the conditional engine samples latent variables, and the model has none"
        return refusal(model)

    def prepare(self, design: Design, model: FactorModel, priors: ScaledPriors, cell: Cell) -> KernelRun:
        """Return the run of a model on the design of a panel; the kernel's own where no latent variable is found."""
        panel = design.panel
        assert isinstance(panel, Panel), "the model refuses panels without returns"
        rows, latents, named = rows_of(panel, cell), list[Latent](), named_residual_factors(design, model, priors)
        if priors.reliability is not None:
            latents.append(NoisyFactors.of(panel, priors, cell.proxies))
        if named is not None:
            groups = panel.group_numbers if len(named.names) > named.common else None
            rows.z = FirstResiduals.of(rows).scores(named.common, groups)
            latents.append(ResidualFactors.of(rows.seen))
        if priors.inclusion is not None:
            latents.append(SparseLoadings(priors.inclusion, len(panel.assets)))
        problem = pack(design, model, priors, None if named is None else ResidualColumns.of(named))
        if not latents:
            return KernelRun(problem)
        return ConditionalRun(problem, rows, tuple(latents), moves_of(cell))


@dataclass(frozen=True, eq=False)
class ConditionalRun(KernelRun):
    """A density problem with residual factors as columns, and latent variables around it."""

    rows: Rows
    latents: Sequence[Latent]
    moves: LoadingMoves | None

    def sample(self, compiled: Any, sampler: Sampler) -> xr.DataTree:
        """Return draws of theta, coefficients and what latent variables record, and ``sample_stats``."""
        found = run_chains(
            self._chains(compiled, sampler), sampler, max(one.sweeps for one in self.latents), cores(sampler)
        )
        draws, records = (_dataset([one[place] for one in found]) for place in (0, 1))
        return xr.DataTree.from_dict({"posterior": draws, "sample_stats": _statistics(records)})

    def theta(self, tree: xr.DataTree) -> "ConditionalTheta":
        """Return the draws by the names of the model's variables."""
        found = {str(name): array.values for name, array in tree["posterior"].data_vars.items()}
        return ConditionalTheta(self.problem, found.pop("theta"), found)

    def _chains(self, compiled: Any, sampler: Sampler) -> list[Chain]:
        """Return chains that start where a run at the first values of the latent variables ends."""
        buffer = aligned_copy(self.problem.buffer)
        still = self.chain(np.zeros(self.problem.size), np.ones(1), ACCEPT, np.random.default_rng(0))
        still.write_statistics(buffer)
        first_run = KernelRun(replace(self.problem, buffer=buffer))
        run = first_run.sample(first_run.compile(), replace(sampler, progress=False, **FIRST))
        first = run["posterior"].to_dataset()["theta"].values
        variance = first.var(axis=(0, 1))
        seeds = np.random.SeedSequence(sampler.seed).spawn(sampler.chains)
        target = sampler.target_accept or ACCEPT
        return [
            self.chain(theta.copy(), variance, target, np.random.default_rng(seed))
            for theta, seed in zip(first[:, -1], seeds, strict=True)
        ]

    def chain(self, theta: np.ndarray, variance: np.ndarray, target: float, rng: np.random.Generator) -> Chain:
        """Return a chain at a first theta, with what it changes its own."""
        rows = self.rows.copy()
        (n, _), p = self.rows.y.shape, len(self.rows.x) + len(self.rows.z)
        buffer = aligned_copy(self.problem.buffer)
        state = State(self.problem, buffer, theta, np.zeros((n, p)), rows, rng)
        return Chain(state, deepcopy(self.latents), deepcopy(self.moves), variance, StepSize.starting(STEP, target))


@dataclass(frozen=True, eq=False)
class ConditionalTheta(KernelTheta):
    """Draws of a conditional sampler, as `Theta`: coefficients and latent variables were drawn on the way.

    Attributes
    ----------
    kept : dict of str to array (chain, draw, ...)
        Coefficients, moves of loadings, and what latent variables recorded.
    """

    kept: dict[str, np.ndarray]

    def coefficients(self, chain: int, part: slice, rng: np.random.Generator) -> np.ndarray:
        """Return coefficients (draw, asset, coefficient) of some draws of a chain, as they were drawn."""
        return self.kept["coefficients"][chain, part].copy()

    def moves(self, chain: int, part: slice) -> np.ndarray | None:
        """Return how far loadings are from their long-run values in the next period; None where they do not move."""
        found = self.kept.get("moves")
        return None if found is None else found[chain, part]

    def latents(self) -> Drawn:
        """Return the latent variables."""
        return {
            name: (values.reshape(-1, *values.shape[2:]), DIMS[name])
            for name, values in self.kept.items()
            if name in DIMS
        }


DIMS = {
    "residual_loading": ("asset", "residual_factor"),
    "inclusion_probability": ("asset", "factor"),
    "inclusion_rate": ("factor",),
    "reliability": ("factor",),
    "factor_cov": ("factor", "factor_other"),
}


def _dataset(chains: Sequence[Recorded]) -> xr.Dataset:
    """Return the arrays of chains by name, with dimensions chain and draw first."""
    arrays = {name: np.stack([one[name] for one in chains]) for name in chains[0]}
    return xr.Dataset(
        {
            name: (("chain", "draw", *(f"{name}_{axis}" for axis in range(array.ndim - 2))), array)
            for name, array in arrays.items()
        },
        {"chain": np.arange(len(chains)), "draw": np.arange(len(next(iter(chains[0].values()))))},
    )


def _statistics(records: xr.Dataset) -> xr.Dataset:
    """Return the record of a sampler by the names that checks read."""
    steps = records["n_steps"]
    depth = np.ceil(np.log2(steps + 1)).astype(int)
    return records.assign(depth=depth, step_size_bar=records["step_size"].copy())[list(STATISTICS)]
