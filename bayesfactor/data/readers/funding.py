"""Funding rates of perpetual futures."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError, unknown
from bayesfactor.data.readers.candles import Part, join_frames, note_pages, order_part, stamp_rows
from bayesfactor.data.readers.cells import Source
from bayesfactor.data.readers.coinbase import no_interval
from bayesfactor.data.readers.intervals import Interval, longest_interval
from bayesfactor.data.readers.rows import AGAIN, Rows, files_of, read_rows
from bayesfactor.data.readers.series_names import check_one_series, choose_series, pair_in_name
from bayesfactor.data.screening.funding import check_funding, note_payments

Per = Literal["payment", "day"]
Units = Literal["decimal", "percent"]
_TIMES = ("calc_time", "funding_time", "funding_rate_timestamp", "timestamp", "time", "date", "datetime")
_RATES = ("realized_rate", "last_funding_rate", "interest_1h", "funding_rate", "rate")
_HOURS = ("funding_interval_hours", "interval_hours", "funding_interval")
_SYMBOLS = ("symbol", "contracts", "inst_id", "instrument_name")
_INTERVALS = (3600, 7200, 14_400, 28_800, 86_400)
_NAME = re.compile(r"(?P<symbol>[A-Z0-9]{4,}(?:_[A-Z0-9]+)?)-fundingRate")
_LATE = pd.Timedelta(minutes=1)  # that a payment may be after its hour


def read_funding(
    path: Source | Sequence[Source], *, per: Per = "payment", units: Units = "decimal", symbol: str | None = None
) -> pd.DataFrame:
    """Read the funding rates of a perpetual future: what holders paid to those who sold, where positive.

    Parameters
    ----------
    path : str, path-like, or a sequence of them
        A file as Binance's archive writes it (calc_time, funding_interval_hours, last_funding_rate), or as interfaces
        answer (CSV or JSON: fundingTime or timestamp, fundingRate; of Deribit interest_1h); several of one future, such
        as its months; or a folder of them.
    per : {"payment", "day"}
        One row for each payment, at its time; or the sum of each day, in universal time. A payment at 00:00 is for the
        hours before, and of the day before, at whose end it is known; `funding` dates payments in the same way.
    units : {"decimal", "percent"}
        How the rates are written. Where they have a sign of per cent, it says so itself.
    symbol : str, optional
        The future, where a file has several.

    Returns
    -------
    DataFrame
        dates x rate (decimal: 0.0001 is a hundredth of a per cent of the position) and hours (that it is for). A day
        of which a payment is absent is NaN; days at the ends of which some are not in the file are left out. ``attrs``
        holds ``units``, ``stamps``, ``times``, ``symbol``, ``zone`` and ``notes``.

    Raises
    ------
    DataError
        The file cannot be read or is another publisher's; rates are of a size that only per cent, or only decimals,
        have; a time comes twice or is no full hour; the file has several futures.
    SpecError
        `per`, `units` or `symbol` is unknown.

    Notes
    -----
    A year's rate is the mean of days times 365, or of payments of 8 hours times 1,095. Times some milliseconds after
    the hour, as exchanges write them, are moved to it.
    """
    for what, found, allowed in (("per", per, ("payment", "day")), ("units", units, ("decimal", "percent"))):
        if found not in allowed:
            raise unknown(what, found, allowed, place="read_funding")
    parts = [order_part(_read_part(file, units, symbol)) for file in files_of(path)]
    whose = check_one_series((part.path.name, part.symbol) for part in parts)
    frame, said = join_frames(parts)
    notes = [*(note for part in parts for note in part.notes), *said, *note_pages(parts), *note_payments(frame)]
    frame, left = _by_day(frame) if per == "day" else (frame, [])
    frame = frame.set_axis(pd.DatetimeIndex(frame.index).as_unit("us").rename("date"), axis="index")
    frame.attrs = {
        "units": f"decimal, per {per}",
        "stamps": "day" if per == "day" else "end of the interval",
        "times": " and ".join(dict.fromkeys(one for part in parts for one in part.unit.split(" and "))),
        "zone": "UTC",
        "notes": [*notes, *left],
    }
    frame.attrs |= {"symbol": whose} if whose else {}
    return frame


def _read_part(path: Path, units: Units, symbol: str | None) -> Part:
    rows = read_rows(path)
    time, rate, hours = (_first(rows, names) for names in (_TIMES, _RATES, _HOURS))
    if not time or not rate:
        rows.require(("funding_time", "funding_rate"), "a file of funding rates")
    rows, found = choose_series(rows, _SYMBOLS, symbol, "symbol")
    rows, signed = _take_signs(rows, rate)
    stamped = stamp_rows(rows, time, [rate])
    percent = signed or units == "percent"
    rates = stamped.frame[rate] / (100.0 if percent else 1.0)
    starts, moved = _to_hours(rows, pd.DatetimeIndex(stamped.frame.index))
    length = _read_hours(rows, hours, starts)
    frame = pd.DataFrame({"rate": rates.to_numpy(), "hours": length}, index=starts)
    check_funding(frame, rows.cells.index, rows.name, percent=percent)
    named = _NAME.search(path.name)
    said = [f"{rows.name}: rates in per cent were turned into decimals"] if percent else []
    notes = (*stamped.notes, *moved, *said)
    whose = found or (named["symbol"] if named else pair_in_name(path))
    return Part(frame, rows.cells.index, path, Interval(3600), whose, stamped.unit, notes, page=rows.page)


def _first(rows: Rows, names: Sequence[str]) -> str:
    return next((name for name in names if name in rows.cells.columns), "")


def _take_signs(rows: Rows, rate: str) -> tuple[Rows, bool]:
    """Take signs of per cent off the rates; say whether all had one."""
    text = rows.cells[rate].str.strip()
    sign = text.str.endswith("%")
    if not sign.any():
        return rows, False
    if not sign[text != ""].all():
        at = int((~sign & (text != "")).to_numpy().argmax())
        raise DataError(
            f"{rows.place(at)}: '{text.iloc[at]}' has no sign of per cent, and others have.",
            series=rate,
            value=text.iloc[at],
            remedy=AGAIN,
        )
    return replace(rows, cells=rows.cells.assign(**{rate: text.str.rstrip("% ")})), True


def _to_hours(rows: Rows, times: pd.DatetimeIndex) -> tuple[pd.DatetimeIndex, tuple[str, ...]]:
    """Return the hours that times stand for; raise an error for one that is not just after an hour."""
    hours = times.floor("h")
    late = times - hours
    wrong = np.asarray(late > _LATE)
    if wrong.any():
        at = int(wrong.argmax())
        raise DataError(
            f"{rows.place(at)}: {times[at]} is no full hour, at which funding is paid.",
            series=rows.name,
            date=times[at],
            value=str(times[at]),
            remedy=AGAIN,
        )
    moved = int((late > pd.Timedelta(0)).sum())
    said = (
        f"{rows.name}: {moved} times up to {late.max() / pd.Timedelta(seconds=1):g} s after the hour were moved to it"
    )
    return hours, (said,) if moved else ()


def _read_hours(rows: Rows, column: str, times: pd.DatetimeIndex) -> np.ndarray:
    """Return for how many hours each payment is: as written, else by the times."""
    if column:
        # As a number of hours, such as 8 or 8h, or as a time of day, 2000-01-01T08:00:00.000Z.
        found = rows.cells[column].str.extract(r"(?i)^(?:\d{4}-\d\d-\d\dT)?(\d{1,2})(?:h|:00:00(?:\.0+)?Z?)?$")[0]
        bad = ~found.astype(float).gt(0.0)
        if bad.any():
            at = int(bad.to_numpy().argmax())
            raise DataError(
                f"{rows.place(at)}: '{rows.cells[column].iloc[at]}' is no number of hours.",
                series=column,
                value=rows.cells[column].iloc[at],
                remedy=AGAIN,
            )
        return found.astype(float).to_numpy()
    interval = longest_interval(times, _INTERVALS)
    if interval is None:
        raise no_interval(rows, times)
    return np.full(len(times), interval.seconds / 3600.0)


def _by_day(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the sums of days; NaN where the hours of a day are not all there."""
    days = (pd.DatetimeIndex(frame.index) - pd.Timedelta(seconds=1)).normalize()
    sums = frame.groupby(days).agg(rate=("rate", lambda rates: rates.sum(skipna=False)), hours=("hours", "sum"))
    short = sums["hours"] < 24.0
    sums["rate"] = sums["rate"].where(~short)
    whole = np.flatnonzero(~short.to_numpy())
    if not len(whole):
        return sums, ["no day has all of its payments"]
    kept = sums.iloc[whole[0] : whole[-1] + 1]
    notes = []
    if len(kept) < len(sums):
        notes.append(f"{len(sums) - len(kept)} days at the ends, of which payments are not in the files, were left out")
    if short.loc[kept.index].any():
        first = kept.index[short.loc[kept.index].to_numpy()][0].date()
        notes.append(f"{int(short.loc[kept.index].sum())} days lack a payment, and are NaN: the first {first}")
    return kept, notes
