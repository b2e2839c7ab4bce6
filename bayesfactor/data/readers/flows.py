"""What flows to exchanges and from them, and what they hold."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError, SpecError, unknown
from bayesfactor.data.readers.candles import Part, date_parts, drop_unfinished, order_part, stamp_rows
from bayesfactor.data.readers.cells import Source
from bayesfactor.data.readers.coinbase import no_interval
from bayesfactor.data.readers.intervals import Interval, longest_interval
from bayesfactor.data.readers.rows import AGAIN, Rows, files_of, read_rows
from bayesfactor.data.readers.series_names import (
    ASSETS,
    COINS,
    EXCHANGES,
    MARKETS,
    check_one_series,
    choose_series,
    word_in_name,
)
from bayesfactor.data.screening.candles import check_not_negative, describe_time

Flow = Literal["inflow", "outflow", "netflow", "reserve", "inflow_usd", "outflow_usd", "netflow_usd", "reserve_usd"]
_FLOWS: tuple[Flow, ...] = (
    "inflow", "outflow", "netflow", "reserve", "inflow_usd", "outflow_usd", "netflow_usd", "reserve_usd",
)  # fmt: skip
_UNITS = (
    "inflow, outflow, netflow, reserve: coins; inflow_usd, outflow_usd, netflow_usd, reserve_usd: dollars"
)  # fmt: skip
_TIMES = ("t", "time", "timestamp", "date", "datetime", "start_time")
_SAME = {
    "inflow_total": "inflow", "outflow_total": "outflow", "netflow_total": "netflow", "inflow_sum": "inflow",
    "outflow_sum": "outflow", "net_flow": "netflow", "flow_in_ex_ntv": "inflow", "flow_out_ex_ntv": "outflow",
    "flow_net_ex_ntv": "netflow", "flow_in_ex_usd": "inflow_usd", "flow_out_ex_usd": "outflow_usd",
    "flow_net_ex_usd": "netflow_usd", "sply_ex_ntv": "reserve", "sply_ex_usd": "reserve_usd",
}  # fmt: skip
_INTERVALS = (600, 3600, 86_400, 604_800)
_NEAR = 1e-3  # of what flowed: publishers round


def read_flows(
    path: Source | Sequence[Source],
    *,
    value: Flow | None = None,
    asset: str | None = None,
    exchange: str | None = None,
) -> pd.DataFrame:
    """Read the flows of a coin to and from exchanges: files of CryptoQuant, Glassnode or Coin Metrics.

    Parameters
    ----------
    path : str, path-like, or a sequence of them
        A file as one of them writes it, CSV or JSON: CryptoQuant's date, inflow_total, outflow_total, netflow_total,
        reserve; Glassnode's t and v, or timestamp and value; Coin Metrics' time, FlowInExNtv, FlowOutExNtv; several of
        one series; or a folder of them.
    value : {"inflow", "outflow", "netflow", "reserve"}, optional
        What the values of a file with one column of them are, also with ``_usd`` where they are in dollars.
    asset, exchange : str, optional
        Whose rows are read, where a file has those of several.

    Returns
    -------
    DataFrame
        dates x those of inflow, outflow, netflow (inflow less outflow) and reserve that the file has, in coins, and
        with ``_usd`` in dollars. A day is its own date, in universal time; a week or month has its last day. ``attrs``
        as of `read_binance`; ``left_out`` lists the other columns, and ``asset`` and ``exchange`` say whose flows they
        are, where the rows or the name of a file do.

    Raises
    ------
    DataError
        The file cannot be read or is another publisher's; a flow or reserve is negative; a net flow is not inflow less
        outflow; a time comes twice or is off the grid; files or rows are of two assets or exchanges.
    SpecError
        `value` is needed, or unknown; no row is of `asset` or `exchange`.

    Notes
    -----
    All three date an interval at its start. The last is left out where it had not ended. Flows are revised when more
    wallets of exchanges become known, so that a file of today says more than was known then. Nothing is filled;
    ``notes`` says what is missing, and where the last page of an answer is not among the files.
    """
    if value is not None and value not in _FLOWS:
        raise unknown("value", value, _FLOWS, place="read_flows")
    left_out: list[str] = []
    parts, markets = [], []
    for file in files_of(path):
        rows, market = choose_series(read_rows(file).rename(_SAME), EXCHANGES, exchange, "exchange")
        rows, coin = choose_series(rows, ASSETS, asset, "asset")
        part = replace(_read_part(rows, file, value, left_out), symbol=coin or word_in_name(file, COINS))
        markets.append((file.name, market or word_in_name(file, MARKETS)))
        parts.append(drop_unfinished(order_part(part)))
    where = check_one_series(markets)
    frame = date_parts(parts)
    whose = {"asset": frame.attrs.pop("symbol", ""), "exchange": where}
    frame.attrs |= {"units": _UNITS, "left_out": list(dict.fromkeys(left_out))}
    frame.attrs |= {key: name for key, name in whose.items() if name}
    return frame


def _read_part(rows: Rows, path: Path, value: Flow | None, left_out: list[str]) -> Part:
    time = next((column for column in _TIMES if column in rows.cells.columns), "")
    others = [column for column in rows.cells.columns if column not in (*_TIMES, *ASSETS, *EXCHANGES)]
    columns: list[str] = [column for column in others if column in _FLOWS]
    alone = len(others) == 1 and rows.named and rows.looks[0] in ("", "table", "exchange flows")
    if not time or not (columns or alone):
        rows.require(("date", "inflow", "outflow", "netflow"), "a file of exchange flows")
    if not columns:
        rows, columns = _name_value(rows, others[0], value), [str(value)]
    elif value is not None and value not in columns:
        raise unknown("value", value, columns, place=rows.name)
    columns = columns if value is None else [value]
    left_out += [column for column in others if column in rows.cells.columns and column not in columns]
    stamped = stamp_rows(rows, time, columns)
    _check_flows(stamped.frame, rows)
    interval = _read_interval(rows, pd.DatetimeIndex(stamped.frame.index))
    return Part(stamped.frame, rows.cells.index, path, interval, "", stamped.unit, stamped.notes, page=rows.page)


def _name_value(rows: Rows, column: str, value: Flow | None) -> Rows:
    if value is None:
        raise SpecError(
            f"{rows.name}: what are the values in '{column}'? The file does not say.",
            place="read_flows: value",
            found=column,
            allowed=_FLOWS,
            remedy=f"Say it: read_flows(path, value='netflow'). Allowed: {', '.join(_FLOWS)}.",
        )
    return rows.rename({column: value})


def _read_interval(rows: Rows, starts: pd.DatetimeIndex) -> Interval:
    steps = np.diff(starts.sort_values().to_numpy()) / np.timedelta64(1, "D")
    if len(steps) and (steps >= 28).all() and (starts.day == 1).all():
        return Interval(0)
    interval = longest_interval(starts, _INTERVALS)
    if interval is None:
        raise no_interval(rows, starts)
    return interval


def _check_flows(frame: pd.DataFrame, rows: Rows) -> None:
    """Raise an error for a flow or reserve that cannot be."""
    for unit in ("", "_usd"):
        signed = [f"{what}{unit}" for what in ("inflow", "outflow", "reserve") if f"{what}{unit}" in frame.columns]
        check_not_negative(frame, signed, rows.cells.index, rows.name)
        names = [f"inflow{unit}", f"outflow{unit}", f"netflow{unit}"]
        if not set(names) <= set(frame.columns):
            continue
        into, out, net = (frame[name] for name in names)
        wrong = (net - (into - out)).abs() > _NEAR * (into + out)
        if not wrong.any():
            continue
        at = int(wrong.to_numpy().argmax())
        turned = ((net - (out - into)).abs() <= _NEAR * (into + out)).all()
        raise DataError(
            f"{rows.place(at)}: netflow{unit}, {net.iloc[at]:g}, is not inflow, {into.iloc[at]:g}, less outflow, "
            f"{out.iloc[at]:g}, on {describe_time(frame.index[at])}{': all have the other sign' if turned else ''}.",
            series=names[2],
            date=frame.index[at],
            value=float(net.iloc[at]),
            remedy="Turn the sign of the net flows in the file." if turned else AGAIN,
        )
