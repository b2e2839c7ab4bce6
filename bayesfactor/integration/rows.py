"""The rows of a panel: the dates, weeks, months, quarters or years on which every factor is known that has begun.

They run from the first day of the oldest factor. From the day on which the youngest begins they have returns.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bayesfactor.calendars import DAY, FINE, period_end, period_number, step, week_anchor, weekday
from bayesfactor.errors import DataError
from bayesfactor.integration.series import Rows, Series, judges
from bayesfactor.panel import Note

_TOLERANCE = {"weekly": 3}
_TOLERANCE_LONG = 4
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Span:
    """Days between which the factors are known.

    Attributes
    ----------
    first : datetime64[D]
        The oldest factor begins.
    common : datetime64[D]
        The youngest factor begins, so that all of them are known.
    last : datetime64[D]
        The first factor ends.
    """

    first: np.datetime64
    common: np.datetime64
    last: np.datetime64


def anchor_of(series: Sequence[Series]) -> int:
    """Weekday on which the weekly series are stamped; Sunday when there are none."""
    stamps = [one.dates for one in judges(series) if one.pattern == "weekly"]
    return week_anchor(np.concatenate(stamps)) if stamps else 6


def common_span(factors: Sequence[Series], anchor: int) -> tuple[Span, list[Note]]:
    """Days on which the factors begin, are all known, and end, and who decides them."""
    firsts, lasts = [], []
    for one in factors:
        first, last = one.dates[[0, -1]]
        if not one.fine:
            numbers = period_number(one.dates[[0, -1]], one.pattern, anchor)
            first = period_end(numbers[0] - 1, one.pattern, anchor) + DAY
            last = period_end(numbers[1], one.pattern, anchor)
        firsts.append(first)
        lasts.append(last)
    late, early = int(np.argmax(firsts)), int(np.argmin(lasts))
    notes = []
    if min(firsts) < firsts[late]:
        text = f"returns are used from {firsts[late]}, when '{factors[late].name}' begins"
        text += "; older factors keep their own history, for their means"
        notes.append(Note("panel", "done", text))
    if max(lasts) > lasts[early]:
        text = f"the factors' common span ends {lasts[early]}, with '{factors[early].name}'"
        notes.append(Note("panel", "done", text))
    return Span(min(firsts), firsts[late], lasts[early]), notes


def open_days(series: Sequence[Series], dates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count the series alive on each date, and those observed."""
    live, seen = np.zeros(len(dates), dtype=int), np.zeros(len(dates), dtype=int)
    for one in series:
        if len(one.dates):
            live += (dates >= one.dates[0]) & (dates <= one.dates[-1])
            seen += np.isin(dates, one.dates)
    return live, seen


def fine_dates(factors: Sequence[Series], assets: Sequence[Series], span: Span, frequency: str) -> np.ndarray:
    """Dates on which every daily or business factor is observed that has begun, and half of the live business assets.

    Without a daily or business factor: dates on which half of the live assets are observed.
    """
    fine = [one for one in factors if one.fine]
    able = judges(assets)
    traders = [one for one in able if one.pattern == "business"]
    if not fine:
        traders = traders or [one for one in able if one.fine]
    if not fine and not traders:
        return np.array([], dtype="datetime64[D]")
    dates = np.unique(np.concatenate([one.dates for one in fine or traders]))
    dates = dates[(dates >= span.first) & (dates <= span.last)]
    begun, known = open_days(fine, dates)
    dates = dates[known == begun]
    live, seen = open_days(traders, dates)
    dates = dates[2 * seen >= live]
    return dates[weekday(dates) < 5] if frequency == "business" else dates


def check_one_per_period(series: Sequence[Series], anchor: int) -> None:
    """Refuse two observations of a weekly or coarser series in one of its own periods."""
    for one in series:
        if one.fine:
            continue
        numbers = period_number(one.dates, one.pattern, anchor)
        twice = np.flatnonzero(numbers[1:] == numbers[:-1])
        if len(twice):
            first, second = one.dates[twice[0]], one.dates[twice[0] + 1]
            raise DataError(
                f"'{one.name}' is {one.pattern} but has two values in one period: {first} and {second}.",
                series=one.name,
                date=second,
                remedy="Keep one of them, or stamp each at the end of the period that it belongs to.",
            )


def _shared_stamps(factors: Sequence[Series], assets: Sequence[Series], frequency: str) -> np.ndarray | None:
    """Return the stamps when every series is of the panel's frequency and on the same stamps."""
    assets = judges(assets)
    if frequency in FINE or any(one.pattern != frequency for one in (*factors, *assets)):
        return None
    stamps = np.unique(np.concatenate([one.dates for one in factors]))
    for one in factors:
        inside = stamps[(stamps >= one.dates[0]) & (stamps <= one.dates[-1])]
        if not np.array_equal(inside, one.dates):
            return None
    for one in assets:
        inside = one.dates[(one.dates >= stamps[0]) & (one.dates <= stamps[-1])]
        if not np.isin(inside, stamps).all():
            return None
    return stamps


def _ends_of(dates: np.ndarray, frequency: str, anchor: int) -> dict[int, np.datetime64]:
    """Return the last of these dates in each period."""
    return dict(zip(period_number(dates, frequency, anchor).tolist(), dates, strict=True))


