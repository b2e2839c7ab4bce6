"""The interval that a weekly or coarser value covers, inferred from the position of its stamps within periods.

A stamp is the last day of the interval, which begins after the stamp before it. A stamp a few days early is a holiday.
Months, quarters and years that are stamped at their beginning are those that begin there.
"""

from calendar import month_name
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from bayesfactor.base.errors import DataError
from bayesfactor.data.calendars import (
    ANCHORS,
    DAY,
    MONTHS,
    WEEKDAYS,
    Anchors,
    commonest,
    period_end,
    period_number,
    weekday,
)
from bayesfactor.data.integration.series import Series, judges

MONTH = np.timedelta64(1, "M")
PERIODS = {"monthly": "month", "quarterly": "quarter", "annual": "year"}
_FRIDAY = 4
_EARLY, _EARLY_MONTH = 3, 10  # days before the end of a week, or of a month, that a holiday may take
_FIRST, _LAST = 5, 5  # days of a month that are its beginning, or its end
_MOST = 0.8  # share of stamps that tells where a series is stamped


@dataclass(frozen=True)
class Stamps:
    """Where in its periods a series is stamped.

    Attributes
    ----------
    place : int
        Weekday, or month of the quarter or year, in which its periods end.
    kind : {"end", "start", "inside"}
        At the end or the beginning of a period, or neither: its own dates only say what it covers.
    odd : ndarray of datetime64[D]
        Stamps that are not where the others are.
    """

    place: int
    kind: Literal["end", "start", "inside"]
    odd: np.ndarray


def stamps_of(series: Series) -> Stamps:
    """Tell where in its periods a weekly or coarser series is stamped."""
    return _told(series.pattern, series.dates.tobytes())


@lru_cache(maxsize=256)  # most series of a frame have the same dates
def _told(pattern: str, raw: bytes) -> Stamps:
    dates = np.frombuffer(raw, dtype="datetime64[D]")
    if pattern == "weekly":
        place = commonest(weekday(dates), 7)
        early = (place - weekday(dates)) % 7
        on = early <= _EARLY
        kind: Literal["end", "start", "inside"] = (
            "end" if (early == 0).mean() > 0.5 and on.mean() >= _MOST else "inside"
        )
        return Stamps(place, kind, dates[~on] if kind == "end" else dates[:0])
    size, months = MONTHS[pattern], dates.astype("datetime64[M]")
    left = ((months + MONTH).astype("datetime64[D]") - DAY - dates).astype(np.int64)
    passed = (dates - months.astype("datetime64[D]")).astype(np.int64)
    place = commonest(months.astype(np.int64) % size, size)
    if (left < _LAST).mean() >= _MOST:
        return Stamps(place, "end", dates[left > _EARLY_MONTH])
    if (passed < _FIRST).mean() >= _MOST:
        return Stamps((place + size - 1) % size, "start", dates[passed >= _FIRST])
    return Stamps(place, "inside", dates[:0])


def anchors_of(series: Sequence[Series], levels: Sequence[Series]) -> Anchors:
    """Return where the periods of each frequency end: as most values of series of that frequency are stamped.

    Where there are none among `series`, `levels` decide.
    """
    found = dict(ANCHORS)
    for frequency in ANCHORS:
        alike = [one for one in judges(series) if one.pattern == frequency] or [
            one for one in levels if one.pattern == frequency
        ]
        if alike:
            votes = np.concatenate([np.full(len(one.dates), stamps_of(one).place) for one in alike])
            found[frequency] = commonest(votes, 12)
    return found


def check_one_per_period(series: Sequence[Series], anchors: Anchors) -> None:
    """Raise an error for two observations of a weekly or coarser series in one of its own periods."""
    for one in series:
        if one.fine:
            continue
        numbers = period_number(one.dates, one.pattern, anchors)
        twice = np.flatnonzero(numbers[1:] == numbers[:-1])
        if len(twice):
            first, second = one.dates[twice[0]], one.dates[twice[0] + 1]
            remedy = "Keep one of them, or stamp each at the end of the period that it belongs to."
            if len(twice) > 1 and stamps_of(one).kind == "inside":
                remedy = "Its periods are not those of the calendar: make returns of weeks or of calendar months."
            raise DataError(
                f"'{one.name}' is {one.pattern} but has two values in one period: {first} and {second}.",
                series=one.name,
                date=second,
                remedy=remedy,
            )


def _shown(dates: np.ndarray) -> str:
    return ", ".join(str(date) for date in dates[:3])


def _end(frequency: str, stamps: Stamps) -> str:
    """Say where the periods of a series end."""
    if stamps.kind == "inside":
        return "on dates of their own"
    if frequency == "weekly":
        return f"on {WEEKDAYS[stamps.place]}"
    if frequency == "monthly":
        return "with the month"
    return f"with {', '.join(month_name[place + 1] for place in range(stamps.place, 12, MONTHS[frequency]))}"


