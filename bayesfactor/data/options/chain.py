"""A chain of options on one underlying at one moment, in one set of columns."""

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError, SpecError, nearest
from bayesfactor.data.options.expiries import expiry_moment, moment, years_between
from bayesfactor.data.options.mark_units import apart

NEEDED = ("expiry", "type", "strike", "underlying_price", "mark")
OTHERS = ("instrument", "bid", "ask", "quoted", "settled", "underlying")
BESIDE = ("mark_iv", "index_price", "open_interest", "volume")  # of a reader, and not used
DERIBIT = {
    "instrument_name": "instrument",
    "expire_date": "expiry",
    "option_type": "type",
    "strike_price": "strike",
    "mark_price": "mark",
    "bid_price": "bid",
    "ask_price": "ask",
    "creation_timestamp": "quoted",
}  # of its book summaries
AWAY = pd.Timedelta(days=2)  # of the moment that is given from those that the chain says
ONE = pd.Timedelta(hours=12)  # between the quotes of one chain
KINDS = {"call": 1.0, "c": 1.0, "put": -1.0, "p": -1.0}
WRITE = (
    "A chain has the columns expiry, type (call, put), strike, underlying_price (the forward of the expiry) and mark, "
    "and may have bid, ask, instrument, quoted, settled and underlying: as bf.read_deribit_chain returns it."
)


def as_chain(frame: object, at: object) -> pd.DataFrame:
    """Return a chain with the columns of `NEEDED` and `OTHERS`, the sign of calls and puts, and years to expiry.

    `at` is when it was quoted, unless it says so itself.

    Raises
    ------
    SpecError, DataError
        When a column is missing, a value is none that it can have, an expiry is past, or quotes are crossed.
    """
    if not isinstance(frame, pd.DataFrame):
        other = f" of {type(frame).__module__.partition('.')[0]}" if hasattr(frame, "to_pandas") else ""
        raise SpecError(
            f"surface: expected a DataFrame{' of pandas' if other else ''}, found {type(frame).__name__}{other}.",
            place="surface.chain",
            remedy="Write bf.surface(chain.to_pandas())." if other else WRITE,
        )
    chain = _renamed(frame)
    if chain.empty:
        raise DataError("surface: the chain holds no contract.", series="chain", remedy=WRITE)
    expiries = {one: expiry_moment(_day(one), "surface: expiry") for one in chain["expiry"].unique()}
    chain["expiry"] = chain["expiry"].map(expiries)
    chain["type"] = chain["type"].astype(str).str.lower()
    chain["sign"] = chain["type"].map(KINDS)
    if "instrument" not in chain:
        named = zip(chain["expiry"], chain["strike"], chain["type"], strict=True)
        chain["instrument"] = [f"{expiry:%Y-%m-%d} {strike} {kind}" for expiry, strike, kind in named]
    _check_numbers(chain)
    _check_one_underlying(chain)
    chain["quoted"] = _quoted(chain, at)
    chain["years"] = [years_between(start, end) for start, end in zip(chain["quoted"], chain["expiry"], strict=True)]
    _check_one_moment(list(chain["quoted"]))
    _refuse(chain, chain["years"] <= 0, "expiry", "has expired by then", "Leave expired contracts out.")
    crossed = chain["bid"] > chain["ask"]
    _refuse(chain, crossed, "bid", "is above its ask: the quotes are crossed", "Leave it out, or take newer quotes.")
    same = chain.duplicated(["expiry", "sign", "strike"])
    _refuse(chain, same, "strike", "is quoted twice", "Keep one of the quotes.")
    return chain


def _check_one_moment(quoted: list[pd.Timestamp]) -> None:
    """Refuse chains of several days in one."""
    first, last = min(quoted), max(quoted)
    if last - first > ONE:
        raise DataError(
            f"surface: the chain was quoted from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}: it is several "
            "chains.",
            series="quoted",
            value=(first, last),
            remedy="Give the quotes of one moment; chains of many days make factors: bf.volatility(chains, "
            "bf.AtTheMoney()).",
        )


def require_both_kinds(chain: pd.DataFrame) -> None:
    """Refuse a chain of calls alone, or of puts: half of its quotes are in the money."""
    kinds = chain["sign"].unique()
    if len(kinds) == 1:
        has, lacks = ("calls", "puts") if kinds[0] > 0 else ("puts", "calls")
        raise DataError(
            f"surface: the chain holds {has} alone; quotes out of the money are calls above the forward and puts "
            "below it.",
            series="type",
            value=has,
            remedy=f"Give the {lacks} of the same expiries, too.",
        )


