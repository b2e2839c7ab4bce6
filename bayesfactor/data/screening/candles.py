"""Screens of candles: prices that cannot be, volumes that cannot be, and days on which nothing was traded."""

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError

PRICES = ("open", "high", "low", "close")
_NEAR = 1e-9  # relative: digits that a frame loses on its way through a file
_REMEDY = "Download the file again, or leave that line out."


def check_candles(frame: pd.DataFrame, lines: pd.Index, name: str) -> None:
    """Raise an error for the first row whose prices or volumes cannot be.

    `frame` has open, high, low, close, and may have volume, quote_volume, taker_buy, trades; `lines` says where in the
    file each row stands.
    """
    for column in frame.columns:
        low = frame[column] <= 0.0 if column in PRICES else frame[column] < 0.0
        if low.any():
            says = "which is no price" if column in PRICES else "which is negative"
            raise _error(frame, lines, name, low, f"{column} is {{{column}:g}}, {says}", column)
    high, low_ = frame["high"], frame["low"]
    _raise_where(high < low_ * (1 - _NEAR), frame, lines, name, "high, {high:g}, is below low, {low:g}", "high")
    for column in ("open", "close"):
        outside = (frame[column] > high * (1 + _NEAR)) | (frame[column] < low_ * (1 - _NEAR))
        words = f"{column}, {{{column}:g}}, is not between low, {{low:g}}, and high, {{high:g}}"
        _raise_where(outside, frame, lines, name, words, column)
    for part, whole in (("taker_buy", "volume"), ("taker_buy_quote", "quote_volume")):
        if {part, whole} <= set(frame.columns):
            more = frame[part] > frame[whole] * (1 + 1e-6)
            words = f"{part}, {{{part}:g}}, is more than {whole}, {{{whole}:g}}"
            _raise_where(more, frame, lines, name, words, part)


def _raise_where(wrong: pd.Series, frame: pd.DataFrame, lines: pd.Index, name: str, words: str, column: str) -> None:
    if wrong.any():
        raise _error(frame, lines, name, wrong, words, column)


def _error(frame: pd.DataFrame, lines: pd.Index, name: str, wrong: pd.Series, words: str, column: str) -> DataError:
    at = int(wrong.to_numpy().argmax())
    row, when = frame.iloc[at], frame.index[at]
    more = f" ({int(wrong.sum())} rows in all)" if wrong.sum() > 1 else ""
    found = words.format(**{str(key): float(value) for key, value in row.items()})
    return DataError(
        f"{name}, {lines.name} {lines[at]}: {found}, on {describe_time(when)}{more}.",
        series=column,
        date=when,
        value=float(row[column]),
        remedy=_REMEDY,
    )


def check_not_negative(frame: pd.DataFrame, columns: list[str], lines: pd.Index, name: str) -> None:
    """Raise an error for the first negative value of columns that have none."""
    for column in columns:
        words = f"{column} is {{{column}:g}}, which is negative"
        _raise_where(frame[column] < 0.0, frame, lines, name, words, column)


def describe_time(when: pd.Timestamp) -> str:
    """Write a day, or a time within the day."""
    return str(when.date()) if when == when.normalize() else str(when)


def note_candles(frame: pd.DataFrame) -> list[str]:
    """Say what may be right and should be known: rows without trades, rows without a price."""
    notes = []
    if "volume" in frame.columns:
        idle = frame.index[frame["volume"] == 0.0]
        if len(idle) and len(idle) == len(frame):
            notes.append("no row has a volume: they are of an index or of mark prices")
        elif len(idle):
            notes.append(
                f"{len(idle)} of {len(frame)} rows have no volume, and are kept: the first {describe_time(idle[0])}"
            )
    empty = frame.index[np.isnan(frame[list(PRICES)].to_numpy()).any(axis=1)]
    if len(empty):
        notes.append(
            f"{len(empty)} of {len(frame)} rows lack a price, and were not filled: the first {describe_time(empty[0])}"
        )
    return notes


def note_missing(frame: pd.DataFrame) -> list[str]:
    """Say which columns other than prices, of which `note_candles` tells, lack values.

    A mean price is missing where nothing was traded.
    """
    notes = []
    for column in frame.columns:
        empty = frame.index[frame[column].isna()]
        if len(empty) and column not in (*PRICES, "vwap"):
            first = describe_time(empty[0])
            notes.append(
                f"'{column}' is missing on {len(empty)} of {len(frame)} rows, and was not filled: the first {first}"
            )
    return notes
