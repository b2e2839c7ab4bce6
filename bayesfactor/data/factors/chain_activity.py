"""Activity on a chain as a factor: hash rate, addresses, transactions, gas."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from bayesfactor.base.arguments import require, require_count
from bayesfactor.data.factors.descriptions import known_from, of_levels, over
from bayesfactor.data.factors.observations import (
    Source,
    lag_of,
    made_of,
    name_of,
    read_series,
    require_above,
    require_regular,
    said_of,
    shares_price,
)
from bayesfactor.data.factors.rolling_windows import require_longer, rolling_variance
from bayesfactor.data.factors.series_units import require_no_price
from bayesfactor.data.factors.whole_days import whole_days
from bayesfactor.data.integration.factor_series import FactorSeries

_IDLE = "A level of zero or below has no logarithm: take the part after it, or another measure of activity."
_FEE = "A fee of zero or below has no logarithm: leave out transactions that pay none, or take the part after it."
_FLAT = "Fees did not move in that window: take a longer one."


def activity(series: Any, *, name: str | None = None, lag: int | None = None) -> FactorSeries:
    r"""Make a factor of a chain's activity: log differences of hash rate, addresses, transactions, transfer value.

    Parameters
    ----------
    series : Series (dates)
        A positive level or count; its unit does not matter.
    name : str, optional
        Of the factor; by default that of the series.
    lag : int, optional
        Publication delay, in periods of the series. By default 1: a day's count is known the day after; that of a
        FactorSeries where it is longer.

    Returns
    -------
    FactorSeries
        Of family ``on-chain``, in log differences.

    Raises
    ------
    DataError
        For what is a price, a capitalisation or a ratio to one by its name (PriceUSD, CapMrktCurUSD, NVTAdj); a value
        of zero or below, a value that is missing, dates out of order or twice.

    Notes
    -----
    Definitions: Coin Metrics. Miners and users follow the price: a loading on activity is no effect of it.
    """
    require_no_price(series, "series")
    level = read_series(series, Source("series"))
    require_above(level, 0.0, "series", _IDLE)
    level.attrs |= said_of(series)
    given = level.name if level.name != "series" else None
    about = f"activity on a chain, a level or count{made_of(series)}"
    return of_levels(
        level, name_of(name, given, "activity"), "on-chain", lag_of(series, lag, 1),
        transform="log_diff", aggregate="last", description=about, shares_price=shares_price(series),
    )  # fmt: skip


@dataclass(frozen=True)
class MedianFee:
    """The median of a day's fees, in log differences."""

    transform: ClassVar = "log_diff"
    description: ClassVar[str] = "median fee of a day"

    def measure(self, fees: pd.Series) -> pd.Series:
        """Return the median by day."""
        return fees


@dataclass(frozen=True)
class FeeVolatility:
    """Standard deviation of the differences of the log median fee over the window's days, in log differences.

    Parameters
    ----------
    window : int
        Differences in a window, 2 or more.
    """

    window: int = 30
    transform: ClassVar = "log_diff"

    def __post_init__(self) -> None:
        require_count(self.window, 2, "FeeVolatility.window")

    @property
    def description(self) -> str:
        """What a value is."""
        return f"standard deviation of changes of the log median fee{over(self.window, 'days', 'log differences')}"

    def measure(self, fees: pd.Series) -> pd.Series:
        """Return the standard deviation of changes at each day."""
        why = f"FeeVolatility({self.window})"
        require_longer(fees.index, self.window + 1, "fees", why)
        require_regular(fees.index, "fees", why)
        moves = np.diff(np.log(fees.to_numpy()), prepend=np.nan)
        variance = pd.Series(rolling_variance(moves, self.window), fees.index, name=why)
        found = known_from(variance, why, _FLAT)
        require_above(found, 0.0, why, _FLAT)
        return found**0.5


Gas = MedianFee | FeeVolatility
KINDS = (MedianFee, FeeVolatility)


def gas(fees: Any, kind: Gas = MedianFee(), *, name: str | None = None, lag: int = 1) -> FactorSeries:
    r"""Make a factor of what a transaction costs: the median fee of a day, or how much it moves.

    Parameters
    ----------
    fees : Series (times)
        Fees, gas prices or base fees, of blocks or hours, each of the day that its time is in, or one a day. The first
        and the last day are left out where a part of them is not in the series, and `FactorSeries.notes` says so.
    kind : MedianFee or FeeVolatility
        The level, or its volatility and a window.
    name : str, optional
        Of the factor; ``gas``.
    lag : int
        Publication delay, in days. By default 1: a day's fees are known when it is over.

    Returns
    -------
    FactorSeries
        By day, of family ``on-chain``, in log differences.

    Raises
    ------
    DataError
        For a fee of zero or below, a value that is missing, dates out of order or twice, hours or blocks that are
        missing between two others, no whole day, a day that is missing from a window.
    SpecError
        When `kind` is none of these.

    Notes
    -----
    The base fee of Ethereum moves by an eighth from block to block at most (EIP-1559); medians of days move freely.
    """
    require(kind, KINDS, "gas.kind")
    given = read_series(fees, Source("fees", intraday=True))
    require_above(given, 0.0, "fees", _FEE)
    whole = whole_days(given, "fees")
    assert isinstance(whole.values.index, pd.DatetimeIndex)
    found = kind.measure(whole.values.groupby(whole.values.index.normalize()).median())
    found.attrs = given.attrs | {"notes": whole.notes}
    about = {"transform": kind.transform, "aggregate": "last", "description": kind.description}
    return of_levels(found, name_of(name, "gas", "gas"), "on-chain", lag, **about)
