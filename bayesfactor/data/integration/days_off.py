"""Date stamps that are days away from the period of their values, found by comparison with daily series."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayesfactor.base.errors import DataError
from bayesfactor.data.calendars import DAY, MONTHS, period_end, period_number
from bayesfactor.data.integration.inputs import Inputs
from bayesfactor.data.integration.intervals import anchors_of, stamps_of
from bayesfactor.data.integration.series import Series
from bayesfactor.data.screening.extremes import winsorised
from bayesfactor.panel.records import Note

_REACH = {"weekly": 7, "monthly": 31, "quarterly": 31}  # days looked at before and after a stamp
_ROWS = 12  # from which another reading can be told
_ODDS, _STEADY = 4.0, 2.0  # log of the odds over the number of readings, and Vuong's statistic, from which it is clear
_SURE, _LARGE = 2.0, 0.3  # ratio of squared correlations, and correlation, from which stamps are wrong for certain
_MOST = 30  # series of shorter periods that one is compared with, beside their average


@dataclass(frozen=True)
class Reading:
    """An alternative reading of a series' stamps that fits another series better.

    Attributes
    ----------
    other : str
        The series that tells.
    days : int
        By how many days the interval that fits best lies after the one that was taken.
    same, best : float
        Correlation over the one, and over the other.
    """

    other: str
    days: int
    same: float
    best: float


class _Growth:
    """Log growth of a daily series up to the end of any day."""

    def __init__(self, name: str, dates: np.ndarray, values: np.ndarray) -> None:
        self.name, self.dates = name, dates
        self.total = np.concatenate([[0.0], np.cumsum(np.log1p(np.maximum(values, -0.99)))])

    def over(self, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Return log growth from the end of each start to that of each end; NaN outside its history."""
        known = (starts >= self.dates[0] - DAY) & (ends <= self.dates[-1] + DAY)
        low, high = (np.searchsorted(self.dates, days, "right") for days in (starts, ends))
        return np.where(known, self.total[high] - self.total[low], np.nan)


def _interval(series: Series) -> tuple[np.ndarray, np.ndarray]:
    """Return starts and ends of what the values of a coarse series were taken to cover."""
    if series.pattern in MONTHS and stamps_of(series).kind == "start":
        anchors = anchors_of([series], [])
        number = period_number(series.dates, series.pattern, anchors)
        return period_end(number - 1, series.pattern, anchors), period_end(number, series.pattern, anchors)
    return series.starts, series.dates


def _compare(values: np.ndarray, growth: np.ndarray, same: int, tests: int) -> tuple[int, float, float] | None:
    """Return the column of `growth` that fits the values clearly better than column `same`, and both correlations.

    Clear is what is e^4 times as likely in a regression, over the number of readings that were looked at (`tests`), and
    has squared residuals that are smaller by two of their standard errors (Vuong 1989). On 150 right panels with heavy
    tails and volatility that moves the best was e^1.5 times as likely, and smaller by 1.4 standard errors.
    """
    rows = np.isfinite(growth).all(axis=1)
    if rows.sum() < _ROWS:
        return None
    z = winsorised(np.column_stack([np.log1p(np.maximum(values[rows], -0.99)), growth[rows]]))[0]
    size = np.sqrt((z**2).mean(axis=0))
    if not size[0]:
        return None
    z = z / np.where(size > 0, size, np.inf)
    found = z[:, :1].T @ z[:, 1:] / len(z)
    best = int(np.argmax(np.abs(found[0])))
    c_0, c_k = float(found[0, same]), float(found[0, best])
    gain = (z[:, 0] - c_0 * z[:, 1 + same]) ** 2 - (z[:, 0] - c_k * z[:, 1 + best]) ** 2
    odds = 0.5 * len(z) * np.log((1 - min(c_0**2, 1 - 1e-9)) / (1 - min(c_k**2, 1 - 1e-9)))
    steady = gain.mean() * np.sqrt(len(z)) > _STEADY * max(gain.std(), 1e-12)
    return (best, c_0, c_k) if odds > _ODDS + np.log(tests) and steady else None


def _best(series: Series, others: Sequence[_Growth], alike: int) -> Reading | None:
    """Return the reading of a coarse series' stamps, one of `alike`, that daily ones fit better than the one taken."""
    reach = _REACH[series.pattern]
    starts, ends = _interval(series)
    found = []
    for other in others:
        days = range(-reach, reach + 1)
        growth = np.column_stack([other.over(starts + day * DAY, ends + day * DAY) for day in days])
        better = _compare(series.values, growth, reach, 2 * reach * len(others) * alike)
        if better is not None:
            found.append(Reading(other.name, better[0] - reach, better[1], better[2]))
    return max(found, key=lambda one: abs(one.best), default=None)


