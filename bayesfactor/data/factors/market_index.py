"""The market of the tokens themselves: their returns, weighted by capitalisation."""

from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError, nearest
from bayesfactor.data.factors.capitalisations import check_capitalisations
from bayesfactor.data.factors.descriptions import known_from
from bayesfactor.data.factors.observations import (
    Source,
    name_of,
    read_columns,
    require_above,
    require_regular,
    require_same_zone,
)
from bayesfactor.data.integration.factor_series import FactorSeries
from bayesfactor.data.screening.dates import day
from bayesfactor.panel.records import Factor

MOST = 0.1  # weight of an asset that may leave the index while it goes on
_ABOUT = "return of {count} assets, weighted by their market capitalisation of the period before"


def capitalisation_index(prices: Any, market_caps: Any, *, name: str | None = None) -> FactorSeries:
    r"""Make a market of the assets themselves: their returns, weighted by the capitalisation of the period before.

    .. math:: m_t = \frac{\sum_i C_{i,t-1} r_{it}}{\sum_i C_{i,t-1}}

    over the assets that have a capitalisation at t - 1 and a price at both.

    Parameters
    ----------
    prices : DataFrame (dates, asset)
        Missing before an asset is listed and after its end, and nowhere between.
    market_caps : DataFrame (dates, asset)
        Of the same assets, in one unit.
    name : str, optional
        Of the factor; ``market``.

    Returns
    -------
    FactorSeries
        A traded factor of family ``market``: simple returns, from which `integrate` subtracts the risk-free rate that
        it is given, as it does of the assets (``excess`` is False).

    Raises
    ------
    DataError
        For assets that are in one of the two only, a price or capitalisation of zero or below, one that is missing
        between two others, a period that is missing, dates out of order or twice, and an asset of more than a tenth of
        the index that ends before it: a data source that ends, and no market. For what is no capitalisation of these
        assets: amounts that stay when their prices move (supplies), prices and capitalisations that are exchanged, a
        value of one date that is three times those beside it at the same price.

    Notes
    -----
    Beside returns that are excess returns already, for which `integrate` is given no rate, take off that rate before:
    ``bf.FactorSeries(index.values - rate, index.factor)``.

    Where the assets are those of the panel, residuals of a book with the index's weights sum to about 0 by
    construction, and `check` says so. Sets of assets that were chosen at the end of the sample hold survivors only.
    """
    given, caps = read_columns(prices, Source("prices")), read_columns(market_caps, Source("market_caps"))
    require_same_zone({"prices": given, "market_caps": caps})
    _check_assets(given.columns, caps.columns)
    require_regular(given.index, "prices", "a return")
    for table, what in ((given, "prices"), (caps, "market_caps")):
        for asset in table.columns:
            require_above(table[asset], 0.0, what, "Leave it out, or take the part after it.")
    _check_holes(given, "prices")
    caps = caps.reindex(given.index)[list(given.columns)]
    weights = _weights(given, caps)
    warnings = check_capitalisations(given, caps)
    returns = given / given.shift(1) - 1
    total = weights.sum(axis=1, min_count=1)
    index = (returns * weights).sum(axis=1, min_count=1) / total
    _check_leaving(weights.div(total, axis=0))
    index = known_from(index, "The index", "Look at the dates on which there are prices and capitalisations.")
    index.attrs = given.attrs
    factor = Factor(
        name_of(name, "market", "capitalisation_index"),
        family="market",
        description=_ABOUT.format(count=given.shape[1]),
        members=tuple(map(str, given.columns)),
    )
    return FactorSeries(index, factor, excess=False, warnings=warnings)


def _check_assets(priced: pd.Index, capitalised: pd.Index) -> None:
    """Raise an error for an asset that only one of the two tables has."""
    for mine, yours, what in ((priced, capitalised, "market_caps"), (capitalised, priced, "prices")):
        lacking = mine.difference(yours, sort=False)
        if len(lacking):
            raise DataError(
                f"{what} has no column '{lacking[0]}'.",
                series=str(lacking[0]),
                value=tuple(map(str, lacking)),
                remedy=f"Give the same assets in both. {nearest(lacking[0], yours)}",
            )


def _check_holes(table: pd.DataFrame, what: str) -> None:
    """Raise an error for a value that is missing between two others of its asset."""
    known = table.notna().to_numpy()
    later = np.logical_or.accumulate(known[::-1])[::-1]
    hole = ~known & np.logical_or.accumulate(known) & later
    if hole.any():
        row, place = np.argwhere(hole)[0]
        date = table.index[row]
        raise DataError(
            f"'{table.columns[place]}' in {what} is missing on {day(date)}, between two values.",
            series=str(table.columns[place]),
            date=date,
            remedy="Supply it, take the part after it, or leave the asset out.",
        )


def _weights(prices: pd.DataFrame, caps: pd.DataFrame) -> pd.DataFrame:
    """Return the capitalisation of the period before, of assets with a return; NaN of those not in the index yet."""
    held = (prices.notna() & prices.shift(1).notna()).to_numpy()
    before = caps.shift(1)
    begun = np.logical_or.accumulate(before.notna().to_numpy())
    lost = held & begun & before.isna().to_numpy()
    if lost.any():
        row, place = np.argwhere(lost)[0]
        date = prices.index[row - 1]
        raise DataError(
            f"'{caps.columns[place]}' in market_caps is missing on {day(date)}, a date after its first.",
            series=str(caps.columns[place]),
            date=date,
            remedy="Supply it, take the part before or after it of both, or leave the asset out.",
        )
    return before.where(held)


def _check_leaving(weights: pd.DataFrame) -> None:
    """Raise an error for an asset of more than `MOST` that ends before the index does."""
    end = weights.index[-1]
    for asset, own in weights.items():
        date = own.last_valid_index()
        if date is not None and date < end and own.loc[date] > MOST:
            raise DataError(
                f"'{asset}' is {own.loc[date]:.0%} of the index on {day(date)}, its last date, and the index goes on "
                f"to {day(end)}: a source that ends?",
                series=str(asset),
                date=date,
                value=float(own.loc[date]),
                remedy=f"End both there: prices.loc[:'{day(date)}'], or leave '{asset}' out of both.",
            )
