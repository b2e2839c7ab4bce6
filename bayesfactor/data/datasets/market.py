"""Factors, loadings and calendars of the simulated market."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

PERIODS_PER_YEAR = 252
GROUPS = ("layer1", "defi", "exchange", "payments", "infrastructure", "privacy")

_START = "2021-01-04"
_SIGMA, _SIGMA_SPREAD, _SIGMA_FARTHEST = 0.04, 0.3, 2.0
_GROUP_SPREAD, _ASSET_SPREAD = 0.06, 0.06
_MARKET_GROUP_SPREAD, _MARKET_SPREAD = 0.2, 0.2
_SHORT = (60, 200)


@dataclass(frozen=True)
class Kind:
    """One factor of the simulated market.

    `sd` is that of its value per period, `sharpe` its premium over its standard deviation in a year, `drift`
    the mean of its value per period when it is not traded. `centre` is the loading of the average token: the
    loading itself for the market, and otherwise in residual standard deviations of the token per standard deviation
    of the factor.
    """

    name: str
    family: str
    traded: bool
    transform: Literal["none", "diff", "log_diff"]
    every_day: bool
    start: float
    sd: float
    drift: float
    sharpe: float
    centre: float
    description: str

    def info(self) -> dict[str, object]:
        """Return what `integrate` has to know about it."""
        return {
            "traded": self.traded,
            "family": self.family,
            "transform": self.transform,
            "description": self.description,
        }


# fmt: off
KINDS = (
    Kind("market", "market", True, "none", False, 0.0, 0.025, 0.0, 0.6, 1.1,
         "return of the broad crypto market"),
    Kind("size", "style", True, "none", False, 0.0, 0.012, 0.0, 0.3, 0.12,
         "return of small tokens less that of large ones"),
    Kind("rates", "rates", False, "diff", False, 0.04, 0.0006, 0.0, -0.2, -0.10,
         "yield of government bonds"),
    Kind("volatility", "volatility", False, "log_diff", False, 20.0, 0.06, 0.0, -0.4, -0.15,
         "index of implied volatility"),
    Kind("hash_rate", "on-chain", False, "log_diff", True, 150.0, 0.03, 0.0005, 0.0, 0.0,
         "work done by miners; useless here: nothing loads on it"),
    Kind("protocol_volume", "on-chain", False, "log_diff", True, 5e9, 0.08, 0.0003, 0.3, 0.15,
         "value moved through protocols"),
    Kind("exchange_liquidity", "liquidity", False, "log_diff", True, 1e8, 0.05, 0.0, 0.4, 0.2,
         "depth of order books"),
)
_CORRELATED = (
    ("market", "size", 0.2), ("market", "rates", -0.1), ("market", "volatility", -0.4),
    ("market", "protocol_volume", 0.2), ("market", "exchange_liquidity", 0.25),
    ("volatility", "exchange_liquidity", -0.2), ("protocol_volume", "exchange_liquidity", 0.2),
)
# fmt: on
TRADED = np.array([kind.traded for kind in KINDS])


def correlations() -> np.ndarray:
    """Return the correlations (factor, factor) of the factors."""
    names = [kind.name for kind in KINDS]
    table = np.eye(len(names))
    for one, other, value in _CORRELATED:
        table[names.index(one), names.index(other)] = table[names.index(other), names.index(one)] = value
    return table


def draw_loadings(group_of: list[int], groups: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the means (group, factor) and the loadings (asset, factor) around them."""
    market = np.array([kind.family == "market" for kind in KINDS])
    used = np.array([kind.centre != 0 for kind in KINDS])
    unit = np.where(market, 1.0, _SIGMA / np.array([kind.sd for kind in KINDS])) * used
    centre = np.array([kind.centre for kind in KINDS])
    wide = np.where(market, _MARKET_GROUP_SPREAD, _GROUP_SPREAD)
    mean = (centre + wide * rng.standard_normal((groups, len(KINDS)))) * unit + 0.0  # no -0.0
    narrow = np.where(market, _MARKET_SPREAD, _ASSET_SPREAD) * unit
    return mean, mean[group_of] + narrow * rng.standard_normal((len(group_of), len(KINDS)))


def draw_sigma(assets: int, rng: np.random.Generator) -> np.ndarray:
    """Return residual standard deviations, bounded so that no total loss can be drawn."""
    away = np.clip(rng.standard_normal(assets), -_SIGMA_FARTHEST, _SIGMA_FARTHEST)
    return _SIGMA * np.exp(_SIGMA_SPREAD * away)


def draw_lengths(groups: list[str], periods: int, rng: np.random.Generator) -> list[int]:
    """Return how many periods each asset has; the first one of a group has all of them."""
    lengths = np.full(len(groups), periods)
    younger = [place for place, group in enumerate(groups) if group in groups[:place]]
    young = rng.permutation(younger).astype(int)
    quarter = len(groups) // 4
    low, high = min(_SHORT[0], periods), min(_SHORT[1], periods)
    lengths[young[:quarter]] = rng.integers(low, high + 1, len(young[:quarter]))
    lengths[young[quarter : 2 * quarter]] = rng.integers(high, periods + 1, len(young[quarter : 2 * quarter]))
    return lengths.tolist()


def trading_days(count: int) -> pd.DatetimeIndex:
    """Return business days, without those on which 1 January, 4 July or 25 December falls."""
    days = pd.date_range(_START, periods=count + 10 + count // 50, freq="B", name="date")
    closed = {(1, 1), (7, 4), (12, 25)}
    is_open = [(day.month, day.day) not in closed for day in days]
    return pd.DatetimeIndex(days[is_open][:count].to_numpy(), name="date")


def spread_over_days(
    table: pd.DataFrame, days: pd.DatetimeIndex, sigma: xr.DataArray, rng: np.random.Generator
) -> pd.DataFrame:
    """Spread the return of each period over the calendar days in it, so that they compound to it.

    A period's log growth is divided evenly, plus noise that adds up to nothing.
    """
    row = np.searchsorted(table.index.to_numpy(), days.to_numpy())
    count = np.bincount(row)[row][:, None]
    growth = np.log1p(table.to_numpy())[row] / count
    noise = rng.standard_normal(growth.shape) * sigma.values / np.sqrt(count)
    sums = np.zeros(table.shape)
    np.add.at(sums, row, noise)
    return pd.DataFrame(np.expm1(growth + noise - sums[row] / count), days, table.columns)


def interpolate_levels(level: pd.Series, days: pd.DatetimeIndex, rng: np.random.Generator) -> pd.Series:
    """Give a level a value on every day; those in between lie on the way, a little off it."""
    logs = np.interp(days.to_numpy().astype(np.int64), level.index.to_numpy().astype(np.int64), np.log(level))
    between = ~days.isin(level.index)
    logs[between] += 0.2 * np.diff(np.log(level)).std() * rng.standard_normal(int(between.sum()))
    path = pd.Series(np.exp(logs), days)
    path[level.index] = level
    return path
