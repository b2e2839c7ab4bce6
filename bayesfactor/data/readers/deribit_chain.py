"""A chain of options from Deribit."""

import re

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError, SpecError, unknown
from bayesfactor.data.readers.cells import MISSING, Source, read_number
from bayesfactor.data.readers.epochs import read_epochs
from bayesfactor.data.readers.rows import AGAIN, Rows, read_rows
from bayesfactor.data.screening.chains import check_chain, note_chain

_SAME = {
    "instrument_name": "instrument", "symbol": "instrument", "bid_price": "bid", "best_bid_price": "bid",
    "ask_price": "ask", "best_ask_price": "ask", "mark_price": "mark", "creation_timestamp": "quoted",
    "timestamp": "quoted", "estimated_delivery_price": "index_price", "strike_price": "written_strike",
    "option_type": "written_type", "type": "written_type", "expire_date": "written_expiry",
}  # fmt: skip
_NUMBERS = ("bid", "ask", "mark", "mark_iv", "underlying_price", "index_price", "open_interest", "volume")
_NEEDED = ("instrument", "mark", "underlying_price")
_OPTION = re.compile(
    r"(?P<coin>[A-Z0-9]+)(?:_(?P<money>USDC|USDT))?-(?P<day>\d{1,2}[A-Z]{3}\d{2})-(?P<strike>\d+(?:d\d+)?)-(?P<type>[CP])"
)
_FUTURE = re.compile(
    r"[A-Z0-9_]+-(PERPETUAL|\d{1,2}[A-Z]{3}\d{2})|[A-Z0-9]+_USD[CT]?(-PERPETUAL)?|[A-Z0-9_]+-[A-Z]+-.+"
)  # and combinations
_HOUR = pd.Timedelta(hours=8)  # at which options expire, in universal time


def read_deribit_chain(
    path: Source, *, underlying: str | None = None, at: str | pd.Timestamp | None = None
) -> pd.DataFrame:
    """Read a chain of options from Deribit: what each contract was worth at one moment.

    Parameters
    ----------
    path : str or path-like
        Book summaries as the interface answers them (JSON, or the same as CSV), or quotes as Tardis writes them (CSV).
    underlying : str, optional
        The coin whose options are kept, such as ``"ETH"``. All of them when absent.
    at : str or Timestamp, optional
        A moment in universal time. Of a file with many quotes of a contract: the last until then. Of a file without
        times: when it was quoted.

    Returns
    -------
    DataFrame
        contracts x instrument, underlying (the coin), expiry (08:00 UTC), strike (dollars), type (``"call"`` or
        ``"put"``), bid, ask, mark, mark_iv (per cent a year, where the file has it), underlying_price (the forward of
        the expiry, dollars), index_price, open_interest, volume (coins; where the file has them), settled (``"coin"``
        or ``"usd"``) and quoted (UTC). Prices are in coins, or in dollars where that is how the contract is settled; a
        bid or ask that nobody makes is NaN. ``attrs`` holds ``units`` and ``notes``: what was left out, quotes that are
        crossed, forwards that Deribit made itself.

    Raises
    ------
    DataError
        The file cannot be read or is another publisher's; a name is no instrument, or its strike, type or expiry are
        not those of its row; a contract comes twice without `at`, or is quoted after it expired; a price is negative.
    SpecError
        No option of `underlying` is in the file.
    """
    rows = read_rows(path).rename(_SAME)
    rows.require(_NEEDED, "a chain of Deribit's options")
    names = rows.cells["instrument"].str.strip()
    parts = names.str.extract(f"^{_OPTION.pattern}$")
    _check_names(rows, names, parts)
    kept = parts["coin"].notna()
    notes = [f"{int((~kept).sum())} futures and others were left out"] if not kept.all() else []
    if underlying is not None:
        held = sorted(parts["coin"].dropna().unique())
        if underlying.upper() not in held:
            raise unknown("underlying", underlying, held, place=rows.name)
        kept &= parts["coin"] == underlying.upper()
    chain = _contracts(parts)
    chain.insert(0, "instrument", names)
    _check_written(rows, chain)
    for column in _NUMBERS:
        if column in rows.cells.columns:
            chain[column] = _number(rows, column, kept)
    chain["settled"] = np.where(parts["money"].notna(), "usd", "coin")
    chain["quoted"] = _quoted(rows, at)
    chain, said = _at_one_moment(chain[kept], at, rows)
    check_chain(chain, rows.name)
    chain, decimals = _in_per_cent(chain)
    chain.attrs = {
        "units": "bid, ask, mark: coins, or dollars where settled is usd; strike, underlying_price, index_price: "
        "dollars; mark_iv: per cent a year; open_interest, volume: coins",
        "notes": [*rows.notes, *notes, *said, *decimals, *note_chain(chain, rows.cells)],
    }
    return chain.reset_index(drop=True)


def _contracts(parts: pd.DataFrame) -> pd.DataFrame:
    """Return what the names of instruments say."""
    expiry = pd.to_datetime(parts["day"], format="%d%b%y", errors="coerce", utc=True) + _HOUR
    strike = parts["strike"].str.replace("d", ".", regex=False).astype(float)
    kind = parts["type"].map({"C": "call", "P": "put"})
    return pd.DataFrame({"underlying": parts["coin"], "expiry": expiry, "strike": strike, "type": kind})


