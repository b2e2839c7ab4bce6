"""Checks at the door: data that cannot be what they are said to be are refused, by name, date and value."""

import numbers
from decimal import Decimal

import numpy as np
import pandas as pd

from bayesfactor.errors import DataError
from bayesfactor.screening.units import large_return

HUGE = 1e4  # a simple return above a million per cent in one period is a mistake
_ENOUGH = 5


def day(date: object) -> str:
    """Write a date as year-month-day."""
    return str(np.datetime64(date, "D")) if isinstance(date, np.datetime64 | pd.Timestamp) else str(date)


def check_dates(index: pd.Index, what: str) -> pd.DatetimeIndex:
    """Refuse an index that is not of dates, has a missing date, is unsorted or holds a date twice."""
    if not isinstance(index, pd.DatetimeIndex):
        kind = type(index[0]).__name__ if len(index) else type(index).__name__
        change = ".to_timestamp(how='end').normalize()" if isinstance(index, pd.PeriodIndex) else ""
        raise DataError(
            f"The index of {what} holds {kind}, not dates.",
            series=what,
            value=index[0] if len(index) else None,
            remedy=f"Use {what}.index = "
            + (f"{what}.index{change}." if change else f"pd.to_datetime({what}.index), in one time zone or none."),
        )
    if index.hasnans:
        raise DataError(f"A date of {what} is missing.", series=what, remedy="Drop the rows without a date.")
    if not index.is_monotonic_increasing:
        date = index[1:][index[1:] < index[:-1]][0]
        raise DataError(
            f"The dates of {what} are not in order: {date} comes after a later date.",
            series=what,
            date=date,
            remedy=f"Sort them with {what}.sort_index(), once you know why.",
        )
    if index.has_duplicates:
        date = index[index.duplicated()][0]
        raise DataError(
            f"{what} has the date {date} twice.", series=what, date=date, remedy="Keep one row for each date."
        )
    return index


def strip_time(index: pd.DatetimeIndex, what: str) -> pd.DatetimeIndex:
    """Drop zone and time of day of daily dates; refuse times within the day."""
    plain = index if index.tz is None else index.tz_localize(None)
    if index.tz is not None and not (plain == plain.normalize()).all():
        plain = index.tz_convert("UTC").tz_localize(None)
    inside = plain != plain.normalize()
    if inside.any():
        date = index[inside][0]
        raise DataError(
            f"{what} has a time within the day, {date}: intraday data are not supported yet.",
            series=what,
            date=date,
            remedy=f"Use daily data, or {what}.index.normalize() when the time of day has no meaning.",
        )
    return plain


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
                raise DataError(
                    f"'{name}' in {what} is not a number on {day(date)}: {value!r}.",
                    series=name,
                    date=date,
                    value=value,
                    remedy="Read the column as numbers, with its missing-value marks named to the reader.",
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
    """Refuse returns below -100 %, prices given as returns, and per cent given as decimal.

    `year` periods make a year.
    """
    if not len(values):
        return
    below = values < -1.0
    middle = float(np.median(np.abs(values)))
    large = large_return(year)
    typical = len(values) >= _ENOUGH and middle > large
    if typical and (values >= 0).all():
        raise DataError(
            f"'{name}' looks like prices: no value is negative and the median is {middle:.4g}.",
            series=name,
            date=dates[0],
            value=float(values[0]),
            remedy="Make returns with bf.to_returns(prices).",
        )
    huge = values > HUGE
    if huge.any():
        raise DataError(
            f"'{name}' returns {values[huge][0]:.4g} on {day(dates[huge][0])}: no return is that large.",
            series=name,
            date=dates[huge][0],
            value=float(values[huge][0]),
            remedy="Correct that value, or drop the date.",
        )
    if below.any():
        date, value = dates[below][0], float(values[below][0])
        raise DataError(
            f"'{name}' returns {value:.4g} on {day(date)}, a loss of more than everything: percent given as decimal?",
            series=name,
            date=date,
            value=value,
            remedy="Say units='percent', or give decimals (0.01 for one per cent).",
        )
    if typical:
        raise DataError(
            f"'{name}' has a median absolute return of {middle:.4g}: percent given as decimal?",
            series=name,
            date=dates[0],
            value=middle,
            remedy="Say units='percent', or give decimals (0.01 for one per cent).",
        )


def check_prices(prices: pd.DataFrame) -> None:
    """Refuse a price of zero or below."""
    for name in prices.columns:
        bad = prices[name].to_numpy() <= 0
        if bad.any():
            date, value = prices.index[bad][0], float(prices[name].to_numpy()[bad][0])
            raise DataError(
                f"The price of '{name}' is {value:.6g} on {day(date)}: no return can be made from it.",
                series=name,
                date=date,
                value=value,
                remedy="Put a missing value there if it is a bad quote; a level that may be negative is a "
                "factor with transform 'diff'.",
            )
