"""Bars of one market: open, high, low, close and volume of each period."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.factors.observations import Source, read_columns, refused, require_above, whole
from bayesfactor.data.screening.columns import bar_field
from bayesfactor.data.screening.dates import day

PRICES = ("open", "high", "low", "close")
MONEY = ("volume usd", "dollar volume", "quote volume", "quote asset volume", "turnover")
_NEAR = 1e-9  # of a price: sources round
_QUOTE = "Correct bad quotes at their source, or take the part after them: nothing is repaired here."
_IDLE = "On a day without volume nothing can be told: take the part after it, or a measure that needs none."
_BARS = "Give bars, with columns of these names: {what}.rename(columns=...)."
_OPEN = (
    "A market that never closes opens where it closed: {what}.assign(open={what}[{close!r}].shift()), clipped into its "
    "bar (.clip(low, high)) where quotes of the two moments differ."
)


def read_bars(prices: Any, fields: Sequence[str], source: Source) -> pd.DataFrame:
    """Return the fields of bars that are asked for, from the first complete bar to the last, in floats.

    Columns are found by their names, whatever their case, and others are not read. A series is of closes.

    Raises
    ------
    DataError
        As `read_columns`; for a column that is not there or comes twice, a value that is missing between two bars, a
        price or a volume of zero or below, a high below its low, an open or a close outside the two.
    """
    given = [str(name) for name in getattr(prices, "columns", ())]
    table = read_columns(prices, replace(source, wanted=_is_bar) if any(map(_is_bar, given)) else source)
    single = not given or (table.shape[1] == 1 and not _is_bar(str(table.columns[0])))
    names = [
        str(table.columns[0]) if single and field == "close" else _column(given, field, source.what) for field in fields
    ]
    found = whole(table[names], source.what)
    for field, name in zip(fields, names, strict=True):
        require_above(found[name], 0.0, source.what, _QUOTE if field in PRICES else _IDLE)
    found = found.set_axis(list(fields), axis=1)
    found.attrs = table.attrs
    _check_order(found, source.what)
    return found


def column_of(prices: Any, field: str, what: str) -> str:
    """Return the name of the column that a field is read from."""
    return _column([str(name) for name in getattr(prices, "columns", ())], field, what)


def _is_bar(name: str) -> bool:
    return bar_field(name) in (*PRICES, "volume", *MONEY)


def _column(names: Sequence[str], field: str, what: str) -> str:
    """Return the name of the column of a field; of turnover one that is money by its name, before plain volume."""
    wanted = (field,) if field != "turnover" else MONEY if set(map(bar_field, names)) & set(MONEY) else ("volume",)
    found = [name for name in names if bar_field(name) in wanted]
    if not found:
        close = next((name for name in names if bar_field(name) == "close"), "close")
        raise DataError(
            f"{what} has no column '{wanted[0]}'; it has {', '.join(map(repr, names)) or 'one series'}.",
            series=wanted[0],
            value=tuple(names),
            remedy=_OPEN.format(what=what, close=close) if field == "open" else _BARS.format(what=what),
        )
    if len(found) > 1:
        raise DataError(
            f"{what} has two columns of '{field}': {', '.join(map(repr, found))}.",
            series=found[0],
            value=tuple(found),
            remedy=f"Keep one: {what}.drop(columns={found[1]!r}).",
        )
    return found[0]


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
