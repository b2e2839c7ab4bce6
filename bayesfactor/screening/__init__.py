"""Checks at the door: data that cannot be what they are said to be are refused, by name, date and value."""

import numbers
from datetime import date as date_type
from decimal import Decimal

import numpy as np
import pandas as pd

from bayesfactor.errors import DataError
from bayesfactor.screening.codes import check_codes_of_returns, which_codes
from bayesfactor.screening.columns import long_remedy, no_dates
from bayesfactor.screening.forms import describe_number, is_mark
from bayesfactor.screening.stamps import (
    Words,
    describe_inside,
    first_inside,
    frame_words,
    is_unread_epoch,
    times_of,
    whole_days,
)
from bayesfactor.screening.units import large_return

HUGE = 1e4  # a simple return above a million per cent in one period is a mistake
_ENOUGH = 5
_NO_NUMBER = "Read the column as numbers, with its missing-value marks named to the reader."
_CERTAIN = -98.5  # a code is one of returns in per cent, too
_DECIMAL = "Say units='percent' of per cent, or give decimals (0.01 for one per cent)."
_LEVEL = "A factor that is a level: traded=False and a transform ('diff', 'log_diff') in factor_info."


def day(date: object) -> str:
    """Write a date as year-month-day."""
    return str(np.datetime64(date, "D")) if isinstance(date, np.datetime64 | pd.Timestamp) else str(date)


def check_dates(frame: pd.DataFrame, what: str) -> pd.DatetimeIndex:
    """Refuse an index that is not of dates, has a missing date, is unsorted or holds a date twice."""
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex):
        raise no_dates(frame, what)
    if index.hasnans:
        raise DataError(f"A date of {what} is missing.", series=what, remedy="Drop the rows without a date.")
    if not index.is_monotonic_increasing:
        date = index[1:][index[1:] < index[:-1]][0]
        raise DataError(
            f"The dates of {what} are not in order: {date} comes after a later date.",
            series=what,
            date=date,
            remedy=long_remedy(frame, what) or f"Sort them with {what}.sort_index(), once you know why.",
        )
    if index.has_duplicates:
        date = index[index.duplicated()][0]
        raise DataError(
            f"{what} has the date {date} twice.",
            series=what,
            date=date,
            remedy=long_remedy(frame, what) or "Keep one row for each date.",
        )
    return index


def strip_time(index: pd.DatetimeIndex, what: str, words: Words | None = None) -> tuple[pd.DatetimeIndex, str]:
    """Return the days that times stand for, and the zone in which they are days; refuse times within the day."""
    times = times_of(index)
    found = whole_days(times)
    if found is not None and not found[0].has_duplicates:
        return found
    if found is not None:
        date = index[found[0].duplicated()][0]
        raise DataError(
            f"{what} has two times on one day, {date} the later one.",
            series=what,
            date=date,
            remedy="Keep one row for each date.",
        )
    date = index[first_inside(times)]
    words = words or frame_words(what, index.tz is not None)
    why, remedy = describe_inside(times, words)
    if is_unread_epoch(index):
        why = "the index seems to be of whole numbers that were read as nanoseconds since 1970"
        remedy = "Read it again: pd.to_datetime(numbers, unit='s') for seconds, unit='ms' for milliseconds, or "
        remedy += "pd.to_datetime(numbers.astype(str), format='%Y%m%d')."
    raise DataError(
        f"{what} has a time within the day, {date}: {why}.",
        series=what,
        date=date,
        remedy=f"{remedy} {words.also}".strip(),
    )


def check_names(names: list[object], what: str) -> list[str]:
    """Return the column names as text; refuse two columns of one name."""
    text = [str(name) for name in names]
    twice = [name for place, name in enumerate(text) if name in text[:place]]
    if twice:
        raise DataError(f"{what} has two columns named '{twice[0]}'.", series=twice[0], remedy="Rename or drop one.")
    return text


def _is_number(value: object) -> bool:
    if isinstance(value, bool | np.bool_):
        return False
    return value is None or value is pd.NA or value is pd.NaT or isinstance(value, numbers.Real | Decimal)


