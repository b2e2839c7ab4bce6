"""A book with options after a scenario or at a horizon: every position priced anew in every draw."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.portfolio.options.exposures import NOWHERE, Positions
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.intervals import Interval
from bayesfactor.base.records import FrozenResult
from bayesfactor.panel.base import PanelBase
from bayesfactor.posterior.summaries import finished, summarise

TOTAL = "total"
MONEY = "money"
PARTS = ("gains", "expected gains", "moves", "underlyings")  # names of the arrays it is made of
FLAT = "no volatility"  # and of the one that says where an implied volatility was taken as 0 (chain, draw, option)


@dataclass(frozen=True, eq=False)
class RepricedBook(FrozenResult):
    """Gains of the positions of a book with options, as draws.

    Attributes
    ----------
    value : Series (position)
        Today, in the order of the book; the last is ``total``.
    gains : DataArray (chain, draw, position)
        In excess of what cash earns, one at every draw; the last is ``total``.
    expected : DataArray (chain, draw, position)
        Of a stress, the gains at the expected moves; of a forecast, the expected gains, over all moves.
    moves : DataArray (chain, draw, move)
        To the end: excess returns of the underlyings, and what the factors of volatilities and rates did.
    underlyings : DataArray (chain, draw, position)
        Excess return of the underlying of every position, to the end or to where the position was paid before it.
    unit : str
        Of values and gains: money, or units of the underlying.
    portfolio_unit : str
        Of the entry ``portfolio`` of the result: the same, or decimal of the book's value.
    problems : tuple of str
        Why the fit cannot be trusted.
    """

    value: pd.Series
    gains: xr.DataArray
    expected: xr.DataArray
    moves: xr.DataArray
    underlyings: xr.DataArray
    unit: str
    portfolio_unit: str
    problems: tuple[str, ...] = ()

    def table(self, ci_prob: float = 0.9, ci_kind: Interval = "eti", *, rounded: bool = True) -> pd.DataFrame:
        """Return what every position may gain, the whole book first.

        Parameters
        ----------
        ci_prob : float
            Probability of the intervals.
        ci_kind : {"eti", "hdi"}
            Equal-tailed, or of highest density.
        rounded : bool
            Whether to drop the digits that Monte Carlo error does not justify.

        Returns
        -------
        DataFrame
            Columns position, ``value`` today, mean, sd, lower, upper, prob_positive, mcse of the gain; ``expected``,
            ``expected_lower``, ``expected_upper``; ``warning`` when the fit failed a check. ``attrs`` hold ci_kind,
            ci_prob, units and problems.
        """
        table = summarise(self.gains, ci_prob, ci_kind, rounded)
        expected = summarise(self.expected, ci_prob, ci_kind, rounded)
        attrs = {**table.attrs, "units": self.unit}
        table.insert(1, "value", self.value.to_numpy())
        table["expected"] = expected["mean"]
        table[["expected_lower", "expected_upper"]] = expected[["lower", "upper"]]
        ordered = pd.concat([table.iloc[-1:], table.iloc[:-1]], ignore_index=True)
        return finished(ordered, attrs, self.problems)


def beside(book: RepricedBook | None) -> str:
    """Return the unit of a portfolio that is a book with options, to stand after that of the others."""
    return "" if book is None else f"; {PORTFOLIO}: {book.portfolio_unit}"


def in_money(book: RepricedBook | None) -> bool:
    """Return whether the entry ``portfolio`` is of a book whose gains are no returns."""
    return book is not None and book.portfolio_unit == book.unit


def only_meant(share: xr.DataArray, limit: float, book: RepricedBook | None) -> tuple[xr.DataArray, tuple[str, ...]]:
    """Return shares of draws (asset) below a limit, NaN where it is of the other unit, and a note on which it is.

    Beside a book in money a limit within -1 and 1 is a return, and another an amount; 0 is both. In coin an amount may
    be a part of a unit.
    """
    if book is None or not in_money(book) or limit == 0:
        return share, ()
    of_book = share["asset"] == PORTFOLIO
    if abs(limit) >= 1:
        return share.where(of_book), (f"below {limit:g}: of the {PORTFOLIO}, in {book.unit}; no return is meant",)
    if book.unit != MONEY:
        return share, (f"below {limit:g}: a return of assets, decimal, and of the {PORTFOLIO} {book.unit}",)
    return share.where(~of_book), (f"below {limit:g}: a return, decimal; of the {PORTFOLIO}, give an amount of money",)


def names_of(positions: Positions, panel: PanelBase) -> list[str]:
    """Return what moves: the underlyings, and the factors of volatilities and rates."""
    assets, factors = _moving(positions)
    return [*(panel.assets[i] for i in assets), *(panel.factor_names[k] for k in factors)]


def moves_of(positions: Positions, growth: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return the moves (sample, move) that `names_of` names, of growth (sample, asset) and factors (sample, factor)."""
    own, places = _moving(positions)
    return np.concatenate([growth[:, own] - 1, factors[:, places]], axis=1)


def _moving(positions: Positions) -> tuple[np.ndarray, list[int]]:
    """Return the places of the underlyings, and of the factors of volatilities and rates, each once."""
    factors = dict.fromkeys((positions.volatility_factor, positions.rate_factor))
    return np.unique(positions.asset), [place for place in factors if place != NOWHERE]


def changes_of(positions: Positions, factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what the volatility factor and the rate factor did (sample), of all factors (sample, factor)."""
    still = np.zeros(len(factors))
    places = positions.volatility_factor, positions.rate_factor
    volatility, rate = (still if place == NOWHERE else factors[:, place] for place in places)
    return volatility, rate


def repriced_book(
    positions: Positions,
    panel: PanelBase,
    draws: xr.Dataset,
    found: Mapping[str, np.ndarray],
    problems: tuple[str, ...],
) -> RepricedBook:
    """Return the book, in its own order, of the arrays named `PARTS` (chain, draw, position or move)."""
    order = positions.order
    names = [*(positions.names[place] for place in order), TOTAL]
    coords = {"chain": draws["chain"].values, "draw": draws["draw"].values}

    def labelled(part: str, dim: str, labels: list[str], values: np.ndarray) -> xr.DataArray:
        return xr.DataArray(values, {**coords, dim: labels}, ("chain", "draw", dim), name=part)

    def with_total(values: np.ndarray) -> np.ndarray:
        values = values[..., order]
        return np.concatenate([values, values.sum(axis=-1, keepdims=True)], axis=-1)

    gains, expected = (labelled(part, "position", names, with_total(found[part])) for part in PARTS[:2])
    moves = labelled(PARTS[2], "move", names_of(positions, panel), found[PARTS[2]])
    own = labelled(PARTS[3], "position", names[:-1], found[PARTS[3]][..., order])
    value = pd.Series(with_total(positions.now), pd.Index(names, name="position"), name="value")
    return RepricedBook(value, gains, expected, moves, own, positions.book.money, positions.book.unit, problems)
