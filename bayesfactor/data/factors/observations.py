"""What factors are made of: series and bars on their own dates, read and checked, and never repaired."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.data.calendars import infer_pattern, longest_step
from bayesfactor.data.factors.descriptions import SHARES
from bayesfactor.data.integration.factor_series import FactorSeries
from bayesfactor.data.integration.frames import read_times, zone_of
from bayesfactor.data.screening.candles import describe_time
from bayesfactor.data.screening.dates import day, strip_time
from bayesfactor.data.screening.timestamps import check_zones, frame_words

_EVERY = 3  # dates from which a calendar is told


@dataclass(frozen=True)
class Source:
    """Where observations come from: the argument that they were given as.

    Attributes
    ----------
    what : str
        Name of the argument.
    intraday : bool
        Whether there may be several a day.
    wanted : function of str to bool
        Which columns are read, by their names.
    daily : str
        What to do where there are several rows a day of what is daily.
    """

    what: str
    intraday: bool = False
    wanted: Callable[[str], bool] = lambda name: True
    daily: str = "Make one of each day, such as {what}.resample('D').last() of levels and .sum() of flows."


def read_columns(table: Any, source: Source) -> pd.DataFrame:
    """Return a checked copy of a frame, or of a series as a frame of one column, in floats on its own dates.

    Raises
    ------
    DataError
        For dates that are not sorted and unique, times within the day of what is daily, text, infinite values, codes of
        missing values, no value at all.
    """
    what = source.what
    if isinstance(table, FactorSeries):
        table = table.values
    frame = table.to_frame(what if table.name is None else str(table.name)) if isinstance(table, pd.Series) else table
    found = read_times(frame, what, source.wanted)
    if not source.intraday:
        assert isinstance(found.index, pd.DatetimeIndex)
        words = frame_words(what, found.index.tz is not None)
        words = replace(words, bars="there are several rows a day", use=source.daily.format(what=what))
        days, _ = strip_time(found.index, what, words)
        if found.index.tz is None:
            found.index = days
    return found


def read_series(series: Any, source: Source) -> pd.Series:
    """Return a series on dates, or a frame of one column, from its first value to its last.

    Raises
    ------
    DataError
        As `read_columns`; and for a value that is missing between two others, which would have to be invented.
    """
    table = read_columns(series, source)
    if table.shape[1] != 1:
        raise DataError(
            f"{source.what} has {table.shape[1]} columns.",
            series=source.what,
            value=tuple(map(str, table.columns)),
            remedy=f"Give the one that is meant: {source.what}[{str(table.columns[0])!r}].",
        )
    found = whole(table, source.what).iloc[:, 0]
    found.attrs = table.attrs
    return found


def whole(table: pd.DataFrame, what: str) -> pd.DataFrame:
    """Return the rows from the first to the last that are complete; raise an error for a hole between them."""
    complete = table.notna().all(axis=1).to_numpy()
    if not complete.any():
        raise DataError(
            f"No row of {what} has {' and '.join(map(repr, map(str, table.columns)))}.",
            series=what,
            remedy="Look at its source.",
        )
    first, last = np.flatnonzero(complete)[[0, -1]]
    found = table.iloc[first : last + 1]
    hole = ~complete[first : last + 1]
    if hole.any():
        row, end = int(np.argmax(hole)), int(np.flatnonzero(hole)[-1])
        name = str(table.columns[int(np.argmax(found.iloc[row].isna().to_numpy()))])
        date = found.index[row]
        raise DataError(
            f"'{name}' in {what} is missing on {describe_time(date)}, between two values.",
            series=name,
            date=date,
            remedy=f"Supply it; or leave the date out where the market was closed, {what}.dropna(); or take the part "
            f"after {'it' if row == end else 'the last such date'}: "
            f"{what}.loc[{describe_time(found.index[end + 1])!r}:].",
        )
    return found


def read_together(given: Sequence[tuple[str, Any]]) -> list[pd.Series]:
    """Return series (name of the argument, series) on the dates from the last of their first ones to the first end.

    Raises
    ------
    DataError
        As `read_series`; for series of different zones or times, and a date in that span that one of them lacks.
    """
    found = {what: read_series(series, Source(what)) for what, series in given}
    require_same_zone({what: series.to_frame() for what, series in found.items()})
    first = max(series.index[0] for series in found.values())
    last = min(series.index[-1] for series in found.values())
    if first > last:
        spans = ", ".join(f"{what} {day(one.index[0])} to {day(one.index[-1])}" for what, one in found.items())
        raise DataError(
            f"No date is in all of them: {spans}.", series=given[0][0], date=first, remedy="Look at their dates."
        )
    cut = {what: series.loc[first:last] for what, series in found.items()}
    every = next(iter(cut.values())).index
    for series in cut.values():
        every = every.union(series.index)
    for what, series in cut.items():
        lacking = every.difference(series.index)
        if len(lacking):
            raise DataError(
                f"{what} has no value on {day(lacking[0])}, a date on which others have one.",
                series=what,
                date=lacking[0],
                remedy="Supply it, or take dates that all of them have.",
            )
    return list(cut.values())


def read_positive(given: Sequence[tuple[str, Any]]) -> list[pd.Series]:
    """Return series as `read_together` does, whose logarithms exist.

    Raises
    ------
    DataError
        As `read_together`; and for a value of zero or below.
    """
    found = read_together(given)
    for (what, _), series in zip(given, found, strict=True):
        remedy = "A level of zero or below has no logarithm: take the part after it."
        require_above(series, 0.0, what, remedy)
    return found


def require_same_zone(tables: Mapping[str, pd.DataFrame]) -> None:
    """Raise an error for tables whose days are those of different zones."""
    zones = {}
    for what, table in tables.items():
        assert isinstance(table.index, pd.DatetimeIndex)
        zones[what] = zone_of(table) or strip_time(table.index, what)[1]
    check_zones(zones)


def require_regular(index: pd.Index, what: str, why: str) -> None:
    """Raise an error where a date is missing from a calendar: daily, business, weekly, ...

    Why it must not is said by `why`, such as "a window of 30".
    """
    assert isinstance(index, pd.DatetimeIndex)
    dates = index.tz_localize(None).to_numpy().astype("datetime64[D]")
    pattern = infer_pattern(dates) if len(dates) >= _EVERY else ""
    if not pattern:
        return
    long = np.diff(dates).astype(np.int64) > longest_step(pattern)
    if long.any():
        place = int(np.argmax(long))
        raise DataError(
            f"{what} is {pattern}, and has nothing between {dates[place]} and {dates[place + 1]}: {why} would span it.",
            series=what,
            date=dates[place + 1],
            value=int((dates[place + 1] - dates[place]).astype(np.int64)),
            remedy=f"Supply what is missing, or take the part after it: {what}.loc['{dates[place + 1]}':].",
        )


def require_above(values: pd.Series, low: float, what: str, remedy: str, *, equal: bool = False) -> None:
    """Raise an error for a value at `low` or below it; below it only, where it may be `equal`."""
    bad = (values < low if equal else values <= low).to_numpy()
    if bad.any():
        why = f"it must be {'at least' if equal else 'above'} {low:g}"
        raise refused(values, bad, what, why, remedy)


def refused(values: pd.Series, bad: np.ndarray, what: str, why: str, remedy: str) -> DataError:
    """Return the error for the first of the values that are bad."""
    date, value = values.index[bad][0], float(values[bad].iloc[0])
    name = f"'{values.name}' in {what}" if values.name not in (None, what) else what
    return DataError(
        f"{name} is {value:.6g} on {describe_time(date)}: {why}.",
        series=what if values.name is None else str(values.name),
        date=date,
        value=value,
        remedy=remedy,
    )


def lag_of(given: object, lag: int | None, least: int) -> int:
    """Return the lag of what is made of a series: as asked, else that of a FactorSeries, and not below `least`."""
    if lag is not None:
        return lag
    return max(least, given.factor.lag) if isinstance(given, FactorSeries) else least


def made_of(given: object) -> str:
    """Return words on the factor that another is made of; none of a plain series."""
    if not isinstance(given, FactorSeries):
        return ""
    return f"; of {given.factor.name}, {given.factor.description.partition(f'. {SHARES}')[0]}"


def said_of(given: object) -> dict[str, tuple[str, ...]]:
    """Return notes and warnings of the factor that another is made of, for its ``attrs``; none of a plain series."""
    return {"notes": given.notes, "warnings": given.warnings} if isinstance(given, FactorSeries) else {}


def shares_price(given: object) -> bool:
    """Whether the factor that another is made of shares the price with the return; not said of a plain series."""
    return isinstance(given, FactorSeries) and given.factor.shares_price


def name_of(name: str | None, default: object, verb: str) -> str:
    """Return the name of a factor, or its default; raise a SpecError where there is neither."""
    found = default if name is None else name
    if not isinstance(found, str) or not found.strip():
        raise SpecError(
            f"{verb}: the series has no name, and name is {name!r}.",
            place=f"{verb}.name",
            found=name,
            remedy=f"Write bf.{verb}(..., name='hash_rate').",
        )
    return found
