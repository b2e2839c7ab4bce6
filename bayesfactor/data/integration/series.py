"""One series on its own dates, and how its values become one value per row of a panel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.calendars import (
    EVERY_DAY,
    FINE,
    MONDAY_TO_FRIDAY,
    Anchors,
    asset_patterns,
    coverage_starts,
    frame_pattern,
    infer_pattern,
    is_coarser,
    open_week,
    period_number,
    periods_a_year,
    step,
)
from bayesfactor.data.integration.frames import days_of

_NEAR, _NEAR_LONG = {"weekly": 3}, 10  # days from the end of a row within which a short history is stamped


@dataclass(frozen=True)
class Series:
    """The values of one series on the dates on which it was observed.

    Attributes
    ----------
    name : str
    pattern : str
        How often it is observed: one of the frequencies.
    dates : ndarray of datetime64[D]
    values : ndarray of float
    starts : ndarray of datetime64[D]
        Value n covers the time after ``starts[n]`` up to ``dates[n]``.
    own : bool
        Whether its pattern is its own; otherwise it is that of most assets, and it decides nothing for them.
    week : str
        Weekdays on which its market is open.
    open : ndarray of datetime64[D] or None
        Days on which its market was open, all of its dates among them; None where it is never closed.
    """

    name: str
    pattern: str
    dates: np.ndarray
    values: np.ndarray
    starts: np.ndarray
    own: bool = True
    week: str = EVERY_DAY
    open: np.ndarray | None = None

    def clock(self, dates: np.ndarray) -> np.ndarray:
        """Return the time of the series' own market at the end of each day: days on which it was open."""
        if self.open is None:
            return dates.astype("datetime64[D]").astype(np.int64)
        return np.searchsorted(self.open, dates, "right")

    @property
    def periods_a_year(self) -> int:
        """How many of its periods make a year."""
        return periods_a_year(self.pattern, self.dates)

    @property
    def market(self) -> tuple[str, str]:
        """How often it is observed, and on which weekdays."""
        return self.pattern, self.week

    @property
    def fine(self) -> bool:
        """Whether it is observed daily or on business days."""
        return self.pattern in FINE


@dataclass(frozen=True)
class Rows:
    """The rows of a panel: row n covers the time after ``starts[n]`` up to ``ends[n]``.

    Attributes
    ----------
    frequency : str
    anchors : mapping of str to int
        Where the periods of each frequency end.
    starts, ends : ndarray of datetime64[D]
        For daily and business series. ``ends`` are the labels of the rows.
    low, high : ndarray of int
        The same in period numbers, for coarser series: periods after ``low[n]`` up to ``high[n]``.
    open : ndarray of bool
        Whether daily and business series end in the row; otherwise only coarser ones have a value there.
    stamped : bool
        True when all series are coarse and share their stamps, which then are the rows.
    stamps : mapping of int to datetime64[D]
        Where values of the panel's own frequency say where rows end: by period number.
    """

    frequency: str
    anchors: Anchors
    starts: np.ndarray
    ends: np.ndarray
    low: np.ndarray
    high: np.ndarray
    open: np.ndarray
    stamped: bool = False
    stamps: Mapping[int, np.datetime64] = field(default_factory=dict)

    def keep(self, mask: np.ndarray) -> "Rows":
        """Return some of the rows."""
        kept = {name: getattr(self, name)[mask] for name in ("starts", "ends", "low", "high", "open")}
        return replace(self, **kept)

    def numbers(self, dates: np.ndarray) -> np.ndarray:
        """Return the period of each date."""
        return period_number(dates, self.frequency, self.anchors)


def split(frame: pd.DataFrame, what: str, lags: Sequence[int] = ()) -> tuple[Series, ...]:
    """Return each column on its own dates, its stamps moved forward by its lag, with its pattern."""
    days = days_of(frame)
    observed = ~np.isnan(frame.to_numpy())
    every = frame_pattern(days[observed.any(axis=1)])
    of_assets = asset_patterns([days[seen] for seen in observed.T]) if what == "returns" else []
    found = []
    for place, name in enumerate(frame.columns):
        dates, values = days[observed[:, place]], frame[name].to_numpy()[observed[:, place]]
        if place < len(lags) and lags[place]:
            dates, values = dates[lags[place] :], values[: -lags[place]]
        pattern, own = of_assets[place] if of_assets else (infer_pattern(dates, every), True)
        if not pattern:
            spacing = float(np.median(np.diff(dates).astype(np.int64)))
            raise DataError(
                f"'{name}' in {what} has a value every {spacing:g} days: no calendar has that spacing.",
                series=name,
                value=spacing,
                remedy="Bring it to a daily, weekly, monthly, quarterly or annual calendar, or drop it.",
            )
        week = open_week(dates) if pattern == "business" and own else EVERY_DAY
        found.append(Series(str(name), pattern, dates, values, dates, own, week))
    weeks = [one.week for one in found if one.own and one.pattern == "business"]
    usual = max(dict.fromkeys(weeks), key=weeks.count) if weeks else MONDAY_TO_FRIDAY
    found = [one if one.own or one.pattern != "business" else replace(one, week=usual) for one in found]
    calendars = {
        key: np.unique(np.concatenate([one.dates for one in judges(found) if one.market == key] or [days[:0]]))
        for key in {one.market for one in found}
    }
    return tuple(
        replace(one, starts=coverage_starts(one.dates, one.pattern, calendars[one.market], one.week)) for one in found
    )


