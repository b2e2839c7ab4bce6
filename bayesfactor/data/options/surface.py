"""The implied volatilities of a chain: by expiry, and at a constant maturity."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError, SpecError, unknown
from bayesfactor.data.options.black76 import Contracts, implied_volatilities
from bayesfactor.data.options.chain import as_chain, require_both_kinds
from bayesfactor.data.options.expiries import DAYS, maturity_years
from bayesfactor.data.options.mark_units import notes_on_marks
from bayesfactor.data.options.parity import check_parity
from bayesfactor.data.options.smile import LEAST, Smile, smile

Settled = Literal["coin", "usd"]
SETTLED: tuple[Settled, ...] = ("coin", "usd")
UNITS = "volatility a year, decimal; years of 365 days; forward in money"
COLUMNS = ["years", "forward", "quotes", *Smile._fields]
FAR = 120.0  # days from quotes to the first expiry, beyond which the moment is asked about
VARIANCES = ("at_the_money", "model_free")  # whose squares times years are linear in time between expiries


@dataclass(frozen=True, eq=False)
class Surface:
    """Implied volatilities by expiry.

    Attributes
    ----------
    expiries : DataFrame (expiry)
        ``years``, ``forward``, ``quotes`` (out of the money, that were used), ``at_the_money``, ``risk_reversal`` and
        ``butterfly`` (25 delta; NaN where quotes do not reach so far), ``model_free``. ``attrs`` hold units and notes.
    notes : tuple of str
        Which contracts were left out, and why.
    quoted : Timestamp, optional
        When the last of its contracts was quoted, in UTC.
    """

    expiries: pd.DataFrame
    notes: tuple[str, ...] = ()
    quoted: pd.Timestamp | None = None

    def table(self) -> pd.DataFrame:
        """Return the expiries as a table, with the column expiry; ``attrs`` hold units and notes."""
        table = self.expiries.reset_index()
        table.attrs = {"units": UNITS, "notes": self.notes}
        return table

    def at(self, maturity: str | pd.Timedelta) -> pd.Series:
        """Return the volatilities at a constant maturity, between two expiries.

        Parameters
        ----------
        maturity : str or Timedelta
            ``"30 days"``.

        Returns
        -------
        Series
            ``at_the_money``, ``risk_reversal``, ``butterfly``, ``model_free``: total variances of the first and the
            last are linear in time, the others are linear themselves.

        Raises
        ------
        SpecError
            When it is no length of time, or not between the first and the last expiry.
        """
        years = maturity_years(maturity, "Surface.at")
        pair = beside(self.expiries, years)
        if pair.empty:
            raise SpecError(
                f"Surface.at: {one_sided(self.expiries, maturity)}.",
                place="Surface.at",
                found=maturity,
                remedy="Ask for a maturity between these.",
            )
        start, end = pair["years"]
        share, found = (years - start) / (end - start or 1.0), {}
        for name in Smile._fields:
            first, last = pair[name] ** 2 * pair["years"] if name in VARIANCES else pair[name]
            between = first + share * (last - first)
            found[name] = np.sqrt(between / years) if name in VARIANCES else between
        return pd.Series(found, name=str(maturity))

    def __repr__(self) -> str:
        return f"Surface of {len(self.expiries)} expiries\n{self.table().to_string(index=False)}"


def surface(chain: pd.DataFrame, at: object = None, settled: Settled | None = None) -> Surface:
    """Return the implied volatilities of a chain of options on one underlying.

    Quotes are those out of the money, by Black (1976) on the forward of their own expiry, without interest.

    Parameters
    ----------
    chain : DataFrame
        As `read_deribit_chain` returns it: expiry (a day means 08:00 UTC), type ("call" or "put"), strike,
        underlying_price (the forward of the expiry) and mark; it may have instrument, bid, ask, quoted, settled and
        underlying. A table of Deribit's book summaries is taken as it is.
    at : moment, optional
        When it was quoted, in UTC; by default as the chain says.
    settled : {"coin", "usd"}, optional
        Whether marks are in units of the underlying, or in money; by default as the chain says, else in coin.

    Returns
    -------
    Surface

    Raises
    ------
    SpecError, DataError
        When a column is missing or unknown, an expiry is past, quotes are crossed, a contract is quoted twice, a value
        is none that it can have, marks are in money that are said to be in coin or the reverse, forwards of one expiry
        differ by more than 2 %, or one of them and that which its calls and puts say, more than a tenth of marks are
        below intrinsic value, `at` is two days from when the chain says, there are no puts or no calls, or vollib
        is not installed.

    Notes
    -----
    A mark without an implied volatility (0, or below intrinsic value) is left out, and a note says so; so is an expiry
    with fewer than three quotes. Notes also name implied volatilities below 1 % or above 300 % a year, and what is
    not known of an expiry.
    """
    table = as_chain(chain, at)
    require_both_kinds(table)
    found = summaries(table, settled)
    if found.expiries.empty:
        raise DataError(
            "surface: no expiry has three quotes out of the money.",
            series="chain",
            remedy="Give the chain of one underlying, calls and puts of each expiry.",
        )
    return found


def summaries(table: pd.DataFrame, settled: Settled | None) -> Surface:
    """Return the surface of a chain that `as_chain` returned, without expiries where none has enough quotes."""
    if settled is not None or "settled" not in table:
        table["settled"] = SETTLED[0] if settled is None else settled
    for found in table["settled"].unique():
        if found not in SETTLED:
            raise unknown("settled", found, SETTLED, place="surface")
    coin, shared = table["settled"] == SETTLED[0], table.groupby("expiry")["underlying_price"].transform("first")
    table["value"] = table["mark"] * table["underlying_price"].where(coin, 1.0)
    table["value_of_expiry"] = table["mark"] * shared.where(coin, 1.0)
    forward, strike, years, sign = (
        table[name].to_numpy(dtype=float) for name in ("underlying_price", "strike", "years", "sign")
    )
    contracts = Contracts(forward, strike, years, np.zeros(len(table)), sign)
    table["volatility"], reasons = implied_volatilities(contracts, table["value"].to_numpy())
    volatility, marks = table["volatility"].to_numpy(), table["mark"].to_numpy()
    strange = notes_on_marks(table["instrument"], contracts, marks, coin.to_numpy(), volatility, "surface")
    notes = [*_on_moment(years), *strange, *check_parity(table)]
    notes += [
        f"left out: {name}, {reason}" for name, reason in zip(table["instrument"], reasons, strict=True) if reason
    ]
    known = table[table["volatility"].notna()]
    above = known["strike"] >= known["underlying_price"]
    outside = known[above == (known["sign"] > 0)]
    rows = {}
    for expiry, quotes in outside.groupby("expiry"):
        if len(quotes) < LEAST:
            notes.append(f"left out: {expiry:%Y-%m-%d}, which has {len(quotes)} quotes out of the money")
            continue
        rows[expiry] = _row(table[table["expiry"] == expiry].iloc[0], quotes.sort_values("strike"))
        notes += _on_missing(f"{expiry:%Y-%m-%d}", rows[expiry])
    found = pd.DataFrame.from_dict(rows, orient="index", columns=COLUMNS).rename_axis("expiry")
    found.attrs = {"units": UNITS, "notes": tuple(notes)}
    return Surface(found, tuple(notes), table["quoted"].max())


def beside(expiries: pd.DataFrame, years: float) -> pd.DataFrame:
    """Return the expiries before and after a maturity, one twice that is on it; none where it is not between two."""
    known = expiries["years"].to_numpy()
    after = int(np.searchsorted(known, years))
    if after == len(known) or (after == 0 and known[0] != years):
        return expiries.iloc[:0]
    return expiries.iloc[[after if known[after] == years else after - 1, after]]


def one_sided(expiries: pd.DataFrame, maturity: str | pd.Timedelta) -> str:
    """Say that a maturity is not between two expiries, and where they are."""
    if expiries.empty:
        return "no expiry has three quotes out of the money"
    ends = " to ".join(f"{DAYS * expiries['years'].iloc[i]:.4g}" for i in (0, -1))
    return f"no expiries on both sides of {maturity}, as they are {ends} days away"


def _on_moment(years: np.ndarray) -> list[str]:
    """Say that even the first expiry is far from the moment of the quotes."""
    first = DAYS * float(years.min())
    said = f"the first expiry is {first:.0f} days after the quotes: is their moment (at=) of another year?"
    return [said] if first > FAR else []


def _on_missing(expiry: str, row: dict[str, float]) -> list[str]:
    """Say which volatilities of an expiry are not known, and why."""
    if np.isnan(row["at_the_money"]):
        side = "on both sides of the forward: it needs puts below it and calls above"
        return [f"{expiry}: nothing is known at the money, as no quotes out of the money are {side}"]
    missing = [name.replace("_", " ") for name in Smile._fields if np.isnan(row[name])]
    return [f"{expiry}: no {', no '.join(missing)}, as quotes do not reach so far"] if missing else []


def _row(first: pd.Series, quotes: pd.DataFrame) -> dict[str, float]:
    """Return one expiry, with the forward and the moment of its first contract."""
    forward, years = float(first["underlying_price"]), float(first["years"])
    columns = ("strike", "volatility", "value_of_expiry")
    strike, volatility, value = (quotes[name].to_numpy(dtype=float) for name in columns)
    found = smile(forward, years, strike, volatility, value)
    return {"years": years, "forward": forward, "quotes": len(quotes), **found._asdict()}
