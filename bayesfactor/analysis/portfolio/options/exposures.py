"""A book beside a panel: its weights on assets, its direct loadings on factors, and its value when these have moved."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bayesfactor.analysis.portfolio.options.book import Book, position_value
from bayesfactor.analysis.portfolio.options.contract import Holding
from bayesfactor.analysis.portfolio.options.volatility_moves import (
    notes_on_families,
    place_of,
    rate_factor,
    transform_of,
)
from bayesfactor.base.errors import unknown
from bayesfactor.base.records import FrozenArrays
from bayesfactor.data.options.black76 import LEAST, Contracts, black
from bayesfactor.data.options.expiries import DAYS
from bayesfactor.panel.base import PanelBase

DAYS_OF = {"daily": 1.0, "weekly": 7.0}  # of a period; others by periods per year
NOWHERE = -1


@dataclass(frozen=True, eq=False)
class Positions(FrozenArrays):
    """A book of options and holdings beside a panel.

    Values are in the unit of the book (money or coin), and in excess of what cash earns: with the forward of its own
    expiry that moves by the excess return of the underlying, an option in excess of cash is worth what Black's formula
    gives without the interest of the time that passes.

    Attributes
    ----------
    book : Book
    names : tuple of str
        Of the positions: options, then holdings.
    contracts : Contracts
    volatility : array (option)
        Implied.
    quantity : array (option)
    held : array (holding)
        Values of the holdings.
    asset : array (position)
        Which asset each is on.
    sizes : array (option)
        How far volatilities move with a unit of the volatility factor.
    multiplied : bool
        Whether that factor multiplies volatilities (a log difference) and does not add to them.
    volatility_factor, rate_factor : int
        Which factor of the panel; -1 where there is none.
    period : float
        Years of a period of the panel.
    assets, factors : int
        How many the panel has.
    end : Timestamp
        Of the panel, in UTC.
    notes : tuple of str
        On factors of another family than their use.
    """

    book: Book
    names: tuple[str, ...]
    contracts: Contracts
    volatility: np.ndarray
    quantity: np.ndarray
    held: np.ndarray
    asset: np.ndarray
    sizes: np.ndarray
    multiplied: bool
    volatility_factor: int
    rate_factor: int
    period: float
    assets: int
    factors: int
    end: pd.Timestamp
    notes: tuple[str, ...]

    @property
    def in_coin(self) -> bool:
        """Whether values are in units of the underlying."""
        return self.book.accounted == "coin"

    @property
    def order(self) -> np.ndarray:
        """Where the positions of the book, in its order, stand here."""
        is_held = [isinstance(one, Holding) for one in self.book.positions]
        return np.argsort(np.argsort(is_held, kind="stable"))

    @property
    def now(self) -> np.ndarray:
        """Values today (position)."""
        values = self.quantity * self.contracts.values(self.volatility)
        return np.concatenate([values / self.contracts.forward if self.in_coin else values, self.held])

    def values(self, growth: np.ndarray, volatility: np.ndarray, rate: np.ndarray, years: float) -> np.ndarray:
        """Return values (..., position) after so many years.

        With the growth of the assets (..., asset), and what the volatility and the rate factor did (...).
        """
        forward, spread, left = self.at_horizon(growth, volatility, years)
        values = self.quantity * self.discounts(rate, left) * self.undiscounted(forward, spread)
        held = np.broadcast_to(self.held, (*values.shape[:-1], len(self.held)))
        if self.in_coin:
            return np.concatenate([values / np.maximum(forward, LEAST * self.contracts.strike), held], axis=-1)
        return np.concatenate([values, held * growth[..., self.asset[len(self.quantity) :]]], axis=-1)

    def undiscounted(self, forward: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """Return values at expiry of one of each (..., option), by forward and standard deviation of its logarithm."""
        return black(forward, self.contracts.strike, spread, self.contracts.sign)

    def at_horizon(
        self, growth: np.ndarray, volatility: np.ndarray, years: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return forwards and standard deviations to expiry (..., option), and the years left (option)."""
        left = np.maximum(self.contracts.years - years, 0.0)
        forward = self.contracts.forward * growth[..., self.asset[: len(self.quantity)]]
        return forward, self.moved(volatility) * np.sqrt(left), left

    def moved(self, change: np.ndarray) -> np.ndarray:
        """Return implied volatilities (..., option), not below 0, after a change of the volatility factor (...)."""
        each = change[..., None] * self.sizes
        return np.maximum(self.volatility * np.exp(each) if self.multiplied else self.volatility + each, 0.0)

    def flat(self, change: np.ndarray, years: float) -> np.ndarray:
        """Return of which options with time left an implied volatility is taken as 0 (..., option)."""
        return (self.moved(change) <= 0) & (self.contracts.years > years) & (self.quantity != 0)

    def discounts(self, rate: np.ndarray, left: np.ndarray) -> np.ndarray:
        """Return discounts in excess of cash (..., option), after a change of rates (...)."""
        return self.contracts.discount * np.exp(-rate[..., None] * left)

    @property
    def weights(self) -> np.ndarray:
        """Gain per 100 % of every asset, over the capital (asset)."""
        own = self.greeks["delta"] * self.contracts.forward
        if self.in_coin:
            own = (own - self.contracts.values(self.volatility)) / self.contracts.forward
        each = np.concatenate([self.quantity * own, np.zeros_like(self.held) if self.in_coin else self.held])
        found = np.zeros(self.assets)
        np.add.at(found, self.asset, each / self.book.capital)
        return found

    @property
    def direct(self) -> np.ndarray:
        """Gain per unit of every factor with the assets as they are, over the capital (factor)."""
        greeks, found = self.greeks, np.zeros(self.factors)
        scale = self.quantity / (self.contracts.forward if self.in_coin else 1.0) / self.book.capital
        vega = greeks["vega"] * self.sizes * (self.volatility if self.multiplied else 1.0)
        for place, each in ((self.volatility_factor, vega), (self.rate_factor, greeks["rho"])):
            if place != NOWHERE:
                found[place] += (scale * each).sum()
        return found

    @cached_property
    def greeks(self) -> dict[str, np.ndarray]:
        """Sensitivities of one of each option, in money (option)."""
        return self.contracts.greeks(self.volatility)


