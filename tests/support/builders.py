"""Every function that makes a factor, with an observation set that it takes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf

COUNT = 90
DAYS = pd.date_range("2021-01-01", periods=COUNT)
HOURS = pd.date_range("2021-01-01", periods=40 * 24, freq="h")


def bars(seed: int = 1, count: int = COUNT, start: str = "2021-01-01") -> pd.DataFrame:
    """Simulate daily bars: a random walk of 24 steps within each day."""
    rng = np.random.default_rng(seed)
    path = np.exp(np.cumsum(rng.normal(0, 0.008, count * 24)) + 4).reshape(count, 24)
    index = pd.date_range(start, periods=count)
    columns = {"open": path[:, 0], "high": path.max(1), "low": path.min(1), "close": path[:, -1]}
    return pd.DataFrame(columns | {"volume": rng.lognormal(15, 0.5, count)}, index)


def intraday(seed: int = 2) -> pd.Series:
    """Simulate hourly prices."""
    return pd.Series(np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, len(HOURS)))), HOURS, name="close")


def level(seed: int, name: str, index: pd.DatetimeIndex = DAYS) -> pd.Series:
    """Simulate a positive series."""
    steps = np.random.default_rng(seed).normal(0, 0.1, len(index))
    return pd.Series(np.exp(np.cumsum(steps) + 5), index, name=name)


def traded(seed: int = 6) -> dict[str, pd.Series]:
    """Simulate volume, and what of it takers bought."""
    volume = level(seed, "volume")
    return {"taker_buy": volume * np.random.default_rng(seed).uniform(0.2, 0.8, COUNT), "volume": volume}


def held() -> pd.DataFrame:
    return pd.DataFrame({"eth": level(7, "eth"), "btc": level(8, "btc")})


@dataclass(frozen=True)
class Builder:
    """A function of observations by name, and what they are by default."""

    make: Callable[..., bf.FactorSeries]
    given: dict[str, Any]

    def __call__(self, **changed: Any) -> bf.FactorSeries:
        return self.make(**(self.given | changed))


def _of_bars(kind: object) -> Builder:
    return Builder(lambda prices: bf.volatility(prices, kind), {"prices": bars()})


def _liquidity(kind: object) -> Builder:
    return Builder(lambda prices: bf.liquidity(prices, kind), {"prices": bars()})


def _health(make: Callable[..., bf.FactorSeries]) -> Builder:
    shares = {"eth": 0.8, "btc": 0.75}
    return Builder(
        lambda collateral, debt: make(collateral, shares, debt), {"collateral": held(), "debt": level(9, "debt")}
    )


def _caps() -> dict[str, pd.DataFrame]:
    prices = pd.DataFrame({name: level(seed, name) for seed, name in enumerate("abc", 20)})
    prices.iloc[:30, 2] = np.nan
    return {"prices": prices, "market_caps": prices * [3.0, 2.0, 1.0]}


CHAIN = {what: 1e-4 * level(seed, what) for seed, what in ((11, "fees"), (12, "burned"), (13, "issued"))}
CHAIN = {"market_cap": level(10, "cap"), **CHAIN}
BUILDERS: dict[str, Builder] = {
    **{
        kind.__name__: _of_bars(kind(5))
        for kind in (bf.CloseToClose, bf.Parkinson, bf.GarmanKlass, bf.RogersSatchell, bf.YangZhang)
    },
    "Realised": Builder(lambda prices: bf.volatility(prices, bf.Realised(3)), {"prices": intraday()}),
    "Bipower": Builder(lambda prices: bf.volatility(prices, bf.Bipower()), {"prices": intraday()}),
    "Implied": Builder(lambda prices: bf.volatility(prices, bf.Implied()), {"prices": level(3, "dvol")}),
    "Amihud": _liquidity(bf.Amihud(5)),
    "Amihud in units": _liquidity(bf.Amihud(5, "units")),
    "Edge": _liquidity(bf.Edge(10)),
    "leverage": Builder(bf.leverage, {"open_interest": level(4, "oi"), "market_cap": level(5, "cap")}),
    "funding": Builder(lambda rates: bf.funding(rates, 8760), {"rates": 1e-7 * level(14, "rate", HOURS)}),
    "saturation": Builder(bf.saturation, {"series": level(15, "tvl")}),
    "Imbalance": Builder(bf.flow, traded()),
    "BuyShare": Builder(lambda taker_buy, volume: bf.flow(taker_buy, volume, bf.BuyShare()), traded()),
    "BuySellRatio": Builder(lambda taker_buy, volume: bf.flow(taker_buy, volume, bf.BuySellRatio()), traded()),
    "activity": Builder(bf.activity, {"series": level(16, "hash_rate")}),
    "MedianFee": Builder(bf.gas, {"fees": level(17, "fee", HOURS)}),
    "FeeVolatility": Builder(lambda fees: bf.gas(fees, bf.FeeVolatility(5)), {"fees": level(17, "fee", HOURS)}),
    "valuation": Builder(bf.valuation, {"market_cap": level(18, "cap"), "fundamental": level(19, "transfers")}),
    "value_accrual": Builder(bf.value_accrual, CHAIN),
    "collateral_health": _health(bf.collateral_health),
    "liquidation_distance": _health(bf.liquidation_distance),
    "capitalisation_index": Builder(bf.capitalisation_index, _caps()),
}


def put(table: Any, column: str | None, value: object, row: int = 60) -> Any:
    """Return observations with one of them changed."""
    other = table.copy()
    if column is None:
        other.iloc[row] = value
    else:
        other.iloc[row, other.columns.get_loc(column)] = value
    return other


def caught(name: str, **changed: Any) -> bf.DataError:
    """Return the error of a builder for observations that cannot be; it names a series and a remedy."""
    with pytest.raises(bf.DataError) as found:
        BUILDERS[name](**changed)
    error = found.value
    assert error.remedy
    assert error.series
    return error
