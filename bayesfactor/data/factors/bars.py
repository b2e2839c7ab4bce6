"""Bars of one market: open, high, low, close and volume of each period."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.factors.observations import Source, read_columns, refused, require_above, unknown_column, whole
from bayesfactor.data.screening.columns import bar_field
from bayesfactor.data.screening.dates import day

PRICES = ("open", "high", "low", "close")
MONEY = ("volume usd", "dollar volume", "quote volume", "quote asset volume", "turnover")
_NEAR = 1e-9  # of a price: sources round
_QUOTE = "Leave bad quotes out where a source has them, and say so: nothing is repaired here."
_OPEN = "A market that never closes opens where it closed: {what}.assign(open={what}[{close!r}].shift())."


def read_bars(prices: Any, fields: Sequence[str], source: Source) -> pd.DataFrame:
    """Return the fields of bars that are asked for, from the first complete bar to the last, in floats.

    Columns are found by their names, whatever their case. A series is one of closes.

    Raises
    ------
    DataError
        As `read_columns`; for a column that is not there or comes twice, a value that is missing between two bars, a
        price of zero or below, a high below its low, an open or a close outside the two, a negative volume.
    """
    table = read_columns(prices, source)
    if isinstance(prices, pd.Series) or table.shape[1] == 1:
        table = table.set_axis(["close"], axis=1)
    columns = {field: _column(table, field, source.what) for field in fields}
    found = whole(pd.DataFrame(columns, index=table.index), source.what)
    found.attrs = table.attrs
    for field in fields:
        if field in PRICES:
            require_above(found[field], 0.0, source.what, _QUOTE)
        else:
            require_above(found[field], 0.0, source.what, "A volume counts what was traded.", equal=True)
    _check_order(found, source.what)
    return found


def _column(table: pd.DataFrame, field: str, what: str) -> pd.Series:
    """Return the column of a field; of a turnover that says by its name that it is money, before plain volume."""
    names = {bar_field(name) for name in table.columns}
    wanted = (field,) if field != "turnover" else MONEY if names & set(MONEY) else ("volume",)
    places = [place for place, name in enumerate(table.columns) if bar_field(name) in wanted]
    if not places:
        close = next((str(name) for name in table.columns if bar_field(name) == "close"), "close")
        raise unknown_column(field, table, what, _OPEN.format(what=what, close=close) if field == "open" else "")
    if len(places) > 1:
        twice = [str(table.columns[place]) for place in places]
        raise DataError(
            f"{what} has two columns of '{field}': {', '.join(map(repr, twice))}.",
            series=twice[0],
            value=tuple(twice),
            remedy=f"Keep one: {what}.drop(columns={twice[1]!r}).",
        )
    return table.iloc[:, places[0]]


def _check_order(bars: pd.DataFrame, what: str) -> None:
    """Raise an error for a high below its low, and an open or close outside of them."""
    if not {"high", "low"} <= set(bars.columns):
        return
    high, low = bars["high"], bars["low"]
    below = (high < low).to_numpy()
    if below.any():
        date = bars.index[below][0]
        raise DataError(
            f"'high' in {what} is {high[below].iloc[0]:.6g} on {day(date)}, below 'low', {low[below].iloc[0]:.6g}.",
            series="high",
            date=date,
            value=(float(high[below].iloc[0]), float(low[below].iloc[0])),
            remedy=f"Look whether the columns are named the wrong way round. {_QUOTE}",
        )
    for field in ("open", "close"):
        if field in bars:
            outside = (bars[field] > high * (1 + _NEAR)).to_numpy() | (bars[field] < low * (1 - _NEAR)).to_numpy()
            if outside.any():
                row = int(np.argmax(outside))
                why = f"outside its bar, {low.iloc[row]:.6g} to {high.iloc[row]:.6g}"
                raise refused(bars[field], outside, what, why, f"Are the columns those of one market? {_QUOTE}")