def _check_one_underlying(chain: pd.DataFrame) -> None:
    """Refuse a chain of several underlyings, by their names or by the forwards of one expiry."""
    found = sorted(chain["underlying"].astype(str).unique()) if "underlying" in chain else []
    if len(found) > 1:
        raise DataError(
            f"surface: the chain is of several underlyings: {', '.join(found)}.",
            series="underlying",
            value=found,
            remedy=f'Take one of them: chain[chain["underlying"] == "{found[0]}"].',
        )
    far = apart(chain["underlying_price"], chain["expiry"])
    wrong = "is not that of the others of its expiry"
    _refuse(chain, far, "underlying_price", wrong, "Give the chain of one underlying, with forwards of one moment.")


def _renamed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that are used, by their names here."""
    own = {str(column): DERIBIT.get(str(column), str(column)) for column in frame.columns}
    foreign = set(own) & set(DERIBIT)
    known = {old: new for old, new in own.items() if new in (*NEEDED, *OTHERS)}
    wrong = next((name for name in own if name not in known and name not in BESIDE), None)
    if wrong is not None and not foreign:
        raise DataError(
            f"surface: unknown column '{wrong}'.", series=wrong, remedy=f"{nearest(wrong, (*NEEDED, *OTHERS))} {WRITE}"
        )
    missing = [name for name in NEEDED if name not in known.values()]
    if missing:
        raise DataError(
            f"surface: the chain lacks {', '.join(missing)}; it has {', '.join(list(own)[:12]) or 'no columns'}.",
            series=missing[0],
            remedy=WRITE,
        )
    chosen = frame.loc[:, [column for column in frame.columns if str(column) in known]].rename(columns=known)
    twice = chosen.columns[chosen.columns.duplicated()]
    if len(twice):
        raise DataError(f"surface: two columns are the {twice[0]}.", series=str(twice[0]), remedy=WRITE)
    return chosen.reset_index(drop=True).assign(**{name: np.nan for name in ("bid", "ask") if name not in chosen})


def _day(given: object) -> object:
    """Return a date; one written as exchanges do, 29MAR24, in full."""
    if isinstance(given, str) and given[-3:-2].isalpha():
        found = pd.to_datetime(given, format="%d%b%y", errors="coerce")
        return given if pd.isna(found) else found
    return given


def _check_numbers(chain: pd.DataFrame) -> None:
    _refuse(chain, chain["sign"].isna(), "type", "is neither a call nor a put", WRITE)
    for name in ("strike", "underlying_price", "mark", "bid", "ask"):
        numbers = pd.to_numeric(chain[name], errors="coerce")
        absent = chain[name].isna() & (name in ("bid", "ask"))
        lost = numbers.isna() & ~absent
        wrong = lost | np.isinf(numbers) | (numbers <= 0 if name in ("strike", "underlying_price") else numbers < 0)
        above = "be above 0" if name in ("strike", "underlying_price") else "not be below 0"
        _refuse(chain, wrong, name, f"must be a number and {above}", "Leave it out, or mend it.")
        chain[name] = numbers.astype(float)


def moments_of(column: pd.Series, place: str) -> pd.Series:
    """Return moments in UTC of a column of them, or of milliseconds since 1970."""
    if column.isna().any():
        raise DataError(
            f"{place} is missing of {int(column.isna().sum())} contracts.",
            series=str(column.name),
            remedy="Say when, or leave them out.",
        )
    if pd.api.types.is_numeric_dtype(column):
        return pd.to_datetime(column, unit="ms", utc=True)
    return column.map({one: moment(one, place) for one in column.unique()})


def _quoted(chain: pd.DataFrame, at: object) -> list[pd.Timestamp]:
    """Return when each contract was quoted: at a moment that is given, or as the chain says."""
    given = None if at is None else moment(at, "surface.at")
    if given is not None and "quoted" not in chain:
        return [given] * len(chain)
    if "quoted" not in chain:
        raise SpecError(
            "surface: when was the chain quoted? It has no such column.",
            place="surface.at",
            remedy='Give at="2024-01-08T11:19:41Z".',
        )
    said = list(moments_of(chain["quoted"], "surface: quoted"))
    if given is None:
        return said
    last = max(said)
    if abs(given - last) > AWAY:
        raise SpecError(
            f"surface: at is {given:%Y-%m-%d %H:%M} UTC, and the chain was quoted on {last:%Y-%m-%d %H:%M}.",
            place="surface.at",
            found=given,
            remedy="Leave at= out, or give the moment of these quotes.",
        )
    return [given] * len(chain)


def _refuse(chain: pd.DataFrame, wrong: pd.Series, column: str, what: str, remedy: str) -> None:
    """Raise a DataError that names the first contract of which something is wrong."""
    if wrong.any():
        row = chain[wrong].iloc[0]
        more = f" ({int(wrong.sum())} such contracts)" if wrong.sum() > 1 else ""
        raise DataError(
            f"surface: '{row['instrument']}': its {column}, {row[column]}, {what}{more}.",
            series=str(row["instrument"]),
            value=row[column],
            remedy=remedy,
        )
