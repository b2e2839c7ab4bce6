"""The panels that forecasts are scored on, when models are fitted to them, and the portfolios that are scored."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import bayesfactor as bf
from bayesfactor.panel.panel import Panel
from benchmarks.markets import stocks
from benchmarks.truth.panels import CASES as WALKS, Case, Dates
from benchmarks.truth.portfolios import COUNT, long_only

RANDOM = "random "  # what the names of random portfolios begin with
SINCE = "2016-01-01"  # the first day of the panel of daily stocks


def since(panel: Panel, date: str) -> Panel:
    """Return the dates of a panel from one of them on, of factors too."""
    rows, every = int((panel.times >= np.datetime64(date)).sum()), len(panel.times)
    return list(bf.rolling(panel, rows, max(every - rows, 1)).values())[-1]


def books(panel: Panel) -> dict[str, pd.Series]:
    """Return random long-only portfolios of all assets, by name."""
    weights = long_only(np.ones(len(panel.assets), dtype=bool))
    return {f"{RANDOM}{k + 1}": pd.Series(weights[k], list(panel.assets)) for k in range(COUNT)}


def _daily(folder: Path) -> Case:
    panel = since(stocks(folder), SINCE)
    return Case("20 stocks, daily", panel, Dates(1000, 63, 63), None, 0, 252, 63)


CASES: dict[str, Callable[[Path], Case]] = {
    "tokens": WALKS["tokens"],
    "stocks": _daily,
    "portfolios": WALKS["portfolios"],
}
