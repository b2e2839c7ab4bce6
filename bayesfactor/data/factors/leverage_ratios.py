"""Leverage of a market as a factor: open interest, funding, and how full they are."""

from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.base.arguments import require_number
from bayesfactor.base.errors import DataError
from bayesfactor.data.factors.descriptions import LAGGED, of_levels
from bayesfactor.data.factors.observations import Source, name_of, read_positive, read_series, require_regular
from bayesfactor.data.integration.factor_series import FactorSeries
from bayesfactor.data.screening.dates import day

DAYS = 365
_OF_DAYS = "decimal, per day"  # units that `read_funding` states
_RATES = 3.0  # a year: a median funding of 300 % is per cent given as decimals


def leverage(open_interest: Any, market_cap: Any, *, name: str | None = None, lag: int = 1) -> FactorSeries:
    r"""Make a factor of leverage: log differences of open interest over market capitalisation.

    Parameters
    ----------
    open_interest, market_cap : Series (dates)
        In one unit. In the place of market capitalisation, reserves of exchanges give the estimated leverage ratio.
    name : str, optional
        Of the factor; ``leverage``.
    lag : int
        Publication delay, in periods of the two. By default 1: both hold the price.

    Returns
    -------
    FactorSeries
        Of family ``leverage``, in log differences.

    Raises
    ------
    DataError
        For a value of zero or below, a date that one of the two lacks, a value that is missing, dates out of order or
        twice.

    Notes
    -----
    Open interest or capitalisation in money moves with the price on the same date: without the lag its loading is in
    part an identity. Reserves are of the exchanges that a source knows, a measurement error (`BetaReliability`).
    """
    interest, cap = read_positive([("open_interest", open_interest), ("market_cap", market_cap)])
    about = f"open interest / market capitalisation (CryptoQuant's estimated leverage ratio is of this kind). {LAGGED}"
    return of_levels(
        interest / cap, name_of(name, "leverage", "leverage"), "leverage", lag,
        transform="log_diff", aggregate="last", description=about,
    )  # fmt: skip


def funding(rates: Any, intervals_a_year: float = 1095, *, name: str | None = None, lag: int = 0) -> FactorSeries:
    r"""Make a factor of what perpetual futures cost to hold: differences of the funding rate a year.

    The rate of a day is the mean of its rates times the intervals of a year.

    Parameters
    ----------
    rates : Series (times)
        Decimal rate of each interval (0.0001), at times within the day or by day.
    intervals_a_year : float
        1,095 of eight hours, 8,760 of an hour, 365 of a day (``read_funding(path, per="day")``).
    name : str, optional
        Of the factor; ``funding``.
    lag : int
        Publication delay, in days.

    Returns
    -------
    FactorSeries
        Decimals a year, by day, of family ``leverage``, in differences.

    Raises
    ------
    DataError
        For rates as large as those in per cent, sums of days (as `read_funding` makes them) that are said to be of
        shorter intervals, a day with more or fewer rates than its intervals (at the ends of the data it is left out), a
        value that is missing, dates out of order or twice.
    """
    require_number(intervals_a_year, 0, np.inf, "funding.intervals_a_year")
    given = read_series(rates, Source("rates", intraday=True))
    if getattr(rates, "attrs", {}).get("units") == _OF_DAYS:
        _check_days(given, intervals_a_year)
    middle = float(given.abs().median()) * intervals_a_year
    if middle > _RATES:
        raise DataError(
            f"The median size of rates is {middle:.4g} a year: per cent given as decimals?",
            series="rates",
            date=given.index[0],
            value=middle,
            remedy="Give decimals of one interval, 0.0001 for 0.01 %, and how many make a year.",
        )
    daily = _by_day(given, round(intervals_a_year / DAYS)) * intervals_a_year
    require_regular(daily.index, "rates", "a difference")
    daily.attrs = given.attrs
    about = f"funding rate a year, the mean of a day's rates x {intervals_a_year:g}"
    return of_levels(
        daily, name_of(name, "funding", "funding"), "leverage", lag,
        transform="diff", aggregate="last", description=about,
    )  # fmt: skip


def _check_days(sums: pd.Series, intervals_a_year: float) -> None:
    """Raise an error where sums of days are said to be rates of shorter intervals."""
    if round(intervals_a_year) != DAYS:
        raise DataError(
            f"rates are sums of days, of which a year has {DAYS} and not {intervals_a_year:g}.",
            series="rates",
            date=sums.index[0],
            value=intervals_a_year,
            remedy=f"Write intervals_a_year={DAYS}.",
        )


def _by_day(rates: pd.Series, intervals: int) -> pd.Series:
    """Return the mean rate of each day; all days have one, or as many as a day has intervals."""
    assert isinstance(rates.index, pd.DatetimeIndex)
    groups = rates.groupby(rates.index.normalize())
    counts = groups.size()
    if (counts == 1).all():
        return groups.mean()
    inner = np.r_[False, np.ones(max(len(counts) - 2, 0), dtype=bool), False][: len(counts)]
    wrong = (counts != intervals).to_numpy() & inner
    if wrong.any():
        date, value = counts.index[wrong][0], int(counts[wrong].iloc[0])
        raise DataError(
            f"rates has {value} values on {day(date)}, a day of {intervals} intervals.",
            series="rates",
            date=date,
            value=value,
            remedy="Supply what is missing, or take a span in which the intervals are of one length; "
            f"intervals_a_year={DAYS * value} where all days have {value}.",
        )
    ends = counts.iloc[[0, -1]] == intervals
    return groups.mean().iloc[int(not ends.iloc[0]) : len(counts) - int(not ends.iloc[1])]
