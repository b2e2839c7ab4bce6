"""The engine of every model: its PyMC graph."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.design import Design
from bayesfactor.panel.panel import require_returns
from bayesfactor.panel.residual_products import residual_products
from bayesfactor.paths.movement import Cell
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.sampling.conditional_coefficients import draw_coefficients
from bayesfactor.sampling.correlated_coefficients import draw_correlated_coefficients
from bayesfactor.sampling.nuts import sample
from bayesfactor.sampling.theta import Drawn
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.named_residual_factors import kept_apart
from bayesfactor.spec.scaling import ScaledPriors

if TYPE_CHECKING:
    import pymc as pm

COEFFICIENTS = ("coefficients", "coefficient_loc", "coefficient_sd", "alpha", "loading")
APART = ("sigma", *COEFFICIENTS)  # of one asset each, taken chunk by chunk
TWICE = ("log_sigma", "premium", "residual_sd", "factor_cov")  # in other variables too, or drawn from them exactly
UNNAMED = ("residual_loading_mean", "residual_loading_scale", "residual_loading_member", "residual_factor_value")
LATENT = "residual_loading"
COORDINATES = ("_z", "_chi2", "_above")  # ends of names of what is sampled in place of a variable
INSTEAD = "; engine='conditional' samples it"


@dataclass(frozen=True)
class GraphEngine:
    """The marginal PyMC graph of a model: any choice without discrete variables, after half a minute of compiling.

    Loadings and alphas are integrated out where they are normal given the rest, and sampled in the
    surrogate-conditional form otherwise. Residual factors are integrated out too, of assets that were observed on the
    same dates; else the full graph is sampled, with the value of each residual factor on each date among its variables.
    """

    name: str = "graph"
    libraries: tuple[str, ...] = ("nutpie", "pymc", "pytensor", "numba", "numpy")

    def refuses(self, panel: PanelBase, model: FactorModel) -> str | None:
        """Return which latent variables it cannot sample, or None."""
        if any(value != 1.0 for _, value in model.loadings.inclusion):
            return f"the graph of loadings that may be out (loadings.inclusion) has discrete variables{INSTEAD}"
        if model.factors.error:
            return f"the graph is not sampled with factors that are measured with error (factors.error){INSTEAD}"
        if model.noise.has_residual_factors and model.moves and (reason := kept_apart(panel, model)):
            return f"the graph of residual factors is of a model in which nothing moves: {reason}{INSTEAD}"
        return None

    def prepare(self, design: Design, model: FactorModel, priors: ScaledPriors, cell: Cell) -> "GraphRun":
        """Return the run of a model on the design of a panel."""
        from bayesfactor.graph.full import full_graph
        from bayesfactor.graph.integrated import integrated_graph
        from bayesfactor.graph.parameters import Form
        from bayesfactor.sampling.compiled_graphs import LOCK
        from bayesfactor.sampling.packed_data import pack_data

        with LOCK:
            if priors.residual_factors is not None and kept_apart(design.panel, model):
                graph = full_graph(design, model, priors, Form.NON_CENTRED, {})
            else:
                graph = pack_data(integrated_graph(design, model, priors))
            return GraphRun(graph, design, model, priors)


@dataclass(frozen=True, eq=False)
class GraphRun:
    """The marginal graph of a model on a panel, ready to be sampled."""

    graph: "pm.Model"
    design: Design
    model: FactorModel
    priors: ScaledPriors

    @property
    def stored(self) -> list[str]:
        """Names of the variables of which draws are stored."""
        names = [variable.name for variable in self.graph.deterministics]
        names += [variable.name for variable in self.graph.free_RVs if not variable.name.endswith(COORDINATES)]
        return [name for name in names if name not in (*TWICE, *UNNAMED)]

    def compile(self) -> Any:
        """Return the compiled graph; one that was compiled before in this process where only data differ."""
        from bayesfactor.sampling.compiled_graphs import compile_graph

        return compile_graph(self.graph, self.stored)

    def sample(self, compiled: Any, sampler: Sampler) -> xr.DataTree:
        """Return draws of the graph's variables, and ``sample_stats``."""
        return sample(compiled, sampler, len(self.design.panel.assets))

    def theta(self, tree: xr.DataTree) -> "GraphTheta":
        """Return the draws by the names of the model's variables."""
        names = tuple(self.graph.coords.get("residual_factor") or ())
        draws = tree["posterior"].to_dataset()[self.stored]
        return GraphTheta(draws, self.design, self.model, self.priors, names)


@dataclass(frozen=True, eq=False)
class GraphTheta:
    """Draws of the variables of a marginal graph, as `Theta`."""

    draws: xr.Dataset
    design: Design
    model: FactorModel
    priors: ScaledPriors
    residual_factors: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of chains and of draws."""
        return self.draws.sizes["chain"], self.draws.sizes["draw"]

    def shared(self) -> Drawn:
        """Return the variables that assets share."""
        flat: Drawn = {}
        for name, array in self.draws.data_vars.items():
            if name not in (*APART, LATENT):
                flat[str(name)] = _flat(array)
        return flat

    def scales(self, chain: int, part: slice) -> np.ndarray:
        """Return residual scales (draw, asset) of some draws of a chain."""
        return self.draws["sigma"].values[chain, part]

    def coefficients(self, chain: int, part: slice, rng: np.random.Generator) -> np.ndarray:
        """Return coefficients (draw, asset, coefficient) of some draws of a chain: exact draws given theta."""
        here = {str(name): array.values[chain, part] for name, array in self.draws.data_vars.items()}
        if "coefficients" in here:
            return here["coefficients"].copy()
        if "loading" in here:
            rate = here["zero_beta"][:, None] if "zero_beta" in here else 0.0
            return np.concatenate([(here["alpha"] + rate)[..., None], here["loading"]], axis=-1)
        loc, sd = here["coefficient_loc"], here["coefficient_sd"]
        shift = here["risk_premium"] - here["factor_mean"]
        if LATENT in here:
            products = residual_products(require_returns(self.design.panel))
            return draw_correlated_coefficients(products, loc, sd, here["sigma"], shift, here[LATENT], rng)
        return draw_coefficients(self.design.moments, loc, sd, here["sigma"], shift, rng)

    def moves(self, chain: int, part: slice) -> np.ndarray | None:
        """Return None: moves of loadings follow from coefficients."""
        return None

    def latents(self) -> Drawn:
        """Return loadings on residual factors, where there are some."""
        return {LATENT: _flat(self.draws[LATENT])} if LATENT in self.draws else {}


def _flat(array: xr.DataArray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return draws, those of one chain after the other, and their dimensions."""
    return array.values.reshape(-1, *array.shape[2:]), tuple(str(dim) for dim in array.dims[2:])
