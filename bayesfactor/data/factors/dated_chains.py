"""Chains of options by the day that they are of: each a surface of implied volatilities, and none of another day."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.data.options.chain import DERIBIT, as_chain, moments_of
from bayesfactor.data.options.expiries import moment
from bayesfactor.data.options.surface import Surface, summaries
from bayesfactor.data.screening.dates import day

DATE, DAY = "date", pd.Timedelta(days=1)
PLACE = "chains"
WRITE = (
    "Give a mapping of each date to its chain, as bf.read_deribit_chain returns it, or one table of all of them with a "
    "column quoted (when, in universal time), or date."
)


def surfaces(chains: Any) -> Iterator[tuple[pd.Timestamp, Surface]]:
    """Yield days in order, each with the surface of its chain; one of no expiries where none has enough quotes.

    Raises
    ------
    DataError, SpecError
        As `surface`, with the day; for a chain or surface that was quoted on another day, two of one day, and no chain.
    """
    found: dict[pd.Timestamp, Surface] = {}
    for at, chain in _dated(chains):
        of = at.tz_localize(None).normalize()
        if of in found:
            raise DataError(
                f"{PLACE} has two chains of {day(of)}.",
                series=PLACE,
                date=of,
                remedy="Keep the one that is nearest to the end of the day.",
            )
        found[of] = _of_day(chain, of) if isinstance(chain, Surface) else _summed(chain, at, of)
    if not found:
        raise DataError(f"{PLACE} holds no chain.", series=PLACE, remedy=WRITE)
    yield from sorted(found.items())


def _dated(chains: Any) -> Iterator[tuple[pd.Timestamp, Any]]:
    """Yield what the chain of a day is, with its day, or its moment where that is given."""
    if isinstance(chains, Mapping):
        yield from ((moment(at, f"{PLACE}: date"), chain) for at, chain in chains.items())
        return
    if not isinstance(chains, pd.DataFrame):
        raise SpecError(f"{PLACE}: found a {type(chains).__name__}.", place=PLACE, found=chains, remedy=WRITE)
    if chains.empty:
        return
    given = DATE if DATE in chains.columns else _quoted(chains)
    if given is None:
        has = ", ".join(map(str, chains.columns[:12])) or "no columns"
        raise DataError(
            f"{PLACE} does not say of which dates its contracts are; it has {has}.", series=PLACE, remedy=WRITE
        )
    days = moments_of(chains[given], f"{PLACE}: {given}").dt.normalize()
    yield from chains.drop(columns=DATE, errors="ignore").groupby(days.to_numpy())


def _quoted(chain: pd.DataFrame) -> Any:
    """Return the name of the column that says when contracts were quoted; None where there is none."""
    return next((name for name in chain.columns if DERIBIT.get(str(name), str(name)) == "quoted"), None)


def _of_day(surface: Surface, of: pd.Timestamp) -> Surface:
    """Return the surface of a day; raise an error where it says that it was quoted on another."""
    if surface.quoted is not None:
        _require_of_day(pd.Series([surface.quoted]), of)
    return surface


def _summed(chain: Any, at: pd.Timestamp, of: pd.Timestamp) -> Surface:
    """Return the surface of the chain of a day, that was quoted when it says, or at the moment that is its date."""
    column = None
    try:
        if isinstance(chain, pd.DataFrame):
            column = _quoted(chain)
            if column is None and at == at.normalize():
                raise SpecError(
                    "surface: when on that day was the chain quoted?",
                    place=f"{PLACE}: date",
                    found=day(of),
                    remedy='Add a column quoted, such as "2024-01-08T16:00Z"; years to expiry depend on it.',
                )
            if column is not None and len(chain):
                _require_of_day(moments_of(chain[column], f"{PLACE}: {column}"), of)
        return summaries(as_chain(chain, at if column is None else None), None)
    except DataError as error:
        message = _said(error.message, of)
        raise DataError(message, series=error.series, date=of, value=error.value, remedy=error.remedy) from None
    except SpecError as error:
        message = _said(error.message, of)
        raise SpecError(
            message, place=error.place, found=error.found, allowed=error.allowed, remedy=error.remedy
        ) from None


def _require_of_day(quoted: pd.Series, of: pd.Timestamp) -> None:
    """Raise an error for quotes of another day: of after its end, which were not known then, or of before it.

    The last quote is of the day; single contracts may have been quoted up to a day before it.
    """
    start = of.tz_localize("UTC")
    late, old = quoted > start + DAY, quoted < start - DAY
    if late.any():
        found, says = quoted[late].iloc[0], "after that day"
    elif quoted.max() < start:
        found, says = quoted.max(), "before that day, and none on it"
    elif old.any():
        found, says = quoted[old].iloc[0], "more than a day before that day"
    else:
        return
    raise DataError(
        f"{PLACE}, {day(of)}: contracts were quoted at {found:%Y-%m-%d %H:%M:%S} UTC, {says}.",
        series="quoted",
        date=of,
        value=found,
        remedy="Date a chain by the day on which it was quoted, leave older quotes out, and fill no day from another.",
    )


def _said(message: str, of: pd.Timestamp) -> str:
    return f"{PLACE}, {day(of)}: {message.removeprefix('surface: ')}"
