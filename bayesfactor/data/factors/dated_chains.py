"""Chains of options by the day that they are of: each a surface of implied volatilities, and none of a later moment."""

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
        As `surface`, with the day; for a chain that is of a later moment than its day, two of one day, and no chain.
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
        found[of] = chain if isinstance(chain, Surface) else _summed(chain, at, of)
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
                _require_known(moments_of(chain[column], f"{PLACE}: {column}"), of)
        return summaries(as_chain(chain, at if column is None else None), None)
    except DataError as error:
        message = _said(error.message, of)
        raise DataError(message, series=error.series, date=of, value=error.value, remedy=error.remedy) from None
    except SpecError as error:
        message = _said(error.message, of)
        raise SpecError(
            message, place=error.place, found=error.found, allowed=error.allowed, remedy=error.remedy
        ) from None


def _require_known(quoted: pd.Series, of: pd.Timestamp) -> None:
    """Raise an error for quotes of after the end of a day: no factor is of what was not known then."""
    late = quoted > of.tz_localize("UTC") + DAY
    if late.any():
        raise DataError(
            f"surface: contracts were quoted at {quoted[late].iloc[0]}, after that day.",
            series="quoted",
            value=quoted[late].iloc[0],
            remedy="Date the chain by the day on which it was quoted.",
        )


def _said(message: str, of: pd.Timestamp) -> str:
    return f"{PLACE}, {day(of)}: {message.removeprefix('surface: ')}"
