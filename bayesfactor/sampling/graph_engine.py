"""The engine of every model: its PyMC graph."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.design import Design
from bayesfactor.paths.movement import Cell
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.sampling.conditional_coefficients import draw_coefficients
from bayesfactor.sampling.nuts import sample
from bayesfactor.sampling.theta import Drawn
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.scaling import ScaledPriors

if TYPE_CHECKING:
    import pymc as pm

APART = ("sigma", "coefficients", "coefficient_loc", "coefficient_sd")  # of one asset each, taken chunk by chunk
TWICE = ("log_sigma", "premium")  # in `sigma` and `risk_premium` too


@dataclass(frozen=True)
class GraphEngine:
    """The marginal PyMC graph of a model: any choice, after half a minute or more of compiling.

    Loadings and alphas are integrated out where they are normal given the rest, and sampled in the
    surrogate-conditional form otherwise.
    """

    name: str = "graph"
    libraries: tuple[str, ...] = ("nutpie", "pymc", "pytensor", "numba", "numpy")

    def refuses(self, panel: PanelBase, model: FactorModel) -> str | None:
        """Return None: every choice has its law in the graph."""
        return None

    def prepare(self, design: Design, model: FactorModel, priors: ScaledPriors, cell: Cell) -> "GraphRun":
        """Return the run of a model on the design of a panel."""
        from bayesfactor.graph.integrated import integrated_graph
        from bayesfactor.sampling.compiled_graphs import LOCK
        from bayesfactor.sampling.packed_data import pack_data

        with LOCK:
            return GraphRun(pack_data(integrated_graph(design, model, priors)), design, model, priors)


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
        return [variable.name for variable in self.graph.deterministics if variable.name not in TWICE]

    def compile(self) -> Any:
        """Return the compiled graph; one that was compiled before in this process where only data differ."""
        from bayesfactor.sampling.compiled_graphs import compile_graph

        return compile_graph(self.graph, self.stored)

    def sample(self, compiled: Any, sampler: Sampler) -> xr.DataTree:
        """Return draws of the graph's variables, and ``sample_stats``."""
        return sample(compiled, sampler, len(self.design.panel.assets))

    def theta(self, tree: xr.DataTree) -> "GraphTheta":
        """Return the draws by the names of the model's variables."""
        return GraphTheta(tree["posterior"].to_dataset()[self.stored], self.design, self.model, self.priors)


@dataclass(frozen=True, eq=False)
class GraphTheta:
    """Draws of the variables of a marginal graph, as `Theta`."""

    draws: xr.Dataset
    design: Design
    model: FactorModel
    priors: ScaledPriors

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of chains and of draws."""
        return self.draws.sizes["chain"], self.draws.sizes["draw"]

    def shared(self) -> Drawn:
        """Return the variables that assets share."""
        flat: Drawn = {}
        for name, array in self.draws.data_vars.items():
            if name not in APART:
                values = array.values
                own = tuple(str(dim) for dim in array.dims[2:])
                flat[str(name)] = (values.reshape(-1, *values.shape[2:]), own)
        return flat

    def scales(self, chain: int, part: slice) -> np.ndarray:
        """Return residual scales (draw, asset) of some draws of a chain."""
        return self.draws["sigma"].values[chain, part]

    def coefficients(self, chain: int, part: slice, rng: np.random.Generator) -> np.ndarray:
        """Return coefficients (draw, asset, coefficient) of some draws of a chain: exact draws given theta."""
        here = {str(name): array.values[chain, part] for name, array in self.draws.data_vars.items()}
        if "coefficients" in here:
            return here["coefficients"].copy()
        loc, sd = here["coefficient_loc"], here["coefficient_sd"]
        shift = here["risk_premium"] - here["factor_mean"]
        return draw_coefficients(self.design.moments, loc, sd, here["sigma"], shift, rng)

    def moves(self, chain: int, part: slice) -> np.ndarray | None:
        """Return None: moves of loadings follow from coefficients."""
        return None

    @property
    def residual_factors(self) -> tuple[str, ...]:
        """No names: there are no residual factors."""
        return ()

    def latents(self) -> Drawn:
        """Return nothing: there are no latent variables."""
        return {}
