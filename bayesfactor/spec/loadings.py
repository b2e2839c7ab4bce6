"""Laws of loadings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

import numpy as np

from bayesfactor.base.errors import SpecError
from bayesfactor.base.records import FrozenArrays
from bayesfactor.panel.records import Factor
from bayesfactor.spec.inclusion import EXAMPLE, BetaInclusion, ScaledInclusion, scaled_inclusion
from bayesfactor.spec.keys import Keyed, keyed, lookup
from bayesfactor.spec.loading_path import ConstantPath, LoadingPath
from bayesfactor.spec.priors import HalfNormal, Normal, log_normal
from bayesfactor.spec.units import PanelUnits

Units = Literal["beta", "standardised"]


@dataclass(frozen=True, eq=False)
class ScaledLoadings(FrozenArrays):
    """The law of loadings per unit of each factor.

    Attributes
    ----------
    loc, sd : array (factor)
        Mean and standard deviation of m_gk (grouped), b_k (common) or beta_ik (free).
    spread : array (factor)
        Scale of tau_k; 0 unless loadings are grouped.
    floor : array (factor)
        Least tau_k; 0 unless loadings may be out.
    inclusion : ScaledInclusion, or None
        Which loadings may be out; None where all are in.
    """

    loc: np.ndarray
    sd: np.ndarray
    spread: np.ndarray
    floor: np.ndarray
    inclusion: ScaledInclusion | None = None

    def log_prior(self, draws: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the log prior densities (draw) of what loadings share, but for constants, of draws by name."""
        return {
            **log_normal(draws, "loading_mean", self.loc, self.sd),
            **log_normal(draws, "loading_common", self.loc, self.sd),
            **log_normal(draws, "loading_scale", self.floor, self.spread),
            **(self.inclusion.log_prior(draws) if self.inclusion else {}),
        }


@dataclass(frozen=True)
class GroupedPrior:
    """Loadings of one group share a mean m_gk ~ `mean` and a spread tau_k ~ `spread`.

    ``units`` says what the numbers count: ``"beta"`` the loading itself; ``"standardised"`` the loading times the
    factor's standard deviation, over the typical asset's (so 0.5 moves the typical asset by half its own standard
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


def _chosen[P: (GroupedPrior, LoadingPrior)](prior: Keyed[P], units: PanelUnits) -> tuple[list[P], np.ndarray]:
    """Return each factor's prior, and what one unit of it is of a loading."""
    found = [keyed(prior, factor, place=f"model '{units.model}': loadings.prior") for factor in units.factors]
    standardised = units.typical_sd / units.factor_sd
    return found, np.where([one.units == "beta" for one in found], 1.0, standardised)


def _scaled(values: Sequence[Normal], spread: np.ndarray, unit: np.ndarray) -> ScaledLoadings:
    loc, sd = np.array([value.mean for value in values]), np.array([value.sd for value in values])
    return ScaledLoadings(loc * unit, sd * unit, spread * unit, np.zeros(loc.size))


def _scaled_values(prior: Keyed[LoadingPrior], units: PanelUnits) -> ScaledLoadings:
    found, unit = _chosen(prior, units)
    return _scaled([one.value for one in found], np.zeros(len(found)), unit)


@dataclass(frozen=True)
class GroupedLoadings:
    """beta_ik ~ N(m_{g(i),k}, tau_k^2): partial pooling within groups.

    Attributes
    ----------
    prior : keyed GroupedPrior
    path : ConstantPath or MovingPath
    inclusion : keyed BetaInclusion or 1.0
        Whether a loading may be out; 1.0, or no key for a factor, is always in.
    """

    kind: ClassVar[str] = "grouped"
    pooling: ClassVar[str] = "Partial pooling: short or noisy histories are drawn towards their group."  # in a report
    prior: Keyed[GroupedPrior]
    path: LoadingPath = ConstantPath()
    inclusion: Keyed[BetaInclusion | float] = field(default=(), metadata={"left_out": True})

    def __post_init__(self) -> None:
        for key, value in self.inclusion:
            if not isinstance(value, BetaInclusion) and (isinstance(value, bool) or value != 1.0):
                raise SpecError(
                    f"loadings.inclusion.{key} is {value!r}, and must be a BetaInclusion, or 1.0: always in.",
                    place=f"loadings.inclusion.{key}",
                    found=value,
                    allowed=("BetaInclusion", "1.0"),
                    remedy=f"For instance {EXAMPLE}; leave out a factor by 'families'.",
                )
        numbers_first = sorted(self.inclusion, key=lambda row: isinstance(row[1], BetaInclusion))  # as TOML has them
        object.__setattr__(self, "inclusion", tuple(numbers_first))

    def scaled(self, units: PanelUnits) -> ScaledLoadings:
        """Return the law per unit of each factor."""
        found, unit = _chosen(self.prior, units)
        chosen = [self._inclusion_of(factor) for factor in units.factors]
        floor = np.array([one.floor if one else 0.0 for one in chosen])
        plain = _scaled([one.mean for one in found], np.array([one.spread.scale for one in found]), unit)
        return replace(plain, floor=floor * unit, inclusion=scaled_inclusion(chosen))

    def _inclusion_of(self, factor: Factor) -> BetaInclusion | None:
        found = lookup(self.inclusion, factor)
        return found if isinstance(found, BetaInclusion) else None

    def simulate(self, scaled: ScaledLoadings, groups: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Return loadings (draw, asset, factor) of assets in groups of these numbers."""
        k = scaled.loc.size
        mean = scaled.loc + scaled.sd * rng.standard_normal((draws, int(groups.max(initial=-1)) + 1, k))
        spread = scaled.floor + scaled.spread * np.abs(rng.standard_normal((draws, 1, k)))
        away = spread * rng.standard_normal((draws, groups.size, k))
        return scaled.inclusion.simulate(mean[:, groups], away, rng) if scaled.inclusion else mean[:, groups] + away


@dataclass(frozen=True)
class FreeLoadings:
    """beta_ik ~ its own fixed prior: no pooling."""

    kind: ClassVar[str] = "free"
    pooling: ClassVar[str] = "No pooling: each asset has its own prior."
    prior: Keyed[LoadingPrior]
    inclusion: ClassVar[Keyed[float]] = ()
    path: LoadingPath = ConstantPath()

    def scaled(self, units: PanelUnits) -> ScaledLoadings:
        """Return the law per unit of each factor."""
        return _scaled_values(self.prior, units)

    def simulate(self, scaled: ScaledLoadings, groups: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Return loadings (draw, asset, factor) of as many assets as there are groups given."""
        return scaled.loc + scaled.sd * rng.standard_normal((draws, groups.size, scaled.loc.size))


@dataclass(frozen=True)
class CommonLoadings:
    """beta_ik = b_k for every asset: complete pooling."""

    kind: ClassVar[str] = "common"
    pooling: ClassVar[str] = "Complete pooling: one loading for all assets."
    path: ClassVar[LoadingPath] = ConstantPath()
    inclusion: ClassVar[Keyed[float]] = ()
    prior: Keyed[LoadingPrior]

    def scaled(self, units: PanelUnits) -> ScaledLoadings:
        """Return the law per unit of each factor."""
        return _scaled_values(self.prior, units)

    def simulate(self, scaled: ScaledLoadings, groups: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Return loadings (draw, asset, factor) of as many assets as there are groups given."""
        common = scaled.loc + scaled.sd * rng.standard_normal((draws, 1, scaled.loc.size))
        return np.broadcast_to(common, (draws, groups.size, scaled.loc.size))


Loadings = GroupedLoadings | FreeLoadings | CommonLoadings
