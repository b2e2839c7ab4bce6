"""How draws are made: an engine prepares a model on a panel, and its run samples it and recovers the posterior."""

from typing import Any, Literal, Protocol

import xarray as xr

from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.design import Design
from bayesfactor.paths.movement import Cell
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.sampling.theta import OnPanel, Theta
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.scaling import ScaledPriors

EngineName = Literal["auto", "kernel", "conditional", "graph"]


class Run(OnPanel, Protocol):
    """A model on a panel, ready to be sampled."""

    def compile(self) -> Any:
        """Return what is sampled."""

    def sample(self, compiled: Any, sampler: Sampler) -> xr.DataTree:
        """Return every draw that was asked for, in the sampler's own coordinates, and ``sample_stats``."""

    def theta(self, tree: xr.DataTree) -> Theta:
        """Return the draws by the names of the model's variables."""


class Engine(Protocol):
    """A way to sample models."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def libraries(self) -> tuple[str, ...]:
        """What the draws depend on beside this package."""

    def refuses(self, panel: PanelBase, model: FactorModel) -> str | None:
        """Return why it cannot sample the model on the panel, or None where it can."""

    def prepare(self, design: Design, model: FactorModel, priors: ScaledPriors, cell: Cell) -> Run:
        """Return the run of a model on the design of a panel (already restricted to the model's factors).

        `cell` is what moves, as the design has it, of single returns.
        """
