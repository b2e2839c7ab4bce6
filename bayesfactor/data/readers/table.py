"""Tidy tables: one column per series, or one row per date and asset."""

import io
from pathlib import Path

import pandas as pd

from bayesfactor.base.errors import DataError, SpecError, unknown
from bayesfactor.data.readers.cells import (
    CODE,
    CODE_LONG,
    CODE_PARQUET,
    LONG,
    MISSING,
    Source,
    check_clock,
    decode_text,
    make_numbers,
    read_number,
    read_raw,
    split_cells,
    tell_content,
)
from bayesfactor.data.readers.dates import date_hint, find_dates, make_index, read_times
from bayesfactor.data.readers.publishers import describe_text, first_name
from bayesfactor.data.screening.columns import counts_rows, may_count
from bayesfactor.data.screening.missing_codes import check_codes
from bayesfactor.data.screening.number_formats import epoch_unit, is_clock, is_mark

DATE_NAMES = ("date", "datetime", "time", "timestamp", "day", "month", "period")


def read_table(
    path: Source,
    *,
    date: str | None = None,
    asset: str | None = None,
    value: str | None = None,
    zone: str | None = None,
) -> pd.DataFrame:
    """Read a tidy CSV or Parquet file: one column per series, or one row per date and asset.

    Parameters
    ----------
    path : str or path-like
        CSV (may be gzipped) or Parquet, whose dates may be in the index.
    date : str, optional
        The column of dates. When absent: the first one named date, datetime, time, timestamp, day, month or
        period (in any case), else the first column if it holds ISO dates.
    asset, value : str, optional
        Columns of a long table, given together; other columns are left out. When absent, a table is long if
        it has three columns: dates, text and numbers.
    zone : str, optional
        The time zone, such as ``"America/New_York"``, in which the times of the file are midnights. Times
        without an offset are then universal time, unless all are midnights.

    Returns
    -------
    DataFrame
        dates x series. Wide: in the order of the file. Long: dates sorted, assets as they first appear.
        YYYY-MM and YYYYMM are dated at the end of the month. ``attrs`` holds ``layout`` (``"wide"`` or
        ``"long"``), ``units`` (``"as published"``) and, where the times have a zone, ``zone``.

    Raises
    ------
    DataError
        The file cannot be read; a date is not ISO (03/04/2020 has two meanings), or a time within the day;
        a date, or a date and asset, comes twice; a cell is text; a code for a missing value repeats.
    SpecError
        A named column or zone does not exist, or `asset` is given without `value`.

    Notes
    -----
    Dates are taken as written: a file that dates a month on its first day looks ahead by a month.

    A time is a day where it is midnight (or the last second of a day) in its own zone, else where it is
    midnight in universal time; any other raises an error.
    """
    name = Path(path).name
    _check_pair(asset, value)
    data = read_raw(path)
    cells, hint = (_read_parquet if data.startswith(b"PAR1") else _read_csv)(data, name)
    for column in (date, asset, value):
        if column is not None and column not in cells.columns:
            raise unknown("column", column, cells.columns, place=name)
    key = _find_date_column(cells, name, hint) if date is None else date
    if asset is None or value is None:
        asset, value = _find_long_columns(cells.drop(columns=key))
    check_clock(cells.drop(columns=key) if asset is None else cells[[asset]], key, name)
    dates = find_dates(cells[key], name, zone)
    if asset is not None and value is not None:
        if len({key, asset, value}) < 3:
            raise SpecError(
                f"{name}: dates, assets and values cannot share the columns '{key}', '{asset}', '{value}'.",
                place=name,
                found=asset,
                allowed=cells.columns,
            )
        index = make_index(dates, name, unique=False)
        frame = _make_wide(cells, index, asset, value, name)
    else:
        index = make_index(dates, name, remedy=LONG)
        others = cells.drop(columns=key)
        _check_counters(others, name)
        frame = make_numbers(others, index, name, missing=MISSING, remedy=hint or LONG)
    check_codes(frame, name, CODE_PARQUET if data.startswith(b"PAR1") else CODE if asset is None else CODE_LONG)
    frame.attrs = {"layout": "wide" if asset is None else "long", "units": "as published"}
    frame.attrs |= {"zone": dates.zone} if dates.zone else {}
    return frame


def _check_counters(cells: pd.DataFrame, name: str) -> None:
    """Raise an error for row numbers that were saved with a table."""
    for column in filter(may_count, cells.columns):
        values, bad = read_number(cells[column], MISSING)
        if not bad.any() and counts_rows(values.to_numpy()):
            raise DataError(
                f"{name}: column '{column}' numbers the rows from {values.iloc[0]:g}: it is no series.",
                series=str(column),
                value=float(values.iloc[0]),
                remedy=f"Save the table without it: pandas.read_csv(path, index_col={column or 0!r})"
                ".to_csv(path, index=False).",
            )


