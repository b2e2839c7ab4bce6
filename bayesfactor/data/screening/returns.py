"""Checks of returns and prices: implausible input raises a DataError with name, date and value."""

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.screening.dates import day
from bayesfactor.data.screening.missing_codes import check_codes_of_returns, which_codes
from bayesfactor.data.screening.units import large_return

HUGE = 1e4  # a simple return above a million per cent in one period is an error
_ENOUGH = 5
_CERTAIN = -98.5  # a code is one of returns in per cent, too
_DECIMAL = "Say units='percent' of per cent, or give decimals (0.01 for one per cent)."
_LEVEL = "A factor that is a level: traded=False and a transform ('diff', 'log_diff') in factor_info."


def check_return_size(dates: np.ndarray, values: np.ndarray, name: str, year: float) -> None:
    """Raise an error for missing-value codes, returns below -100 %, prices, and per cent given as decimal.

    `year` periods make a year.
    """
    if not len(values):
        return
    below = values < -1.0
    usual = values[np.isnan(which_codes(values))]
    middle = float(np.median(np.abs(usual))) if len(usual) else 0.0
    large = large_return(year)
    typical = len(values) >= _ENOUGH and middle > large
    if typical and (values >= 0).all():
        raise DataError(
            f"'{name}' looks like prices: no value is negative and the median is {middle:.4g}.",
            series=name,
            date=dates[0],
            value=float(values[0]),
            remedy=f"Make returns with bf.to_returns(prices). {_LEVEL}",
        )
    huge = values > HUGE
    if huge.any():
        raise DataError(
            f"'{name}' returns {values[huge][0]:.4g} on {day(dates[huge][0])}: no return is that large.",
            series=name,
            date=dates[huge][0],
            value=float(values[huge][0]),
            remedy=f"Correct that value, or drop the date. {_LEVEL}",
        )
    check_codes_of_returns(dates, values, name, _CERTAIN if typical else np.inf)
    if below.any():
        date, value = dates[below][0], float(values[below][0])
        raise DataError(
            f"'{name}' returns {value:.4g} on {day(date)}, a loss of more than everything: percent given as decimal, "
            "log returns, or a code for a missing value?",
            series=name,
            date=date,
            value=value,
            remedy=f"{_DECIMAL} Of log returns take numpy.expm1. In place of a code put NaN. {_LEVEL}",
        )
    if typical:
        raise DataError(
            f"'{name}' has a median absolute return of {middle:.4g}: percent given as decimal?",
            series=name,
            date=dates[0],
            value=middle,
            remedy=f"{_DECIMAL} {_LEVEL}",
        )


def check_prices(prices: pd.DataFrame) -> None:
    """Raise an error for a price of zero or below."""
    for name in prices.columns:
        bad = prices[name].to_numpy() <= 0
        if bad.any():
            date, value = prices.index[bad][0], float(prices[name].to_numpy()[bad][0])
            signs = "Returns are no prices: give them to bf.integrate as they are. " if bad.mean() > 0.2 else ""
            raise DataError(
                f"The price of '{name}' is {value:.6g} on {day(date)}: no return can be made from it.",
                series=name,
                date=date,
                value=value,
                remedy=f"{signs}Put a missing value there if it is a bad quote; a level that may be negative is a "
                "factor with transform 'diff'.",
            )