def _check_names(rows: Rows, names: pd.Series, parts: pd.DataFrame) -> None:
    """Raise an error for a name that is neither of an option nor of a future, or where none is of an option."""
    option = parts["coin"].notna()
    bad = ~option & ~names.str.fullmatch(_FUTURE.pattern)
    day = pd.to_datetime(parts["day"], format="%d%b%y", errors="coerce")
    bad |= option & day.isna()
    if bad.any() or not option.any():
        at = int(bad.to_numpy().argmax())
        raise DataError(
            f"{rows.place(at)}: '{names.iloc[at]}' is no option of Deribit, such as 'ETH-29MAR24-2500-C'.",
            series="instrument",
            value=names.iloc[at],
            remedy=AGAIN,
        )


def _check_written(rows: Rows, chain: pd.DataFrame) -> None:
    """Raise an error where columns say another contract than its name."""
    cells = rows.cells
    checks = []
    if "written_strike" in cells.columns:
        written, _ = read_number(cells["written_strike"], MISSING)
        checks.append(("strike", written.notna() & ((written - chain["strike"]).abs() > 1e-6 * chain["strike"])))
    if "written_type" in cells.columns:
        letter = cells["written_type"].str.strip().str.lower().str[:1]
        checks.append(("type", letter.isin(["c", "p"]) & (letter != chain["type"].str[:1])))
    if "written_expiry" in cells.columns:
        day = pd.to_datetime(cells["written_expiry"], format="%d%b%y", errors="coerce", utc=True)
        checks.append(("expiry", day.notna() & (day + _HOUR != chain["expiry"])))
    if "expiration" in cells.columns:
        moment = read_epochs(rows, "expiration", future=True).times.tz_localize("UTC")
        checks.append(("expiry", chain["expiry"].ne(pd.Series(moment, cells.index))))
    for what, wrong in checks:
        wrong = wrong & chain["strike"].notna()
        if wrong.any():
            at = int(wrong.to_numpy().argmax())
            raise DataError(
                f"{rows.place(at)}: the {what} of '{chain['instrument'].iloc[at]}' is {chain[what].iloc[at]} by its "
                "name, and another by its row.",
                series=what,
                value=chain["instrument"].iloc[at],
                remedy=AGAIN,
            )


def _number(rows: Rows, column: str, kept: pd.Series) -> pd.Series:
    values, bad = read_number(rows.cells[column], MISSING)
    bad &= kept
    if bad.any():
        at = int(bad.to_numpy().argmax())
        raise DataError(
            f"{rows.place(at)}: {column} is '{rows.cells[column].iloc[at]}', which is not a number.",
            series=column,
            value=rows.cells[column].iloc[at],
            remedy=AGAIN,
        )
    # Some answers write 0 where nobody bids or asks.
    return values.where(values != 0.0) if column in ("bid", "ask") else values


def _quoted(rows: Rows, at: str | pd.Timestamp | None) -> pd.Series | pd.Timestamp:
    """Return when each contract was quoted."""
    if "quoted" in rows.cells.columns:
        return pd.Series(read_epochs(rows, "quoted").times.tz_localize("UTC"), rows.cells.index)
    if at is not None:
        return _moment(at)
    raise DataError(
        f"{rows.name} does not say when its contracts were quoted.",
        series=rows.name,
        remedy='Say when in universal time: read_deribit_chain(path, at="2024-01-08T11:19:41").',
    )


def _moment(at: str | pd.Timestamp) -> pd.Timestamp:
    moment = pd.to_datetime(at, errors="coerce")
    if not isinstance(moment, pd.Timestamp):
        raise SpecError(
            f"at is {at!r}, which is no moment.", place="at", found=at, remedy='Write at="2024-01-08T11:19:41".'
        )
    return moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")


def _at_one_moment(chain: pd.DataFrame, at: str | pd.Timestamp | None, rows: Rows) -> tuple[pd.DataFrame, list[str]]:
    """Return the last quote of each contract until a moment, without those that expired by then."""
    if at is not None:
        moment = _moment(at)
        before = chain[chain["quoted"] <= moment].sort_values("quoted", kind="stable")
        if before.empty:
            raise DataError(
                f"{rows.name}: no contract was quoted by {moment}; the first was at {chain['quoted'].min()}.",
                series=rows.name,
                date=chain["quoted"].min(),
                value=str(moment),
                remedy="Give a later moment.",
            )
        last = before.drop_duplicates("instrument", keep="last").sort_index()
        alive = last["expiry"] > moment
        if not alive.any():
            raise DataError(
                f"{rows.name}: every contract had expired by {moment}.",
                series=rows.name,
                date=last["expiry"].max(),
                value=str(moment),
                remedy="Give an earlier moment.",
            )
        said = (
            [f"{int((~alive).sum())} contracts had expired by {moment}, and were left out"] if not alive.all() else []
        )
        return last[alive], said
    again = chain["instrument"].duplicated()
    if again.any():
        twice = chain["instrument"][again].iloc[0]
        raise DataError(
            f"{rows.name}, {chain.index.name} {chain.index[again.to_numpy()][0]}: '{twice}' is quoted again.",
            series="instrument",
            value=twice,
            remedy='Say of which moment you want the last quotes: read_deribit_chain(path, at="2024-01-08T11:19:41").',
        )
    return chain, []


def _in_per_cent(chain: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    if "mark_iv" not in chain.columns or not chain["mark_iv"].median() < 3.0:
        return chain, []
    return chain.assign(mark_iv=100.0 * chain["mark_iv"]), ["mark_iv was in decimals, and was turned into per cent"]
