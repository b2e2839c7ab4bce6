"""A book of options as a CSV file: one line for each position."""

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path

import pandas as pd

from bayesfactor.analysis.portfolio.options.book import Book, Money
from bayesfactor.analysis.portfolio.options.contract import Holding, Option
from bayesfactor.analysis.portfolio.options.volatility_moves import VolatilityMoves
from bayesfactor.base.errors import DataError, SpecError, nearest
from bayesfactor.data.options.expiries import moment
from bayesfactor.data.options.surface import SETTLED
from bayesfactor.data.readers.cells import decode_text, number_of, read_raw, split_cells

KIND, HOLDING = "kind", "holding"
OPTION = ("underlying", "quantity", "strike", "expiry", "price", "forward")  # what a line of an option must have
ASSET = ("underlying", "quantity")  # and of a holding
OTHERS = ("settled", "rate", "index", "at")
COLUMNS = (KIND, *OPTION, *OTHERS)
NUMBERS = ("quantity", "strike", "price", "forward", "rate", "index")
HEADER = "kind,underlying,quantity,strike,expiry,price,forward,settled,rate,index,at"
WRITE = f"The header is {HEADER} (the last four may be left out), and a line call,eth,10,2500,2024-03-29,0.093,2293.97."


def read_book(
    path: str | PathLike[str],
    at: object = None,
    volatility: VolatilityMoves | str | None = None,
    rate: str | None = None,
    accounted: Money = "usd",
) -> Book:
    """Read a book of options and holdings: a CSV file with one position in each line.

    The columns are those of `Option`, by their names and in any order::

        kind,underlying,quantity,strike,expiry,price,forward,settled,rate,at
        call,eth,10,2500,2024-03-29,0.093005,2293.97,coin,0,2024-01-08T11:19:41Z
        put,eth,-5,1800,2024-03-29,0.0261,2293.97,coin,0,2024-01-08T11:19:41Z
        holding,eth,2,,,2241.65,,,,

    Of a ``holding`` only underlying, quantity and, where the quantity is a number of units, price are given.

    Parameters
    ----------
    path : str or path
    at : moment, optional
        When the marks were taken, in UTC; by default as the column ``at`` says, which has one moment.
    volatility, rate, accounted
        As of `Book`.

    Returns
    -------
    Book

    Raises
    ------
    DataError
        When there is no such file, a column is missing or unknown, or a cell is none that it can be; names the line and
        the column.
    SpecError
        When it is not known when the marks were taken, or the positions do not go together, as of `Book`.
    """
    if not isinstance(path, str | PathLike):
        raise SpecError(f"read_book: {path!r} is not a path.", place="read_book.path", found=path)
    name = Path(path).name
    cells = split_cells(decode_text(read_raw(path), name), name).rename(columns=str.lower)
    _check_columns(cells, name)
    positions, moments = [], {}
    for line, row in zip(cells.index, cells.to_dict("records"), strict=True):
        given = {str(column): str(cell).strip() for column, cell in row.items() if str(cell).strip()}
        place = f"{name}, line {line}"
        positions.append(_position(given, place))
        if "at" in given:
            moments[_moment(given["at"], place)] = line
    if at is None and len(moments) != 1:
        raise SpecError(
            f"{name}: when were the marks taken? "
            + (_several(moments) if moments else "It has no moment in a column 'at'."),
            place="read_book.at",
            found=tuple(moments),
            remedy='Give at="2024-01-08T11:19:41Z" (--at), or the same moment in the column at.',
        )
    return Book(tuple(positions), next(iter(moments)) if at is None else at, volatility, rate, accounted)  # type: ignore[arg-type]


def book_text(book: Book) -> str:
    """Return a book as the text of a file that `read_book` reads; volatility, rate and account are no part of it."""
    rows = []
    for one in book.positions:
        if isinstance(one, Holding):
            cells: dict[str, object] = {KIND: HOLDING, "underlying": one.asset}
        else:
            cells = {KIND: one.kind, **{name: getattr(one, name) for name in (*OPTION, *OTHERS[:-1])}}
            cells["expiry"] = one.expiry.isoformat()
        rows.append({**cells, "quantity": one.quantity, "price": one.price, "at": book.at.isoformat()})
    return pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(index=False)


def has_book_header(header: Iterable[object]) -> bool:
    """Return whether the columns of a file are those of a book, and not of weights."""
    return any(str(column).strip().lower() == KIND for column in header)


def _several(moments: Mapping[pd.Timestamp, int]) -> str:
    (first, line), (second, other) = list(moments.items())[:2]
    return f"Line {line} says {first:%Y-%m-%d %H:%M:%S}, line {other} {second:%Y-%m-%d %H:%M:%S} UTC."


def _check_columns(cells: pd.DataFrame, name: str) -> None:
    found = [str(column) for column in cells.columns]
    wrong = next((column for column in found if column not in COLUMNS), None)
    if wrong is not None:
        raise DataError(
            f"{name}, line 1: unknown column '{wrong}'.", series=wrong, remedy=f"{nearest(wrong, COLUMNS)} {WRITE}"
        )
    missing = next((column for column in (KIND, *ASSET) if column not in found), None)
    if missing is not None:
        raise DataError(f"{name}, line 1: there is no column '{missing}'.", series=missing, remedy=WRITE)


def _position(given: Mapping[str, str], place: str) -> Option | Holding:
    """Return the position of a line, of which empty cells are left out."""
    kind = given.get(KIND, "").lower()
    needed = ASSET if kind == HOLDING else OPTION
    if kind not in ("call", "put", HOLDING):
        says = f"'{given[KIND]}' is not call, put or holding" if kind else "it is empty"
        raise _refused(place, KIND, given.get(KIND), says, WRITE)
    missing = next((column for column in needed if column not in given), None)
    if missing is not None:
        raise _refused(place, missing, None, f"it is empty, and a {kind} has one", WRITE)
    numbers = {
        column: number_of(given[column], f"{place}, column '{column}': it", column, "Write a number; 5 % is 0.05.")
        for column in NUMBERS
        if column in given
    }
    settled = given.get("settled", SETTLED[0]).lower()
    if settled not in SETTLED:
        raise _refused(place, "settled", settled, f"'{settled}' is not {' or '.join(SETTLED)}", WRITE)
    try:
        if kind == HOLDING:
            _check_holding(given, place)
            return Holding(given["underlying"], numbers["quantity"], numbers.get("price"))
        return Option(given["underlying"], kind, expiry=given["expiry"], settled=settled, **numbers)  # type: ignore[arg-type]
    except SpecError as error:
        column = next((one for one in COLUMNS if error.place.endswith((f".{one}", f": {one}"))), "")
        where = f"{place}, column '{column}'" if column else place
        raise DataError(
            f"{where}: {error.message}", series=column or None, value=given.get(column), remedy=error.remedy
        ) from None


def _check_holding(given: Mapping[str, str], place: str) -> None:
    extra = next((one for one in ("strike", "expiry", "forward", "settled", "rate", "index") if one in given), None)
    if extra is not None:
        raise _refused(place, extra, given[extra], "a holding has none", "Leave the cell empty, or write call or put.")


def _moment(text: str, place: str) -> pd.Timestamp:
    try:
        return moment(text, "at")
    except SpecError as error:
        raise _refused(place, "at", text, f"{text!r} is not a moment", error.remedy) from None


def _refused(place: str, column: str, value: object, says: str, remedy: str) -> DataError:
    return DataError(f"{place}, column '{column}': {says}.", series=column, value=value, remedy=remedy)
