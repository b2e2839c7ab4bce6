"""Frames at the door: pandas or polars in, a checked copy in floats with plain dates out."""

from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from bayesfactor.errors import DataError
from bayesfactor.screening import as_numbers, check_dates, check_names, strip_time

Days = np.ndarray


def _from_other(frame: Any, what: str) -> pd.DataFrame:
    """Bring a polars (or other eager) frame to pandas; its first date column is the index."""
    try:
        narrow = nw.from_native(frame, eager_only=True)
    except TypeError:
        raise DataError(
            f"{what} is a {type(frame).__name__}, not a DataFrame.",
            series=what,
            value=type(frame).__name__,
            remedy="Give a pandas or polars DataFrame with one column per series.",
        ) from None
    dated = [name for name, kind in narrow.schema.items() if kind == nw.Date or kind == nw.Datetime]
    if not dated:
        raise DataError(f"{what} has no column of dates.", series=what, remedy="Parse its dates first.")
    dtype = narrow.schema[dated[0]]
    index = pd.DatetimeIndex(narrow[dated[0]].to_numpy())
    zone = getattr(dtype, "time_zone", None)
    if zone:
        index = (index if index.tz is not None else index.tz_localize("UTC")).tz_convert(zone)
    others = [name for name in narrow.columns if name != dated[0]]
    columns = {name: narrow[name].to_numpy() for name in others}
    return pd.DataFrame(columns, index=index, columns=others)


def read_times(frame: Any, what: str) -> pd.DataFrame:
    """Return a checked copy of a frame in floats, on its own times.

    Raises
    ------
    DataError
        For an index that is not sorted dates, names that occur twice, text, infinite values, or no data.
    """
    table = frame if isinstance(frame, pd.DataFrame) else _from_other(frame, what)
    index = check_dates(table.index, what) if len(table) else table.index
    names = check_names(list(table.columns), what)
    columns = {name: as_numbers(table.iloc[:, place], name, what) for place, name in enumerate(names)}
    if not any(np.isfinite(values).any() for values in columns.values()):
        raise DataError(f"{what} is empty: it holds no value at all.", series=what, remedy="Look at its source.")
    return pd.DataFrame(columns, index=index)


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
    return table.set_axis(strip_time(index, what), axis=0), str(index.tz or "")


def read_rate(risk_free: Any) -> tuple[pd.DataFrame, str]:
    """Return a risk-free series, or frame of one column, as a checked frame of one column."""
    frame = risk_free.to_frame("risk_free") if isinstance(risk_free, pd.Series) else risk_free
    table, zone = read_frame(frame, "risk_free")
    if table.shape[1] != 1:
        raise DataError(
            f"risk_free has {table.shape[1]} columns.", series="risk_free", remedy="Give the one to subtract."
        )
    return table.set_axis(["risk_free"], axis=1), zone


def check_zones(zones: dict[str, str]) -> None:
    """Refuse frames of different time zones, or some with and some without."""
    if len(set(zones.values())) > 1:
        found = ", ".join(f"{what}: {zone or 'none'}" for what, zone in zones.items())
        raise DataError(
            f"The frames are not in one time zone ({found}).",
            series=next(iter(zones)),
            value=found,
            remedy="Convert all of them with tz_convert('UTC'), or drop the zone of all with tz_localize(None).",
        )


def days_of(frame: pd.DataFrame) -> Days:
    """Return the index of a frame as days."""
    return frame.index.to_numpy().astype("datetime64[D]")
