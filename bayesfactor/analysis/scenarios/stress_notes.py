"""What a reader of a scenario's results should know."""

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.scenarios.factor_history import LongRun
from bayesfactor.analysis.scenarios.scenario import Scenario
from bayesfactor.analysis.scenarios.shock_units import notes_on_units
from bayesfactor.analysis.scenarios.simulation import floor_note_of
from bayesfactor.posterior.fit import Fit

SUMMED = "returns of several periods are summed, not compounded"
ELSEWHERE = {
    "expected": (),
    "unchanged": ("the other factors are expected at their means; outcomes draw them around these",),
}


def notes_on(
    fit: Fit,
    scenario: Scenario,
    others: str,
    law: LongRun,
    expected: xr.DataArray,
    floored: pd.Series,
    least: np.ndarray,
) -> tuple[str, ...]:
    """Return notes on the scenario, its units, the fit and losses of more than everything."""
    return (
        *scenario.notes,
        *notes_on_units(scenario, fit.panel, law),
        *(ELSEWHERE[others] if len(scenario.shocks) < len(law.names) else ()),
        *((SUMMED,) if scenario.periods > 1 else ()),
        *noise_notes(fit, tuple(scenario.shocks)),
        *floor_notes(expected, floored, least),
    )


def noise_notes(fit: Fit, names: tuple[str, ...]) -> tuple[str, ...]:
    """Say which shocked factors are measured with error: loadings are on their true values."""
    if "reliability" not in fit.posterior:
        return ()
    noisy = (fit.posterior["reliability"].sel(factor=list(names)) < 1).any(("chain", "draw"))
    found = noisy["factor"].values[noisy.values].tolist()
    return (f"measured with error, and shocked by their true values: {', '.join(found)}",) if found else ()


def floor_notes(expected: xr.DataArray, floored: pd.Series, least: np.ndarray, among: str = "all") -> tuple[str, ...]:
    """Say where a linear model loses more than everything; `among` says what the entries are."""
    below = (expected < xr.DataArray(least, dims="asset")).mean(("chain", "draw"))
    notes = [*floor_note_of("an outcome", floored, among)]
    if float(below.max()) > 0:
        name = str(below["asset"].values[int(np.argmax(below.values))])
        notes.append(
            f"the expected return of '{name}' is below -100 % in {100 * float(below.max()):.3g} % of draws: the model "
            "is linear, and loses more than everything"
        )
    return tuple(notes)
