"""What a book of options cannot be."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayesfactor.analysis.portfolio.options.contract import Holding, Option
from bayesfactor.base.errors import SpecError
from bayesfactor.data.options.mark_units import apart

WRITE = 'Write bf.Book([bf.Option(...), bf.Holding("eth", 5_000)], at="2024-01-08T11:19:41Z").'


def checked_positions(given: object) -> tuple[Option | Holding, ...]:
    """Return positions, or refuse what is no list of options and holdings."""
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        raise SpecError(
            "Book: positions must be a list of options and holdings.", place="Book.positions", found=given, remedy=WRITE
        )
    for one in given:
        if not isinstance(one, Option | Holding):
            raise SpecError(
                f"Book: {one!r} is neither an Option nor a Holding.", place="Book.positions", found=one, remedy=WRITE
            )
    return tuple(given)


def check_expiries(options: Sequence[Option], at: pd.Timestamp) -> None:
    """Refuse an option that has expired."""
    for option in options:
        if option.expiry <= at:
            raise SpecError(
                f"Book: '{option.name}' expired on {option.expiry:%Y-%m-%d %H:%M} UTC, before the book's moment, "
                f"{at:%Y-%m-%d %H:%M}.",
                place="Book.at",
                found=option.expiry,
                remedy="Leave it out.",
            )


def check_forwards(options: Sequence[Option]) -> None:
    """Refuse forwards of one underlying and expiry that differ."""
    forwards = pd.Series([one.forward for one in options], dtype=float)
    of = pd.Series([f"{one.underlying}, {one.expiry:%Y-%m-%d %H:%M}" for one in options], dtype=object)
    far = np.flatnonzero(apart(forwards, of))
    if far.size:
        place = int(far[0])
        other = forwards[(of == of[place]) & (forwards != forwards[place])].iloc[0]
        raise SpecError(
            f"Book: '{options[place].name}' has the forward {forwards[place]:g}, and another option of its expiry "
            f"{other:g}.",
            place="Book.positions",
            found=float(forwards[place]),
            remedy="Give both the forward of that expiry, of one moment: what Deribit calls underlying_price.",
        )


def check_coin(options: Sequence[Option], holdings: Sequence[Holding]) -> None:
    """Refuse what has no gain in units of one underlying, or of which it is not known how many units it is."""
    names = sorted({one.underlying for one in options} | {one.asset for one in holdings})
    if len(names) > 1:
        raise SpecError(
            f"Book: accounted in coin, and on several underlyings: {', '.join(names)}.",
            place="Book.accounted",
            found="coin",
            remedy='Make one book for each, or write accounted="usd" (--accounted usd).',
        )
    indexed = next((one for one in options if one.index is not None), None)
    if indexed is not None:
        raise SpecError(
            f"Book: accounted in coin, and '{indexed.name}' has an index, with which coin becomes money.",
            place="Book.accounted",
            found=indexed.index,
            remedy="Leave the index out.",
        )
    if not options:
        raise SpecError(
            "Book: holdings of one asset alone gain nothing in its own units.",
            place="Book.accounted",
            found="coin",
            remedy='Write accounted="usd" (--accounted usd).',
        )
    for one in holdings:
        if one.price is None:
            raise SpecError(
                f"Book: accounted in coin, and the holding of '{one.asset}' has no price: how many units is it?",
                place="Book.accounted",
                found=one,
                remedy=f"Give units and price: bf.Holding({one.asset!r}, 2.0, price=2_250.0) (in a file: price).",
            )