def _growths(series: Sequence[Series]) -> list[_Growth]:
    """Return the growth of some daily series, evenly chosen, and of the average of all."""
    every = -(-len(series) // _MOST) if series else 1
    found = [_Growth(one.name, one.dates, one.values) for one in series[::every]]
    if len(series) > 2:
        dates = np.unique(np.concatenate([one.dates for one in series]))
        total, count = np.zeros(len(dates)), np.zeros(len(dates))
        for one in series:
            place = np.searchsorted(dates, one.dates)
            total[place] += np.clip(one.values, -0.5, 0.5)
            count[place] += 1
        found.append(_Growth("the average asset", dates, total / count))
    return found


def note_days_off(inputs: Inputs) -> list[Note]:
    """Warn of weekly and coarser returns whose stamps are some days away from what they cover, told by daily ones.

    Raises
    ------
    DataError
        When they cover what follows their stamps for certain: no lag of prices looks like that.
    """
    traded = [inputs.factors[place] for place in inputs.traded]
    groups = [[one for one in group if _is_coarse(one)] for group in (inputs.assets, traded)]
    if not any(groups):
        return []
    drivers = _growths([one for one in traded if one.fine])
    assets = _growths([one for one in inputs.assets if one.fine and one.own and len(one.dates) >= _ROWS])
    notes = []
    for coarse, others in zip(groups, (drivers, [*assets, *drivers]), strict=True):
        for one in coarse if others else ():
            found = _best(one, others, len(coarse))
            if found is not None:
                notes.append(_said(one, found))
    return notes


def _is_coarse(series: Series) -> bool:
    return series.pattern in _REACH and series.own and len(series.dates) >= _ROWS


def _said(series: Series, found: Reading) -> Note:
    """Return the warning about stamps that are some days off, or raise an error for them."""
    side, days = ("after" if found.days > 0 else "before"), abs(found.days)
    other = found.other if found.other.startswith("the ") else f"'{found.other}'"
    text = (
        f"go best with {other} over intervals that end {days} day{'s' if days > 1 else ''} {side} their stamps "
        f"(correlation {found.best:.2f} against {found.same:.2f})"
    )
    move = f"index {'+' if found.days > 0 else '-'} pd.Timedelta(days={days})"
    if series.pattern != "weekly":
        move = f"about {move}"
    if found.days > 0 and found.best**2 > _SURE * found.same**2 and abs(found.best) > _LARGE:
        raise DataError(
            f"The {series.pattern} values of '{series.name}' (stamped {series.dates[0]}, ...) seem to cover what "
            f"follows their stamps: they {text}.",
            series=series.name,
            date=series.dates[0],
            value=found.days,
            remedy=f"Stamp each value on the last day of the interval that it covers: {move}.",
        )
    return Note(series.name, "warning", f"its {series.pattern} values {text}: are they stamped {move}?")


def note_dropped_days(inputs: Inputs) -> list[Note]:
    """Warn of series whose returns after days without one, such as weekends, cover the last day only.

    A return is taken to cover the time since the series' own previous date. Days that were dropped, not compounded, are
    lost, and told by a series that has them.
    """
    flows = [*inputs.assets, *(inputs.factors[place] for place in inputs.traded)]
    if not any(one.pattern == "business" and one.own for one in flows):
        return []
    daily = _growths([one for one in flows if one.pattern == "daily" and one.own and len(one.dates) >= _ROWS])
    notes = []
    for one in flows:
        after = np.flatnonzero((one.dates - one.starts).astype(np.int64) > 1)
        if one.pattern != "business" or not one.own or len(after) < _ROWS:
            continue
        found = []
        for other in daily:
            ends = one.dates[after]
            growth = np.column_stack([other.over(one.starts[after], ends), other.over(ends - DAY, ends)])
            better = _compare(one.values[after], growth, 0, len(daily) * len(flows))
            if better is not None and better[2] ** 2 > _SURE * better[1] ** 2 and abs(better[2]) > _LARGE:
                found.append((other.name, better))
        if found:
            name, (_, same, last) = max(found, key=lambda pair: abs(pair[1][2]))
            text = (
                f"after days without a return (weekends) it goes with '{name}' of the last day (correlation "
                f"{last:.2f}), and not of all days since its return before ({same:.2f}): days seem to be dropped, "
                "not compounded. Compound them first, or give all days"
            )
            notes.append(Note(one.name, "warning", text))
    return notes
