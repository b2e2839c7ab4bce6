"""Checks for columns that are not assets, and for an index that does not hold dates."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.screening.number_formats import (
    date_formats,
    describe_date,
    epoch_unit,
    is_clock,
    looks_like_dates,
    read_formats,
)

_BAR = ("open", "high", "low", "close", "adj close", "volume")
_CLOCK = re.compile(r"(^|[\W_])(date|datetime|time|timestamp|epoch|unix|ts)s?($|[\W_])|time$|stamp$", re.IGNORECASE)
_COUNTER = re.compile(
    r"(unnamed: ?\d+(\.\d+)?(_level_\d+)?|index|level_0|rows?|row[ _]?(id|number|names)|id|obs|nr?|no|key|#|)$",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"(?<![a-z])(volume|market[ _]?cap(itali[sz]ation)?)(?![a-z])", re.IGNORECASE)
_FUND = re.compile(r"weighted|index|fund|et[fnp]", re.IGNORECASE)  # that is called after volumes or market values
_PARTS = ("year", "quarter", "month", "day", "day_of_week", "day_of_year")
_LATEST = 9e18  # nanoseconds
_LEAST = 1e8  # of seconds since 1970
_ALMOST = 4  # days
_ENOUGH = 5
_SPREADSHEET = 25_569  # what a spreadsheet counts on 1 January 1970


def bar_field(name: object) -> str:
    """Return a column's name as a field of a bar, such as ``close`` for ``4. Close``."""
    plain = re.sub(r"^\d+[a-z]?\. *", "", str(name).strip().lower()).replace("_", " ")
    return {"adjclose": "adj close", "adjusted close": "adj close"}.get(plain, plain)


def _split(name: str) -> tuple[str, str]:
    """Return what of a column's name is not a field of a bar, and the field: ``aapl``, ``close`` of ``AAPL_Close``."""
    if bar_field(name) in _BAR:
        return "", bar_field(name)
    field = "adj[ _]?close|open|high|low|close|volume"
    found = re.fullmatch(rf"(.*[a-z\d].*?)[\W_]+({field})\W*|\W*({field})[\W_]+(.*[a-z\d].*)", name.lower())
    if not found:
        return "", ""
    return (found[1] or found[4]).strip(" '\")("), bar_field(found[2] or found[3])


def check_levels(frame: pd.DataFrame, what: str) -> None:
    """Raise an error for column names of several levels, such as Close, High and Volume of each asset."""
    if frame.columns.nlevels == 1:
        return
    levels = [list(dict.fromkeys(frame.columns.get_level_values(i))) for i in range(frame.columns.nlevels)]
    place = next((i for i, names in enumerate(levels) if any(bar_field(name) in _BAR for name in names)), 0)
    names = levels[place]
    field = next((name for wanted in ("adj close", "close") for name in names if bar_field(name) == wanted), names[0])
    take = f"{what}[{field!r}]" if place == 0 else f"{what}.xs({field!r}, axis=1, level={place})"
    prices = bar_field(field) in _BAR and what != "prices"
    raise DataError(
        f"{what} has {frame.columns.nlevels} levels of column names ({', '.join(map(str, names[:4]))}"
        f"{', ...' if len(names) > 4 else ''}).",
        series=what,
        value=frame.columns[0],
        remedy=f"Take one field, with one column per series: {f'bf.to_returns({take})' if prices else take}.",
    )


def check_bars(frame: pd.DataFrame, what: str) -> None:
    """Raise an error for open, high, low, close and volume of one asset, or volumes, given as assets (floats)."""
    check_fields(frame, what)
    check_times(list(map(str, frame.columns)), what)
    for place, name in enumerate(map(str, frame.columns)):
        found = _AMOUNT.search(name)
        if found and not _FUND.search(name) and (what == "prices" or _are_amounts(frame.iloc[:, place])):
            kind = "volume" if found[0].lower() == "volume" else "market value"
            raise DataError(
                f"'{name}' in {what} is a {kind}, not an asset.",
                series=name,
                value=name,
                remedy=f"Leave it out: {what}.drop(columns={name!r}).",
            )


def _are_amounts(column: pd.Series) -> bool:
    """Whether numbers are too large, and too positive, to be returns."""
    return bool((column.dropna() >= 0).all() and column.median() >= 1)


