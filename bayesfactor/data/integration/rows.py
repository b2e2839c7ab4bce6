"""The rows of a panel: the dates, weeks, months, quarters or years on which every factor is known that has begun.

They run from the first day of the oldest factor. From the day on which the youngest begins they have returns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bayesfactor.data.calendars import (
    DAY,
    FINE,
    FREQUENCIES,
    Anchors,
    longest_step,
    period_end,
    period_number,
    step,
    weekday,
)
from bayesfactor.data.integration.intervals import (
    check_one_per_period,
    check_same_intervals,
    end_of,
    ends_of_rows,
    stamps_of,
)
from bayesfactor.data.integration.markets import open_days, trading_week
from bayesfactor.data.integration.series import Rows, Series, judges
from bayesfactor.panel.records import Note

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


def common_span(factors: Sequence[Series], anchors: Anchors) -> tuple[Span, list[Note]]:
    """Days on which the factors begin, are all known, and end, and who decides them."""
    firsts, lasts = [], []
    for one in factors:
        first, last = one.dates[[0, -1]]
        if not one.fine:
            numbers = period_number(one.dates[[0, -1]], one.pattern, anchors)
            first = period_end(numbers[0] - 1, one.pattern, anchors) + DAY
            last = period_end(numbers[1], one.pattern, anchors)
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
    if frequency != "business":
        return dates
    week = np.array(list(trading_week((*fine, *able)))) == "1"
    return dates[week[weekday(dates)]]


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


def _ends_of(dates: np.ndarray, frequency: str, anchors: Anchors) -> dict[int, np.datetime64]:
    """Return the last of these dates in each period."""
    return dict(zip(period_number(dates, frequency, anchors).tolist(), dates, strict=True))


def _cut_tail(dates: np.ndarray, frequency: str, anchors: Anchors) -> tuple[np.ndarray, list[Note]]:
    """Leave out the last period when its dates end well before it does."""
    if not len(dates):
        return dates, []
    numbers = period_number(dates, frequency, anchors)
    missing = int((period_end(numbers[-1], frequency, anchors) - dates[-1]).astype(np.int64))
    if missing <= _TOLERANCE.get(frequency, _TOLERANCE_LONG):
        return dates, []
    text = f"the last {frequency} period is not complete (it ends with {dates[-1]}): dropped"
    return dates[numbers < numbers[-1]], [Note("panel", "done", text)]


def _complete_periods(one: Series, frequency: str, anchors: Anchors) -> np.ndarray:
    """Periods of the panel that a coarse series has observed to their end."""
    numbers = period_number(one.dates, frequency, anchors)
    following = period_number(step(one.dates, one.pattern, 1), frequency, anchors)
    return np.unique(numbers[following > numbers])


def _known_to_all(known: Sequence[np.ndarray]) -> np.ndarray:
    """Periods that each of these has, from its own first one on."""
    every = np.unique(np.concatenate(known))
    return every[np.all([np.isin(every, one) | (every < one.min(initial=_NEVER)) for one in known], axis=0)]


def _nominal_starts(low: np.ndarray, frequency: str, anchors: Anchors, able: Sequence[Series]) -> np.ndarray:
    """Last day of each of these periods; the last weekday where a series is of business days."""
    nominal = period_end(low, frequency, anchors)
    if any(one.pattern == "business" for one in able):
        nominal = np.busday_offset(nominal, 0, roll="backward", weekmask=trading_week(able))
    return nominal


def _skipped(starts: np.ndarray, ends: np.ndarray, frequency: str) -> list[Note]:
    days = (ends - starts).astype(np.int64)
    skipped = int(np.rint(days[days > longest_step(frequency)] / (365.25 / FREQUENCIES[frequency]) - 1).sum())
    if not skipped:
        return []
    which = f"1 {frequency} period has" if skipped == 1 else f"{skipped} {frequency} periods have"
    text = f"{which} no value of some factor: the next row spans {'it' if skipped == 1 else 'them'}"
    return [Note("panel", "warning", text)]


def _period_rows(
    factors: Sequence[Series], assets: Sequence[Series], dates: np.ndarray, frequency: str, anchors: Anchors
) -> tuple[Rows, list[Note]]:
    """Rows of a weekly or coarser panel of finer series, which end on the last of the fine `dates` in each period."""
    dates, notes = _cut_tail(dates, frequency, anchors)
    able = (*factors, *judges(assets))
    fine_end = _ends_of(dates, frequency, anchors)
    known = [_complete_periods(one, frequency, anchors) for one in factors if not one.fine]
    if any(one.fine for one in factors):
        known.append(np.array(sorted(fine_end), dtype=np.int64))
    periods = _known_to_all(known)
    stamps = np.concatenate([one.dates for one in able if not one.fine] or [dates])
    label = _ends_of(np.sort(stamps), frequency, anchors) | fine_end
    low = np.concatenate([periods[:1] - 1, periods[:-1]])
    nominal = _nominal_starts(low, frequency, anchors, able)
    starts = [fine_end.get(number, usual) for number, usual in zip(low.tolist(), nominal, strict=True)]
    ends = [label[number] for number in periods.tolist()]
    kind = "datetime64[D]"
    is_open = np.isin(periods, np.array(list(fine_end), dtype=np.int64))
    first, last = np.array(starts, kind), np.array(ends, kind)
    return Rows(frequency, anchors, first, last, low, periods, is_open), [*notes, *_skipped(first, last, frequency)]


def _covered(one: Series, ends: Mapping[int, np.datetime64], frequency: str, anchors: Anchors) -> np.ndarray:
    """Periods to whose ends a daily or business factor is known."""
    first, last = period_number(one.dates[[0, -1]], frequency, anchors)
    numbers = np.arange(first, last + 1)
    return numbers[one.clock(end_of(numbers, ends, frequency, anchors)) <= one.clock(one.dates[-1:])]


def _stamped_rows(
    factors: Sequence[Series], ends: Mapping[int, np.datetime64], inside: bool, frequency: str, anchors: Anchors
) -> tuple[Rows, list[Note]]:
    """Rows of a panel with series of its own frequency, which end where those are stamped.

    Where they are stamped `inside` of calendar periods, a row that does not follow another has no beginning for finer
    series: it is empty for them.
    """
    known = [
        _covered(one, ends, frequency, anchors) if one.fine else _complete_periods(one, frequency, anchors)
        for one in factors
    ]
    periods = _known_to_all(known)
    if inside:
        periods = periods[np.isin(periods, list(ends))]
    low = np.concatenate([periods[:1] - 1, periods[:-1]])
    first, last = (end_of(numbers, ends, frequency, anchors) for numbers in (low, periods))
    if inside:
        first = np.where(np.isin(low, list(ends)), first, last)
    is_open = np.ones(len(periods), dtype=bool)
    return Rows(frequency, anchors, first, last, low, periods, is_open, stamps=ends), _skipped(first, last, frequency)


def make_rows(
    factors: Sequence[Series],
    assets: Sequence[Series],
    flows: Sequence[Series],
    span: Span,
    frequency: str,
    anchors: Anchors,
) -> tuple[Rows, list[Note]]:
    """Return the rows of the panel, and notes on what was left out of it.

    `flows` are those of the series whose values cover an interval.
    """
    stamps = _shared_stamps(factors, assets, frequency)
    if stamps is None:
        check_one_per_period((*factors, *assets), anchors)
        check_same_intervals(flows, frequency)
        ends = ends_of_rows(flows, frequency, anchors)
        if ends:
            inside = any(stamps_of(one).kind == "inside" for one in flows if one.pattern == frequency)
            return _stamped_rows(factors, ends, inside, frequency, anchors)
        dates = fine_dates(factors, assets, span, frequency)
        if frequency not in FINE:
            return _period_rows(factors, assets, dates, frequency, anchors)
    else:
        dates = stamps[stamps <= span.last]
    week = trading_week((*factors, *judges(assets)))
    starts = np.concatenate([step(dates[:1], frequency, -1, week), dates[:-1]]) if len(dates) else dates
    numbers = period_number(dates, frequency, anchors)
    low = np.concatenate([numbers[:1] - 1, numbers[:-1]])
    is_open = np.full(len(dates), stamps is None)
    return Rows(frequency, anchors, starts, dates, low, numbers, is_open, stamps is not None), []


def restart(rows: Rows, place: int, factors: Sequence[Series], assets: Sequence[Series]) -> Rows:
    """Return the rows with one that begins a nominal step before its end, as if no row came before it.

    The row before it ends there, unless a period was skipped in between.
    """
    low, starts, ends = rows.low.copy(), rows.starts.copy(), rows.ends.copy()
    low[place] = rows.high[place] - 1
    fine = rows.frequency in FINE
    able = (*factors, *judges(assets))
    if fine:
        starts[place] = step(ends[place : place + 1], rows.frequency, -1, trading_week(able))[0]
    elif rows.stamps:
        starts[place] = end_of(low[place : place + 1], rows.stamps, rows.frequency, rows.anchors)[0]
    else:
        starts[place] = _nominal_starts(low[place : place + 1], rows.frequency, rows.anchors, able)[0]
    if fine or low[place] == rows.low[place]:
        ends[place - 1] = starts[place]
    return replace(rows, low=low, starts=starts, ends=ends)
