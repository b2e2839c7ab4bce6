"""How much each return counts."""

import numbers
import re
from dataclasses import dataclass
from typing import ClassVar, Literal, Self, get_args

import numpy as np

from bayesfactor.base.errors import SpecError
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.panel import require_returns
from bayesfactor.spec.priors import Quantity

SHORTEST = 6  # periods of a half-life: some nine returns count
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
class EqualWeights:
    """w_it = 1: every return counts the same."""

    kind: ClassVar[str] = "equal"

    def __str__(self) -> str:
        return ""

    def weights(self, panel: PanelBase) -> None:
        """Return None: weights of 1."""


@dataclass(frozen=True)
class HalfLife:
    """w_it = 2^(-(T - t) / h), h = `half_life`: a return counts half as much as one that is h periods younger.

    T is the last row of the panel, so that the weights of all assets are the same on one date. Loadings, alphas and
    residual standard deviations are estimated from weighted returns; the factors' own histories, and with them the
    premia of traded factors, are not weighted. The weighted likelihood is not that of the data and gives no
    evidence: compare half-lives out of sample. Source: West and Harrison (1997), discounting.

    Intervals are those of as many returns as the weights add up to, T_i = sum_t w_it, 1.44 h of a long history: the
    effective number in ``fit.describe()``. Where nothing moves that is too wide: an average under the weights is worth
    2.89 h returns (Kish 1965), by which `check` judges. For normal noise and a panel that holds the returns themselves.
    """

    kind: ClassVar[str] = "half_life"
    half_life: Duration

    def __post_init__(self) -> None:
        if not isinstance(self.half_life, Duration):
            raise SpecError(
                f"HalfLife: expected a Duration, found {self.half_life!r}.",
                place="observation.half_life",
                found=self.half_life,
                remedy='Write bf.HalfLife(bf.Duration(2, "years")).',
            )

    def __str__(self) -> str:
        return f"Returns are weighted: one counts half as much as one that is {self.half_life} younger."

    def weights(self, panel: PanelBase) -> np.ndarray:
        """Return the weight of each return (time, asset).

        Raises
        ------
        SpecError
            When the panel holds statistics instead of returns, or the half-life is shorter than `SHORTEST` periods: as
            good as nothing would be estimated.
        """
        shape = require_returns(panel, "A half-life").returns.shape
        periods = self.half_life.periods(panel.periods_per_year)
        if periods < SHORTEST:
            raise SpecError(
                f"observation.half_life is {self.half_life}, {periods:.3g} periods of this panel, and must be "
                f"{SHORTEST} or more.",
                place="observation.half_life",
                found=self.half_life,
                remedy="Give a longer one; a few years are usual.",
            )
        age = np.arange(shape[0] - 1, -1, -1.0) / periods
        return np.broadcast_to(np.exp2(-age)[:, None], shape)


Observation = EqualWeights | HalfLife
