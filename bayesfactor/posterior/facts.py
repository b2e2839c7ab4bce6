"""What the rest of this room reads of a fit."""

from typing import Protocol, runtime_checkable

import xarray as xr

from bayesfactor.base.errors import FitError
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.design import Design
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.scaling import ScaledPriors


@runtime_checkable
class FitFacts(Protocol):
    """A panel, a model, and draws of it; a `Fit` is one."""

    @property
    def panel(self) -> PanelBase:
        """What was fitted."""

    @property
    def model(self) -> FactorModel:
        """The model that was fitted."""

    @property
    def sampler(self) -> Sampler:
        """How it was sampled."""

    @property
    def posterior(self) -> xr.Dataset:
        """The draws."""

    @property
    def design(self) -> Design:
        """The panel as it was weighted."""

    @property
    def priors(self) -> ScaledPriors:
        """The priors of the model, per period of the panel."""


def require_fit(fit: object, verb: str) -> None:
    """Raise a FitError unless it is a fit."""
    if not isinstance(fit, FitFacts):
        raise FitError(f"{verb}: expected a Fit, found {type(fit).__name__}.", remedy="Pass what bf.fit returned.")
