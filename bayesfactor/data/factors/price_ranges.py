"""Volatility from the bars of one market: close to close, and from ranges, which say more of each day."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from bayesfactor.base.arguments import require_count
from bayesfactor.data.factors.bars import read_bars
from bayesfactor.data.factors.descriptions import known_from, over
from bayesfactor.data.factors.observations import Source, require_above, require_regular
from bayesfactor.data.factors.rolling_windows import require_longer, rolling_mean, rolling_variance
from bayesfactor.panel.records import Transform

_WITHIN = "which is made of bars within the day; or make daily bars: {what}.resample('D')"
_CLOSES = ".last()."
_BARS = ".agg({{'open': 'first', 'high': 'max', 'low': 'min', 'close': 'last'}})."
_FLAT = "No price moved inside that window: take a longer one, or the part after it."


@dataclass(frozen=True)
class RangeVolatility(ABC):
    """What the estimators have in common: a window of bars, and their standard deviation a bar.

    Attributes
    ----------
    window : int
        Bars of which each value is made.
    """

    window: int = 30
    label: ClassVar[str] = "volatility"
    transform: ClassVar[Transform] = "log_diff"
    fields: ClassVar[tuple[str, ...]] = ()
    least: ClassVar[int] = 1
    before: ClassVar[int] = 0  # bars before the window that its first one needs
    source: ClassVar[str] = ""

    def __post_init__(self) -> None:
        require_count(self.window, self.least, f"{type(self).__name__}.window")

    @property
    def description(self) -> str:
        """What a value is, and its source."""
        return f"standard deviation of a bar's log price, {self.source}{over(self.window, 'bars', 'log differences')}"

    def measure(self, prices: Any) -> pd.Series:
        """Return the standard deviation at each bar, of it and those before it in the window."""
        what, why = "prices", f"{type(self).__name__}({self.window})"
        last = self.fields == ("close",)
        daily = f"Take bf.Realised({self.window}), {_WITHIN}{_CLOSES if last else _BARS}"
        bars = read_bars(prices, self.fields, Source(what, daily=daily))
        require_longer(bars.index, self.window + self.before, what, why)
        if self.before or self.window > 1:
            require_regular(bars.index, what, why)
        logs = {field: np.log(bars[field].to_numpy()) for field in self.fields}
        variance = pd.Series(self.variance(logs), bars.index, name=why)
        found = known_from(variance, why, _FLAT)
        require_above(found, 0.0, why, _FLAT)
        found = found**0.5
        found.attrs = bars.attrs
        return found

    @abstractmethod
    def variance(self, logs: dict[str, np.ndarray]) -> np.ndarray:
        """Return the variance at each bar from log prices, NaN where the window is not full."""


def _steps(later: np.ndarray, earlier: np.ndarray) -> np.ndarray:
    """Return later prices less those one bar earlier; NaN at the first."""
    return np.concatenate([[np.nan], later[1:] - earlier[:-1]])


@dataclass(frozen=True)
class CloseToClose(RangeVolatility):
    r"""Variance of log returns c - c' over the window, with n - 1 in the denominator.

    Parameters
    ----------
    window : int
        Returns in a window, 2 or more.
    """

    fields: ClassVar[tuple[str, ...]] = ("close",)
    least: ClassVar[int] = 2
    before: ClassVar[int] = 1
    source: ClassVar[str] = "close to close"

    def variance(self, logs: dict[str, np.ndarray]) -> np.ndarray:
        """Return the variance of returns."""
        return rolling_variance(_steps(logs["close"], logs["close"]), self.window)


@dataclass(frozen=True)
class Parkinson(RangeVolatility):
    r"""Mean of (h - l)^2 / (4 ln 2), of a log price without drift that is watched continuously.

    Source: Parkinson (1980), Journal of Business 53, 61-65.

    Parameters
    ----------
    window : int
        Bars in a window.
    """

    fields: ClassVar[tuple[str, ...]] = ("high", "low")
    source: ClassVar[str] = "Parkinson (1980)"

    def variance(self, logs: dict[str, np.ndarray]) -> np.ndarray:
        """Return the mean squared range."""
        return rolling_mean((logs["high"] - logs["low"]) ** 2, self.window) / (4 * np.log(2))


@dataclass(frozen=True)
class GarmanKlass(RangeVolatility):
    r"""Mean of (h - l)^2 / 2 - (2 ln 2 - 1) (c - o)^2, of a log price without drift; without overnight moves.

    Source: Garman and Klass (1980), Journal of Business 53, 67-78.

    Parameters
    ----------
    window : int
        Bars in a window.
    """

    fields: ClassVar[tuple[str, ...]] = ("open", "high", "low", "close")
    source: ClassVar[str] = "Garman and Klass (1980)"

    def variance(self, logs: dict[str, np.ndarray]) -> np.ndarray:
        """Return the mean of ranges and of moves from open to close."""
        range_, move = logs["high"] - logs["low"], logs["close"] - logs["open"]
        return rolling_mean(0.5 * range_**2 - (2 * np.log(2) - 1) * move**2, self.window)


def _rogers_satchell(logs: dict[str, np.ndarray]) -> np.ndarray:
    o, h, low, c = (logs[field] for field in ("open", "high", "low", "close"))
    return (h - o) * (h - c) + (low - o) * (low - c)


@dataclass(frozen=True)
class RogersSatchell(RangeVolatility):
    r"""Mean of (h - o)(h - c) + (l - o)(l - c), whatever the drift; without overnight moves.

    Source: Rogers and Satchell (1991), Annals of Applied Probability 1, 504-512.

    Parameters
    ----------
    window : int
        Bars in a window.
    """

    fields: ClassVar[tuple[str, ...]] = ("open", "high", "low", "close")
    source: ClassVar[str] = "Rogers and Satchell (1991)"

    def variance(self, logs: dict[str, np.ndarray]) -> np.ndarray:
        """Return the mean over the window."""
        return rolling_mean(_rogers_satchell(logs), self.window)


@dataclass(frozen=True)
class YangZhang(RangeVolatility):
    r"""var(o - c') + k var(c - o) + (1 - k) RogersSatchell, k = .34 / (1.34 + (n + 1) / (n - 1)).

    Whatever the drift, with overnight moves. In a market that never closes o = c', and the first term is 0.

    Source: Yang and Zhang (2000), Journal of Business 73, 477-491.

    Parameters
    ----------
    window : int
        n, bars in a window, 2 or more.
    """

    fields: ClassVar[tuple[str, ...]] = ("open", "high", "low", "close")
    least: ClassVar[int] = 2
    before: ClassVar[int] = 1
    source: ClassVar[str] = "Yang and Zhang (2000)"

    def variance(self, logs: dict[str, np.ndarray]) -> np.ndarray:
        """Return the variance of moves overnight and by day."""
        n = self.window
        k = 0.34 / (1.34 + (n + 1) / (n - 1))
        overnight = rolling_variance(_steps(logs["open"], logs["close"]), n)
        by_day = rolling_variance(logs["close"] - logs["open"], n)
        return overnight + k * by_day + (1 - k) * rolling_mean(_rogers_satchell(logs), n)
