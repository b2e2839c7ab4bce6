"""A book of options and assets, priced at one moment."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from bayesfactor.analysis.portfolio.options.book_checks import (
    check_coin,
    check_expiries,
    check_forwards,
    checked_positions,
)
from bayesfactor.analysis.portfolio.options.contract import Holding, Option
from bayesfactor.analysis.portfolio.options.greeks_table import greeks_table
from bayesfactor.analysis.portfolio.options.price_checks import check_prices, notes_on_prices
from bayesfactor.analysis.portfolio.options.volatility_moves import VolatilityMoves, as_moves
from bayesfactor.base.errors import DataError, SpecError, unknown
from bayesfactor.data.options.black76 import Contracts, implied_volatilities
from bayesfactor.data.options.expiries import moment, years_between
from bayesfactor.data.options.mark_units import notes_on_marks

Money = Literal["usd", "coin"]
MONIES: tuple[Money, ...] = ("usd", "coin")
SMALL = 1e-3  # of the notional: about two ticks of a price in coin, below which a return on value is noise


@dataclass(frozen=True)
class Book:
    """Options and assets at one moment, and the factors that move volatilities and rates: a ``portfolio=``.

    Attributes
    ----------
    positions : tuple of Option or Holding
    at : Timestamp
        When the marks were taken, in UTC.
    volatility : ParallelShift or SquareRootShift, optional
        The factor with which implied volatilities move; the name of a factor means a parallel shift. Without it they
        stay where they are.
    rate : str, optional
        The factor with which rates move: a difference of a rate, decimal. Without it they stay where they are.
    accounted : {"usd", "coin"}
        Whether gains are in money, or in units of the one underlying that all positions are on.

    Raises
    ------
    SpecError
        When there is no position, an option has expired by then, forwards of one expiry differ by more than 2 %, prices
        of one underlying by more than a factor of 2, or a choice is none that it can be.

    Notes
    -----
    A book of holdings alone is its mapping of asset to quantity. With options, returns are of the value of the book
    where nothing is sold; else, and where that is below 0.1 % of the notional, they are gains in money: a return on a
    value near 0 says nothing.
    """

    positions: tuple[Option | Holding, ...]
    at: pd.Timestamp
    volatility: VolatilityMoves | None = None
    rate: str | None = None
    accounted: Money = "usd"

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", checked_positions(self.positions))
        object.__setattr__(self, "at", moment(self.at, "Book.at"))
        object.__setattr__(self, "volatility", as_moves(self.volatility))
        if self.rate is not None and not isinstance(self.rate, str):
            raise SpecError(
                f"Book: rate is {self.rate!r}, and must be the name of a factor.", place="Book.rate", found=self.rate
            )
        if self.rate is not None and self.volatility is not None and self.volatility.factor == self.rate:
            raise SpecError(
                f"Book: '{self.rate}' is named as the factor of volatilities and as that of rates.",
                place="Book.rate",
                found=self.rate,
                remedy="Leave one of them out, or name another factor.",
            )
        if self.accounted not in MONIES:
            raise unknown("accounted", self.accounted, MONIES, place="Book")
        check_expiries(self.options, self.at)
        check_forwards(self.options)
        check_prices(self.positions)
        if self.accounted == "coin":
            check_coin(self.options, self.holdings)

    @property
    def options(self) -> tuple[Option, ...]:
        """The options, in order."""
        return tuple(one for one in self.positions if isinstance(one, Option))

    @property
    def holdings(self) -> tuple[Holding, ...]:
        """The assets themselves, in order."""
        return tuple(one for one in self.positions if isinstance(one, Holding))

    @cached_property
    def contracts(self) -> Contracts:
        """The options as arrays."""
        options = self.options
        return Contracts(
            forward=np.array([one.forward for one in options], dtype=float),
            strike=np.array([one.strike for one in options], dtype=float),
            years=np.array([years_between(self.at, one.expiry) for one in options], dtype=float),
            rate=np.array([one.rate_over(years_between(self.at, one.expiry)) for one in options], dtype=float),
            sign=np.array([1.0 if one.kind == "call" else -1.0 for one in options]),
        )

    @cached_property
    def implied(self) -> tuple[np.ndarray, list[str]]:
        """Implied volatilities of the options, NaN where there is none, and why."""
        return implied_volatilities(self.contracts, np.array([one.value for one in self.options], dtype=float))

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Which implied volatilities are hardly meant, and which prices of one underlying differ.

        A DataError where marks are of the other unit.
        """
        options = self.options
        marks = np.array([one.price for one in options], dtype=float)
        coin = np.array([one.settled == "coin" for one in options], dtype=bool)
        strange = notes_on_marks([one.name for one in options], self.contracts, marks, coin, self.implied[0], "Book")
        return (*notes_on_prices(self.positions), *strange)

    def require_volatilities(self) -> np.ndarray:
        """Return implied volatilities, or raise a DataError that names the first option without one."""
        volatilities, reasons = self.implied
        _ = self.notes  # raises where marks are of another unit
        for option, reason in zip(self.options, reasons, strict=True):
            if reason:
                raise DataError(
                    f"Book: '{option.name}' cannot be repriced: {reason}.",
                    series=option.name,
                    value=option.price,
                    remedy="Give it a price with time value, such as the middle of its quotes, or leave it out; deep "
                    "in the money, hold the underlying in its place.",
                )
        return volatilities

    @property
    def value(self) -> float:
        """Of all positions, in money, or in coin where the book is accounted in it."""
        return float(sum(self._values))

    @property
    def notional(self) -> float:
        """Of options the forward, of assets the value; without signs, in the unit of the value."""
        return float(sum(self._notionals))

    @property
    def capital(self) -> float:
        """What gains are divided by: the value of the book, or 1 where they stay in money."""
        if not self.options or self.in_money:
            return 1.0
        return self.value

    @property
    def in_money(self) -> bool:
        """Whether gains of a book with options stay in money."""
        return bool(self.options) and (self.sells or self.value <= SMALL * self.notional)

    @property
    def sells(self) -> bool:
        """Whether a quantity is below 0."""
        return any(one.quantity < 0 for one in self.positions)

    @property
    def unit(self) -> str:
        """What gains over the capital are in: decimal of the value, money, or units of the underlying."""
        return self.money if self.in_money else "decimal"

    @property
    def money(self) -> str:
        """What values are in."""
        return "money" if self.accounted == "usd" else f"units of {_asset(self.positions[0])}"

    @property
    def _values(self) -> list[float]:
        return [position_value(one, self.accounted) for one in self.positions]

    @property
    def _notionals(self) -> list[float]:
        coin = self.accounted == "coin"
        each = ((1.0 if coin else one.forward) * one.quantity for one in self.options)
        return [abs(one) for one in (*each, *(position_value(one, self.accounted) for one in self.holdings))]

    def table(self, per: Literal["position", "contract"] = "position") -> pd.DataFrame:
        """Return values, implied volatilities and sensitivities of every position, and of all of them.

        Parameters
        ----------
        per : {"position", "contract"}
            Of the quantities held, with a last row ``total``; or of one contract each.

        Returns
        -------
        DataFrame
            Columns position, quantity, ``value`` in money (a mark in coin times the index of the option, or times the
            forward of its expiry where it has none); ``implied_volatility`` a year; ``delta`` and ``gamma``, per
            unit of money that the forward moves; ``net_delta``, as exchanges state it: delta less the price, of what
            is settled in coin; ``exposure``, the gain per 100 % of the underlying, in money; ``vega``, per 1.00 of
            volatility; ``theta``, per year; ``rho``, per 1.00 of the rate; ``elasticity``, the return of the option
            over that of its underlying, and ``elasticity_coin``, of its value in coin; ``reason``, why there is no
            implied volatility. ``attrs`` hold units and notes.

        Raises
        ------
        SpecError, DataError
            When there is no such `per`, a mark is in money that is said to be in coin or the reverse, or vollib is not
            installed.
        """
        if per not in ("position", "contract"):
            raise unknown("per", per, ("position", "contract"), place="Book.table")
        volatilities, reasons = self.implied
        notes = self.notes
        table = greeks_table(self.positions, self.contracts, volatilities, reasons, whole=per == "position")
        table.attrs["notes"] = (*table.attrs["notes"], *notes)
        return table

    def __repr__(self) -> str:
        moves = "" if self.volatility is None else f", volatilities with '{self.volatility.factor}'"
        of = f"options: {len(self.options)}, holdings: {len(self.holdings)}"
        return f"Book({of}, value {self.value:.6g}, at {self.at:%Y-%m-%d %H:%M} UTC{moves})"


def position_value(one: Option | Holding, accounted: Money) -> float:
    """Return what a position is worth, in money or in coin."""
    if isinstance(one, Holding):
        return one.value if accounted == "usd" else one.quantity
    return one.quantity * (one.value if accounted == "usd" else one.value / one.coin)


def _asset(one: Option | Holding) -> str:
    return one.underlying if isinstance(one, Option) else one.asset
