"""How implied volatilities of all expiries move with one factor."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from bayesfactor.base.arguments import require_number
from bayesfactor.base.errors import SpecError, unknown
from bayesfactor.data.options.expiries import DAYS
from bayesfactor.panel.base import PanelBase

Moves = Literal["diff", "log_diff"]
MOVES: tuple[Moves, ...] = get_args(Moves)
WHOLE = 0.5  # standard deviation of a period's change of volatility, above which it is of per cent
WHOLE_RATE = 0.02  # of rates
EXAMPLES = {"volatility": "a volatility of 65 % a year is 0.65", "rate": "a rate of 5 % a year is 0.05"}


@dataclass(frozen=True)
class ParallelShift:
    """Implied volatilities of all expiries move by as much as the factor.

    Attributes
    ----------
    factor : str
        A volatility index, transformed: a difference is added to volatilities, a log difference multiplies them.
    transform : {"diff", "log_diff"}, optional
        What its values are; by default as the panel says.
    """

    factor: str
    transform: Moves | None = None

    def __post_init__(self) -> None:
        _check(self.factor, self.transform, "ParallelShift")

    def sizes(self, years: np.ndarray) -> np.ndarray:
        """Return how far options move with a unit of the factor, by years to expiry."""
        return np.ones_like(years)

    def __str__(self) -> str:
        return "those of all expiries by as much"


@dataclass(frozen=True)
class SquareRootShift:
    r"""Implied volatilities move by :math:`\sqrt{d/T}` of what the factor does, T days to expiry: less the longer.

    Attributes
    ----------
    factor : str
        A volatility index, as of `ParallelShift`.
    days : float
        d, to which the index looks ahead. An expiry within a day counts as a day away.
    transform : {"diff", "log_diff"}, optional
        What its values are; by default as the panel says.
    """

    factor: str
    days: float = 30.0
    transform: Moves | None = None

    def __post_init__(self) -> None:
        _check(self.factor, self.transform, "SquareRootShift")
        require_number(self.days, 0.0, np.inf, "SquareRootShift.days", "An index of 30 days is days=30.")

    def sizes(self, years: np.ndarray) -> np.ndarray:
        """Return how far options move with a unit of the factor, by years to expiry."""
        return np.sqrt(self.days / np.maximum(DAYS * years, 1.0))

    def __str__(self) -> str:
        return f"that of an expiry in T days by sqrt({self.days:g}/T) of it"


VolatilityMoves = ParallelShift | SquareRootShift


def _check(factor: object, transform: object, place: str) -> None:
    if not isinstance(factor, str) or not factor:
        raise SpecError(
            f"{place}: factor is {factor!r}, and must be the name of one.", place=f"{place}.factor", found=factor
        )
    if transform is not None and transform not in MOVES:
        raise unknown("transform", transform, MOVES, place=place)


def as_moves(given: object) -> VolatilityMoves | None:
    """Return how volatilities move, or raise a SpecError; the name of a factor means a parallel shift."""
    if given is None or isinstance(given, VolatilityMoves):
        return given
    if isinstance(given, str):
        return ParallelShift(given)
    raise SpecError(
        f"Book: volatility is {given!r}, and must be the name of a factor.",
        place="Book.volatility",
        found=given,
        remedy='Write volatility="dvol", or bf.SquareRootShift("dvol").',
    )


def place_of(panel: PanelBase, factor: str, what: str) -> int:
    """Return which factor of the panel it is, or raise a SpecError."""
    if factor not in panel.factor_names:
        raise unknown("factor", factor, panel.factor_names, place=f"Book.{what}")
    return panel.factor_names.index(factor)


def transform_of(panel: PanelBase, moves: VolatilityMoves) -> Moves:
    """Return whether the factor is a difference or a log difference of volatility, or raise a SpecError."""
    place = place_of(panel, moves.factor, "volatility")
    _refuse_traded(panel, place, "volatility")
    known = panel.factor_info[place].transform
    if moves.transform is None and known not in MOVES:
        raise SpecError(
            f"Book: the volatility factor '{moves.factor}' has the transform '{known}': is it a difference or a log "
            "difference?",
            place="Book.volatility",
            found=known,
            allowed=MOVES,
            remedy=f"Give '{moves.factor}' its transform when the panel is made, or write "
            f'volatility=bf.ParallelShift("{moves.factor}", transform="diff").',
        )
    found = known if moves.transform is None else moves.transform
    if found == "log_diff":
        return "log_diff"
    require_decimal(panel, place, WHOLE, "volatility")
    return "diff"


def notes_on_families(panel: PanelBase, volatility: str | None, rate: str | None) -> tuple[str, ...]:
    """Say which factor that moves a book is of another family than its use."""
    notes = []
    for name, use, own in ((volatility, "volatility", "volatility"), (rate, "rate", "rates")):
        if name is not None:
            family = panel.factor_info[place_of(panel, name, use)].family
            if family not in (own, "other"):
                notes.append(
                    f"{use}='{name}' is a factor of the family {family}: check that its values are changes of a {use}"
                )
    return tuple(notes)


def rate_factor(panel: PanelBase, name: str) -> int:
    """Return the place of the rate factor, which must be a difference of decimals, or raise a SpecError."""
    place = place_of(panel, name, "rate")
    _refuse_traded(panel, place, "rate")
    found = panel.factor_info[place].transform
    if found != "diff":
        raise SpecError(
            f"Book: the rate factor '{name}' has the transform '{found}'.",
            place="Book.rate",
            found=found,
            allowed=("diff",),
            remedy="Rates move by differences: give it the transform 'diff' when the panel is made.",
        )
    require_decimal(panel, place, WHOLE_RATE, "rate")
    return place


def _refuse_traded(panel: PanelBase, place: int, what: str) -> None:
    """Refuse a traded factor, which is a return and no change of a level."""
    factor = panel.factor_info[place]
    if factor.traded:
        raise SpecError(
            f"Book: the {what} factor '{factor.name}' is traded: it is a return, and no change of a {what}.",
            place=f"Book.{what}",
            found=factor.name,
            allowed=[one.name for one in panel.factor_info if not one.traded],
            remedy=f"Name a factor of differences of a {what}, or leave {what}= (--{what}) out: nothing then moves it.",
        )


def require_decimal(panel: PanelBase, place: int, most: float, what: str) -> None:
    """Refuse a factor whose differences are of per cent."""
    sd = float(np.nanstd(panel.factors.transpose("time", "factor").values[:, place]))
    if sd > most:
        raise SpecError(
            f"Book: differences of the {what} factor '{panel.factor_names[place]}' have a standard deviation of "
            f"{sd:.3g} a period: they are of per cent, or of no {what}.",
            place=f"Book.{what}",
            found=sd,
            remedy=f"Divide its level by 100 before integrating: {EXAMPLES[what]}.",
        )
