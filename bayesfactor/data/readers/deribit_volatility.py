"""Deribit's volatility index."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.readers.candles import Part, read_candles, stamp_rows
from bayesfactor.data.readers.cells import MISSING, Source, read_number
from bayesfactor.data.readers.coinbase import no_interval
from bayesfactor.data.readers.intervals import DAY, Interval, longest_interval
from bayesfactor.data.readers.rows import AGAIN, Rows, read_rows
from bayesfactor.data.readers.series_names import ASSETS, COINS, choose_series, word_in_name

_COLUMNS = ("time", "open", "high", "low", "close")
_HOURS = "n_hours"
_SAME = {"timestamp": "time", "date": "time", "datetime": "time", "unix": "time"}
_INTERVALS = (1, 60, 3600, 43_200, 86_400)
_LOWEST, _HIGHEST = 3.0, 1000.0  # per cent a year: of a typical value, and of any


def read_deribit_volatility(path: Source | Sequence[Source]) -> pd.DataFrame:
    """Read Deribit's volatility index (DVOL): implied volatility over the next 30 days.

    Parameters
    ----------
    path : str, path-like, or a sequence of them
        A file as the interface answers (JSON, or CSV of timestamp, open, high, low, close, with a line of names or
        without); several of one currency; or a folder of them.

    Returns
    -------
    DataFrame
        dates x open, high, low, close, **in per cent a year**, as published: 60 is a standard deviation of 0.6 a year.
        Dates and ``attrs`` as of `read_binance`; its symbol is the currency that the name of a file holds, such as
        ``DVOL_BTC.csv``.

    Raises
    ------
    DataError
        As of `read_binance`; also where values are no volatility in per cent.

    Notes
    -----
    An answer of the interface is one page: where none of the files is the last one, whose ``continuation`` is null,
    ``notes`` says so. The last candle is left out where it had not ended. Values that were written as decimals are
    turned into per cent, and ``notes`` says so; and how many days have fewer hours than 24, of a file with ``n_hours``.
    """
    frame = read_candles(path, _read_part)
    frame.attrs["units"] = "per cent a year"
    return frame


def _read_part(path: Path) -> Part:
    rows = read_rows(path).with_names(_COLUMNS).rename(_SAME)
    rows.require(_COLUMNS, "a file of Deribit's volatility index")
    rows, named = choose_series(rows, ASSETS)
    if "volume" in rows.cells.columns:
        raise DataError(
            f"{rows.name} has a volume, and an index has none: it holds candles of prices.",
            series="volume",
            value=str(rows.cells["volume"].iloc[0]),
            remedy="Use the reader of its publisher, such as read_binance or read_coinbase.",
        )
    stamped = stamp_rows(rows, "time", _COLUMNS[1:])
    frame, said = _in_per_cent(stamped.frame, rows)
    starts = pd.DatetimeIndex(frame.index)
    interval = longest_interval(starts, _INTERVALS)
    if interval is None:
        raise no_interval(rows, starts)
    notes = (*stamped.notes, *said, *_note_short_days(rows, starts, interval))
    whose = (named or word_in_name(path, COINS)).upper()
    return Part(frame, rows.cells.index, path, interval, whose, stamped.unit, notes, page=rows.page)


def _note_short_days(rows: Rows, starts: pd.DatetimeIndex, interval: Interval) -> tuple[str, ...]:
    """Say which days are of fewer hours than 24, where the file counts them: high and low are of a part of them."""
    if interval.seconds != DAY or _HOURS not in rows.cells.columns:
        return ()
    hours, _ = read_number(rows.cells[_HOURS], MISSING)
    short = (hours < 24).to_numpy()
    if not short.any():
        return ()
    first, fewest = starts[short].min().date(), int(hours[short].min())
    return (
        f"{rows.name}: {int(short.sum())} of {len(short)} days have fewer than 24 hours, by '{_HOURS}', and are kept: "
        f"the first {first}, the shortest of {fewest}",
    )


def _in_per_cent(frame: pd.DataFrame, rows: Rows) -> tuple[pd.DataFrame, tuple[str, ...]]:
    high = frame["high"] > _HIGHEST
    if high.any():
        at = int(high.to_numpy().argmax())
        raise DataError(
            f"{rows.place(at)}: high is {frame['high'].iloc[at]:g}, which is no volatility in per cent a year.",
            series="high",
            date=frame.index[at],
            value=float(frame["high"].iloc[at]),
            remedy=f"Give the volatility index, and not a price. {AGAIN}",
        )
    if frame["close"].median() >= _LOWEST:
        return frame, ()
    return 100.0 * frame, (f"{rows.name}: decimals were turned into per cent",)
