"""Dates as users write them, and the rows of a panel between two dates."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.base.errors import SpecError

Window = tuple[Any, Any]
FORMS = (
    "a year '2020'",
    "a month '2020-03'",
    "a day '2020-03-05'",
    "a time '2020-03-05 14:30'",
    "a date of datetime, pandas or numpy",
    "None",
)
WRITE = 'Write window=("2020", "2020-03-05"): a year, a month or a day means the whole of it, None leaves an end open.'
_ISO = re.compile(r"\d{4}(-\d{2}(-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?)?)?", re.ASCII)
_ZONE = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\S+ ?(Z|UTC|[+-]\d{2}:?\d{2})", re.ASCII)
_UNITS = ("Y", "M", "D", "h", "m", "s", "ms", "us", "ns")
_TICK = np.timedelta64(1, "us")


def rows(times: np.ndarray, window: Window | None, place: str = "window") -> np.ndarray:
    """Return the indices of the rows inside a window, from the start of its first date to the end of its last.

    Parameters
    ----------
    times : array of datetime64
    window : (start, end) or None
        Each a date as `span` reads it, or None; None for all rows.
    place : str
        Name of the argument, for error messages.

    Raises
    ------
    SpecError
        When the window is not a pair of dates, or ends before it starts.
    """
    if window is None:
        return np.arange(times.size)
    found = " ".join(repr(window).split())
    try:
        row = isinstance(window, np.ndarray) and window.ndim == 1
        if isinstance(window, (str, bytes)) or not (row or isinstance(window, (Sequence, pd.Index, pd.Series))):
            raise ValueError("it is a single value")
        if len(window) != 2:
            raise ValueError(f"it has {len(window)} elements, not two")
        first, last = (None if end is None else span(end) for end in window)
    except ValueError as error:
        raise SpecError(
            f"{place}: {found[:100]} is not a pair of dates: {error}.",
            place=place,
            found=window,
            allowed=FORMS,
            remedy=WRITE,
        ) from None
    if first is not None and last is not None and first[0] >= last[1]:
        raise SpecError(
            f"{place}: {found[:100]} ends before it starts.",
            place=place,
            found=window,
            remedy="Give the earlier date first.",
        )
    moments = np.asarray(times).astype("datetime64[us]")
    inside = np.ones(moments.size, dtype=bool)
    if first is not None:
        inside &= moments >= first[0]
    if last is not None:
        inside &= moments < last[1]
    return np.flatnonzero(inside)


def span(given: object) -> tuple[np.datetime64, np.datetime64]:
    """Return the first moment of a date, and the first moment after it.

    A text in ISO 8601 (a year, a month, a day or a time of day) means the whole period, as do a `datetime.date` and a
    `numpy.datetime64` of its unit. A `datetime.datetime` and a `pandas.Timestamp` are moments.

    Raises
    ------
    ValueError
        When it is none of these, has a time zone, or is ambiguous.
    """
    match given:
        case str() if _ISO.fullmatch(given):
            return _whole(given)
        case str() if _ZONE.fullmatch(given):
            raise ValueError(f"{given!r} has a time zone, but dates of a panel have none")
        case str():
            raise ValueError(f"{given!r} is not a date written YYYY, YYYY-MM or YYYY-MM-DD")
        case np.datetime64() if not np.isnat(given):
            return _whole(given)
        case datetime() if given is not pd.NaT:
            if given.tzinfo is not None:
                raise ValueError(f"{given!r} has a time zone, but dates of a panel have none")
            moment = np.datetime64(given, "us")
            return moment, moment + _TICK
        case date() if given is not pd.NaT:
            return _whole(given.isoformat())
        case _:
            raise ValueError(f"{' '.join(repr(given).split())[:60]} is not a date (type {type(given).__name__})")


def _whole(given: str | np.datetime64) -> tuple[np.datetime64, np.datetime64]:
    """Return when a year, a month, a day or a finer unit begins, and when the next one does."""
    try:
        value = np.datetime64(given)
    except ValueError:
        raise ValueError(f"{given!r} does not exist in the calendar") from None
    unit, many = np.datetime_data(value)
    if unit not in _UNITS or many != 1:
        raise ValueError(f"{given!r} has units of {many} {unit}, not of years, months, days or parts of a day")
    start = value.astype("datetime64[us]")
    after = (value.astype(np.int64) + 1).astype(value.dtype)
    return start, max(after.astype("datetime64[us]"), start + _TICK)


def row_of(times: np.ndarray, given: object, place: str) -> int:
    """Return the row of the one date that lies in a period, as `span` reads it: "2008-10" of a monthly panel.

    Raises
    ------
    SpecError
        When it is no date, or none of the dates lies in it, or several do.
    """
    try:
        first, after = span(given)
    except ValueError as error:
        raise SpecError(f"{place}: {error}.", place=place, found=given, allowed=FORMS[:-1]) from None
    moments = np.asarray(times).astype("datetime64[us]")
    found = np.flatnonzero((moments >= first) & (moments < after))
    if found.size != 1:
        raise SpecError(
            f"{place}: {'several' if found.size else 'none'} of the {moments.size} periods lie in {given!r}.",
            place=place,
            found=given,
            remedy="Give the date of one period, as it stands in panel.times.",
        )
    return int(found[0])
