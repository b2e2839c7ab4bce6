"""Volatility that an index of options implies."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.factors.bars import MONEY, read_bars
from bayesfactor.data.factors.observations import Source
from bayesfactor.data.screening.columns import bar_field
from bayesfactor.panel.records import Transform

POINT = 100.0
_MOST = 500.0  # points: no index of a market has had such a median
_LEAST = 3.0  # points: no index of a market has been this low


@dataclass(frozen=True)
class Implied:
    """The level of an index in volatility points a year, over 100: 0.65 of a DVOL or VIX of 65.

    Source: Deribit (DVOL), Cboe (VIX): model-free variance over the next 30 days.
    """

    label: ClassVar[str] = "implied_volatility"
    transform: ClassVar[Transform] = "diff"
    description: ClassVar[str] = (
        "implied volatility a year, an index of options in points over 100 (as DVOL, VIX): a level, hence differences"
    )

    def measure(self, prices: Any) -> pd.Series:
        """Return the index in decimals."""
        index = read_bars(prices, ("close",), Source("prices"))["close"]
        middle = float(index.median())
        if middle < _LEAST:
            raise DataError(
                f"The index of volatility has a median of {middle:.4g} points: decimals?",
                series="close",
                date=index.index[0],
                value=middle,
                remedy="Give points a year, as Deribit and Cboe publish them: prices * 100.",
            )
        if middle > _MOST or _has_volume(prices):
            found = f"a median of {middle:,.6g} points" if middle > _MOST else "a column of volume"
            raise DataError(
                f"The index of volatility has {found}: prices?",
                series="close",
                date=index.index[0],
                value=middle,
                remedy="Give the level of an index, such as bf.read_deribit_volatility(path). What prices moved by is "
                "bf.volatility(prices, bf.YangZhang(30)).",
            )
        return index / POINT


def _has_volume(prices: Any) -> bool:
    """Whether a table has a column of volume that is not 0 throughout, as that of an index is."""
    names = [name for name in getattr(prices, "columns", ()) if bar_field(name) in ("volume", *MONEY)]
    return any(bool((pd.to_numeric(prices[name], errors="coerce") > 0).any()) for name in names)
