"""Missing values inside a factor's history: a closed market, or a value that was lost."""

from collections.abc import Sequence

import numpy as np

from bayesfactor.base.errors import DataError
from bayesfactor.data.calendars import DAY, Anchors, longest_step, period_end, period_number, step
from bayesfactor.data.integration.markets import is_flow, open_days
from bayesfactor.data.integration.series import Series, judges
from bayesfactor.panel.records import Factor, Note


def _missing(series: Series, date: np.datetime64, why: str) -> DataError:
    return DataError(
        f"Factor '{series.name}' has no value on {date}, inside its own history ({why}).",
        series=series.name,
        date=date,
        remedy="Supply the value; or fill it yourself if you accept a stale one; or begin the factor after it; "
        "or drop the factor.",
    )


def _first_hole(dates: np.ndarray, series: Series, rows: np.ndarray, anchors: Anchors) -> np.datetime64 | None:
    """Return the first date at which a value is missing from the rhythm of a series."""
    far = np.flatnonzero(np.diff(dates).astype(np.int64) > longest_step(series.pattern))
    if not len(far):
        return None
    before, after = dates[far[0]], dates[far[0] + 1]
    number = period_number(dates[far[0] : far[0] + 1], series.pattern, anchors)[0] + 1
    inside = rows[(rows > before) & (rows < after)]
    inside = inside[period_number(inside, series.pattern, anchors) == number]
    if len(inside):
        return np.datetime64(inside[-1])
    if series.fine:
        return np.datetime64(step(dates[far[0] : far[0] + 1], series.pattern, 1, series.week)[0])
    return np.datetime64(period_end(number, series.pattern, anchors))


def _closed_days(dates: np.ndarray, week: str) -> np.ndarray:
    """Days of the market's week between the first and the last date that are not among the dates."""
    every = np.arange(dates[0], dates[-1] + DAY, DAY)
    return np.setdiff1d(every[np.is_busday(every, weekmask=week)], dates)


def check_gaps(
    known: Sequence[tuple[Series, Factor]],
    assets: Sequence[Series],
    last: np.datetime64,
    rows: np.ndarray,
    anchors: Anchors,
) -> list[Note]:
    """Raise an error for a missing value of a factor that is not a closed market; count the closed days.

    Each factor from its own first value to the `last` day of the panel. `rows` are the dates of the frame of
    factors, to name the row at fault.
    """
    notes = []
    flows = [series for series, factor in known if is_flow(factor) and series.pattern == "business"]
    traders = [series for series in judges(assets) if series.pattern == "business"]
    for series, factor in known:
        dates = series.dates[series.dates <= last]
        if len(dates) < 2:
            continue
        if series.pattern != "business" or not is_flow(factor):
            hole = _first_hole(dates, series, rows, anchors)
            if hole is not None:
                raise _missing(series, hole, f"it is {series.pattern}")
        if series.pattern != "business":
            continue
        closed = _closed_days(dates, series.week)
        if is_flow(factor):
            others = [other.dates for other in flows if other.name != series.name]
            live, seen = open_days(traders, closed)
            market_open = (live > 0) & (2 * seen >= live)
            if others:
                market_open |= np.isin(closed, np.concatenate(others))
            if market_open.any():
                raise _missing(series, closed[market_open][0], "other markets were open: a return would be lost")
        if len(closed):
            text = f"no value on {len(closed)} weekdays (closed market): the next value spans them"
            notes.append(Note(series.name, "done", text))
    return notes
