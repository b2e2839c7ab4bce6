"""Checks of the dates, names and numbers of a table; each becomes one type."""

import numbers
from datetime import date as date_type
from decimal import Decimal

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.screening.columns import long_remedy, no_dates
from bayesfactor.data.screening.number_formats import describe_number, is_mark
from bayesfactor.data.screening.timestamps import (
    Words,
    describe_inside,
    first_inside,
    frame_words,
    is_unread_epoch,
    times_of,
    whole_days,
)

_NO_NUMBER = "Read the column as numbers, with its missing-value marks named to the reader."


def day(date: object) -> str:
    """Write a date as year-month-day."""
    if isinstance(date, pd.Timestamp):
        return str(date.date())  # in its own zone
    return str(np.datetime64(date, "D")) if isinstance(date, np.datetime64) else str(date)


def length(time: pd.Timedelta) -> str:
    """Write a length of time in days, hours, minutes and seconds: ``1 day 3 hours``."""
    found = []
    for unit in ("days", "hours", "minutes", "seconds"):
        count = getattr(time.components, unit)
        found += [f"{count} {unit if count > 1 else unit[:-1]}"] if count else []
    return " ".join(found) or f"{time.total_seconds():g} seconds"


def check_dates(frame: pd.DataFrame, what: str) -> pd.DatetimeIndex:
    """Raise an error for an index that is not of dates, has a missing date, is unsorted or holds a date twice."""
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
    """Return the days that times stand for, and their time zone; raise an error for times within the day."""
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
    """Return the column names as text; raise an error for two columns of one name."""
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
    """Return a column as floats; raise an error for text and infinite values."""
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
