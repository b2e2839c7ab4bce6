"""Value locked in protocols and chains, from DefiLlama."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bayesfactor.base.errors import DataError, SpecError, unknown
from bayesfactor.data.readers.candles import Part, date_parts, drop_unfinished, order_part, stamp_rows
from bayesfactor.data.readers.cells import Source, tell_content
from bayesfactor.data.readers.intervals import DAY, Interval
from bayesfactor.data.readers.rows import Rows, files_of, make_rows, read_rows
from bayesfactor.data.readers.series_names import choose_series
from bayesfactor.data.screening.candles import check_not_negative, describe_time

_VALUES = ("total_liquidity_usd", "total_value_locked", "tvl")
_TIMES = ("timestamp", "date")
_PROTOCOLS = ("name", "protocol", "project", "slug")


def read_defillama(path: Source | Sequence[Source], *, chain: str | None = None) -> pd.DataFrame:
    """Read total value locked (TVL) from DefiLlama, of a protocol or a chain.

    DefiLlama dates a value at 00:00 UTC of the day that begins then. That is what was locked at the end of the day
    before, whose date it gets here, so that it stands beside the return of that day:

        2024-01-05 00:00 -> 2024-01-04

    Parameters
    ----------
    path : str, path-like, or a sequence of them
        A file as the interface answers (JSON of ``protocol`` or ``historicalChainTvl``), or a table of dates and values
        (CSV); several of one series; or a folder of them.
    chain : str, optional
        The chain, such as ``"Ethereum"``, whose part of a protocol is read; its total when absent.

    Returns
    -------
    DataFrame
        dates x tvl, in dollars; of a table with several columns, all of them under their own names. ``attrs`` as of
        `read_binance`, with ``name``, of the protocol, where the file says it.

    Raises
    ------
    DataError
        The file cannot be read or is another publisher's; files or rows are of two protocols; a value is
        negative; a time comes twice, or is within a day other than the last.
    SpecError
        The file does not have `chain`.

    Notes
    -----
    The last value of an answer is of the moment at which it was asked for: it is left out where that is no midnight.
    Values are counted in the first hour of a day. They move with the prices of what is locked, and are revised.
    Nothing is filled; zeros are kept, and ``notes`` says so.
    """
    parts = [drop_unfinished(order_part(_read_part(file, chain))) for file in files_of(path)]
    frame = date_parts(parts)
    name = frame.attrs.pop("symbol", "")
    frame.attrs |= {"units": "dollars", "stamps": "end of the day"} | ({"name": name} if name else {})
    for column in frame.columns:
        zero = frame.index[frame[column] == 0.0]
        if len(zero):
            said = f"'{column}' is 0 on {len(zero)} of {len(frame)} days, which are kept: the first {zero[0].date()}"
            frame.attrs["notes"].append(said)
    return frame


def _read_part(path: Path, chain: str | None) -> Part:
    rows = read_rows(path, ("tvl",))
    whose = rows.rest.get("name")
    rows = rows if chain is None else _of_chain(rows, chain)
    rows, named = choose_series(rows, _PROTOCOLS)
    time = next((column for column in _TIMES if column in rows.cells.columns), "")
    value = next((column for column in _VALUES if column in rows.cells.columns), "")
    columns = [value] if value else _columns_of_table(rows)
    if not time or not columns:
        rows.require(("date", *_VALUES[:1]), "a file of DefiLlama's value locked")
    stamped = stamp_rows(rows, time, columns)
    frame = stamped.frame.rename(columns={value: "tvl"})
    check_not_negative(frame, list(frame.columns), rows.cells.index, rows.name)
    frame, lines, said = _leave_now(frame, rows)
    frame = frame.set_axis(pd.DatetimeIndex(frame.index) - pd.Timedelta(days=1), axis="index")
    return Part(
        frame,
        lines,
        path,
        Interval(DAY),
        named or str(whose or ""),
        stamped.unit,
        (*stamped.notes, *said),
        answer=False,
    )


def _columns_of_table(rows: Rows) -> list[str]:
    """Return the columns of numbers of a table with dates and their epochs, as a page of DefiLlama saves it."""
    if not set(_TIMES) <= set(rows.cells.columns):
        return []
    return [one for one in rows.cells.columns if one not in _TIMES and tell_content(rows.cells[one]) == "numbers"]


def _of_chain(rows: Rows, chain: str) -> Rows:
    """Return the rows of one chain of a protocol."""
    held = rows.rest.get("chainTvls")
    if not isinstance(held, dict):
        raise SpecError(
            f"{rows.name} has no chains.",
            place=rows.name,
            found=chain,
            remedy="Leave `chain` out, or give the answer of `protocol`.",
        )
    if chain not in held:
        raise unknown("chain", chain, held, place=rows.name)
    if not (isinstance(held[chain], dict) and held[chain].get("tvl")):
        raise DataError(f"{rows.name}: '{chain}' has no values.", series=chain, remedy="Give another chain.")
    return make_rows(held[chain], rows.name, ("tvl",))


def _leave_now(frame: pd.DataFrame, rows: Rows) -> tuple[pd.DataFrame, pd.Index, tuple[str, ...]]:
    """Leave out the value of the moment at which an answer was asked for: the last, where it is no midnight."""
    times = pd.DatetimeIndex(frame.index)
    inside = times != times.normalize()
    now = inside & (times == times.max())
    if (inside & ~now).any():
        at = int((inside & ~now).argmax())
        raise DataError(
            f"{rows.place(at)}: {times[at]} is within the day, and is not the last time.",
            series=rows.name,
            date=times[at],
            value=str(times[at]),
            remedy="Give the daily values, at 00:00 UTC.",
        )
    if not now.any():
        return frame, rows.cells.index, ()
    if now.all():
        raise DataError(
            f"{rows.name}: its only value is of {times[0]}, within the day.",
            series=rows.name,
            date=times[0],
            remedy="Give more of the series.",
        )
    said = f"the last value, of {describe_time(times.max())}, is of the moment of the answer, and was left out"
    return frame[~now], rows.cells.index[~now], (f"{rows.name}: {said}",)
