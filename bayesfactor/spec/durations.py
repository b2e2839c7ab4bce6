"""Lengths of time, and priors of them."""

import numbers
import re
from dataclasses import dataclass
from typing import Literal, Self, get_args

from bayesfactor.base.errors import SpecError
from bayesfactor.spec.priors import Distribution, Quantity, positive

Unit = Literal["years", "months", "weeks", "days", "periods"]
PER_YEAR = {"years": 1.0, "months": 12.0, "weeks": 365.25 / 7, "days": 365.25}
_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_WRITTEN = re.compile(rf"^\s*({_NUMBER})\s*(year|month|week|day|period)s?\s*$")
_REMEDY = 'Write a number with its unit, such as "2 years" or "104 periods".'


@dataclass(frozen=True)
class Duration(Quantity):
    """A length of time: ``"2 years"``, ``"26 weeks"``; or of a panel's own periods, ``"104 periods"``."""

    value: float
    unit: Unit

    def __post_init__(self) -> None:
        if self.unit not in get_args(Unit):
            raise SpecError(
                f"Duration.unit is {self.unit!r}, and must be one of {', '.join(get_args(Unit))}.",
                place="Duration.unit",
                found=self.unit,
                allowed=get_args(Unit),
                remedy=_REMEDY,
            )
        number = isinstance(self.value, numbers.Real) and not isinstance(self.value, bool)
        if not (number and 0 < self.value < float("inf")):
            raise SpecError(
                f"Duration is {self.value!r} {self.unit}, and must be positive and finite.",
                place="Duration.value",
                found=self.value,
                remedy=_REMEDY,
            )

    @classmethod
    def parse(cls, text: object, *, place: str = "") -> Self:
        """Read ``"2 years"``, ``"1 month"`` or ``"104 periods"``."""
        found = _WRITTEN.match(text) if isinstance(text, str) else None
        if found is None:
            raise SpecError(
                f"{place}: {text!r} is not a length of time.",
                place=place,
                found=text,
                allowed=("2 years", "6 months", "26 weeks", "90 days", "104 periods"),
                remedy=_REMEDY,
            )
        return cls(float(found[1]), next(unit for unit in get_args(Unit) if unit == f"{found[2]}s"))

    def __str__(self) -> str:
        return f"{float(self.value)!r} {self.unit}"

    def periods(self, periods_per_year: int) -> float:
        """Return it in periods of a panel."""
        value = float(self.value)
        return value if self.unit == "periods" else value / PER_YEAR[self.unit] * periods_per_year


@dataclass(frozen=True)
class LogNormalDuration(Distribution):
    """log x ~ N(log median, sd^2), the median written as a length of time."""

    median: Duration
    sd: float

    def __post_init__(self) -> None:
        if not isinstance(self.median, Duration):
            raise SpecError(
                f"LogNormalDuration.median: expected a Duration, found {self.median!r}.",
                place="LogNormalDuration.median",
                found=self.median,
                remedy='Write bf.LogNormalDuration(bf.Duration(8, "weeks"), 1.0).',
            )
        positive("LogNormalDuration.sd", self.sd)
