"""One factor with what is known about it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesfactor.base.arguments import require_flag
from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.data.integration.info import make_factor
from bayesfactor.data.screening.dates import as_numbers, check_dates, day
from bayesfactor.panel.records import Factor

SHOWN = 3  # notes, when it is printed


@dataclass(frozen=True, eq=False)
class FactorSeries:
    """Values of one factor, and its description: `integrate` takes it, and needs no ``factor_info`` for it.

    Attributes
    ----------
    values : Series (dates)
        Before the factor's transform and lag; in decimals where it is traded. A copy, read-only, named by the factor.
    factor : Factor
        Name, whether it is traded, family, transform, lag, aggregate, description.
    excess : bool
        Whether values of a traded factor are excess returns already. Of one whose values are not, as of an index of
        prices, `integrate` subtracts the risk-free rate that it is given, as it does of assets.
    notes, warnings : tuple of str
        What was left out, and what looks wrong, for ``panel.describe()``.

    Raises
    ------
    DataError
        For dates that are not sorted and unique, values that are missing or infinite, and a level of zero or below
        whose logarithm the transform takes.
    SpecError
        For a description that contradicts itself, as a traded factor that is differenced, or returns before a
        risk-free rate of what is no return.
    """

    values: pd.Series
    factor: Factor
    excess: bool = True
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        place = "FactorSeries"
        if not isinstance(self.values, pd.Series) or not isinstance(self.factor, Factor):
            found = self.values if not isinstance(self.values, pd.Series) else self.factor
            raise SpecError(
                f"{place}: found a {type(found).__name__}.",
                place=place,
                found=type(found).__name__,
                allowed=("Series", "Factor"),
                remedy="Write bf.FactorSeries(series, bf.Factor(name, traded=False, transform='diff', "
                "aggregate='last')).",
            )
        name = self.factor.name
        entry = {key: value for key, value in vars(self.factor).items() if key not in ("name", "frequency")}
        object.__setattr__(self, "factor", make_factor(name, entry, f"{place} '{name}'"))
        require_flag(self.excess, f"{place}.excess")
        if not (self.excess or self.factor.traded):
            raise SpecError(
                f"{place} '{name}': excess is {self.excess!r}, and it is no return, from which a risk-free rate could "
                "be subtracted.",
                place=f"{place}.excess",
                found=self.excess,
                allowed=("True",),
                remedy="Leave excess out.",
            )
        for said in ("notes", "warnings"):
            given = getattr(self, said)
            object.__setattr__(self, said, (given,) if isinstance(given, str) else tuple(map(str, given)))
        object.__setattr__(self, "values", self._checked())

    def _checked(self) -> pd.Series:
        """Return the values as a read-only copy in floats."""
        name, given = self.factor.name, self.values
        if not len(given):
            raise DataError(f"Factor '{name}' has no values.", series=name, remedy="Look at its source.")
        index = check_dates(given.to_frame(name), f"the factor '{name}'")
        values = as_numbers(given, name, "its values")
        missing = np.isnan(values)
        if missing.any():
            date = index[missing][0]
            raise DataError(
                f"Factor '{name}' is missing on {day(date)}.",
                series=name,
                date=date,
                remedy="Leave out dates without a value, where a difference may span them: series.dropna().",
            )
        bad = values <= 0
        if self.factor.transform == "log_diff" and bad.any():
            date, value = index[bad][0], float(values[bad][0])
            raise DataError(
                f"Factor '{name}' is {value:.6g} on {day(date)}: no logarithm.",
                series=name,
                date=date,
                value=value,
                remedy="Correct it, take the part after it, or use a factor with transform 'diff'.",
            )
        values.flags.writeable = False
        found = pd.Series(values, index, name=name, copy=False)
        found.attrs = dict(given.attrs)
        return found

    def __repr__(self) -> str:
        factor, index = self.factor, self.values.index
        how = "traded" if factor.traded else f"{factor.transform}, lag {factor.lag}"
        how += "" if self.excess else ", before a risk-free rate"
        said = (
            f"FactorSeries('{factor.name}', {len(index)} values from {day(index[0])} to {day(index[-1])}, "
            f"{factor.family}, {how})"
        )
        more = [f"and {len(self.notes) - SHOWN} more notes"] if len(self.notes) > SHOWN else []
        return "\n".join([said, *(f"Note: {note}." for note in self.notes[:SHOWN]), *more])
