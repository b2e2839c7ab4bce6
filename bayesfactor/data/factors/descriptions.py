"""A factor made of observations: values with what is known about it."""

from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.integration.factor_series import FactorSeries
from bayesfactor.data.screening.dates import day
from bayesfactor.panel.records import Factor

SHARES = "It shares the price with the return: on the same date its loading would be an identity"


def over(window: int, of: str, transform: str) -> str:
    """Say over how many a value is taken, and why it is then differenced."""
    if window == 1:
        return ""
    return f", over {window} {of}; overlapping windows are autocorrelated, hence {transform}"


def known_from(values: pd.Series, what: str, remedy: str) -> pd.Series:
    """Return values from the first that is known; raise an error where a later one cannot be computed."""
    known = np.isfinite(values.to_numpy())
    if not known.any():
        raise DataError(f"{what} cannot be computed on any date.", series=what, remedy=remedy)
    first = int(np.argmax(known))
    found, hole = values.iloc[first:], ~known[first:]
    if hole.any():
        date = found.index[hole][0]
        raise DataError(f"{what} cannot be computed on {day(date)}.", series=what, date=date, remedy=remedy)
    return found


def of_levels(values: pd.Series, name: str, family: str, lag: int, **about: Any) -> FactorSeries:
    """Return a factor that is no return; ``attrs`` of the values may hold its notes and warnings.

    Of one that shares the price the description says so, and what its lag is for; without a lag that is a warning.
    """
    values = values.copy()
    values.attrs = dict(values.attrs)
    notes, warnings = (tuple(values.attrs.pop(what, ())) for what in ("notes", "warnings"))
    if about.get("shares_price"):
        text = f"{SHARES}, hence a lag" if lag else f"{SHARES}, and it has no lag"
        warnings = tuple(dict.fromkeys((*warnings, *([] if lag else [f"{text}: leave lag out, or give 1"]))))
        about["description"] += f". {text}."
    factor = Factor(name, traded=False, family=family, lag=lag, **about)
    return FactorSeries(values, factor, notes=notes, warnings=warnings)
