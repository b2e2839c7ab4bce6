"""What a book holds: options, and assets themselves."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesfactor.base.arguments import require_finite, require_number
from bayesfactor.base.errors import SpecError, unknown
from bayesfactor.data.options.expiries import expiry_moment
from bayesfactor.data.options.surface import SETTLED, Settled

KINDS = ("call", "put")
MOST_RATE = 1.0  # a year


@dataclass(frozen=True)
class Option:
    """A European option on an asset of the panel, with its mark.

    Attributes
    ----------
    underlying : str
        The asset, as the panel names it.
    kind : {"call", "put"}
    strike : float
        In money.
    expiry : Timestamp
        In UTC; given as a text, date or datetime. A day means 08:00, when options of crypto exchanges expire.
    quantity : float
        Number of units of the underlying; below 0 where they are sold.
    price : float
        The mark of one: in units of the underlying if it is settled in coin, else in money.
    forward : float
        Of its own expiry, in money: what the exchange calls the underlying price of that expiry, not the index.
    settled : {"coin", "usd"}
        In which unit it is quoted and paid.
    rate : float
        A year, decimal, continuously compounded; 0 where the forward is the collateral's own, as on crypto exchanges.
    index : float, optional
        Price of the underlying now, in money, with which a mark in coin becomes money; by default the forward of the
        expiry does, which is higher or lower by what cash and the underlying earn until then.

    Raises
    ------
    SpecError
        When a name or a number is none that it can be.
    """

    underlying: str
    kind: str
    strike: float
    expiry: pd.Timestamp
    quantity: float
    price: float
    forward: float
    settled: Settled = "coin"
    rate: float = 0.0
    index: float | None = None

    def __post_init__(self) -> None:
        for field, found, allowed in (("kind", self.kind, KINDS), ("settled", self.settled, SETTLED)):
            if found not in allowed:
                raise unknown(field, found, allowed, place="Option")
        if not isinstance(self.underlying, str) or not self.underlying:
            raise SpecError(
                f"Option: underlying is {self.underlying!r}, and must be the name of an asset.",
                place="Option.underlying",
                found=self.underlying,
            )
        object.__setattr__(self, "expiry", expiry_moment(self.expiry, "Option.expiry"))
        for field in ("strike", "forward"):
            require_number(getattr(self, field), 0.0, np.inf, f"{self._place()}: {field}", "It is a price in money.")
        if self.index is not None:
            require_number(self.index, 0.0, np.inf, f"{self._place()}: index", "It is a price in money.")
        for field in ("quantity", "price", "rate"):
            require_finite(getattr(self, field), f"{self._place()}: {field}", f"Option.{field}", "Give a number.")
        if abs(self.rate) > MOST_RATE:
            raise SpecError(
                f"{self._place()}: rate is {self.rate!r}, {100 * self.rate:,.4g} % a year.",
                place="Option.rate",
                found=self.rate,
                remedy="A rate of 5 % a year is 0.05.",
            )
        if self.price < 0:
            raise SpecError(
                f"{self._place()}: price is {self.price!r}, and cannot be below 0.",
                place="Option.price",
                found=self.price,
                remedy="An option that is sold has a quantity below 0.",
            )
        self._check_most()
        if self.rate and self.settled == "coin" and self.index is not None:
            raise SpecError(
                f"{self._place()}: it has a rate and an index, and the index says what a forward in coin is worth now.",
                place="Option.rate",
                found=self.rate,
                remedy="Leave one of them out.",
            )

    def _check_most(self) -> None:
        """Refuse a mark above what an option can be worth in its unit."""
        most = max(self.forward, self.strike) / (self.forward if self.settled == "coin" else 1.0)
        if self.price <= most:
            return
        raise SpecError(
            f"{self._place()}: price is {self.price!r}, more than it can be worth with the forward {self.forward:g} "
            f"and the strike {self.strike:g}.",
            place="Option.price",
            found=self.price,
            remedy='It is in units of the underlying: of a mark in money, write settled="usd" (in a file: usd).'
            if self.settled == "coin"
            else "Give the mark of one, in the money of the forward.",
        )

    def _place(self) -> str:
        return f"Option on '{self.underlying}'"

    @property
    def name(self) -> str:
        """Underlying, expiry, strike and kind, as exchanges write them."""
        day = f"{self.expiry.day}{self.expiry:%b%y}"
        return f"{self.underlying}-{day}-{self.strike:.15g}-{self.kind[0]}".upper()

    @property
    def value(self) -> float:
        """Of one, in money."""
        return self.price * self.coin if self.settled == "coin" else self.price

    @property
    def coin(self) -> float:
        """What a unit of the underlying is worth, where amounts in coin become money: the index, or the forward."""
        return self.forward if self.index is None else self.index

    def rate_over(self, years: float) -> float:
        """Return the rate at which its value at expiry is discounted: in coin, what takes the forward to the index."""
        return (
            float(np.log(self.forward / self.coin) / years)
            if self.settled == "coin" and self.coin != self.forward
            else self.rate
        )


@dataclass(frozen=True)
class Holding:
    """An amount of an asset of the panel.

    Attributes
    ----------
    asset : str
    quantity : float
        An amount of money; of a book without options a weight, and refused where it is none. With a price, a number
        of units.
    price : float, optional
        Of one unit, in money.

    Raises
    ------
    SpecError
        When the asset is no name, or a number is none that it can be.
    """

    asset: str
    quantity: float
    price: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.asset, str) or not self.asset:
            raise SpecError(
                f"Holding: asset is {self.asset!r}, and must be the name of one.",
                place="Holding.asset",
                found=self.asset,
            )
        where = f"Holding of '{self.asset}'"
        require_finite(self.quantity, f"{where}: quantity", "Holding.quantity", "Give a number.")
        if self.price is not None:
            require_number(self.price, 0.0, np.inf, f"{where}: price", "Leave it out if the quantity is money.")

    @property
    def name(self) -> str:
        """The asset."""
        return self.asset

    @property
    def value(self) -> float:
        """In money."""
        return self.quantity * (1.0 if self.price is None else self.price)
