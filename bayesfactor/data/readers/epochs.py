"""Times of markets' files: numbers since 1970 in the unit that their size tells, or ISO texts, in universal time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.readers.dates import read_times
from bayesfactor.data.readers.rows import AGAIN, Rows

_UNITS = {10: ("seconds", 10**6), 13: ("milliseconds", 10**3), 16: ("microseconds", 1), 19: ("nanoseconds", 0)}
_FIRST = pd.Timestamp("2009-01-03")  # Bitcoin's first block: no market of coins is older
_LARGEST = str(2**63 - 1)
_SHORT = (10, 13, 16)  # digits of numbers that int64 holds
_DIGITS = r"(\d{9,19})(?:\.0*)?"


@dataclass(frozen=True)
class Epochs:
    """Times of a column.

    Attributes
    ----------
    times : DatetimeIndex
        Universal time, without a zone.
    unit : str
        As written: ``"milliseconds"``, ``"milliseconds and microseconds"``, ``"ISO"``.
    notes : tuple of str
        What was done to read them.
    """

    times: pd.DatetimeIndex
    unit: str
    notes: tuple[str, ...]


def read_epochs(rows: Rows, column: str, *, future: bool = False) -> Epochs:
    """Return the times of a column; raise an error for a cell that is none, or is of no possible time.

    A number of 10 digits is seconds, of 13 milliseconds, of 16 microseconds, of 19 nanoseconds: of times from 2001 to
    2286 only one of them is possible. `future` is whether times to come are possible, as of an expiry.
    """
    plain = plain_epochs(rows, column)
    if plain is not None:
        _check_range(rows, plain.times, rows.cells[column], future)
        return plain
    text = rows.cells[column].astype(str).str.strip()
    whole = text.str.extract(f"^{_DIGITS}$")[0]
    length = whole.str.len()
    if whole.isna().all():
        found = Epochs(from_texts(rows, text), "ISO", ())
    else:
        bad = ~length.isin(list(_UNITS)) | ((length == len(_LARGEST)) & (whole > _LARGEST))
        if bad.any():
            raise _no_time(rows, text, int(bad.to_numpy().argmax()))
        times = _from_numbers(whole.astype("int64").to_numpy(), length.to_numpy(dtype=int))
        found = Epochs(times, *_describe_units(rows, column, length))
    _check_range(rows, found.times, text, future)
    return found


def plain_epochs(rows: Rows, column: str) -> Epochs | None:
    """Return the times of cells that are whole numbers of seconds to microseconds, which is fast; else None."""
    text = rows.cells[column].tolist()
    try:
        joined = "".join(text)
    except TypeError:
        return None
    if not joined.isascii() or not joined.isdigit():
        return None
    length = np.fromiter(map(len, text), dtype=int, count=len(text))
    if not np.isin(length, _SHORT).all():
        return None
    times = _from_numbers(rows.cells[column].to_numpy(dtype=object).astype(np.int64), length)
    return Epochs(times, *_describe_units(rows, column, pd.Series(length)))


def _from_numbers(whole: np.ndarray, length: np.ndarray) -> pd.DatetimeIndex:
    micro = np.zeros(len(whole), dtype=np.int64)
    for digits, (_, times) in _UNITS.items():
        mine = length == digits
        micro[mine] = whole[mine] * times if times else whole[mine] // 1000
    return pd.DatetimeIndex(micro.astype("datetime64[us]"), name="date")


def from_texts(rows: Rows, text: pd.Series) -> pd.DatetimeIndex:
    """Return the times of ISO texts; those without a zone are universal time, as markets write them."""
    read, _ = read_times(text)
    universal = read.universal.to_numpy().astype("datetime64[us]", copy=True)
    bare = np.isnat(universal)
    universal[bare] = read.local.to_numpy().astype("datetime64[us]")[bare]
    if np.isnat(universal).any():
        raise _no_time(rows, text, int(np.isnat(universal).argmax()))
    return pd.DatetimeIndex(universal, name="date")


def _no_time(rows: Rows, text: pd.Series, at: int) -> DataError:
    found, remedy = text.iloc[at], AGAIN
    says = "is neither a date nor a time since 1970 in seconds, milliseconds, microseconds or nanoseconds"
    if "e+" in found.lower():
        says = "is a time that a spreadsheet has rounded"
        remedy = "Download the file again, and do not save it from a spreadsheet."
    elif not found:
        says = "stands where a time should be"
    return DataError(f"{rows.place(at)}: '{found}' {says}.", series=rows.name, date=found, value=found, remedy=remedy)


def _describe_units(rows: Rows, column: str, length: pd.Series) -> tuple[str, tuple[str, ...]]:
    found = [_UNITS[int(digits)][0] for digits in length.unique()]
    if len(found) == 1:
        return found[0], ()
    at = int((length != length.iloc[0]).to_numpy().argmax())
    said = f"{rows.name}: the times in '{column}' are {found[0]}, and {found[1]} from {rows.cells.index.name} "
    return " and ".join(found), (f"{said}{rows.cells.index[at]}: each was read in its own unit",)


def _check_range(rows: Rows, times: pd.DatetimeIndex, text: pd.Series, future: bool) -> None:
    last = pd.Timestamp.now("UTC").tz_localize(None) + pd.Timedelta(days=1)
    wrong = (times < _FIRST) | ((times > last) & (not future))
    if not wrong.any():
        return
    at = int(wrong.argmax())
    says = "before there was a market of coins" if times[at] < _FIRST else "in the future"
    raise DataError(
        f"{rows.place(at)}: '{text.iloc[at]}' is {times[at]}, {says}.",
        series=rows.name,
        date=times[at],
        value=text.iloc[at],
        remedy=AGAIN,
    )
