"""Candles from Coinbase."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.readers.candles import Part, read_candles, stamp_rows
from bayesfactor.data.readers.cells import Source
from bayesfactor.data.readers.intervals import longest_interval
from bayesfactor.data.readers.rows import Rows, read_rows
from bayesfactor.data.readers.series_names import ASSETS, choose_series, pair_in_name

_COLUMNS = ("time", "low", "high", "open", "close", "volume")
_SAME = {"start": "time", "timestamp": "time", "date": "time", "unix": "time"}
_INTERVALS = (60, 300, 900, 1800, 3600, 7200, 21_600, 86_400)


def read_coinbase(path: Source | Sequence[Source]) -> pd.DataFrame:
    """Read candles from Coinbase.

    Parameters
    ----------
    path : str, path-like, or a sequence of them
        A file as the interface answers (JSON, or the same as CSV: time, low, high, open, close, volume, with a line of
        names or without, newest first); several of one product; or a folder of them.

    Returns
    -------
    DataFrame
        dates x open, high, low, close (in the quote currency) and volume (coins), oldest first. A day is its own date,
        in universal time; within the day a row has the start of its interval. ``attrs`` as of `read_binance`.

    Raises
    ------
    DataError
        As of `read_binance`; also where rows without names are in the order open, high, low, close.

    Notes
    -----
    Coinbase writes no candle where nothing was traded, and of an answer the newest candle may not have ended: it is
    left out where it ends after now, or after the file was written. Nothing is filled.
    """
    frame = read_candles(path, _read_part)
    frame.attrs["units"] = "prices: the quote currency; volume: coins"
    return frame


def _read_part(path: Path) -> Part:
    rows = read_rows(path, ("candles",))
    bare = not rows.named
    rows = rows.with_names(_COLUMNS).rename(_SAME)
    rows.require(_COLUMNS, "a file of Coinbase's candles")
    rows, named = choose_series(rows, ASSETS)
    stamped = stamp_rows(rows, "time", ("open", "high", "low", "close", "volume"))
    if bare:
        _check_order(stamped.frame, rows)
    starts = pd.DatetimeIndex(stamped.frame.index)
    interval = longest_interval(starts, _INTERVALS)
    if interval is None:
        raise no_interval(rows, starts)
    return Part(
        stamped.frame, rows.cells.index, path, interval, named or pair_in_name(path), stamped.unit, stamped.notes
    )


def _check_order(frame: pd.DataFrame, rows: Rows) -> None:
    """Raise an error for rows without names that hold open, high, low, close and not low, high, open, close."""
    low, high, first, last = frame["low"], frame["high"], frame["open"], frame["close"]
    wrong = (first < low) | (first > high) | (last < low) | (last > high)
    other = (low >= first) & (low <= high) & (last >= first) & (last <= high)
    if wrong.mean() > 0.5 and other.all():
        at = int(wrong.to_numpy().argmax())
        raise DataError(
            f"{rows.place(at)}: read as time, low, high, open, close, as Coinbase writes them, low is {low.iloc[at]:g} "
            f"and open {first.iloc[at]:g}: the columns are open, high, low, close.",
            series=rows.name,
            date=frame.index[at],
            value=float(low.iloc[at]),
            remedy="Name the columns in a first line: time,open,high,low,close,volume.",
        )


def no_interval(rows: Rows, starts: pd.DatetimeIndex) -> DataError:
    """Return the error of rows whose interval cannot be told."""
    found = "steps between its times do" if len(starts) > 1 else f"one row, from {starts[0]}, does"
    return DataError(
        f"{rows.name}: {found} not tell the interval of a candle.",
        series=rows.name,
        date=starts[0],
        remedy="Give more of the series.",
    )
