"""Who takes liquidity: buyers or sellers, as a factor."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from bayesfactor.base.arguments import require
from bayesfactor.base.errors import DataError
from bayesfactor.data.factors.descriptions import of_levels
from bayesfactor.data.factors.observations import name_of, read_together, require_above
from bayesfactor.data.factors.series_units import Sizes, check_sizes, require_one_unit
from bayesfactor.data.integration.factor_series import FactorSeries
from bayesfactor.data.screening.dates import day
from bayesfactor.panel.records import Aggregate, Transform

_NEAR = 1e-9  # of a volume: sources round
_IDLE = "On a day without trading there is no ratio: take the part after it."
SIZES = Sizes(
    "taker_buy / volume", (0.01, 0.99), (0.2, 0.8),
    "Look at their units: taker_buy in coins goes with volume, and taker_buy_quote with quote_volume.",
)  # fmt: skip
_COUNT = "A volume counts what was traded."


@dataclass(frozen=True)
class Imbalance:
    """(2 b - v) / v, what takers bought less what they sold, over all: -1 to 1. As it is, the mean of a period."""

    transform: ClassVar[Transform] = "none"
    aggregate: ClassVar[Aggregate] = "mean"
    description: ClassVar[str] = "order imbalance, (2 taker buys - volume) / volume"

    def ratio(self, bought: pd.Series, volume: pd.Series) -> pd.Series:
        """Return the imbalance on each date."""
        return (2 * bought - volume) / volume


@dataclass(frozen=True)
class BuyShare:
    """b / v, the share of volume in which buyers take: 0 to 1. As it is, the mean of a period."""

    transform: ClassVar[Transform] = "none"
    aggregate: ClassVar[Aggregate] = "mean"
    description: ClassVar[str] = "taker buys / volume"

    def ratio(self, bought: pd.Series, volume: pd.Series) -> pd.Series:
        """Return the share on each date."""
        return bought / volume


@dataclass(frozen=True)
class BuySellRatio:
    """b / (v - b), what takers bought over what they sold. In log differences."""

    transform: ClassVar[Transform] = "log_diff"
    aggregate: ClassVar[Aggregate] = "last"
    description: ClassVar[str] = "taker buys / taker sells"

    def ratio(self, bought: pd.Series, volume: pd.Series) -> pd.Series:
        """Return the ratio on each date."""
        sold = volume - bought
        require_above(bought, 0.0, "taker_buy", "A ratio of 0 has no logarithm: take bf.Imbalance().")
        require_above(sold.rename(None), 0.0, "volume - taker_buy", "Nothing was sold: take bf.Imbalance().")
        return bought / sold


Flow = Imbalance | BuyShare | BuySellRatio
KINDS = (Imbalance, BuyShare, BuySellRatio)


def flow(
    taker_buy: Any, volume: Any, kind: Flow = Imbalance(), *, name: str | None = None, lag: int = 0
) -> FactorSeries:
    r"""Make a factor of the order flow: what was bought by those who take liquidity.

    Parameters
    ----------
    taker_buy, volume : Series (dates)
        Volume in which the buyer took the offer, and all volume, in the same unit, as in the bars (klines) of Binance.
    kind : Imbalance, BuyShare or BuySellRatio
        How the two become one number.
    name : str, optional
        Of the factor; ``flow``.
    lag : int
        Publication delay, in bars.

    Returns
    -------
    FactorSeries
        Of family ``liquidity``.

    Raises
    ------
    DataError
        For series of different units, by what their readers or names say or by a typical share below 1 or above 99 %; a
        volume of zero or below, more bought than was traded, a date that one of the two lacks, a value that is
        missing, dates out of order or twice.
    SpecError
        When `kind` is none of these.

    Notes
    -----
    An imbalance that goes on for days is not a surprise as it is: take the innovation of an AR(1) where that matters,
    ``dataclasses.replace(series.factor, transform="innovation", aggregate="last")``.
    """
    require(kind, KINDS, "flow.kind")
    given = [("taker_buy", taker_buy), ("volume", volume)]
    require_one_unit(given)
    bought, traded = read_together(given)
    require_above(traded, 0.0, "volume", _IDLE)
    require_above(bought, 0.0, "taker_buy", _COUNT, equal=True)
    more = (bought > traded * (1 + _NEAR)).to_numpy()
    if more.any():
        date, value = bought.index[more][0], float(bought[more].iloc[0])
        raise DataError(
            f"taker_buy is {value:.6g} on {day(date)}, and volume {traded[more].iloc[0]:.6g}: more was bought than "
            "traded.",
            series="taker_buy",
            date=date,
            value=value,
            remedy="Give both in one unit: coins, or money.",
        )
    about = {"transform": kind.transform, "aggregate": kind.aggregate, "description": kind.description}
    ratio = kind.ratio(bought, traded)
    ratio.attrs["warnings"] = check_sizes(bought / traded, SIZES)
    return of_levels(ratio, name_of(name, "flow", "flow"), "liquidity", lag, **about)
