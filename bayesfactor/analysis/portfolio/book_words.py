"""What a reader should know of answers about a book with options."""

import numpy as np
import pandas as pd

from bayesfactor.analysis.portfolio.options.book import Book
from bayesfactor.analysis.portfolio.options.exposures import Positions
from bayesfactor.analysis.portfolio.portfolio_exposures import Exposures
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.errors import SpecError
from bayesfactor.data.options.expiries import DAYS

WEEKEND = 4.0  # days
DOUBT = (
    "the premium of options is a rate at this instant, as their elasticity moves with the underlying, and mostly "
    "doubt: read the greeks, a stress and a forecast first"
)
RATE = "variances of options are at this instant, by delta and vega: what a book may lose is for a stress or a forecast"
LINEAR = (
    "mean and variance of options are linear, by delta, vega and rho at this instant: what a book may lose is for a "
    "stress or a forecast, which reprice it"
)
REPRICED = (
    f"every option of the {PORTFOLIO} is repriced in every draw: its forward moves by the excess return of the "
    "underlying, and its gain is in excess of what cash earns"
)

AT_END = "options that expire before the scenario's end are paid at the prices of its end"  # which says no way there
ON_THE_WAY = "options that expire before the horizon are paid at the end of the period in which they do"


def with_unit(unit: str, held: Exposures) -> str:
    """Return a unit, and beside it that of a book with options."""
    if held.positions is None:
        return unit
    return f"{unit}; {PORTFOLIO}: {unit.replace('decimal', held.positions.book.unit)}"


def require_realised(positions: Positions | None) -> None:
    """Refuse the realised return of a book with options, whose marks of then are not known."""
    if positions is not None:
        raise SpecError(
            "attribute: what a book with options returned is not known: it would take its marks of every date.",
            place="attribute.kind",
            found="return",
            allowed=("premium", "variance"),
            remedy="To do to it what happened between two dates, ask bf.stress(fit, bf.episode(fit.panel, start, end), "
            "portfolio=book).",
        )


def notes_on_book(positions: Positions | None, kind: str = "repriced") -> tuple[str, ...]:
    """Say what the gains of a book with options are in, how sure they are, and what is assumed of volatilities."""
    if positions is None:
        return ()
    words = {"premium": (DOUBT,), "return": (), "variance": (RATE,), "moments": (LINEAR,), "repriced": (REPRICED,)}[
        kind
    ]
    of_book = _unit(positions.book), _volatility(positions), *_apart(positions)
    return (*words, *of_book, *positions.notes, *positions.book.notes)


def notes_on_expiries(positions: Positions | None, periods: int, paid: str) -> tuple[str, ...]:
    """Say which options of a book expire within so many periods, and how they are `paid`."""
    if positions is None:
        return ()
    ends = positions.contracts.years < periods * positions.period - 1e-9
    names = [one.name for one, ended in zip(positions.book.options, ends, strict=True) if ended]
    if not names:
        return ()
    return (f"{paid}: {', '.join(names)}",)


def notes_on_flat(positions: Positions | None, flat: np.ndarray | None) -> tuple[str, ...]:
    """Say of which options, and in which share of draws, implied volatilities were taken as 0 (chain, draw, option)."""
    if positions is None or flat is None or not flat.any():
        return ()
    share, options = flat.mean(axis=(0, 1)), positions.book.options
    most, count = int(share.argmax()), int((share > 0).sum())
    others = f", the most of {count} options" if count > 1 else ""
    return (
        f"an implied volatility below 0 was taken as 0: in {100 * share[most]:.3g} % of draws of {options[most].name}"
        f"{others}; sums of differences do not return to a mean",
    )


def _unit(book: Book) -> str:
    if not book.in_money:
        return f"returns of the {PORTFOLIO} are decimal, of its value, {book.value:,.6g} in {book.money}"
    why = "something in it is sold" if book.sells else "its value is small beside its notional"
    return f"gains of the {PORTFOLIO} are in {book.money}, not in per cent, as {why}; its value is {book.value:,.6g}"


def _apart(positions: Positions) -> tuple[str, ...]:
    """Say that the marks are of another time than the end of the panel, by more than two periods and a weekend."""
    away = abs(positions.book.at - positions.end) / pd.Timedelta(days=DAYS)
    if away <= 2 * positions.period + WEEKEND / DAYS:
        return ()
    return (f"the marks of the book are of {positions.book.at:%Y-%m-%d}, the panel ends on {positions.end:%Y-%m-%d}",)


def _volatility(positions: Positions) -> str:
    moves = positions.book.volatility
    if moves is None:
        return "implied volatilities stay where they are, as no factor moves them (volatility=, --volatility)"
    how = "multiplied by what it does" if positions.multiplied else "to which its differences are added"
    on = ", ".join(sorted({one.underlying for one in positions.book.options}))
    return (
        f"an assumption: implied volatilities of options on {on} move with the factor '{moves.factor}', {moves}, {how}"
        "; an index of another underlying is a proxy"
    )
