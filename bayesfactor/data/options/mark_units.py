"""Marks of options that are in another unit than they are said to be, and volatilities that are hardly meant."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.options.black76 import Contracts, implied_volatilities

USUAL = (0.01, 10.0)  # volatilities a year; outside them something is said
PLAUSIBLE = (0.1, 3.0)  # at which a mark is taken to be in the other unit, where its own has no usual one
LOW = 0.2  # below which the other unit is asked about
APART = 20.0  # forwards that tell the two units apart: above it, or below 1 over it
SPREAD = 0.02  # relative, between forwards of one expiry


def apart(forward: pd.Series, expiry: pd.Series) -> pd.Series:
    """Return which forward is the furthest from the others of its expiry, where they differ by more than `SPREAD`."""
    each = forward.groupby(expiry)
    far = (forward / each.transform("median") - 1).abs()
    furthest = far == far.groupby(expiry).transform("max")
    return (each.transform("max") / each.transform("min") - 1 > SPREAD) & furthest


def notes_on_marks(
    names: Iterable[str], contracts: Contracts, marks: np.ndarray, coin: np.ndarray, found: np.ndarray, place: str
) -> tuple[str, ...]:
    """Return notes on implied volatilities `found` (option) that are hardly meant.

    Raises
    ------
    DataError
        When a mark has no usual volatility in its own unit, and a plausible one in the other; names the option.
    """
    (low, high), called = USUAL, list(names)
    strange = ~((low <= found) & (found <= high)) & (marks > 0)
    asks = strange | (found > PLAUSIBLE[1])
    asked = (strange | (found < LOW)) & ~((contracts.forward >= 1 / APART) & (contracts.forward <= APART))
    other = np.full(len(marks), np.nan)
    if asked.any():
        values = marks * np.where(coin, 1.0, contracts.forward)
        other[asked] = implied_volatilities(contracts.only(asked), values[asked])[0]
    plausible = (PLAUSIBLE[0] <= other) & (other <= PLAUSIBLE[1])
    for i in np.flatnonzero(strange & plausible):
        raise _other_unit(called[i], float(marks[i]), bool(coin[i]), float(other[i]), place)
    notes = []
    for i in np.flatnonzero(~np.isnan(found) & (asks | plausible)):
        says = f"{called[i]}: an implied volatility of {_percent(found[i])} a year"
        if plausible[i]:
            taken = "in money" if coin[i] else "in units of the underlying"
            notes.append(f"{says}; taken {taken}, its mark would say {_percent(other[i])}: check in which it is")
        else:
            notes.append(f"{says}: check its mark, forward, strike and expiry")
    return tuple(notes)


def _other_unit(name: str, mark: float, coin: bool, volatility: float, place: str) -> DataError:
    said, other, write = "units of the underlying", "money", "usd"
    if not coin:
        said, other, write = other, said, "coin"
    return DataError(
        f"{place}: the mark of '{name}', {mark:g}, is said to be in {said}; in {other} it has an implied volatility of "
        f"{_percent(volatility)} a year, in {said} none that is usual.",
        series=name,
        value=mark,
        remedy=f'If it is in {other}, write settled="{write}"; else check its mark, forward, strike and expiry.',
    )


def _percent(volatility: float) -> str:
    return f"{100 * volatility:{',.0f' if volatility >= 1 else '.3g'}} %"