def check_same_intervals(series: Sequence[Series], frequency: str) -> None:
    """Raise an error for values of the panel's frequency whose rows do not cover the same intervals.

    Raises
    ------
    DataError
        For periods that end on different days, and for stamps that are not where the others of their series are.
    """
    if frequency == "annual":
        _check_quarters(series)
    alike = [(one, stamps_of(one)) for one in series if one.pattern == frequency and not one.fine]
    if not alike:
        return
    votes: dict[tuple[int, bool], int] = {}
    for one, stamps in reversed(alike):  # of equals, those of factors, which come last
        key = (stamps.place, stamps.kind == "inside")
        votes[key] = votes.get(key, 0) + len(one.dates)
    most = max(votes, key=lambda key: votes[key])
    usual, mine = next(pair for pair in reversed(alike) if (pair[1].place, pair[1].kind == "inside") == most)
    for one, stamps in alike:
        same = stamps.place == mine.place and (stamps.kind == "inside") == (mine.kind == "inside")
        if same and stamps.kind == "inside":
            same = _meet(one.dates, usual.dates)
        if not same:
            raise _apart(one, stamps, usual, mine)
        if len(stamps.odd):
            raise DataError(
                f"'{one.name}' has {frequency} values that end {_end(frequency, stamps)}, but one on {stamps.odd[0]}"
                f"{f' and {len(stamps.odd) - 1} more' if len(stamps.odd) > 1 else ''}.",
                series=one.name,
                date=stamps.odd[0],
                value=len(stamps.odd),
                remedy="Drop what does not cover a whole period, or stamp it on the last day of the period it covers.",
            )


def _check_quarters(series: Sequence[Series]) -> None:
    """Raise an error for quarters that straddle the years of other series."""
    years = {stamps_of(one).place % 3: one for one in series if one.pattern == "annual"}
    for one in series:
        if one.pattern == "quarterly" and years and (stamps := stamps_of(one)).place not in years:
            other = next(iter(years.values()))
            raise _apart(one, stamps, other, stamps_of(other))


def _meet(dates: np.ndarray, others: np.ndarray) -> bool:
    """Whether two series have the same dates over their common span."""
    first, last = max(dates[0], others[0]), min(dates[-1], others[-1])
    return np.array_equal(*(some[(some >= first) & (some <= last)] for some in (dates, others)))


def _apart(one: Series, stamps: Stamps, usual: Series, mine: Stamps) -> DataError:
    remedy = "Make both from daily returns by one rule"
    ends = _end(one.pattern, stamps), _end(usual.pattern, mine)
    if one.pattern == "weekly" and "inside" not in (stamps.kind, mine.kind):
        remedy += f", such as (1 + x).resample('W-{WEEKDAYS[mine.place][:3].upper()}').prod() - 1"
        if min(stamps.place, mine.place) >= _FRIDAY:
            days = stamps.place - mine.place
            remedy += (
                f". If the market of '{one.name}' is closed on weekends, stamp it as the other: index "
                f"{'-' if days > 0 else '+'} pd.Timedelta(days={abs(days)})"
            )
    return DataError(
        f"Rows of '{one.name}' and '{usual.name}' do not cover the same intervals: {one.pattern} values of the one end "
        f"{ends[0]} ({_shown(one.dates)}), {usual.pattern} values of the other {ends[1]} ({_shown(usual.dates)}).",
        series=one.name,
        date=one.dates[0],
        value=ends,
        remedy=f"{remedy}.",
    )


def ends_of_rows(series: Sequence[Series], frequency: str, anchors: Anchors) -> Mapping[int, np.datetime64]:
    """Return, per period with values of the panel's frequency, the day on which the row ends: the last stamp.

    Where they are stamped at the beginning of their periods that is the last day of the period.
    """
    numbers, days = [], []
    for one in series:
        if one.fine or one.pattern != frequency:
            continue
        number = period_number(one.dates, frequency, anchors)
        start = stamps_of(one).kind == "start"
        numbers.append(number)
        days.append(period_end(number, frequency, anchors) if start else one.dates)
    if not numbers:
        return {}
    every, place = np.unique(np.concatenate(numbers), return_inverse=True)
    last = np.full(len(every), np.iinfo(np.int64).min)
    np.maximum.at(last, place, np.concatenate(days).astype("datetime64[D]").astype(np.int64))
    return dict(zip(every.tolist(), last.astype("datetime64[D]"), strict=True))


def end_of(number: np.ndarray, ends: Mapping[int, np.datetime64], frequency: str, anchors: Anchors) -> np.ndarray:
    """Return the day on which each period's row ends: a stamp, or the last day of the period."""
    nominal = period_end(number, frequency, anchors)
    days = [ends.get(int(one), usual) for one, usual in zip(number, nominal, strict=True)]
    return np.array(days, dtype="datetime64[D]")
