"""Illiquidity from daily bars: what a trade moves the price by, and what lies between bid and ask."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from bayesfactor.base.arguments import require_count
from bayesfactor.base.errors import DataError, unknown
from bayesfactor.base.extras import not_installed
from bayesfactor.data.factors.bars import PRICES, column_of, read_bars
from bayesfactor.data.factors.descriptions import known_from, over
from bayesfactor.data.factors.observations import Source, require_above, require_regular
from bayesfactor.data.factors.rolling_windows import require_longer, rolling_mean
from bayesfactor.data.factors.series_units import COINS, MONEY, unit_of
from bayesfactor.panel.records import Transform

UNITS = ("money", "units")
_FLAT = "No price moved in that window: take a longer one, or the part after it."


@dataclass(frozen=True)
class Amihud:
    r"""Mean over the window of absolute returns over the money that was traded.

    .. math:: \frac{1}{n} \sum_t \frac{|r_t|}{V_t}, \qquad r_t = \frac{c_t}{c_{t-1}} - 1

    Source: Amihud (2002), Journal of Financial Markets 5, 31-56.

    Parameters
    ----------
    window : int
        Returns in a window.
    volume_in : {"money", "units"}
        What the column ``volume`` counts: money, or coins or shares, which are multiplied by the close. A column
        ``volume_usd``, ``dollar_volume``, ``quote_volume`` or ``turnover`` is money, and is taken before it.
    """

    window: int = 30
    volume_in: Literal["money", "units"] = "money"
    label: ClassVar[str] = "illiquidity"
    transform: ClassVar[Transform] = "log_diff"

    def __post_init__(self) -> None:
        require_count(self.window, 1, "Amihud.window")
        if self.volume_in not in UNITS:
            raise unknown("volume_in", self.volume_in, UNITS, place="Amihud")

    @property
    def description(self) -> str:
        """What a value is, and its source."""
        return f"mean of |return| over money traded, Amihud (2002){over(self.window, 'bars', 'log differences')}"

    def measure(self, prices: Any) -> pd.Series:
        """Return the mean ratio at each bar."""
        what, why = "prices", f"Amihud({self.window})"
        field = "turnover" if self.volume_in == "money" else "volume"
        bars = read_bars(prices, ("close", field), Source(what))
        self._check_unit(prices, field)
        require_longer(bars.index, self.window + 1, what, why)
        require_regular(bars.index, what, why)
        close = bars["close"].to_numpy()
        money = bars[field].to_numpy() * (close if field == "volume" else 1.0)
        ratio = np.r_[np.nan, np.abs(close[1:] / close[:-1] - 1.0) / money[1:]]
        found = known_from(pd.Series(rolling_mean(ratio, self.window), bars.index, name=why), why, _FLAT)
        require_above(found, 0.0, why, _FLAT)
        found.attrs = bars.attrs
        return found

    def _check_unit(self, prices: Any, field: str) -> None:
        """Raise an error where the reader of bars says that their volume counts the other thing."""
        name = column_of(prices, field, "prices")
        wrong = COINS if self.volume_in == "money" else MONEY
        if unit_of(prices, name) == wrong:
            other = "units" if self.volume_in == "money" else "money"
            raise DataError(
                f"'{name}' in prices counts {wrong}, as its reader or name says, and volume_in is '{self.volume_in}'.",
                series=name,
                value=wrong,
                remedy=f"Write bf.Amihud({self.window}, volume_in='{other}').",
            )


@dataclass(frozen=True)
class Edge:
    """Effective spread between bid and ask, as a share of the price, from open, high, low and close.

    Source: Ardia, Guidotti and Kroencke (2024), Journal of Financial Economics 161, 103916; computed by ``bidask``, the
    extra ``liquidity``.

    Parameters
    ----------
    window : int
        Bars in a window, 3 or more.
    """

    window: int = 30
    label: ClassVar[str] = "spread"
    transform: ClassVar[Transform] = "diff"

    def __post_init__(self) -> None:
        require_count(self.window, 3, "Edge.window")

    @property
    def description(self) -> str:
        """What a value is, and its source."""
        return f"effective spread, Ardia, Guidotti and Kroencke (2024){over(self.window, 'bars', 'differences')}"

    def measure(self, prices: Any) -> pd.Series:
        """Return the spread at each bar."""
        what, why = "prices", f"Edge({self.window})"
        edge = _edge()
        bars = read_bars(prices, PRICES, Source(what))
        require_longer(bars.index, self.window, what, why)
        require_regular(bars.index, what, why)
        windows = sliding_window_view(bars.to_numpy(), self.window, axis=0)  # (window, field, bar)
        spreads = np.r_[np.full(self.window - 1, np.nan), [edge(*window) for window in windows]]
        found = known_from(pd.Series(spreads, bars.index, name=why), why, _FLAT)
        found.attrs = bars.attrs
        return found


def _edge() -> Callable[..., float]:
    """Return what computes a spread from arrays of prices; raise a SpecError where it is not installed."""
    try:
        from bidask import edge
    except ImportError:
        raise not_installed("Edge needs bidask", "bidask", "liquidity") from None
    return edge