def _cut_tail(dates: np.ndarray, frequency: str, anchor: int) -> tuple[np.ndarray, list[Note]]:
    """Leave out the last period when its dates end well before it does."""
    if not len(dates):
        return dates, []
    numbers = period_number(dates, frequency, anchor)
    missing = int((period_end(numbers[-1], frequency, anchor) - dates[-1]).astype(np.int64))
    if missing <= _TOLERANCE.get(frequency, _TOLERANCE_LONG):
        return dates, []
    text = f"the last {frequency} period is not complete (it ends with {dates[-1]}): dropped"
    return dates[numbers < numbers[-1]], [Note("panel", "done", text)]


def _complete_periods(one: Series, frequency: str, anchor: int) -> np.ndarray:
    """Periods of the panel that a coarse series has observed to their end."""
    numbers = period_number(one.dates, frequency, anchor)
    following = period_number(step(one.dates, one.pattern, 1), frequency, anchor)
    return np.unique(numbers[following > numbers])


def _known_to_all(known: Sequence[np.ndarray]) -> np.ndarray:
    """Periods that each of these has, from its own first one on."""
    every = np.unique(np.concatenate(known))
    return every[np.all([np.isin(every, one) | (every < one.min(initial=_NEVER)) for one in known], axis=0)]


def _nominal_starts(low: np.ndarray, frequency: str, anchor: int, able: Sequence[Series]) -> np.ndarray:
    """Last day of each of these periods; the last weekday where a series is of business days."""
    nominal = period_end(low, frequency, anchor)
    if any(one.pattern == "business" for one in able):
        nominal = np.busday_offset(nominal, 0, roll="backward")
    return nominal


def _period_rows(
    factors: Sequence[Series], assets: Sequence[Series], dates: np.ndarray, frequency: str, anchor: int
) -> tuple[Rows, list[Note]]:
    """Rows of a weekly or coarser panel; `dates` are the fine dates."""
    dates, notes = _cut_tail(dates, frequency, anchor)
    able = (*factors, *judges(assets))
    fine_end = _ends_of(dates, frequency, anchor)
    known = [_complete_periods(one, frequency, anchor) for one in factors if not one.fine]
    if any(one.fine for one in factors):
        known.append(np.array(sorted(fine_end), dtype=np.int64))
    periods = _known_to_all(known)
    stamps = np.concatenate([one.dates for one in able if not one.fine] or [dates])
    label = _ends_of(np.sort(stamps), frequency, anchor) | fine_end
    low = np.concatenate([periods[:1] - 1, periods[:-1]])
    nominal = _nominal_starts(low, frequency, anchor, able)
    starts = [fine_end.get(number, usual) for number, usual in zip(low.tolist(), nominal, strict=True)]
    ends = [label[number] for number in periods.tolist()]
    skipped = int((np.diff(periods) - 1).sum())
    if skipped:
        text = f"{skipped} {frequency} periods have no value of some factor: the next row spans them"
        notes.append(Note("panel", "warning", text))
    kind = "datetime64[D]"
    is_open = np.isin(periods, np.array(list(fine_end), dtype=np.int64))
    first, last = np.array(starts, kind), np.array(ends, kind)
    return Rows(frequency, anchor, first, last, low, periods, is_open), notes


def make_rows(
    factors: Sequence[Series], assets: Sequence[Series], span: Span, frequency: str, anchor: int
) -> tuple[Rows, list[Note]]:
    """Return the rows of the panel, and notes on what was left out of it."""
    stamps = _shared_stamps(factors, assets, frequency)
    if stamps is None:
        check_one_per_period((*factors, *assets), anchor)
        dates = fine_dates(factors, assets, span, frequency)
        if frequency not in FINE:
            return _period_rows(factors, assets, dates, frequency, anchor)
    else:
        dates = stamps[stamps <= span.last]
    starts = np.concatenate([step(dates[:1], frequency, -1), dates[:-1]]) if len(dates) else dates
    numbers = period_number(dates, frequency, anchor)
    low = np.concatenate([numbers[:1] - 1, numbers[:-1]])
    is_open = np.full(len(dates), stamps is None)
    return Rows(frequency, anchor, starts, dates, low, numbers, is_open, stamps is not None), []


def restart(rows: Rows, place: int, factors: Sequence[Series], assets: Sequence[Series]) -> Rows:
    """Return the rows with one that begins a nominal step before its end, as if no row came before it.

    The row before it ends there, unless a period was skipped in between.
    """
    low, starts, ends = rows.low.copy(), rows.starts.copy(), rows.ends.copy()
    low[place] = rows.high[place] - 1
    fine = rows.frequency in FINE
    if fine:
        starts[place] = step(ends[place : place + 1], rows.frequency, -1)[0]
    else:
        able = (*factors, *judges(assets))
        starts[place] = _nominal_starts(low[place : place + 1], rows.frequency, rows.anchor, able)[0]
    if fine or low[place] == rows.low[place]:
        ends[place - 1] = starts[place]
    return replace(rows, low=low, starts=starts, ends=ends)
