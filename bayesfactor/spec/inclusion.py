"""Sparse loadings: which assets load on a factor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bayesfactor.base.arguments import require_number
from bayesfactor.base.errors import unknown
from bayesfactor.base.records import FrozenArrays
from bayesfactor.spec.beta import Beta, log_beta

SPIKES = ("zero", "group")
EXAMPLE = '{ dist = "Beta", a = 1.0, b = 1.0, spike = "zero" }'


@dataclass(frozen=True, eq=False)
class ScaledInclusion(FrozenArrays):
    """Which loadings may be out, per factor.

    Attributes
    ----------
    free : array of bool (factor)
        Whether a loading may be out; else it is always in.
    a, b : array (factor)
        pi_k ~ Beta(a, b); 1 and 1 where loadings are always in.
    to_group : array of bool (factor)
        Whether a loading that is out is its group's mean; else it is 0.
    """

    free: np.ndarray
    a: np.ndarray
    b: np.ndarray
    to_group: np.ndarray

    def log_prior(self, draws: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the log prior density (draw) of inclusion rates, but for constants, of draws by name."""
        return log_beta(draws, "inclusion_rate", self.a, self.b, self.free)

    def simulate(self, mean: np.ndarray, away: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return loadings (draw, asset, factor), some of them out, from their groups' means and what adds to these."""
        rate = np.where(self.free, rng.beta(self.a, self.b, (len(mean), 1, self.a.size)), 1.0)
        inside = rng.uniform(size=mean.shape) < rate
        return np.where(inside, mean + away, np.where(self.to_group, mean, 0.0))


@dataclass(frozen=True)
class BetaInclusion(Beta):
    """A loading is in with probability pi_k ~ Beta(a, b); else it is out, exactly.

    With gamma_ik ~ Bernoulli(pi_k), 1 where the loading is in::

        beta_ik = gamma_ik (m_gk + tau_k u_ik)    spike = "zero"
        beta_ik = m_gk + gamma_ik tau_k u_ik      spike = "group"
        u_ik ~ N(0, 1),   tau_k = floor + |N(0, spread^2)|

    Where tau_k could be 0, a loading that is in could not be told from one that is out: the floor keeps them apart.
    Source: George and McCulloch (1993); Mitchell and Beauchamp (1988), for a spike at exactly 0.

    Attributes
    ----------
    a, b : float
    spike : {"zero", "group"}
        What a loading is that is out: 0, or its group's mean.
    floor : float
        Least tau_k, in the units of the loading's own prior.
    """

    spike: Literal["zero", "group"] = "zero"
    floor: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.spike not in SPIKES:
            raise unknown("spike", self.spike, SPIKES, place="BetaInclusion.spike")
        require_number(
            self.floor, 0.0, np.inf, "BetaInclusion.floor", "Without one, in and out could not be told apart: take 0.1."
        )


def scaled_inclusion(choices: Sequence[BetaInclusion | None]) -> ScaledInclusion | None:
    """Return which loadings on factors with these choices may be out, None being always in; None where all are in."""
    rows = [(True, one.a, one.b, one.spike == "group") if one else (False, 1.0, 1.0, False) for one in choices]
    if not any(choices):
        return None
    free, a, b, to_group = (np.array(column) for column in zip(*rows, strict=True))
    return ScaledInclusion(free, a, b, to_group)
