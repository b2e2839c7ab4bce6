"""What is said of a book with options: greeks first, then what scenarios and time do to it, and last its premium."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from bayesfactor.analysis.attribution.decomposition import attribute
from bayesfactor.analysis.portfolio.options.book import Book
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.analysis.scenarios.forecast import forecast
from bayesfactor.analysis.scenarios.repriced_book import RepricedBook
from bayesfactor.analysis.scenarios.scenario import Scenario
from bayesfactor.analysis.scenarios.stress import stress
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import interval_name, join, periods_in_words
from bayesfactor.posterior.fit import Fit
from bayesfactor.reporting.content.grids import POSTERIOR_UNITS, Column, plain
from bayesfactor.reporting.content.parts import Heading, Part, TablePart, Text

MONTHS = 12
GREEKS: tuple[Column, ...] = (
    ("quantity", "quantity", "number"),
    ("value", "value", "number"),
    ("implied_volatility", "implied volatility", "percent"),
    ("net_delta", "net delta", "number"),
    ("exposure", "gain per 100 % of the underlying", "number"),
    ("gamma", "gamma", "number"),
    ("vega", "vega", "number"),
    ("theta", "theta", "number"),
    ("rho", "rho", "number"),
    ("elasticity", "elasticity", "number"),
)
ENDS: tuple[Column, ...] = (("mean", "mean", "number"), ("lower", "lower", "number"), ("upper", "upper", "number"))
GAINS: tuple[Column, ...] = (
    ("value", "value today", "number"),
    ("expected", "expected gain", "number"),
    *ENDS,
    ("prob_positive", "P(> 0)", "chance"),
)
MEANING = (
    "Net delta is delta less the mark, of what is settled in coin. Vega is per 1.00 of volatility, a hundredth of it "
    "per point; theta per year; rho per 1.00 of the rate. An elasticity is the return of an option over that of its "
    "underlying, now."
)
IN_COIN = ", also of this book, whose gains are in coin; the elasticity is that in coin"


@dataclass(frozen=True, eq=False)
class Moved:
    """A book after a scenario or some time: its name, the notes of the answer, and gains by position."""

    name: str
    notes: tuple[str, ...]
    table: pd.DataFrame


@dataclass(frozen=True, eq=False)
class BookContents:
    """What a report states of a book with options.

    Attributes
    ----------
    book : Book
    greeks : DataFrame
        As `Book.table` has it.
    stressed : tuple of Moved
        Of each scenario.
    ahead : Moved
        As many periods as a forecast is asked for, or else a month.
    premium : DataFrame (source)
        Contributions to its premium a year.
    notes : tuple of str
        Of the premium.
    interval : str
    """

    book: Book
    greeks: pd.DataFrame
    stressed: tuple[Moved, ...]
    ahead: Moved
    premium: pd.DataFrame
    notes: tuple[str, ...]
    interval: str

    @property
    def shared(self) -> tuple[str, ...]:
        """Notes of the book itself, which several answers about it have."""
        others = [self.notes, *(one.notes for one in self.stressed)]
        return tuple(note for note in self.ahead.notes if any(note in notes for notes in others))


def find_book(
    fit: Fit,
    book: Book | None,
    scenarios: Sequence[Scenario],
    periods: int | None,
    ci_prob: float,
    ci_kind: Interval,
) -> BookContents | None:
    """Return what is said of a book with options, looking so many periods ahead; None where there is none."""
    if book is None:
        return None

    def moved(name: str, notes: tuple[str, ...], found: RepricedBook | None) -> Moved:
        assert found is not None
        return Moved(name, notes, found.table(ci_prob, ci_kind).set_index("position"))

    stressed = []
    for scenario in scenarios:
        one = stress(fit, scenario, portfolio=book)
        stressed.append(moved(scenario.name, one.notes, one.book))
    month = max(1, round(fit.panel.periods_per_year / MONTHS))
    later = forecast(fit, periods or month, book)
    paid = attribute(fit, portfolio=book)
    premium = paid.table(ci_prob, ci_kind, assets=[PORTFOLIO]).set_index("source")
    return BookContents(
        book,
        book.table().set_index("position"),
        tuple(stressed),
        moved(f"{periods_in_words(later.periods, later.period)} ahead", later.notes, later.book),
        premium,
        paid.notes,
        interval_name(ci_prob, ci_kind),
    )


def book_with_options(found: BookContents) -> tuple[Part, ...]:
    """Return the section on a book with options."""
    book = found.book
    paid: list[Column] = [(name, head, "number" if book.in_money else "percent") for name, head, _ in ENDS]
    unit = f"in {book.unit}" if book.in_money else "over its value"
    counts = ((len(book.options), "option"), (len(book.holdings), "holding"))
    many = join([f"{count} {word}{'s' * (count > 1)}" for count, word in counts if count])
    at = f"{book.at:%Y-%m-%d %H:%M} UTC"
    return (
        Text(
            f"The book holds {many}; on {at} it is worth {book.value:,.6g} in {book.money}. The rest of this report is "
            "about the assets of the panel; of the book, read its greeks and scenarios first."
        ),
        TablePart(
            plain(found.greeks, "position", greeks_grid(book)), "book-greeks",
            f"Values and greeks, in money{IN_COIN if book.accounted == 'coin' else ''}. {MEANING}", "positions",
        ),
        *(Text(f"Note: {note}.") for note in found.shared),
        *(part for i, one in enumerate(found.stressed) for part in _moved(one, f"book-{i}", found)),
        *_moved(found.ahead, "book-ahead", found),
        Heading("Expected gain a year"),
        TablePart(
            plain(found.premium, "source", [*paid, ("identification", "how it is known", "text")], POSTERIOR_UNITS),
            "book-premium",
            f"Contribution of each source to the book's expected excess gain a year, at this instant, {unit}: "
            f"mean, ends of the {found.interval}.",
            "sources",
        ),
        *(Text(f"Note: {note}.") for note in found.notes if note not in found.shared),
    )  # fmt: skip


def greeks_grid(book: Book) -> tuple[Column, ...]:
    """Return the columns of greeks, with the elasticity in the unit that the book is accounted in."""
    if book.accounted == "usd":
        return GREEKS
    return (*GREEKS[:-1], ("elasticity_coin", "elasticity in coin", "number"))


def _moved(one: Moved, id: str, found: BookContents) -> tuple[Part, ...]:
    """Return gains by position after a scenario or some time."""
    return (
        Heading(one.name),
        TablePart(
            plain(one.table, "position", GAINS), id,
            f"{one.name}: gain of every position in excess of cash, in {found.book.money}: what is expected, and where "
            f"it may fall (mean, ends of the {found.interval}).",
            "positions",
        ),
        *(Text(f"Note: {note}.") for note in one.notes if note not in found.shared),
    )  # fmt: skip
