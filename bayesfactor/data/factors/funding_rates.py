"""What perpetual futures cost to hold, as a factor."""

from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.base.arguments import require_number
from bayesfactor.base.errors import DataError
from bayesfactor.data.factors.descriptions import of_levels
from bayesfactor.data.factors.observations import Source, name_of, read_series, require_regular
from bayesfactor.data.integration.factor_series import FactorSeries
from bayesfactor.data.screening.dates import day, length

DAYS = 365
_OF_DAYS = "decimal, per day"  # units that `read_funding` states
_RATES = 3.0  # a year: a median funding of 300 % is per cent given as decimals
_TICK, _DAY = pd.Timedelta(1, "ns"), pd.Timedelta(1, "D")
_NEXT = pd.Timedelta(20, "h")  # between rates of two days, where there is one a day


def funding(
    rates: Any, intervals_a_year: float | None = None, *, name: str | None = None, lag: int = 0
) -> FactorSeries:
    r"""Make a factor of what perpetual futures cost to hold: differences of the funding rate a year.

    The rate of a day is the mean of its rates times the intervals of a year. A payment at 00:00 is for the hours
    before, and of the day before, at whose end it is known, as in `read_funding`.

    Parameters
    ----------
    rates : Series (times)
        Decimal rate of each interval (0.0001), at the times at which it is paid, within the day; or by day.
    intervals_a_year : float, optional
        1,095 of eight hours, 8,760 of an hour, 365 of a day. By default as the times say: of one rate a day only where
        ``read_funding(path, per="day")`` summed it.
    name : str, optional
        Of the factor; ``funding``.
    lag : int
        Publication delay, in days.

    Returns
    -------
    FactorSeries
        Decimals a year, by day, of family ``leverage``, in differences. Days at the ends of which payments are not in
        the series are left out, and its ``notes`` say so.

    Raises
    ------
    DataError
        For one rate a day of which nobody says whether it is of a day or of eight hours; rates as large as those in per
        cent; sums of days (as `read_funding` makes them) that are said to be of shorter intervals; a day with more or
        fewer rates than its intervals; a value that is missing, dates out of order or twice.
    """
    if intervals_a_year is not None:
        require_number(intervals_a_year, 0, np.inf, "funding.intervals_a_year")
    given = read_series(rates, Source("rates", intraday=True))
    held = rates.values if isinstance(rates, FactorSeries) else rates
    summed = getattr(held, "attrs", {}).get("units") == _OF_DAYS
    year = _intervals(given, summed) if intervals_a_year is None else intervals_a_year
    if summed:
        _check_days(given, year)
    middle = float(given.abs().median()) * year
    if middle > _RATES:
        raise DataError(
            f"The median size of rates is {middle:.4g} a year: per cent given as decimals?",
            series="rates",
            date=given.index[0],
            value=middle,
            remedy="Give decimals of one interval, 0.0001 for 0.01 %, and how many make a year.",
        )
    means, notes = _by_day(given, round(year / DAYS))
    require_regular(means.index, "rates", "a difference")
    daily = means * year
    daily.attrs = given.attrs | {"notes": notes}
    about = f"funding rate a year, the mean of a day's rates x {year:g}"
    return of_levels(
        daily, name_of(name, "funding", "funding"), "leverage", lag,
        transform="diff", aggregate="last", description=about,
    )  # fmt: skip


def _intervals(rates: pd.Series, summed: bool) -> float:
    """Return how many intervals a year has, by the commonest step between rates, or of sums of days."""
    assert isinstance(rates.index, pd.DatetimeIndex)
    if summed:
        return float(DAYS)
    steps = pd.Series(rates.index).diff().dropna().dt.round("min")
    step = steps.mode().iloc[0] if len(steps) else _DAY
    if step >= _DAY:
        raise DataError(
            "rates has one value a day, and does not say of what: of a day, or of eight hours.",
            series="rates",
            date=rates.index[0],
            value=str(step),
            remedy=f"Write intervals_a_year={DAYS} of sums of a day's payments, {3 * DAYS} of means of payments of "
            "eight hours; or give each payment at its time.",
        )
    if not step or _DAY % step:
        raise DataError(
            f"rates are {length(step)} apart, which is no part of a day.",
            series="rates",
            date=rates.index[0],
            value=str(step),
            remedy="Give the rates at the times at which they are paid.",
        )
    return DAYS * (_DAY / step)


def _check_days(sums: pd.Series, intervals_a_year: float) -> None:
    """Raise an error where sums of days are said to be rates of shorter intervals."""
    if round(intervals_a_year) != DAYS:
        raise DataError(
            f"rates are sums of days, of which a year has {DAYS} and not {intervals_a_year:g}.",
            series="rates",
            date=sums.index[0],
            value=intervals_a_year,
            remedy="Leave intervals_a_year out.",
        )


def _by_day(rates: pd.Series, intervals: int) -> tuple[pd.Series, tuple[str, ...]]:
    """Return the mean rate of each day; all days have one, or as many as a day has intervals.

    Of several a day, what is paid at 00:00 is of the day before; exchanges write it up to a minute late.
    """
    assert isinstance(rates.index, pd.DatetimeIndex)
    if not (np.diff(rates.index.to_numpy()) < _NEXT).any():
        return rates.groupby(rates.index.normalize()).mean(), ()
    groups = rates.groupby((rates.index.floor("min") - _TICK).normalize())
    counts = groups.size()
    inner = np.r_[False, np.ones(max(len(counts) - 2, 0), dtype=bool), False][: len(counts)]
    wrong = (counts != intervals).to_numpy() & inner
    if wrong.any():
        date, value = counts.index[wrong][0], int(counts[wrong].iloc[0])
        alike = bool((counts[inner] == value).all())
        raise DataError(
            f"rates has {value} values on {day(date)}, a day of {intervals} intervals.",
            series="rates",
            date=date,
            value=value,
            remedy="Supply what is missing. Where the intervals change, take sums of days, as "
            f"read_funding(path, per='day') makes them"
            f"{f'; of days that all have {value}, intervals_a_year={DAYS * value}' if alike else ''}.",
        )
    short = (counts != intervals).to_numpy()
    if short.all():
        raise DataError(
            f"No day of rates has all of its {intervals} payments.",
            series="rates",
            date=counts.index[0],
            value=int(counts.max()),
            remedy="Give whole days: from the first payment after 00:00 to that at the next 00:00.",
        )
    return groups.mean()[~short], tuple(
        f"{day(date)} was left out: it has {count} of {intervals} payments" for date, count in counts[short].items()
    )
