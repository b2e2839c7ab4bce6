"""Input frames: pandas or polars in, a checked copy in floats with plain dates out."""

from collections.abc import Callable
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.screening.columns import check_bars, check_columns, check_levels
from bayesfactor.data.screening.dates import as_numbers, check_dates, check_names, strip_time
from bayesfactor.data.screening.missing_codes import check_codes
from bayesfactor.data.screening.number_formats import date_formats, describe_date, epoch_unit
from bayesfactor.data.screening.timestamps import WRITTEN, Words, check_zones

__all__ = ["check_zones", "days_of", "read_frame", "read_prices", "read_rate", "read_times"]

Days = np.ndarray


def _from_other(frame: Any, what: str) -> pd.DataFrame:
    """Bring a polars (or other eager) frame to pandas; its first date column is the index."""
    try:
        narrow = nw.from_native(frame, eager_only=True)
    except TypeError:
        rate = what == "risk_free"
        raise DataError(
            f"{what} is a {type(frame).__name__}, not a {'Series' if rate else 'DataFrame'}.",
            series=what,
            value=type(frame).__name__,
            remedy="Give a Series on dates, a DataFrame of one column, or a number."
            if rate
            else "Give a pandas or polars DataFrame with one column per series.",
        ) from None
    dated = [name for name, kind in narrow.schema.items() if kind == nw.Date or kind == nw.Datetime]
    if not dated:
        raise _no_date_column(narrow, what)
    dtype = narrow.schema[dated[0]]
    index = pd.DatetimeIndex(narrow[dated[0]].to_numpy(), name=dated[0])
    zone = getattr(dtype, "time_zone", None)
    if zone:
        index = (index if index.tz is not None else index.tz_localize("UTC")).tz_convert(zone)
    others = [name for name in narrow.columns if name != dated[0]]
    columns = {name: narrow[name].to_numpy() for name in others}
    return pd.DataFrame(columns, index=index, columns=others)


def _no_date_column(narrow: Any, what: str) -> DataError:
    """Say how to give a polars frame dates, which has none."""
    remedy = "Parse its dates first, such as with pl.col(name).str.to_date()."
    found = None
    for name in narrow.columns:
        values = narrow[name].drop_nulls()
        first = values[0] if len(values) else None
        if unit := epoch_unit(first):
            remedy = f"'{name}' holds {unit[1]} since 1970: pl.from_epoch({name!r}, time_unit={unit[0]!r})."
        elif (kind := describe_date(first)) and kind[0].startswith("a date"):
            remedy = f"'{name}' holds dates as numbers: pl.col({name!r}).cast(pl.String).str.to_date('%Y%m%d')."
        elif formats := date_formats(values.to_list()) if narrow.schema[name] == nw.String else ():
            other = f" (or {formats[1]!r}, if the month comes first)" if len(formats) > 1 else ""
            remedy = f"'{name}' holds dates as text: pl.col({name!r}).str.to_date({formats[0]!r}){other}."
        else:
            continue
        found = first
        break
    return DataError(f"{what} has no column of dates.", series=what, value=found, remedy=remedy)


def read_times(frame: Any, what: str, wanted: Callable[[str], bool] | None = None) -> pd.DataFrame:
    """Return a checked copy of a frame in floats, on its own times; ``attrs`` keeps the zone of a file.

    Of columns that need not be assets or factors, such as the bars of one asset, those that are `wanted` by name.

    Raises
    ------
    DataError
        For an index that is not sorted dates, names of several levels or that occur twice, columns that are no series,
        text, infinite values, codes for missing values, or no data.
    """
    table = frame if isinstance(frame, pd.DataFrame) else _from_other(frame, what)
    check_levels(table, what)
    index = check_dates(table, what) if len(table) else table.index
    names = check_names(list(table.columns), what)
    columns = {
        name: as_numbers(table.iloc[:, place], name, what)
        for place, name in enumerate(names)
        if wanted is None or wanted(name)
    }
    if not any(np.isfinite(values).any() for values in columns.values()):
        raise DataError(f"{what} is empty: it holds no value at all.", series=what, remedy="Look at its source.")
    found = pd.DataFrame(columns, index=index)
    if wanted is None and not what.startswith("factors"):
        check_bars(found, what)
    check_columns(found, what)
    check_codes(found, what)
    zone = table.attrs.get("zone")
    found.attrs = {"zone": zone} if isinstance(zone, str) else {}
    return found


def read_frame(frame: Any, what: str) -> tuple[pd.DataFrame, str]:
    """Return a checked copy of a frame of daily or coarser series in floats, and its time zone (empty for none).

    Raises
    ------
    DataError
        As `read_times`, and for times within the day.
    """
    table = read_times(frame, what)
    index = table.index
    assert isinstance(index, pd.DatetimeIndex)
    days, zone = strip_time(index, what, None if isinstance(frame, pd.DataFrame) else _polars_words(index))
    return table.set_axis(days, axis=0), zone_of(table) or zone


def zone_of(table: pd.DataFrame) -> str:
    """Return the zone that only the ``attrs`` of a table of `read_times` know; empty for none."""
    bare = isinstance(table.index, pd.DatetimeIndex) and table.index.tz is None
    return WRITTEN + table.attrs["zone"] if bare and "zone" in table.attrs else ""


def _polars_words(index: pd.DatetimeIndex) -> Words:
    column = f"pl.col({str(index.name)!r})"
    known = "" if index.tz is not None else ".dt.replace_time_zone('UTC')"
    return Words(f"{column}{known}.dt.convert_time_zone('{{zone}}')", f"{column}.dt.truncate('1d')")


def read_prices(prices: Any) -> tuple[pd.DataFrame, pd.Index]:
    """Return a checked copy of prices by day, and the times that they came with."""
    table, _ = read_frame(prices, "prices")
    times = prices.index if isinstance(prices, pd.DataFrame) else _from_other(prices, "prices").index.rename(None)
    return table, times


def read_rate(risk_free: Any) -> tuple[pd.DataFrame, str]:
    """Return a risk-free series, or frame of one column, as a checked frame of one column."""
    frame = risk_free.to_frame("risk_free") if isinstance(risk_free, pd.Series) else risk_free
    table, zone = read_frame(frame, "risk_free")
    if table.shape[1] != 1:
        raise DataError(
            f"risk_free has {table.shape[1]} columns.", series="risk_free", remedy="Give the one to subtract."
        )
    return table.set_axis(["risk_free"], axis=1), zone


def days_of(frame: pd.DataFrame) -> Days:
    """Return the index of a frame as days."""
    return frame.index.to_numpy().astype("datetime64[D]")
