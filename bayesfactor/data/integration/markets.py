"""When the market of a series is open.

Returns and rows are compared by the days on which the series could have been traded: over a weekend or a holiday
nothing happens to a stock, so that its week ends on Sunday as well as on Friday, and a token's does not.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bayesfactor.data.calendars import DAY, MONDAY_TO_FRIDAY, WEEKDAYS, weekday
from bayesfactor.data.integration.series import Series, judges
from bayesfactor.panel.records import Factor, Note

_SOME = 0.05  # share of weeks whose days are others
_MARGIN = np.timedelta64(40, "D")  # of open days before the first and after the last date of a series


def is_flow(factor: Factor) -> bool:
    """Whether a factor's value is of an interval (a return, a sum), so that one that is missing is lost."""
    return factor.aggregate in ("compound", "sum")


def open_days(series: Sequence[Series], dates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count the series alive on each of some sorted dates, and those observed."""
    change, seen = np.zeros(len(dates) + 1, dtype=int), np.zeros(len(dates), dtype=int)
    for one in series:
        if not len(one.dates):
            continue
        change[np.searchsorted(dates, one.dates[0])] += 1
        change[np.searchsorted(dates, one.dates[-1], "right")] -= 1
        place = np.searchsorted(dates, one.dates)
        place = place[place < len(dates)]
        seen[place[dates[place] == one.dates[: len(place)]]] += 1
    return np.cumsum(change[:-1]), seen


def _every_day(first: np.datetime64, last: np.datetime64, week: str) -> np.ndarray:
    """Return the days of the week on which a market is open, closed days among them."""
    days = np.arange(first, last + DAY, DAY)
    return days[np.is_busday(days, weekmask=week)]


def _with_open_days(series: Series, observed: np.ndarray) -> Series:
    """Return a series with the days of its market: those observed in its life, before and after it all of its week."""
    first, last = series.dates[[0, -1]]
    before = _every_day(first - _MARGIN, first - DAY, series.week)
    after = _every_day(last + DAY, last + _MARGIN, series.week)
    inside = observed[slice(*np.searchsorted(observed, [first, last]))]
    if not np.array_equal(inside, series.dates[:-1]):
        inside = np.union1d(inside, series.dates[:-1])
    inside = np.append(inside, last)
    return replace(series, open=np.concatenate([before, inside, after]))


def with_markets(
    assets: Sequence[Series], known: Sequence[tuple[Series, Factor]]
) -> tuple[tuple[Series, ...], tuple[Series, ...]]:
    """Return assets and factors, those of business days with the days on which their markets were open.

    A market is open on the days on which a flow of its week was observed, or half of the live assets of that week.
    Of any other factor the market is open on its own dates.
    """
    flows = [series for series, factor in known if is_flow(factor)]
    traders = [one for one in judges(assets) if one.pattern == "business"]
    observed = {
        week: _observed(
            [one for one in traders if one.week == week],
            [one for one in flows if one.pattern == "business" and one.week == week],
        )
        for week in {one.week for one in (*assets, *flows) if one.pattern == "business"}
    }

    def opened(series: Series, flow: bool) -> Series:
        if series.pattern != "business" or not len(series.dates):
            return series
        return _with_open_days(series, observed[series.week] if flow else series.dates)

    return (
        tuple(opened(one, True) for one in assets),
        tuple(opened(series, is_flow(factor)) for series, factor in known),
    )


def _observed(traders: Sequence[Series], flows: Sequence[Series]) -> np.ndarray:
    """Return the days on which half of the live traders were observed, or any of the flows."""
    none = np.array([], dtype="datetime64[D]")
    dates = np.unique(np.concatenate([none, *(one.dates for one in traders)]))
    live, seen = open_days(traders, dates)
    return np.unique(np.concatenate([dates[2 * seen >= live], *(one.dates for one in flows)]))


def trading_week(series: Sequence[Series]) -> str:
    """Return the weekdays on which any of these is traded that is of business days; Monday to Friday without one."""
    weeks = [np.array(list(one.week)) == "1" for one in series if one.pattern == "business"]
    return "".join("01"[int(day)] for day in np.any(weeks, axis=0)) if weeks else MONDAY_TO_FRIDAY


def note_weeks(series: Sequence[Series]) -> list[Note]:
    """Say which series are traded on other days than Monday to Friday: a change of time zone looks like that, too."""
    notes = []
    for one in series:
        if one.pattern != "business":
            continue
        texts = _moved_weeks(one)
        if one.week != MONDAY_TO_FRIDAY:
            names = [name for name, day in zip(WEEKDAYS, one.week, strict=True) if day == "1"]
            text = f"its market is open on {', '.join(names)}"
            if one.week.count("1") == 5:
                text += ", unless a change of time zone moved its stamps by a day: bring them to days in their own zone"
                texts.append(text)
            elif not texts:
                notes.append(Note(one.name, "done", text))
        notes += [Note(one.name, "warning", text) for text in texts]
    return notes


def _moved_weeks(series: Series) -> list[str]:
    """Say in how many weeks of a series the days are those of the day before, or after, and in how many not."""
    week = (series.dates.astype(np.int64) + 4) // 7  # Sunday to Saturday
    there = np.zeros((int(week[-1] - week[0]) + 1, 7), dtype=bool) if len(week) else np.zeros((0, 7), dtype=bool)
    there[week - week[0] if len(week) else week, weekday(series.dates)] = True
    full = there[:, 1:4].sum(axis=1) >= 2
    texts = []
    for has, lacks in ((6, 4), (5, 0)):  # Sunday without Friday, Saturday without Monday
        moved = int((full & there[:, has] & ~there[:, lacks]).sum())
        kept = int((full & there[:, lacks] & ~there[:, has]).sum())
        if min(moved, kept) > _SOME * full.sum() and moved > 3:
            texts.append(
                f"in {moved} weeks it has values on {WEEKDAYS[has]} and not on {WEEKDAYS[lacks]}, in {kept} weeks the "
                "other way round: stamps were moved by a day in some of them, as daylight saving does with a change of "
                "time zone. Bring them to days in their own zone"
            )
    return texts