def check_times(names: Sequence[str], what: str, remedy: str = "") -> None:
    """Raise an error if the names of all assets are times of day."""
    if names and all(map(is_clock, names)):
        last = names[-1]
        take = f"{what}[[{last!r}]].rename(columns={{{last!r}: 'name'}})"
        raise DataError(
            f"The assets of {what} have times of day for names, such as '{last}': the bars of one asset.",
            series=last,
            value=tuple(names[:5]),
            remedy=remedy or f"Keep one of them, and name it by its asset: {take}.",
        )


def check_fields(frame: pd.DataFrame, what: str) -> None:
    """Raise an error for the bars of one asset, given as series of their own."""
    names, many = [str(name) for name in frame.columns], "factors" if what.startswith("factors") else "assets"
    for asset in dict.fromkeys(_split(name)[0] for name in names):
        fields = {_split(name)[1]: name for name in names if _split(name)[0] == asset}
        bar = [fields[field] for field in _BAR if field in fields]
        close = fields.get("adj close", fields.get("close"))
        if len(bar) >= 3 and (close is not None or 2 * len(bar) >= len(names)):
            one = close or bar[-1]
            take = f"{what}[[{one!r}]].rename(columns={{{one!r}: {asset or 'name'!r}}})"
            done = what == "prices" or bool((frame[one] <= 0).any())
            raise DataError(
                f"{what} has the columns {', '.join(map(repr, bar))}: the bars of one asset, not {many}.",
                series=bar[0],
                value=tuple(bar),
                remedy="Take one column of each asset, and name it by it: "
                f"{take if done else f'bf.to_returns({take})'}.",
            )


def check_columns(frame: pd.DataFrame, what: str) -> None:
    """Raise an error for a column of times, of dates as numbers, or of row numbers; the frame holds floats on dates."""
    assert isinstance(frame.index, pd.DatetimeIndex)
    for name in map(str, frame.columns):
        values = frame[name].to_numpy()
        seen = np.isfinite(values)
        if not seen.any():
            continue
        first = float(values[seen][0])
        if not may_count(name) and first < _LEAST and not first.is_integer():
            continue
        kind = f"numbers the rows from {first:g}" if may_count(name) and counts_rows(values) else ""
        kind = kind or _times(name, values[seen], frame.index[seen])
        if kind:
            raise DataError(
                f"'{name}' in {what} {kind}: it is no series.",
                series=name,
                date=frame.index[seen][0],
                value=first,
                remedy=f"Leave it out: {what}.drop(columns={name!r}).",
            )


def may_count(name: object) -> bool:
    """Whether a column has no name of its own, but one that row numbers have."""
    return bool(_COUNTER.match(str(name).strip()))


def counts_rows(values: np.ndarray) -> bool:
    """Whether values go up by one from row to row."""
    return len(values) > 1 and bool((np.diff(values) == 1.0).all())


def _times(name: str, values: np.ndarray, index: pd.DatetimeIndex) -> str:
    """Say that a column holds dates: it does where they are those of the rows, or where its name says so, too."""
    plain = index.tz_localize(None) if index.tz is not None else index
    days, unit = plain.to_numpy().astype("datetime64[D]"), epoch_unit(int(values[0]))
    numbers = (values >= 18_000_101) & (values <= 21_001_231) & (values % 1 == 0)
    if unit:
        scale = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}[unit[0]]
        stamps = np.clip(values * scale, 0, _LATEST).astype(np.int64).astype("datetime64[ns]").astype("datetime64[D]")
        text = f"holds {unit[1]} since 1970"
    elif numbers.all():
        whole = pd.Series(values.astype(np.int64).astype(str))
        stamps = pd.to_datetime(whole, format="%Y%m%d", errors="coerce").to_numpy().astype("datetime64[D]")
        text = "holds dates written as numbers"
    else:
        return _parts(values, plain, days)
    if np.isnat(stamps).any():
        return ""
    near = float((np.abs((stamps - days).astype(np.int64)) <= _ALMOST).mean())
    rising = bool((np.diff(values) >= 0).all())
    return text if near > 0.5 or (_CLOCK.search(name) and rising) else ""


