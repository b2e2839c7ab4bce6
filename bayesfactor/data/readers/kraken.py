"""Candles from Kraken."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.readers.candles import Part, read_candles, stamp_rows
from bayesfactor.data.readers.cells import Source
from bayesfactor.data.readers.coinbase import no_interval
from bayesfactor.data.readers.intervals import Interval, longest_interval
from bayesfactor.data.readers.rows import Rows, read_rows
from bayesfactor.data.readers.series_names import ASSETS, choose_series, pair_in_name, pair_of_kraken

_FILE = ("time", "open", "high", "low", "close", "volume", "trades")
_ANSWER = ("time", "open", "high", "low", "close", "vwap", "volume", "trades")
_SAME = {"timestamp": "time", "date": "time", "unix": "time", "count": "trades"}
_KEPT = ("open", "high", "low", "close", "volume", "trades", "vwap")
_MINUTES = (1, 5, 15, 30, 60, 240, 720, 1440, 10_080, 21_600)
_NAME = re.compile(r"(?P<symbol>[A-Z0-9]{4,})_(?P<minutes>\d+)\b")


def read_kraken(path: Source | Sequence[Source]) -> pd.DataFrame:
    """Read candles from Kraken.

    Parameters
    ----------
    path : str, path-like, or a sequence of them
        A file as in the downloads (CSV without names: time, open, high, low, close, volume, trades, such as
        ``XBTUSD_1440.csv``), or as the interface answers (JSON, with vwap); several of one pair, such as its quarters;
        or a folder of them.

    Returns
    -------
    DataFrame
        dates x open, high, low, close (in the quote currency), volume (coins), trades (number) and, of an answer, vwap.
        A day is its own date, in universal time; a longer interval has its last day; within the day a row has the start
        of its interval. ``attrs`` as of `read_binance`.

    Raises
    ------
    DataError
        As of `read_binance`; also where the name of the file and its times are of different intervals.

    Notes
    -----
    Kraken writes no candle where nothing was traded. The last of an answer, which Kraken says has not ended, is left
    out. Nothing is filled.
    """
    frame = read_candles(path, _read_part)
    frame.attrs["units"] = "prices: the quote currency; volume: coins; trades: number"
    return frame


def _read_part(path: Path) -> Part:
    rows = read_rows(path).with_names(_FILE).with_names(_ANSWER).rename(_SAME)
    rows.require(_FILE, "a file of Kraken's candles")
    rows, pair = choose_series(rows, ASSETS)
    rows, said = _leave_last(rows)
    kept = [column for column in _KEPT if column in rows.cells.columns]
    stamped = stamp_rows(rows, "time", kept)
    frame = stamped.frame
    if "vwap" in frame.columns:
        frame["vwap"] = frame["vwap"].where(frame["volume"] > 0)  # Kraken writes 0 where nothing was traded
    interval, symbol = _read_interval(rows, pd.DatetimeIndex(frame.index), path)
    notes = (*stamped.notes, *said)
    symbol = pair or pair_of_kraken(rows.key) or symbol or pair_in_name(path)
    answer = bool(rows.cells.index.name == "row")
    return Part(frame, rows.cells.index, path, interval, symbol, stamped.unit, notes, answer)


def _leave_last(rows: Rows) -> tuple[Rows, tuple[str, ...]]:
    """Leave out the rows after the last that ended, which an answer of the interface names."""
    last = str(rows.rest.get("last", ""))
    times = rows.cells["time"].astype(str)
    if not last.isdigit() or not times.str.fullmatch(r"\d{1,18}").all():
        return rows, ()
    open_ = times.astype("int64") > int(last)
    if not open_.any() or open_.all():
        return rows, ()
    said = f"{rows.name}: what follows the last interval that had ended was left out, {int(open_.sum())} in all"
    return replace(rows, cells=rows.cells[~open_]), (said,)


def _read_interval(rows: Rows, starts: pd.DatetimeIndex, path: Path) -> tuple[Interval, str]:
    """Return the interval and the pair that the name of the file says; else the interval that its times tell."""
    seconds = [60 * minutes for minutes in _MINUTES]
    named, told = _NAME.search(path.name), longest_interval(starts, seconds)
    said = Interval(60 * int(named["minutes"])) if named and int(named["minutes"]) in _MINUTES else None
    if said is not None and told is not None and told.seconds < said.seconds:
        raise DataError(
            f"{rows.name}: its name says intervals of {said}, and its times are of {told}.",
            series=rows.name,
            date=starts[0],
            value=str(told),
            remedy="Give the file under the name that Kraken gave it.",
        )
    interval = said or told
    if interval is None:
        raise no_interval(rows, starts)
    return interval, named["symbol"] if named and said else ""
