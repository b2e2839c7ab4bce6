"""What may happen to factors, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args

from bayesfactor.base.arguments import require_finite, require_periods
from bayesfactor.base.errors import SpecError, unknown

Volatility = Literal["next period", "long run"]
VOLATILITIES: tuple[Volatility, ...] = get_args(Volatility)
WRITE = 'Write bf.Scenario({"market": -0.2}) for a market 20 % down, bf.Sigmas(-4) for four standard deviations.'


@dataclass(frozen=True)
class Sigmas:
    """A shock in standard deviations of its factor, from the factor's mean, at every draw its own.

    Attributes
    ----------
    count : float
        How many; below 0 for a fall.
    volatility : {"next period", "long run"}
        Which standard deviation, where the factors' covariance moves: that of the periods ahead, or of the long run.
        Otherwise they are the same.

    Raises
    ------
    SpecError
        When it is no finite number, or there is no such volatility.
    """

    count: float
    volatility: Volatility = "next period"

    def __post_init__(self) -> None:
        require_finite(self.count, "Sigmas", "Sigmas", "Four standard deviations down is bf.Sigmas(-4).")
        if self.volatility not in VOLATILITIES:
            raise unknown("volatility", self.volatility, VOLATILITIES, place="Sigmas.volatility")

    def __str__(self) -> str:
        which = "" if self.volatility == VOLATILITIES[0] else f", {self.volatility}"
        return f"{self.count:+g} sd{which}"


@dataclass(frozen=True)
class Scenario:
    """Values of some factors over the periods ahead; what the others do is for `stress` to say.

    Attributes
    ----------
    shocks : mapping of str to float or Sigmas
        Of each factor its value over all the periods together, in the units of the panel: of a traded factor the
        return (-0.2 is 20 % down), of a transformed one what its transform gives (of a log difference 0.5 is 65 % up).
    name : str
        For tables and reports; made of the shocks where it is left out.
    periods : int
        Over how many periods of the panel.
    notes : tuple of str
        What a reader of the results should know of it.

    Raises
    ------
    SpecError
        When there is no shock, a shock is no finite number, or `periods` is no positive integer.
    """

    shocks: Mapping[str, float | Sigmas]
    name: str = ""
    periods: int = 1
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.shocks, Mapping):
            raise SpecError(
                f"Scenario: shocks are a mapping of factor to value, not a {type(self.shocks).__name__}.",
                place="Scenario.shocks",
                found=self.shocks,
                remedy=WRITE,
            )
        if not self.shocks:
            raise SpecError("Scenario: no factor is shocked.", place="Scenario.shocks", remedy=WRITE)
        for factor, shock in self.shocks.items():
            if not isinstance(shock, Sigmas):
                require_finite(shock, f"Scenario: the shock of '{factor}'", "Scenario", WRITE)
        require_periods(self.periods, "Scenario")
        if not isinstance(self.name, str):
            raise SpecError(f"Scenario: name is {self.name!r}, and must be text.", place="Scenario.name")
        if not isinstance(self.notes, tuple | list) or not all(isinstance(note, str) for note in self.notes):
            raise SpecError("Scenario: notes are a tuple of texts.", place="Scenario.notes", found=self.notes)
        object.__setattr__(self, "notes", tuple(self.notes))
        given = {str(factor): shock for factor, shock in self.shocks.items()}
        object.__setattr__(self, "shocks", MappingProxyType(given))
        object.__setattr__(self, "name", self.name or ", ".join(f"{name} {_text(x)}" for name, x in given.items()))

    def __repr__(self) -> str:
        return f"Scenario({dict(self.shocks)!r}, name={self.name!r}, periods={self.periods})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Scenario, (dict(self.shocks), self.name, self.periods, self.notes)


def require_scenario(given: object, verb: str) -> Scenario:
    """Return the scenario, or raise a SpecError."""
    if not isinstance(given, Scenario):
        raise SpecError(
            f"{verb}: expected a Scenario, found {type(given).__name__}.",
            place=f"{verb}.scenario",
            found=given,
            remedy=WRITE,
        )
    return given


def _text(shock: float | Sigmas) -> str:
    return str(shock) if isinstance(shock, Sigmas) else f"{shock:+g}"
