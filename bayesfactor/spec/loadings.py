"""Laws of loadings."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from bayesfactor.spec.priors import HalfNormal, Keyed, Normal

Units = Literal["beta", "standardised"]


@dataclass(frozen=True)
class GroupedPrior:
    """Loadings of one group share a mean m_gk ~ `mean` and a spread tau_k ~ `spread`.

    ``units`` says what the numbers count: ``"beta"`` the loading itself; ``"standardised"`` the loading times the
    factor's standard deviation, over the typical asset's (so 0.5 moves the typical asset by half its own
    deviation when the factor moves by one of its own).
    """

    mean: Normal
    spread: HalfNormal
    units: Units = "standardised"


@dataclass(frozen=True)
class LoadingPrior:
    """A loading ~ `value`, in the units that `GroupedPrior` explains."""

    value: Normal
    units: Units = "standardised"


@dataclass(frozen=True)
class GroupedLoadings:
    """beta_ik ~ N(m_{g(i),k}, tau_k^2): assets lean on their group."""

    pooling: ClassVar[str] = "Partial pooling: short histories are drawn towards their group."  # as a report says it

    prior: Keyed[GroupedPrior]


@dataclass(frozen=True)
class FreeLoadings:
    """beta_ik ~ its own fixed prior: no asset learns from another."""

    pooling: ClassVar[str] = "No pooling: each asset has its own prior."

    prior: Keyed[LoadingPrior]


@dataclass(frozen=True)
class CommonLoadings:
    """beta_ik = b_k for every asset."""

    pooling: ClassVar[str] = "Complete pooling: one loading for all assets."

    prior: Keyed[LoadingPrior]
