"""Units of series: what their readers and names say of them, and sizes that no two series of one unit have."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.integration.factor_series import FactorSeries

MONEY, COINS, RATIO = "money", "coins", "a ratio"
_KINDS = {"dollars": MONEY, "the quote currency": MONEY, "coins": COINS}  # as readers write them
_NAMED = ((r"USD$|_usd$", MONEY), (r"Ntv$|_ntv$|^SplyCur$", COINS), (r"(?i)mvrv|nvt", RATIO))  # as Coin Metrics does
_PRICED = r"(?i)^(capmrkt|(price|market_?cap|reference_?rate|(adj[_ ]?)?close)(_?usd|_?btc)?$)"
_PRICES = ("open", "high", "low", "close")
_AGREE = "Give both in one unit: coins times their price, renamed to say so, as (coins * price).rename('value_usd')."
_PUBLISHED = (
    "Give the capitalisation and the other amount themselves, such as CapMrktCurUSD and CapMrktCurUSD / CapMVRVCur; a "
    "ratio as it is published is a factor already: bf.FactorSeries(ratio, bf.Factor('mvrv', traded=False, "
    "family='valuation', transform='log_diff', lag=1, aggregate='last', shares_price=True))."
)


@dataclass(frozen=True)
class Sizes:
    """Between which sizes a ratio lies on a typical date.

    Attributes
    ----------
    what : str
        The ratio, in words.
    possible, usual : tuple of float
        Outside the first it is refused, outside the second warned of.
    remedy : str
        What it is then.
    """

    what: str
    possible: tuple[float, float]
    usual: tuple[float, float]
    remedy: str


def unit_of(given: Any, name: str | None = None) -> str:
    """Return the unit of a series, or of a named column of a frame: money, coins or a ratio; empty where none is said.

    Names of Coin Metrics and the endings ``_usd`` and ``_ntv`` say it; otherwise readers do in ``attrs["units"]``,
    which a series may keep when it is multiplied.
    """
    held = given.values if isinstance(given, FactorSeries) else given
    if name is None:
        columns = list(getattr(held, "columns", ()))
        name = str(columns[0]) if len(columns) == 1 else str(getattr(held, "name", ""))
    named = next((kind for pattern, kind in _NAMED if re.search(pattern, name)), "")
    return named or _KINDS.get(_stated(str(getattr(held, "attrs", {}).get("units", "")), name), "")


def _stated(units: str, name: str) -> str:
    """Return what ``attrs["units"]`` says of a column: ``dollars``, or ``prices: ...; volume, taker_buy: coins``."""
    if ":" not in units:
        return units
    for part in units.split(";"):
        names, _, unit = part.partition(":")
        if {name, "prices" if name in _PRICES else name} & {one.strip() for one in names.split(",")}:
            return unit.strip()
    return ""


def require_no_price(given: Any, what: str) -> None:
    """Raise an error for a series that by its name is a price, a capitalisation or a ratio to one."""
    held = given.values if isinstance(given, FactorSeries) else given
    columns = list(getattr(held, "columns", ()))
    name = str(columns[0]) if len(columns) == 1 else str(getattr(held, "name", ""))
    if re.search(_PRICED, name):
        raise DataError(
            f"{what} is '{name}', by its name a price or a capitalisation: its change is the return of the asset.",
            series=what,
            value=name,
            remedy="Give what is done on the chain, such as HashRate or AdrActCnt; beside a fundamental a "
            "capitalisation is bf.valuation(market_cap, fundamental). What it is not, rename.",
        )
    if unit_of(held) == RATIO:
        raise DataError(
            f"{what} is '{name}', by its name a ratio to capitalisation, which holds the price.",
            series=what,
            value=name,
            remedy=_PUBLISHED,
        )


def require_one_unit(given: Sequence[tuple[str, Any]]) -> None:
    """Raise an error for amounts (name of the argument, series) of different units, and for what is a ratio already."""
    units = [(what, unit_of(series)) for what, series in given]
    for what, unit in units:
        if unit == RATIO:
            raise DataError(
                f"{what} is a ratio by its name, and no amount.", series=what, value=unit, remedy=_PUBLISHED
            )
    known = [(what, unit) for what, unit in units if unit]
    for what, unit in known[1:]:
        first, other = known[0]
        if unit != other:
            raise DataError(
                f"{first} is in {other}, and {what} in {unit}, as their reader or name says.",
                series=what,
                value=(other, unit),
                remedy=_AGREE,
            )


def check_sizes(ratio: pd.Series, sizes: Sizes) -> tuple[str, ...]:
    """Return the warning of a ratio of unusual size; raise an error for one that cannot be."""
    middle = float(ratio.median())
    (least, most), (low, high) = sizes.possible, sizes.usual
    if not least <= middle <= most:
        raise DataError(
            f"{sizes.what} is {middle:.3g} on a typical date, and no market has that: it lies between {least:g} and "
            f"{most:g}.",
            series=sizes.what,
            date=ratio.index[0],
            value=middle,
            remedy=sizes.remedy,
        )
    if low <= middle <= high:
        return ()
    return (f"{sizes.what} is {middle:.3g} on a typical date, outside {low:g} to {high:g}. {sizes.remedy}",)
