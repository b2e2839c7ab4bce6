"""Lags of factors that share the price with the return: no part of the row may be in them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bayesfactor.data.integration.series import Rows, Series
from bayesfactor.panel.records import Factor


def counts_rows(series: Series, factor: Factor, frequency: str) -> bool:
    """Whether the lag of a factor is one of whole rows: those of the panel are longer than its own periods."""
    return factor.shares_price and factor.lag > 0 and series.pattern != frequency


def by_own_values(series: Series, factor: Factor, frequency: str) -> Series:
    """Return a factor that shares the price, moved by values of its own where its periods are the panel's."""
    if not factor.shares_price or counts_rows(series, factor, frequency):
        return series
    lag = factor.lag
    kept = series.values[: len(series.values) - lag]
    return replace(series, dates=series.dates[lag:], starts=series.starts[lag:], values=kept)


def row_lags(known: Sequence[tuple[Series, Factor]], rows: Rows) -> list[int]:
    """Return by how many rows each factor is moved, most by none.

    By the least number of whole rows, and at least one, within which as many of its own values come as its lag counts:
    the value of a row is then of a date before the row, and has been published.
    """
    return [
        _least(series, factor.lag, rows) if counts_rows(series, factor, rows.frequency) else 0
        for series, factor in known
    ]


def _least(series: Series, lag: int, rows: Rows) -> int:
    seen = np.searchsorted(series.dates, rows.ends, "right")
    seen, count = seen[seen > 0], 1
    while count < len(seen) and (seen[count:] - seen[:-count]).min() < lag:
        count += 1
    return count


def moved(values: np.ndarray, count: int) -> np.ndarray:
    """Return values (row) that many rows later, missing on the first ones."""
    return np.concatenate([np.full(count, np.nan), values])[: len(values)]
