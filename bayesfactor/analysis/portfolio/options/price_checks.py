"""Whether the prices of one underlying within a book are those of one moment, in one unit."""

from collections.abc import Iterator, Sequence

from bayesfactor.analysis.portfolio.options.contract import Holding, Option
from bayesfactor.base.errors import SpecError

FACTOR = 2.0  # between prices of one underlying, above which one of them is of another unit
SAID = 1.25  # above which their difference is said: more than a year of cash and of yields makes
SPREAD = 0.02  # between forwards of one underlying that make money of marks in coin


def check_prices(positions: Sequence[Option | Holding]) -> None:
    """Refuse prices of one underlying that differ by more than a factor of 2: forwards, indices, prices of holdings."""
    for name, prices in _by_asset(positions):
        (low, at_low), (high, at_high) = min(prices), max(prices)
        if high / low > FACTOR:
            raise SpecError(
                f"Book: prices of '{name}' are {low:,.6g} ({at_low}) and {high:,.6g} ({at_high}).",
                place="Book.positions",
                found=(low, high),
                remedy="Give forwards, index and prices of holdings of one moment, in one money.",
            )


def notes_on_prices(positions: Sequence[Option | Holding]) -> tuple[str, ...]:
    """Say which prices of one underlying differ, and which holdings may be meant as units."""
    notes = []
    for name, prices in _by_asset(positions):
        (low, at_low), (high, at_high) = min(prices), max(prices)
        if high / low > SAID:
            notes.append(f"prices of {name} differ: {low:,.6g} ({at_low}) and {high:,.6g} ({at_high})")
        forwards = [one.forward for one in positions if isinstance(one, Option) and _in_coin(one, name)]
        if forwards and max(forwards) / min(forwards) - 1 > SPREAD:
            notes.append(
                f"marks in {name} become money at the forwards of their own expiries, {min(forwards):,.6g} to "
                f"{max(forwards):,.6g}, not at one price: give index= (in a file, the column index)"
            )
        notes += [
            f"the holding of {name} is {one.quantity:,.6g} in money, less than the price of one unit, {low:,.6g}: "
            "of a number of units, give its price"
            for one in positions
            if isinstance(one, Holding) and one.asset == name and one.price is None and abs(one.quantity) < low
        ]
    return tuple(notes)


def _in_coin(one: Option, name: str) -> bool:
    return one.underlying == name and one.settled == "coin" and one.index is None


def _by_asset(positions: Sequence[Option | Holding]) -> Iterator[tuple[str, list[tuple[float, str]]]]:
    """Yield the prices of every asset of which there are any, with what each is."""
    found: dict[str, list[tuple[float, str]]] = {}
    for one in positions:
        if isinstance(one, Holding):
            prices, name = [(one.price, "price of the holding")], one.asset
        else:
            prices, name = (
                [(one.forward, f"forward of {one.name}"), (one.index, f"index of {one.name}")],
                one.underlying,
            )
        found.setdefault(name, []).extend((price, what) for price, what in prices if price is not None)
    yield from ((name, prices) for name, prices in found.items() if prices)
