"""Entries of an attribution's tables: assets or groups, and the portfolio."""

from collections.abc import Iterable, Sequence

import pandas as pd
import xarray as xr

from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.errors import SpecError, unknown


def entries(draws: xr.DataArray, wanted: Sequence[str] | None) -> xr.DataArray:
    """Return the draws of the entries that are wanted, in that order; all of them where none are named.

    Raises
    ------
    SpecError
        When one is unknown or asked for twice.
    """
    if wanted is None:
        return draws
    unit = next(str(dim) for dim in draws.dims if dim not in ("chain", "draw", "source"))
    known, place = draws[unit].values.tolist(), "Attribution.table"
    names = [wanted] if isinstance(wanted, str) else list(wanted) if isinstance(wanted, Iterable) else []
    if not names:
        raise SpecError(
            f"{place}: assets is {wanted!r}, and must be a list of names.",
            place=f"{place}.assets",
            found=wanted,
            remedy=f"Write assets=[{known[0]!r}].",
        )
    for number, name in enumerate(names):
        if name not in known:
            raise unknown(unit, name, known, place=place)
        if name in names[:number]:
            raise SpecError(
                f"{place}: '{name}' is asked for twice.", place=f"{place}.assets", found=names, remedy="Name it once."
            )
    return draws.sel({unit: names})


def portfolio_first(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the portfolio, which is the last entry of the draws, before those of its parts."""
    own = table.iloc[:, 0] == PORTFOLIO
    return pd.concat([table[own], table[~own]], ignore_index=True) if own.iloc[-1] else table
