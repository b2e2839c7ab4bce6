"""Draws of what a sampler moves in, by the names of a model's variables."""

from typing import Protocol

import numpy as np

from bayesfactor.panel.design import Design
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.scaling import ScaledPriors

Drawn = dict[str, tuple[np.ndarray, tuple[str, ...]]]  # name -> draws (chain x draw, ...), dimensions but that of draws


class OnPanel(Protocol):
    """What is of a model on a panel."""

    @property
    def design(self) -> Design:
        """The panel, as the model weights it."""

    @property
    def model(self) -> FactorModel:
        """The model."""

    @property
    def priors(self) -> ScaledPriors:
        """Its priors per period of the panel."""


class Theta(OnPanel, Protocol):
    """Draws theta of a model from p(theta | returns, factors), and what follows from them."""

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of chains and of draws."""

    def shared(self) -> Drawn:
        """Return the variables that assets share: means, premia, priors' parameters, those of the noise law."""

    def scales(self, chain: int, part: slice) -> np.ndarray:
        """Return residual scales (draw, asset) of some draws of a chain."""

    def coefficients(self, chain: int, part: slice, rng: np.random.Generator) -> np.ndarray:
        """Return (alpha_i + lambda_0, beta_i) of some draws of a chain (draw, asset, coefficient), exact."""

    def moves(self, chain: int, part: slice) -> np.ndarray | None:
        """Return how far loadings are from their long-run values in the next period (draw, asset, factor).

        None where that follows from coefficients and the panel.
        """

    @property
    def residual_factors(self) -> tuple[str, ...]:
        """Names of the residual factors."""

    def latents(self) -> Drawn:
        """Return latent variables that were sampled, by the names of the posterior's."""