def _check_pair(asset: str | None, value: str | None) -> None:
    if (asset is None) == (value is None):
        return
    given, absent = ("asset", "value") if value is None else ("value", "asset")
    raise SpecError(
        f"read_table: `{given}` is given without `{absent}`.",
        place="read_table",
        found=asset or value,
        remedy="Give both for a table with one row per date and asset, neither for one column per series.",
    )


def _read_csv(data: bytes, name: str) -> tuple[pd.DataFrame, str]:
    text = decode_text(data, name)
    layout, hint = describe_text(text)
    first = first_name(text)
    if layout in ("Ken French", "yfinance", "JSON") or first == "observation_date" or (epoch_unit(first) and hint):
        raise DataError(f"{name} is not a table of dates and series.", series=name, value=first, remedy=hint)
    return split_cells(text, name), hint if layout == "FRED" else ""


def _read_parquet(data: bytes, name: str) -> tuple[pd.DataFrame, str]:
    try:
        frame = pd.read_parquet(io.BytesIO(data), engine="pyarrow")
    except ImportError:
        raise DataError(
            f"{name} is a Parquet file, and pyarrow is not installed.",
            series=name,
            remedy="pip install bayesfactor[parquet]",
        ) from None
    except (ValueError, OSError) as error:
        raise DataError(f"{name} cannot be read as Parquet: {error}.", series=name, remedy="Save it again.") from None
    if frame.columns.nlevels > 1:
        raise DataError(
            f"{name} has {frame.columns.nlevels} levels of column names.",
            series=name,
            value=str(frame.columns[0]),
            remedy="Save one field, with one column per series, such as frame['Close'].",
        )
    if not isinstance(frame.index, pd.RangeIndex) or frame.index.name is not None:
        frame = frame.reset_index()
    if frame.empty:
        raise DataError(f"{name} has no rows.", series=name, remedy="Save it again.")
    columns = [str(column) for column in frame.columns]
    rows = pd.RangeIndex(1, len(frame) + 1, name="row")
    return frame.set_axis(columns, axis="columns").set_axis(rows, axis="index"), ""


def _find_date_column(cells: pd.DataFrame, name: str, hint: str) -> str:
    named = [str(column) for column in cells.columns if column.lower() in DATE_NAMES]
    if named:
        return next((one for one in named if not is_clock(cells[one].iloc[0])), named[0])
    first = cells.columns[0]
    times, text = read_times(cells[first])
    if times.local.notna().any():
        return str(first)
    hint = date_hint(text) or hint
    raise DataError(
        f"{name} has no column of dates: none is named {', '.join(DATE_NAMES)}, and the first, '{first}', "
        f"begins with '{text.iloc[0]}'.",
        series=name,
        date=text.iloc[0],
        value=text.iloc[0],
        remedy=f"{hint} Dates are YYYY-MM-DD, YYYYMMDD, YYYY-MM or YYYYMM; name their column with `date`.".strip(),
    )


def _find_long_columns(others: pd.DataFrame) -> tuple[str, str] | tuple[None, None]:
    content = {tell_content(others[column]): str(column) for column in others.columns}
    if len(others.columns) == 2 and content.keys() == {"text", "numbers"}:
        if all(is_mark(one) for one in others[content["text"]].dropna().unique() if str(one).strip()):
            return None, None
        return content["text"], content["numbers"]
    return None, None


def _make_wide(cells: pd.DataFrame, index: pd.DatetimeIndex, asset: str, value: str, name: str) -> pd.DataFrame:
    names = cells[asset].astype(object).where(cells[asset].notna(), "").astype(str).str.strip()
    long = make_numbers(cells[[value]], index, name, missing=MISSING, remedy="Repair that cell.")
    long = long.set_axis(["value"], axis="columns").reset_index().assign(asset=names.to_numpy())
    blank, again = long["asset"].eq(""), long.duplicated(["date", "asset"])
    for fault, what in ((blank, "a value without an asset"), (again, "a second value of one asset")):
        if fault.any():
            at = int(fault.to_numpy().argmax())
            who, when = long["asset"].iloc[at], long["date"].iloc[at]
            raise DataError(
                f"{name}, {cells.index.name} {cells.index[at]}: {what}, '{who}' on {when.date()}.",
                series=who or name,
                date=when,
                value=cells[value].iloc[at],
                remedy="Keep one row per date and asset (and metric), each with its name.",
            )
    # pivot_table would leave out an asset that has no value.
    wide = long.pivot(index="date", columns="asset", values="value")[list(dict.fromkeys(names))]
    return wide.rename_axis(columns=None)
