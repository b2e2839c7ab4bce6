"""What tables of scenarios share."""

from typing import Protocol

import numpy as np
import pandas as pd

from bayesfactor.analysis.attribution.entries import portfolio_first
from bayesfactor.analysis.scenarios.scenario import Scenario
from bayesfactor.base.errors import SpecError
from bayesfactor.posterior.diagnostics import warning_of


class Stressed(Protocol):
    """A result with a scenario, notes and problems."""

    @property
    def scenario(self) -> Scenario:
        """What happens to factors."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the fit cannot be trusted."""


def finished(result: Stressed, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the portfolio first, the warning of a fit with problems, and what it is of."""
    attrs, scenario = table.attrs, result.scenario
    table = portfolio_first(table) if table.columns[0] == "asset" else table
    if result.problems:
        table["warning"] = warning_of(result.problems)
    periods = scenario.periods
    units = f"decimal over {periods} period{'s' * (periods > 1)}"
    table.attrs = {**attrs, "units": units, "scenario": scenario.name, "periods": periods}
    table.attrs |= {"notes": result.notes, "problems": result.problems}
    return table


def require_below(value: object, place: str) -> None:
    """Raise a SpecError unless it is a finite number."""
    if not isinstance(value, int | float | np.integer | np.floating) or not np.isfinite(value):
        raise SpecError(
            f"{place}: below is {value!r}; it must be a finite number.",
            place=f"{place}.below",
            found=value,
            remedy="A loss of more than 20 % is below=-0.2.",
        )