def _parts(values: np.ndarray, plain: pd.DatetimeIndex, days: np.ndarray) -> str:
    """Say that a column holds a part of the date of its row, or that date as a spreadsheet counts."""
    if len(values) < _ENOUGH:
        return ""
    if (values == days.astype(np.int64) + _SPREADSHEET).all():
        return "holds days as a spreadsheet counts them"
    if (values == 100 * plain.year + plain.month).all():
        return "holds months written as numbers"
    part = next((part for part in _PARTS if (values == getattr(plain, part)).all()), "")
    turns = part == "year" or bool((np.diff(values) <= 0).any())  # a trend may begin with a year
    return f"holds the {part} of each row" if part and np.ptp(values) > 0 and turns else ""


def no_dates(frame: Any, what: str) -> DataError:
    """Say how to give a frame dates, whose index holds none."""
    index, kind = frame.index, type(frame.index[0]).__name__ if len(frame.index) else type(frame.index).__name__
    kind = {"str": "text", "date": "Python date objects"}.get(kind, kind)
    formats = () if isinstance(index, pd.MultiIndex) else date_formats(index)
    read = read_formats(f"{what}.index", formats) if formats else f"pd.to_datetime({what}.index)"
    remedy = f"Use {what}.index = {read}, in one time zone or none."
    text = f"The index of {what} holds {kind}, not {'timestamps' if 'date' in kind else 'dates'}."
    first = index[0] if len(index) else None
    column, how = _dated(frame)
    if isinstance(index, pd.MultiIndex):
        text, remedy = f"The rows of {what} have {index.nlevels} levels, not one of dates.", _unstack(frame, what)
    elif isinstance(index, pd.PeriodIndex):
        remedy = f"Use {what}.index = {what}.index.to_timestamp(how='end').normalize()."
    elif column and not describe_date(first) and not formats:
        text = f"The index of {what} holds {kind}, not dates; the dates are in the column {column!r}."
        read, cell = how.format(column=f"{what}[{column!r}]"), f"{what}[{column!r}]"
        remedy = long_remedy(frame, what, column) or f"Use {what} = {what}.set_index({column!r})."
        remedy = remedy if read == cell else f"First {cell} = {read}. {remedy.replace('Use', 'Then', 1)}"
    elif isinstance(first, datetime):
        remedy = f"Use {what}.index = pd.DatetimeIndex({what}.index)."
    elif found := describe_date(first, f"{what}.index"):
        text = f"The index of {what} holds {kind}, not dates: {first} is {found[0]}."
        remedy = f"Use {what}.index = {found[1]}."
    elif pd.api.types.is_numeric_dtype(index):
        remedy = f"Give the date of each row as the index: {what}.index = pd.DatetimeIndex(dates)."
    return DataError(text, series=what, value=first, remedy=remedy)


def long_remedy(frame: Any, what: str, date: str = "date") -> str:
    """Return how to bring a table of one row per date and asset to one column per asset; empty for any other."""
    if frame.columns.nlevels > 1:
        return ""
    once = frame.loc[:, ~frame.columns.duplicated(keep=False)].drop(columns=date, errors="ignore")
    kinds = once.dtypes.to_dict()
    text = [name for name, kind in kinds.items() if not pd.api.types.is_numeric_dtype(kind) and kind.kind not in "Mmb"]
    values = [name for name, kind in kinds.items() if pd.api.types.is_numeric_dtype(kind)]
    if len(text) != 1 or not values or frame[text[0]].nunique() == len(frame):
        return ""
    index = f"index={date!r}, " if date in frame.columns else ""
    return f"Bring the assets to columns: {what}.pivot({index}columns={text[0]!r}, values={values[0]!r})."


def _dated(frame: Any) -> tuple[str, str]:
    """Return the first column of a frame that holds dates, and how to read it; empty where there is none."""
    if frame.columns.nlevels > 1:
        return "", ""
    for place, name in enumerate(frame.columns):
        if how := looks_like_dates(frame.iloc[:, place]):
            return str(name), how
    return "", ""


def _unstack(frame: Any, what: str) -> str:
    """Say how to bring rows of date and asset to one row per date."""
    index = frame.index
    dated = next((i for i in range(index.nlevels) if isinstance(index.levels[i], pd.DatetimeIndex)), 0)
    other = next(i for i in range(index.nlevels) if i != dated)
    level = other if index.names[other] is None else index.names[other]
    if index.nlevels > 2:
        return f"Keep two, date and asset, and bring the assets to columns: {what}[column].unstack({level!r})."
    return f"Bring the assets to columns: {what}[{frame.columns[0]!r}].unstack({level!r})."