def as_numbers(column: pd.Series, name: str, what: str) -> np.ndarray:
    """Return a column as floats; refuse text and infinite values."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        for date, value in zip(column.index, column.array, strict=True):
            if not _is_number(value):
                says, remedy = describe_number(value) or ("", _NO_NUMBER)
                if is_mark(value):
                    says = "looks like a mark of a missing value"
                    remedy = f"Make it missing: {what} = {what}.replace({value!r}, float('nan')).astype(float)."
                if isinstance(value, date_type):
                    remedy = f"Leave it out, or make it the index: {what}.drop(columns={name!r})."
                raise DataError(
                    f"'{name}' in {what} is not a number on {day(date)}: {value!r}{says and f', which {says}'}.",
                    series=name,
                    date=date,
                    value=value,
                    remedy=remedy,
                )
        column = pd.Series([None if pd.isna(v) else float(v) for v in column.array], column.index, dtype=float)
    values = column.to_numpy(dtype=float, na_value=np.nan, copy=True)
    infinite = np.isinf(values)
    if infinite.any():
        date, value = column.index[infinite][0], float(values[infinite][0])
        raise DataError(
            f"'{name}' in {what} is infinite on {day(date)}.",
            series=name,
            date=date,
            value=value,
            remedy="Look for a price of zero before it; put a missing value there, or drop the series.",
        )
    return values


def check_return_size(dates: np.ndarray, values: np.ndarray, name: str, year: float) -> None:
    """Refuse codes for missing values, returns below -100 %, prices given as returns, and per cent given as decimal.

    `year` periods make a year.
    """
    if not len(values):
        return
    below = values < -1.0
    usual = values[np.isnan(which_codes(values))]
    middle = float(np.median(np.abs(usual))) if len(usual) else 0.0
    large = large_return(year)
    typical = len(values) >= _ENOUGH and middle > large
    if typical and (values >= 0).all():
        raise DataError(
            f"'{name}' looks like prices: no value is negative and the median is {middle:.4g}.",
            series=name,
            date=dates[0],
            value=float(values[0]),
            remedy=f"Make returns with bf.to_returns(prices). {_LEVEL}",
        )
    huge = values > HUGE
    if huge.any():
        raise DataError(
            f"'{name}' returns {values[huge][0]:.4g} on {day(dates[huge][0])}: no return is that large.",
            series=name,
            date=dates[huge][0],
            value=float(values[huge][0]),
            remedy=f"Correct that value, or drop the date. {_LEVEL}",
        )
    check_codes_of_returns(dates, values, name, _CERTAIN if typical else np.inf)
    if below.any():
        date, value = dates[below][0], float(values[below][0])
        raise DataError(
            f"'{name}' returns {value:.4g} on {day(date)}, a loss of more than everything: percent given as decimal, "
            "log returns, or a code for a missing value?",
            series=name,
            date=date,
            value=value,
            remedy=f"{_DECIMAL} Of log returns take numpy.expm1. In place of a code put NaN. {_LEVEL}",
        )
    if typical:
        raise DataError(
            f"'{name}' has a median absolute return of {middle:.4g}: percent given as decimal?",
            series=name,
            date=dates[0],
            value=middle,
            remedy=f"{_DECIMAL} {_LEVEL}",
        )


def check_prices(prices: pd.DataFrame) -> None:
    """Refuse a price of zero or below."""
    for name in prices.columns:
        bad = prices[name].to_numpy() <= 0
        if bad.any():
            date, value = prices.index[bad][0], float(prices[name].to_numpy()[bad][0])
            signs = "Returns are no prices: give them to bf.integrate as they are. " if bad.mean() > 0.2 else ""
            raise DataError(
                f"The price of '{name}' is {value:.6g} on {day(date)}: no return can be made from it.",
                series=name,
                date=date,
                value=value,
                remedy=f"{signs}Put a missing value there if it is a bad quote; a level that may be negative is a "
                "factor with transform 'diff'.",
            )