def judges(series: Sequence[Series]) -> list[Series]:
    """Return the series that may decide something for others: those with a pattern of their own."""
    return [one for one in series if one.own] or list(series)


def fit_periods(series: Series, anchors: Anchors) -> Series:
    """Return an asset whose pattern is not its own with a finer one, where it has two values in one period."""
    if series.own or not _shares_period(series.dates, series.pattern, anchors):
        return series
    finer = infer_pattern(series.dates, "daily") or "daily"
    if is_coarser(finer, series.pattern) or _shares_period(series.dates, finer, anchors):
        finer = "daily"
    week = MONDAY_TO_FRIDAY if finer == "business" else EVERY_DAY
    return replace(
        series, pattern=finer, week=week, starts=coverage_starts(series.dates, finer, series.dates[:0], week)
    )


def _shares_period(dates: np.ndarray, pattern: str, anchors: Anchors) -> bool:
    return bool((np.diff(period_number(dates, pattern, anchors)) == 0).any())


def _aggregate(values: np.ndarray, low: np.ndarray, high: np.ndarray, how: str) -> np.ndarray:
    """Aggregate values[low:high] for each pair."""
    if how == "last":
        return values[high - 1]
    pairs = np.column_stack([low, high]).ravel()
    if how == "compound":
        product = np.multiply.reduceat(np.append(1.0 + values, 1.0), pairs)[::2] - 1.0
        return np.where(high - low == 1, values[low], product)
    total = np.add.reduceat(np.append(values, 0.0), pairs)[::2]
    return total / (high - low) if how == "mean" else total


def _bounds_by_date(series: Series, rows: Rows, tiles: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    own, first, last = series.clock(series.dates), series.clock(rows.starts), series.clock(rows.ends)
    high = np.searchsorted(own, last, "right")
    stamped = rows.stamped and series.pattern == rows.frequency
    low = high - 1 if stamped else np.searchsorted(own, first, "right")
    usable = (high > low) & (high > 0) & (rows.open | rows.stamped)
    usable[usable] = own[high[usable] - 1] == last[usable]
    if tiles and not stamped:
        usable[usable] = series.clock(series.starts[low[usable]]) == first[usable]
    return low, high, usable


def _bounds_by_period(series: Series, rows: Rows, tiles: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    numbers = rows.numbers(series.dates)
    following = rows.numbers(step(series.dates, series.pattern, 1))
    before = rows.numbers(series.starts)
    joined = np.concatenate([[0], np.cumsum(series.starts[1:] == series.dates[:-1])])
    low = np.searchsorted(numbers, rows.low, "right")
    high = np.searchsorted(numbers, rows.high, "right")
    usable = high > low
    first, last = low[usable], high[usable] - 1
    good = (numbers[last] == rows.high[usable]) & (following[last] > rows.high[usable])
    if tiles and not series.own:  # nobody asked where it is stamped
        away = np.abs((rows.ends[usable] - series.dates[last]).astype(np.int64))
        good &= away <= _NEAR.get(series.pattern, _NEAR_LONG)
    if tiles:
        good &= (before[first] <= rows.low[usable]) & (joined[last] - joined[first] == last - first)
    usable[usable] = good
    return low, high, usable


def on_rows(series: Series, rows: Rows, how: str) -> np.ndarray:
    """Return one value per row: NaN where the series' own values do not cover the row's time exactly.

    A row needs an observation at its end. Unless the last value is wanted, the values must also tile the row:
    the first of them begins where the row begins. So a missing day costs its own row and the next one,
    whose return reaches back over both.
    """
    out = np.full(len(rows.ends), np.nan)
    if not len(series.dates):
        return out
    by_date = series.fine or (rows.stamped and bool(np.isin(rows.ends, series.dates).any()))
    bounds = _bounds_by_date if by_date else _bounds_by_period
    low, high, usable = bounds(series, rows, how != "last")
    if usable.any():
        out[usable] = _aggregate(series.values, low[usable], high[usable], how)
    return out
