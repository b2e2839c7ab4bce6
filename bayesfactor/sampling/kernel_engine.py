"""The engine of models that a compiled density covers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.design import Design
from bayesfactor.paths.movement import Cell
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.sampling.kernels.correlated_kernel import CORRELATED
from bayesfactor.sampling.kernels.coverage import refusal
from bayesfactor.sampling.kernels.density_problem import DensityProblem, pack
from bayesfactor.sampling.kernels.half_normal import half_normals
from bayesfactor.sampling.kernels.residual_columns import ResidualColumns
from bayesfactor.sampling.nuts import sample
from bayesfactor.sampling.theta import Drawn
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.named_residual_factors import kept_apart, named_residual_factors
from bayesfactor.spec.scaling import ScaledPriors


@dataclass(frozen=True)
class KernelEngine:
    """A hand-written density with its gradient: the quickest, of the choices that it covers."""

    name: str = "kernel"
    libraries: tuple[str, ...] = ("nutpie", "numba", "numpy")

    def refuses(self, panel: PanelBase, model: FactorModel) -> str | None:
        """Return which choice no compiled density covers, or None."""
        reason = refusal(model)
        if reason is not None or not model.has_latents:
            return reason
        sparse = any(value != 1.0 for _, value in model.loadings.inclusion)
        if sparse or model.factors.error or not model.noise.has_residual_factors:
            return f"no compiled density has the latent variables of {model.latents_in_words}"
        if (apart := kept_apart(panel, model)) is not None:
            return f"residual factors do not integrate out of the compiled density: {apart}"
        return None

    def prepare(self, design: Design, model: FactorModel, priors: ScaledPriors, cell: Cell) -> "KernelRun":
        """Return the run of a model on the design of a panel."""
        named = named_residual_factors(design, model, priors)
        if named is None:
            return KernelRun(pack(design, model, priors))
        return KernelRun(pack(design, model, priors, ResidualColumns.of(named), CORRELATED))


@dataclass(frozen=True, eq=False)
class OfProblem:
    """What is of a density problem, and so of its model on its panel."""

    problem: DensityProblem

    @property
    def design(self) -> Design:
        """The panel, as the model weights it."""
        return self.problem.design

    @property
    def model(self) -> FactorModel:
        """The model."""
        return self.problem.model

    @property
    def priors(self) -> ScaledPriors:
        """Its priors per period of the panel."""
        return self.problem.priors


@dataclass(frozen=True, eq=False)
class KernelRun(OfProblem):
    """A density problem, ready to be sampled."""

    def compile(self) -> Any:
        """Return the compiled density with this problem's buffer. Compiles once a machine."""
        from nutpie.compile_pymc import CompiledPyMCModel

        problem = self.problem
        logp, expand = problem.kernel.entries()
        size = problem.size

        def initial(seed: int) -> np.ndarray:
            return np.random.default_rng(seed).uniform(-0.5, 0.5, size)

        return CompiledPyMCModel(
            dims={},
            _n_dim=size,
            _coords={},
            _shapes={"theta": (size,)},
            compiled_logp_func=logp,
            compiled_expand_func=expand,
            initial_point_func=initial,
            shared_data={"buffer": problem.buffer},
            shared_var_keys={},
            user_data=problem.buffer,
            n_expanded=size,
            shape_info=(["theta"], [slice(0, size)], [(size,)]),
            logp_func=None,
            expand_func=None,
            reparameterized_names=[],
        )

    def sample(self, compiled: Any, sampler: Sampler) -> xr.DataTree:
        """Return draws of theta, all blocks in one array, and ``sample_stats``."""
        at, shape = self.problem.layout["residual_loading_z"]
        return sample(compiled, sampler, len(self.design.panel.assets), at >= 0 and shape[1] > 1)

    def theta(self, tree: xr.DataTree) -> "KernelTheta":
        """Return the draws by the names of the model's variables."""
        return KernelTheta(self.problem, tree["posterior"].to_dataset()["theta"].values)


@dataclass(frozen=True, eq=False)
class KernelTheta(OfProblem):
    """Draws (chain, draw, theta) of a density problem, as `Theta`."""

    draws: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of chains and of draws."""
        return self.draws.shape[0], self.draws.shape[1]

    def shared(self) -> Drawn:
        """Return the variables that assets share."""
        problem, flat = self.problem, self.draws.reshape(-1, self.draws.shape[-1])
        level, spread = problem.level(flat)
        mean, premium = problem.means(flat)
        found: Drawn = {"log_sigma_mean": (level, ()), "log_sigma_scale": (spread, ())}
        found |= self._tails(flat) | self._hierarchy(flat)
        found |= {"factor_mean": (mean, ("factor",)), "risk_premium": (premium, ("factor",))}
        factors = len(self.design.panel.factor_info)  # without residual factors
        return {
            name: (values[..., :factors] if "factor" in dims else values, dims)
            for name, (values, dims) in found.items()
        }

    def _tails(self, flat: np.ndarray) -> Drawn:
        tails, prior = self.problem.block(flat, "dof_z_log__"), self.priors.noise.dof
        return {} if tails is None or prior is None else {"dof": (prior.above + prior.mean * np.exp(tails), ())}

    def _hierarchy(self, flat: np.ndarray) -> Drawn:
        problem, data = self.problem, self.problem.data
        result: Drawn = {}
        names = ("loading_mean_z", "loading_scale_z", "loading_common_z", "alpha_scale_z")
        mean, scale, common, alpha = (problem.block(flat, name) for name in names)
        if mean is not None and scale is not None:
            result["loading_mean"] = (data["loading_loc"] + data["loading_sd"] * mean, ("group", "factor"))
            spread = data["loading_floor"] + half_normals(scale) * data["loading_spread"]
            result["loading_scale"] = (spread, ("factor",))
        if common is not None:
            result["loading_common"] = (data["loading_loc"] + data["loading_sd"] * common, ("factor",))
        if alpha is not None:
            result["alpha_scale"] = (half_normals(alpha) * self.priors.alpha.sd, ())
        rate = problem.zero_beta(flat)
        if rate is not None:
            result["zero_beta"] = (rate, ())
        return result

    def scales(self, chain: int, part: slice) -> np.ndarray:
        """Return residual scales (draw, asset) of some draws of a chain."""
        return np.exp(self.problem.scales(self.draws[chain, part])[2])

    def coefficients(self, chain: int, part: slice, rng: np.random.Generator) -> np.ndarray:
        """Return coefficients (draw, asset, coefficient) of some draws of a chain: exact draws given theta.

        Of draws given theta, four in a row are stratified (`stratified_normals`).
        """
        panel = self.design.panel
        found = self.problem.coefficients(self.draws[chain, part], len(panel.assets), rng)
        return found[:, :, : len(panel.factor_info) + 1]

    def moves(self, chain: int, part: slice) -> np.ndarray | None:
        """Return None: moves of loadings follow from coefficients."""
        return None

    @property
    def residual_factors(self) -> tuple[str, ...]:
        """Names of the residual factors."""
        return self.problem.residual_factors

    def latents(self) -> Drawn:
        """Return loadings on residual factors, where there are some."""
        found = self.problem.residual_loadings(self.draws.reshape(-1, self.draws.shape[-1]))
        return {} if found is None else {"residual_loading": (found, ("asset", "residual_factor"))}
