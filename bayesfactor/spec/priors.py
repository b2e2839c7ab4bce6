"""Prior distributions as values, with numbers in economic units."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from bayesfactor.base.errors import SpecError

_RATE = re.compile(r"^\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*%\s*/\s*(year|period)\s*$")


class Quantity:
    """A number with its unit, which a model file writes as a text."""

    @classmethod
    def parse(cls, text: object, *, place: str = "") -> Self:
        """Read it from such a text, or raise a SpecError that names the place."""
        raise NotImplementedError


class Distribution:
    """A distribution, which a model file writes as a table with ``dist``."""

    @classmethod
    def dist(cls) -> str:
        """Return its name in a model file."""
        return cls.__name__.removesuffix("Rate").removesuffix("Duration")


@dataclass(frozen=True)
class Rate(Quantity):
    """A return or a volatility in per cent, per year or per period of the panel.

    Written ``"5 %/year"`` in a model file. A mean return scales with time, a volatility with its square root.
    """

    value: float
    per: Literal["year", "period"] = "year"

    def __post_init__(self) -> None:
        _finite("Rate", self.value)

    @classmethod
    def parse(cls, text: object, *, place: str = "") -> Self:
        """Read ``"5 %/year"`` or ``"0.5 %/period"``."""
        found = _RATE.match(text) if isinstance(text, str) else None
        if found is None:
            raise SpecError(
                f"{place}: '{text}' is not a rate.",
                place=place,
                found=text,
                allowed=("5 %/year", "0.5 %/period"),
                remedy='Write a number with its unit, such as "5 %/year" or "0.5 %/period".',
            )
        return cls(float(found[1]), "year" if found[2] == "year" else "period")

    def __str__(self) -> str:
        return f"{float(self.value)!r} %/{self.per}"

    def mean(self, periods_per_year: int) -> float:
        """Return it as a decimal mean return per period."""
        return self.value / 100 / (periods_per_year if self.per == "year" else 1)

    def volatility(self, periods_per_year: int) -> float:
        """Return it as a decimal standard deviation per period."""
        return self.value / 100 / (periods_per_year**0.5 if self.per == "year" else 1)


def _finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise SpecError(f"{name} is {value}, and must be finite.", place=name, found=value)


def positive(name: str, value: float | Rate) -> None:
    """Raise a SpecError unless a number is positive and finite."""
    number = value.value if isinstance(value, Rate) else value
    if not 0 < number < float("inf"):
        raise SpecError(
            f"{name} is {value}, and must be positive and finite.",
            place=name,
            found=value,
            remedy="Every prior is proper: give it a positive scale.",
        )


@dataclass(frozen=True)
class Normal(Distribution):
    """x ~ N(mean, sd^2)."""

    mean: float = 0.0
    sd: float = 1.0

    def __post_init__(self) -> None:
        _finite("Normal.mean", self.mean)
        positive("Normal.sd", self.sd)


@dataclass(frozen=True)
class NormalRate(Distribution):
    """x ~ N(mean, sd^2), both written as rates."""

    mean: Rate
    sd: Rate

    def __post_init__(self) -> None:
        positive("NormalRate.sd", self.sd)


@dataclass(frozen=True)
class HalfNormal(Distribution):
    """x = abs(z), z ~ N(0, scale^2)."""

    scale: float

    def __post_init__(self) -> None:
        positive("HalfNormal.scale", self.scale)


@dataclass(frozen=True)
class HalfNormalRate(Distribution):
    """x = abs(z), z ~ N(0, scale^2), the scale written as a rate."""

    scale: Rate

    def __post_init__(self) -> None:
        positive("HalfNormalRate.scale", self.scale)


@dataclass(frozen=True)
class LogNormalRate(Distribution):
    """log x ~ N(log median, sd^2), the median written as a rate."""

    median: Rate
    sd: float

    def __post_init__(self) -> None:
        positive("LogNormalRate.median", self.median)
        positive("LogNormalRate.sd", self.sd)


@dataclass(frozen=True)
class Exponential(Distribution):
    """x - above ~ Exponential with the given mean."""

    mean: float
    above: float = 0.0

    def __post_init__(self) -> None:
        positive("Exponential.mean", self.mean)
        _finite("Exponential.above", self.above)


@dataclass(frozen=True)
class InverseWishart(Distribution):
    """Omega ~ IW(K + 1 + weight, weight * diag(s^2)), with mean diag(s^2), s their sample standard deviations.

    ``weight`` is what the prior counts for, in periods.
    """

    weight: float = 2.0

    def __post_init__(self) -> None:
        positive("InverseWishart.weight", self.weight)


@dataclass(frozen=True)
class SpikeSlab(Distribution):
    """x ~ N(0, s^2) with probability `inclusion`, else x ~ N(0, spike s^2): a factor pays, or next to nothing.

    For the premium of a non-traded factor as a Sharpe ratio a year. The slab scales with the strength of the factor's
    loadings, s = `slab` * (strength found) / `strength`, so that a factor on which no asset loads pays nothing either
    way. Source: Bryzgalova, Huang and Julliard (2023).

    Attributes
    ----------
    slab : float
        Standard deviation of the slab where the strength found equals `strength`.
    inclusion : float
        Prior probability that the factor pays.
    spike : float
        Variance of the spike over that of the slab.
    strength : float
        Root mean square over assets of the loading on the standardised factor, over the asset's own standard deviation.
    """

    slab: float
    inclusion: float = 0.5
    spike: float = 0.001
    strength: float = 0.1

    def __post_init__(self) -> None:
        positive("SpikeSlab.slab", self.slab)
        positive("SpikeSlab.strength", self.strength)
        for name in ("inclusion", "spike"):
            value = getattr(self, name)
            if not 0 < value < 1:
                raise SpecError(
                    f"SpikeSlab.{name} is {value}, and must be between 0 and 1.",
                    place=f"SpikeSlab.{name}",
                    found=value,
                )


def log_normal(
    draws: Mapping[str, np.ndarray], name: str, loc: float | np.ndarray, sd: float | np.ndarray
) -> dict[str, np.ndarray]:
    """Return the log-density (draw) of a variable's draws (draw, ...) under N(loc, sd^2), but for constants, by name.

    Nothing where it is not among the draws. It serves half-normal priors too, with `loc` 0.
    """
    if name not in draws:
        return {}
    z = (draws[name] - loc) / sd
    return {name: -0.5 * np.sum(z.reshape(len(z), -1) ** 2, axis=1)}
