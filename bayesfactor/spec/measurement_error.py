"""Factors that are measured with error: how much of a series is signal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bayesfactor.base.arguments import require_flag, require_number
from bayesfactor.base.errors import SpecError
from bayesfactor.base.records import FrozenArrays
from bayesfactor.spec.beta import Beta, log_beta


@dataclass(frozen=True, eq=False)
class ScaledReliability(FrozenArrays):
    """Reliabilities, per factor.

    Attributes
    ----------
    noisy : array of bool (factor)
        Whether the factor is measured with error.
    known : array (factor)
        Its reliability; NaN where it has a Beta prior, 1 for a factor without error.
    a, b : array (factor)
        Of the Beta prior; 1 and 1 where there is none.
    variance : array (factor)
        Sample variance of the observed series.
    """

    noisy: np.ndarray
    known: np.ndarray
    a: np.ndarray
    b: np.ndarray
    variance: np.ndarray

    def log_prior(self, draws: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the log prior density (draw) of reliabilities, but for constants, of draws by name."""
        return log_beta(draws, "reliability", self.a, self.b, np.isnan(self.known))


@dataclass(frozen=True)
class KnownReliability:
    """A factor is seen through noise of a known size.

    With v the sample variance of the observed series o::

        o_t = f_t + u_t,   u_t ~ N(0, (1 - reliability) v)

    Attributes
    ----------
    reliability : float
        Share of the observed variance that is signal, between 0 and 1.
    proxy : str
        A second factor of the panel that measures the same f, in the same units, with noise of its own; it is no
        regressor then. Empty for none.
    unbiased : bool
        That u has mean 0 also for a traded factor, whose observed mean is then its risk premium.
    """

    reliability: float
    proxy: str = field(default="", metadata={"left_out": True})
    unbiased: bool = field(default=False, metadata={"left_out": True})

    def __post_init__(self) -> None:
        require_number(self.reliability, 0.0, 1.0, "KnownReliability.reliability", "Leave out a factor without error.")
        _check_sides(self)


@dataclass(frozen=True)
class BetaReliability(Beta):
    """A factor is seen through noise: its reliability, as in `KnownReliability`, ~ Beta(a, b).

    Attributes
    ----------
    a, b : float
    proxy : str
        As that of `KnownReliability`.
    unbiased : bool
        As that of `KnownReliability`.
    """

    proxy: str = field(default="", metadata={"left_out": True})
    unbiased: bool = field(default=False, metadata={"left_out": True})

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_sides(self)


Reliability = KnownReliability | BetaReliability


def _check_sides(error: Reliability) -> None:
    place = type(error).__name__
    require_flag(error.unbiased, f"{place}.unbiased")
    if not isinstance(error.proxy, str):
        raise SpecError(
            f"{place}.proxy is {error.proxy!r}; it must be the name of a factor.",
            place=f"{place}.proxy",
            found=error.proxy,
            remedy="Name a second series of the same thing, or leave proxy out.",
        )


def scaled_reliability(errors: Sequence[Reliability | None], variance: np.ndarray) -> ScaledReliability | None:
    """Return the reliabilities of factors with these errors and sample variances; None where no factor has error."""
    if not any(errors):
        return None
    rows = [
        (np.nan, one.a, one.b) if isinstance(one, BetaReliability) else (one.reliability if one else 1.0, 1.0, 1.0)
        for one in errors
    ]
    known, a, b = np.array(rows).T
    return ScaledReliability(np.array([one is not None for one in errors]), known, a, b, variance)
