"""The dates of a file: parsing of cells, and the days that they stand for."""

from dataclasses import dataclass

import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.screening.number_formats import describe_date
from bayesfactor.data.screening.timestamps import (
    Times,
    Words,
    are_bars,
    clock_of,
    describe_inside,
    first_inside,
    in_zone,
    offset_zone,
    times_of,
    whole_days,
    zone_where,
)

DAY = (
    r"(?P<day>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?P<time>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?) ?(?P<zone>(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?))?"
)
_FARTHEST = 15 * 60  # minutes that a zone may be from universal time
_DAY_IN = "frame.index = pd.to_datetime(frame.index, utc=True).tz_convert('{zone}').normalize().tz_localize(None)"
COMPACT = r"(\d{4})(\d{2})(\d{2})"
MONTH = r"((?:17|18|19|20|21)\d{2})(\d{2})|(\d{4})-(\d{2})"


@dataclass(frozen=True)
class Dates:
    """The dates of a column.

    Attributes
    ----------
    days : Series
        Midnight of each date; NaT where a cell is no date.
    text : Series
        The cells as text.
    zone : str
        The zone in which they are days; empty where the file does not say.
    """

    days: pd.Series
    text: pd.Series
    zone: str


def read_times(column: pd.Series) -> tuple[Times, pd.Series]:
    """Return the times of a column of cells, NaT where one is no date, and the cells as text.

    YYYY-MM-DD with or without a time and a zone; YYYYMMDD; and YYYY-MM or YYYYMM as the end of that month.
    """
    if column.dtype.kind == "M":
        index = pd.DatetimeIndex(column)
        return times_of(index), pd.Series(index.astype(str), column.index)
    cells = column.astype(object).where(column.notna(), "").astype(str).str.strip()
    places, names = pd.factorize(cells)
    text = pd.Series(names, dtype=object).astype(str)
    parts = text.str.extract(f"^{DAY}$").fillna("")
    compact, month = text.str.extract(f"^{COMPACT}$").fillna(""), text.str.extract(f"^(?:{MONTH})$").fillna("")
    clock = parts["day"] + ("T" + parts["time"]).where(parts["time"] != "", "")
    clock = clock.where(compact[0] == "", compact[0] + "-" + compact[1] + "-" + compact[2])
    months = month[0] + month[2] + "-" + month[1] + month[3] + "-01"
    is_month = months.str.len() == 10
    local = pd.to_datetime(clock.mask(is_month, months), format="ISO8601", errors="coerce")
    local = local.mask(is_month, local + pd.offsets.MonthEnd(0))
    minutes = _offsets(parts["zone"])
    local = local.mask(minutes.abs() > _FARTHEST)
    universal = local - pd.to_timedelta(minutes, unit="m")
    zone = offset_zone(minutes.dropna().astype(int).tolist()) if minutes.notna().any() else ""
    times = Times(pd.DatetimeIndex(local)[places], pd.DatetimeIndex(universal)[places], zone)
    return times, cells


def _offsets(zones: pd.Series) -> pd.Series:
    """Return minutes from universal time, NaN where a cell does not say."""
    parts = zones.str.extract(r"^([+-])(\d{2}):?(\d{2})?$")
    sign = parts[0].map({"+": 1.0, "-": -1.0}).astype(float)
    minutes = sign * (60.0 * parts[1].astype(float) + parts[2].fillna("0").astype(float))
    return minutes.mask(zones.isin(["Z", "UTC", "GMT"]), 0.0)


def find_dates(column: pd.Series, name: str, zone: str | None = None) -> Dates:
    """Return the days of a column of dates; raise an error for times within the day.

    `zone` names the zone in which they are midnights.
    """
    written, text = read_times(column)
    times = written if zone is None else in_zone(written, zone)
    if times.local.hasnans or not len(times.local):
        return Dates(pd.Series(times.local.normalize(), column.index), text, times.zone)
    found = whole_days(times)
    if found is not None:
        return Dates(pd.Series(found[0], column.index), text, found[1])
    at = first_inside(times)
    words = Words(
        "read_table(path, zone='{zone}') (--zone {zone} on the command line)", "write it without a time of day"
    )
    why, remedy = describe_inside(written, words)
    if zone is not None:
        why, remedy = _inside_zone(times, written, words, text)
        if known := whole_days(written):
            why, remedy = f"they are days of {known[1] or 'no zone'} as they stand", "Leave `zone` out."
    raise DataError(
        f"{name}, {column.index.name} {column.index[at]}: '{text.iloc[at]}' is a time within the day"
        f"{f' in {zone}' if zone else ''}: {why}.",
        series=name,
        date=text.iloc[at],
        value=text.iloc[at],
        remedy=remedy,
    )


def _inside_zone(times: Times, written: Times, words: Words, text: pd.Series) -> tuple[str, str]:
    """Say what times are that are within the day in a named zone, and as they were written, too."""
    clock = written.local if written.universal.hasnans else written.universal
    if midnights := zone_where(clock, lambda hour: bool((hour == pd.Timedelta(0)).all())):
        return f"they are midnights in {midnights}", f"If they are days there: {words.convert.format(zone=midnights)}."
    if are_bars(times):
        return words.bars, words.use
    hours = times.local - times.local.normalize()
    why = f"all are at {clock_of(hours[0])}" if (hours == hours[0]).all() else "the times of day differ"
    return why, f"If the day in {times.zone} is the day meant: {_frame_of(text)}; {_DAY_IN.format(zone=times.zone)}."


def make_index(dates: Dates, name: str, *, unique: bool = True, remedy: str = "") -> pd.DatetimeIndex:
    """Return the dates as an index, after checking for cells that are not dates and for duplicate dates."""
    days, text = dates.days, dates.text
    place = days.index.name
    if days.isna().any():
        at = int(days.isna().argmax())
        found = text.iloc[at]
        hint = date_hint(text) if at == 0 else ""
        raise DataError(
            f"{name}, {place} {days.index[at]}: '{found}' is not a date that can be read one way only.",
            series=name,
            date=found,
            value=found,
            remedy=hint or "Write dates as YYYY-MM-DD, YYYYMMDD, YYYY-MM or YYYYMM.",
        )
    if unique and days.duplicated().any():
        again = int(days.duplicated().argmax())
        date, first = days.iloc[again], int((days == days.iloc[again]).argmax())
        raise DataError(
            f"{name}: two rows are on {date.date()}, '{text.iloc[first]}' ({place} {days.index[first]}) "
            f"and '{text.iloc[again]}' ({place} {days.index[again]}).",
            series=name,
            date=date,
            value=text.iloc[again],
            remedy=f"Keep one row per date. {remedy}",
        )
    return pd.DatetimeIndex(days, name="date").as_unit("us")


def date_hint(text: pd.Series) -> str:
    """Return how to read a column of cells whose first is no date as it stands; empty where that is not known."""
    first = text.iloc[0]
    found = describe_date(int(first) if first.isdigit() else first, "frame.index")
    if not found:
        return ""
    return f"'{text.iloc[0]}' may be {found[0]}: {_frame_of(text)}; frame.index = {found[1]}."


def _frame_of(text: pd.Series) -> str:
    """Return how pandas reads the table of a column, with that as its index."""
    place = 0 if not text.name else repr(text.name)
    if text.index.name == "row":
        return f"frame = pandas.read_parquet(path).set_index({place})"
    return f"frame = pandas.read_csv(path, index_col={place})"
