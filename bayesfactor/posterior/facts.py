"""What the rest of this room reads of a fit."""

from typing import Protocol, runtime_checkable

import xarray as xr

from bayesfactor.base.errors import FitError
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.design import Design
from bayesfactor.paths.movement import Movement
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.noise import Noise
from bayesfactor.spec.scaling import ScaledPriors


@runtime_checkable
class FitFacts(Protocol):
    """A panel, a model, and draws of it; a `Fit` is one."""

    @property
    def panel(self) -> PanelBase:
        """What was fitted."""

    @property
    def model(self) -> FactorModel | None:
        """The model that was fitted; None of draws whose model is not known."""

    @property
    def noise(self) -> Noise | None:
        """The law of its residuals; None without a model."""

    @property
    def seed(self) -> int:
        """Of whatever is simulated at its draws."""

    @property
    def posterior(self) -> xr.Dataset:
        """The draws."""

    @property
    def design(self) -> Design:
        """The panel as it was weighted."""

    @property
    def movement(self) -> Movement | None:
        """What moves, as the fit found it; None where nothing does."""

    @property
    def priors(self) -> ScaledPriors | None:
        """The priors of the model, per period of the panel; None without a model."""


def require_fit(fit: object, verb: str) -> None:
    """Raise a FitError unless it is a fit."""
    if not isinstance(fit, FitFacts):
        raise FitError(f"{verb}: expected a Fit, found {type(fit).__name__}.", remedy="Pass what bf.fit returned.")


def require_noise(fit: FitFacts, what: str) -> Noise:
    """Return the noise law of a fit.

    Raises
    ------
    FitError
        When its model is not known, so that there is none.
    """
    if fit.noise is None:
        raise FitError(
            f"{what} cannot be computed: no noise law, as the model of these draws is not known.",
            remedy="Draws of a model of this package have one: bf.from_draws(panel, draws, model=...). Those of a "
            "graph of your own have none.",
        )
    return fit.noise
