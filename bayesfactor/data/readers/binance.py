"""Candles from Binance."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.readers.candles import Part, read_candles, stamp_rows
from bayesfactor.data.readers.cells import Source
from bayesfactor.data.readers.epochs import read_epochs
from bayesfactor.data.readers.intervals import DAY, Interval
from bayesfactor.data.readers.rows import AGAIN, Rows, read_rows
from bayesfactor.data.readers.series_names import ASSETS, choose_series, pair_in_name
from bayesfactor.data.screening.candles import check_candles

_COLUMNS = ("open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "trades", "taker_buy",
            "taker_buy_quote", "ignore")  # fmt: skip
_SAME = {
    "quote_asset_volume": "quote_volume", "count": "trades", "number_of_trades": "trades", "num_trades": "trades",
    "taker_buy_volume": "taker_buy", "taker_buy_base_volume": "taker_buy", "taker_buy_base_asset_volume": "taker_buy",
    "taker_buy_base": "taker_buy", "taker_buy_quote_volume": "taker_buy_quote",
    "taker_buy_quote_asset_volume": "taker_buy_quote", "timestamp": "open_time", "opentime": "open_time",
    "closetime": "close_time",
}  # fmt: skip
_KEPT = ("open", "high", "low", "close", "volume", "quote_volume", "trades", "taker_buy", "taker_buy_quote")
_INTERVALS = frozenset({1, 60, 180, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 28_800, 43_200, DAY, 3 * DAY, 7 * DAY})
_MONTH = range(28 * DAY, 31 * DAY + 1)
_CONTRACTS = (10.0, 100.0)  # dollars of a contract that is settled in coins
_NAME = re.compile(r"(?P<symbol>[A-Z0-9]{4,}(?:_[A-Z0-9]+)?)-\d+(?:s|m|h|d|w|mo)-\d{4}")


def read_binance(path: Source | Sequence[Source]) -> pd.DataFrame:
    """Read candles (klines) from Binance, of spot markets or futures.

    Parameters
    ----------
    path : str, path-like, or a sequence of them
        A file as in the public archive (a zip archive or the CSV in it, with a line of names or without), or as the
        interface answers (JSON); several of one series, such as its months; or a folder of them.

    Returns
    -------
    DataFrame
        dates x open, high, low, close (in the quote currency), volume (coins), quote_volume (quote currency, such as
        USDT), trades (number), taker_buy (coins of `volume` that buyers took from the book) and taker_buy_quote. A day
        is its own date, in universal time; a week or month has its last day; within the day a row has the start of its
        interval. ``attrs`` holds ``interval``, ``stamps``, ``times`` (the unit of the epochs), ``symbol``, ``units``,
        ``zone`` and ``notes``, which lists the intervals that are absent, those without volume, and what was left out.

    Raises
    ------
    DataError
        The file cannot be read or is another publisher's; a price is not positive, high is below low, or open or close
        is not between them; a time comes twice or is off the grid; a volume is negative, or less than what takers
        bought; files are of two symbols or intervals, or disagree.

    Notes
    -----
    The symbol is what a column ``symbol`` says, else what the name of the file holds, such as ``BTCUSDT.json``; where
    neither does, ``notes`` says where prices jump from one file to the next.

    Epochs are milliseconds, and microseconds in the archive's spot files since 2025: each is read in its own unit. The
    last candle is left out where it had not ended. Of futures that are settled in coins, whose files count contracts,
    volumes are turned into coins and dollars. Nothing is filled.
    """
    frame = read_candles(path, _read_part)
    frame.attrs["units"] = (
        "prices, quote_volume, taker_buy_quote: the quote currency; volume, taker_buy: coins; trades: number"
    )
    return frame


def _read_part(path: Path) -> Part:
    rows = read_rows(path).with_names(_COLUMNS).with_names(_COLUMNS[:11]).rename(_SAME)
    rows.require(_COLUMNS[:11], "a file of Binance's klines")
    rows, named = choose_series(rows, ASSETS)
    stamped = stamp_rows(rows, "open_time", _KEPT)
    _check_premium(stamped.frame, rows)
    interval = _read_interval(rows, pd.DatetimeIndex(stamped.frame.index))
    check_candles(stamped.frame, rows.cells.index, rows.name)  # before a mean price is held against high and low
    frame, notes = _count_coins(stamped.frame, rows)
    found = _NAME.search(path.name)
    symbol = named or (found["symbol"] if found else pair_in_name(path))
    notes = (*stamped.notes, *notes)
    return Part(
        frame,
        rows.cells.index,
        path,
        interval,
        symbol,
        stamped.unit,
        notes,
        answer=bool(rows.cells.index.name == "row"),
    )


def _check_premium(frame: pd.DataFrame, rows: Rows) -> None:
    """Raise an error for klines of a premium, which is no price."""
    low = frame["close"] <= 0.0
    if low.any() and not frame["volume"].any() and (frame["close"].abs() < 1.0).all():
        at = int(low.to_numpy().argmax())
        raise DataError(
            f"{rows.place(at)}: close is {frame['close'].iloc[at]:g}, and no row has a volume: they are klines of the "
            "premium of a future, which is no price.",
            series="close",
            date=frame.index[at],
            value=float(frame["close"].iloc[at]),
            remedy="Give the klines of prices; of funding, use read_funding.",
        )


def _read_interval(rows: Rows, starts: pd.DatetimeIndex) -> Interval:
    """Return the interval that close times tell; raise an error for a row of another one."""
    ends = read_epochs(rows, "close_time", future=True).times
    # A close time is one unit before the next open time.
    length = np.asarray((ends - starts) / pd.Timedelta(seconds=1))
    seconds = np.ceil(length).astype(np.int64)
    if all(int(one) in _MONTH for one in seconds) and (starts.day == 1).all():
        return Interval(0)
    found, counts = np.unique(seconds, return_counts=True)
    usual = int(found[counts.argmax()])
    wrong = (seconds != usual) | (length <= 0) | (usual not in _INTERVALS)
    if wrong.any():
        at = int(wrong.argmax())
        raise DataError(
            f"{rows.place(at)}: the candle from {starts[at]} ends at {ends[at]}, "
            f"{f'and is not of {Interval(usual)}, as most are' if usual in _INTERVALS else 'no interval of Binance'}.",
            series=rows.name,
            date=starts[at],
            value=str(ends[at]),
            remedy=AGAIN,
        )
    return Interval(usual)


def _count_coins(frame: pd.DataFrame, rows: Rows) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return volumes in coins and the quote currency, where the mean price of what was traded tells which they are."""
    traded = frame[(frame["volume"] > 0) & (frame["quote_volume"] > 0)]
    mean = traded["quote_volume"] / traded["volume"]
    if not len(traded) or _between(mean, traded).mean() > 0.9:
        return frame, ()
    for size in _CONTRACTS:
        if _between(size / mean, traded).mean() > 0.9:
            coins = frame.assign(
                volume=frame["quote_volume"],
                quote_volume=size * frame["volume"],
                taker_buy=frame["taker_buy_quote"],
                taker_buy_quote=size * frame["taker_buy"],
            )
            said = f"{rows.name}: volumes were contracts of {size:g} dollars, and were turned into coins and dollars"
            return coins, (said,)
    at = int((~_between(mean, traded)).to_numpy().argmax())
    where = frame.index.get_loc(traded.index[at])
    raise DataError(
        f"{rows.place(where if isinstance(where, int) else 0)}: the mean price, quote_volume over volume, is "
        f"{mean.iloc[at]:g}, not between low, {traded['low'].iloc[at]:g}, and high, {traded['high'].iloc[at]:g}: the "
        "columns are not those of klines.",
        series=rows.name,
        date=traded.index[at],
        value=float(mean.iloc[at]),
        remedy="Give the file as the archive writes it.",
    )


def _between(price: pd.Series, frame: pd.DataFrame) -> pd.Series:
    # The digits of small volumes leave a mean price that is rounded.
    return (price >= frame["low"] * 0.99) & (price <= frame["high"] * 1.01)
