"""Volatility of each day from bars within it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from bayesfactor.base.arguments import require_count
from bayesfactor.base.errors import DataError, unknown
from bayesfactor.data.factors.bars import read_bars
from bayesfactor.data.factors.descriptions import known_from, over
from bayesfactor.data.factors.observations import Source, require_above, require_regular
from bayesfactor.data.factors.rolling_windows import require_longer, rolling_mean
from bayesfactor.data.screening.candles import describe_time
from bayesfactor.data.screening.dates import day, length
from bayesfactor.panel.records import Transform

STAMPS = ("start", "end")
_FEWEST = 3  # bars a day, below which it is not seen
_FLAT = "No price moved in that time: take a longer window, or the part after it."
_ZONE = "Clocks that are moved look like this: give times in UTC. Nothing is filled."
_LEFT = "{} was left out: some of its bars, or the one before them, are not in the data"
_TICK = np.timedelta64(1, "ns")


@dataclass(frozen=True)
class IntradayVolatility(ABC):
    """What the estimators have in common: bars within days, and the standard deviation of a day.

    Attributes
    ----------
    window : int
        Days of which each value is made.
    stamps : {"start", "end"}
        Whether a bar is stamped when it begins, as exchanges do, or when it ends.
    """

    window: int = 1
    stamps: Literal["start", "end"] = "start"
    label: ClassVar[str] = "volatility"
    transform: ClassVar[Transform] = "log_diff"
    source: ClassVar[str] = ""

    def __post_init__(self) -> None:
        place = type(self).__name__
        require_count(self.window, 1, f"{place}.window")
        if self.stamps not in STAMPS:
            raise unknown("stamps", self.stamps, STAMPS, place=place)

    @property
    def description(self) -> str:
        """What a value is, and its source."""
        return f"standard deviation of a day's log price, {self.source}{over(self.window, 'days', 'log differences')}"

    def measure(self, prices: Any) -> pd.Series:
        """Return the standard deviation of each whole day, from it and those before it in the window."""
        what, why = "prices", f"{type(self).__name__}({self.window})"
        bars = read_bars(prices, ("close",), Source(what, intraday=True))
        assert isinstance(bars.index, pd.DatetimeIndex)
        days = (bars.index if self.stamps == "start" else bars.index - _TICK).normalize()
        moves = np.diff(np.log(bars["close"].to_numpy()), prepend=np.nan)
        if not _never_closes(bars.index, days, what):
            within = np.r_[False, days[1:] == days[:-1]]
            moves, days = moves[within], days[within]
        every = self.variances(moves, days)
        variance = _whole_days(every, days)
        left = [day(date) for date in every.index if date not in variance.index]
        require_longer(variance.index, self.window, f"{what} by days", why)
        require_regular(variance.index, f"{what} by days", why)
        found = known_from(pd.Series(rolling_mean(variance.to_numpy(), self.window), variance.index), why, _FLAT)
        require_above(found, 0.0, why, _FLAT)
        found = found**0.5
        found.attrs = bars.attrs | {"notes": tuple(_LEFT.format(date) for date in left)}
        return found

    @abstractmethod
    def variances(self, moves: np.ndarray, days: pd.DatetimeIndex) -> pd.Series:
        """Return the variance of each day from its moves of log prices; NaN where a bar has no bar before it."""


def _never_closes(index: pd.DatetimeIndex, days: pd.DatetimeIndex, what: str) -> bool:
    """Return whether a market is always open, so that all bars are a step apart; of others only those within a day.

    Raises
    ------
    DataError
        Where bars that should be a step apart are not.
    """
    steps, within = np.diff(index.to_numpy()), np.asarray(days[1:] == days[:-1])
    if within.sum() < _FEWEST:
        raise DataError(
            f"{what} has hardly a day with two prices: {len(index)} prices on {days.nunique()} days.",
            series=what,
            value=len(index),
            remedy="Give bars within the day, or take a measure of daily bars, such as bf.Parkinson(30).",
        )
    found, counts = np.unique(steps[within], return_counts=True)
    step = found[counts.argmax()]
    always = bool((~within).any() and (steps[~within] == step).mean() > 0.5)
    wrong = (steps != step) & (within | always)
    if wrong.any():
        place = int(np.argmax(wrong))
        raise DataError(
            f"Bars of {what} are {length(pd.Timedelta(step))} apart, but {length(pd.Timedelta(steps[place]))} from "
            f"{index[place]} to {index[place + 1]}.",
            series=what,
            date=index[place + 1],
            value=pd.Timedelta(steps[place]),
            remedy=f"Supply the bars that are missing, or take the part after them: "
            f"{what}.loc['{describe_time(index[place + 1])}':]. {_ZONE}",
        )
    return always


def _firsts(days: pd.DatetimeIndex) -> np.ndarray:
    """Return the places of the first bar of each day."""
    return np.flatnonzero(np.r_[True, days[1:] != days[:-1]])


def _whole_days(variance: pd.Series, days: pd.DatetimeIndex) -> pd.Series:
    """Return the days without a first and a last one that have fewer bars than most, or no bar before their first."""
    counts = np.diff(np.r_[_firsts(days), len(days)])
    usual = int(np.bincount(counts).argmax())
    first = int(counts[0] < usual or np.isnan(variance.iloc[0]))
    last = len(counts) - int(counts[-1] < usual)
    return variance.iloc[first:last]


def _by_day(terms: np.ndarray, days: pd.DatetimeIndex) -> pd.Series:
    """Return the sum of terms of each day; NaN where one of them is."""
    firsts = _firsts(days)
    return pd.Series(np.add.reduceat(terms, firsts), days[firsts])


@dataclass(frozen=True)
class Realised(IntradayVolatility):
    r"""Sum of the squared returns within each day; the mean of the window's days.

    In a market that never closes the first return of a day goes back to the last price of the day before; in others
    the move overnight is left out. Days that are not whole at the ends of the data are left out.

    Source: Barndorff-Nielsen and Shephard (2002), Journal of the Royal Statistical Society B 64, 253-280.

    Parameters
    ----------
    window : int
        Days in a window.
    stamps : {"start", "end"}
        Whether a bar is stamped when it begins, as exchanges do, or when it ends.
    """

    source: ClassVar[str] = "realised variance"

    def variances(self, moves: np.ndarray, days: pd.DatetimeIndex) -> pd.Series:
        """Return the sums of squares."""
        return _by_day(moves**2, days)


@dataclass(frozen=True)
class Bipower(IntradayVolatility):
    r"""Products of neighbouring returns within each day, which jumps do not reach; the mean of the window's days.

    .. math:: \frac{\pi}{2} \sum_j |r_j| |r_{j-1}|

    Source: Barndorff-Nielsen and Shephard (2004), Journal of Financial Econometrics 2, 1-37.

    Parameters
    ----------
    window : int
        Days in a window.
    stamps : {"start", "end"}
        Whether a bar is stamped when it begins, as exchanges do, or when it ends.
    """

    source: ClassVar[str] = "bipower variation"

    def variances(self, moves: np.ndarray, days: pd.DatetimeIndex) -> pd.Series:
        """Return the sums of products of neighbours."""
        products = np.abs(moves) * np.abs(np.r_[np.nan, moves[:-1]])
        firsts = _firsts(days)
        products[firsts] = np.where(np.isnan(moves[firsts]), np.nan, 0.0)
        return np.pi / 2 * _by_day(products, days)