def positions_of(book: Book, panel: PanelBase) -> Positions:
    """Return a book beside a panel, or raise an error that names the position which does not go with it."""
    assets = panel.assets
    placed = [(one.underlying, one) for one in book.options] + [(one.asset, one) for one in book.holdings]
    for name, one in placed:
        if name not in assets:
            raise unknown("asset", name, assets, place=f"Book: '{one.name}'")
    moves = book.volatility
    rate = NOWHERE if book.rate is None else rate_factor(panel, book.rate)
    contracts = book.contracts
    return Positions(
        book=book,
        names=tuple(one.name for _, one in placed),
        contracts=contracts,
        volatility=book.require_volatilities(),
        quantity=np.array([one.quantity for one in book.options], dtype=float),
        held=np.array([position_value(one, book.accounted) for one in book.holdings], dtype=float),
        asset=np.array([assets.index(name) for name, _ in placed], dtype=int),
        sizes=np.zeros(len(book.options)) if moves is None else moves.sizes(contracts.years),
        multiplied=moves is not None and transform_of(panel, moves) == "log_diff",
        volatility_factor=NOWHERE if moves is None else place_of(panel, moves.factor, "volatility"),
        rate_factor=rate,
        period=DAYS_OF.get(panel.calendar.frequency, DAYS / panel.periods_per_year) / DAYS,
        assets=len(assets),
        factors=len(panel.factor_names),
        end=pd.Timestamp(panel.times[-1]).tz_localize("UTC"),
        notes=notes_on_families(panel, None if moves is None else moves.factor, book.rate),
    )
