"""How many periods of a series make a year: as its dates say, or as is stated and does not contradict them."""

import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.calendars import FREQUENCIES, infer_pattern

_NEAR = 0.05  # relative: 365.25 days, 52.18 weeks
_MOST = FREQUENCIES["daily"]
_SAY = "365 of days, 52 of weeks, 12 of months"


def periods_of_year(index: pd.Index, what: str, stated: float | None) -> float:
    """Return how many of the periods that dates are of make a year.

    Raises
    ------
    DataError
        Where nothing is stated and dates do not say it, as those of business days (is Monday of one day or of three?);
        where what is stated is not of the dates' calendar.
    """
    assert isinstance(index, pd.DatetimeIndex)
    dates = index.tz_localize(None).to_numpy().astype("datetime64[D]")
    pattern = infer_pattern(dates)
    if stated is None:
        if pattern in ("", "business"):
            raise _unknown(what, pattern, index)
        return float(FREQUENCIES[pattern])
    least = FREQUENCIES.get(pattern, 0)
    most = _MOST if pattern == "business" else FREQUENCIES.get(pattern, float("inf"))
    if not least * (1 - _NEAR) <= stated <= most * (1 + _NEAR):
        raise DataError(
            f"{what} is {pattern}, of which a year has {least} periods and not {stated:g}.",
            series=what,
            date=index[0],
            value=stated,
            remedy="Leave periods_a_year out, and give flows of whole periods.",
        )
    return stated


def _unknown(what: str, pattern: str, index: pd.DatetimeIndex) -> DataError:
    if pattern:
        return DataError(
            f"{what} has no weekends: Monday's flow may be of one day or of three.",
            series=what,
            date=index[0],
            value=pattern,
            remedy="Write periods_a_year=365 where a value is of one day, 252 where it is of all days since the last.",
        )
    return DataError(
        f"The {len(index)} dates of {what} do not say how many periods make a year.",
        series=what,
        date=index[0],
        value=len(index),
        remedy=f"Write periods_a_year: {_SAY}.",
    )
