"""Beta priors of probabilities and of shares."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayesfactor.spec.priors import Distribution, positive


@dataclass(frozen=True)
class Beta(Distribution):
    """x ~ Beta(a, b), with mean a / (a + b)."""

    a: float
    b: float

    def __post_init__(self) -> None:
        positive(f"{type(self).__name__}.a", self.a)
        positive(f"{type(self).__name__}.b", self.b)

    @classmethod
    def dist(cls) -> str:
        """Return its name in a model file."""
        return "Beta"


def log_beta(
    draws: Mapping[str, np.ndarray], name: str, a: np.ndarray, b: np.ndarray, which: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the log-density (draw) of a variable's draws (draw, factor) under Beta(a, b), but for constants, by name.

    Of those factors that `which` marks; nothing where the variable is not among the draws.
    """
    if name not in draws:
        return {}
    x = draws[name][:, which]
    return {name: np.sum((a[which] - 1) * np.log(x) + (b[which] - 1) * np.log1p(-x), axis=1)}
