"""Moments in coordinated universal time, and years between them."""

from datetime import date, datetime

import numpy as np
import pandas as pd

from bayesfactor.base.errors import SpecError

DAYS = 365.0  # of a year
HOUR = pd.Timedelta(hours=8)  # at which options of crypto exchanges expire


def moment(given: object, place: str) -> pd.Timestamp:
    """Return a moment in UTC; without a time zone it is taken to be in UTC.

    Raises
    ------
    SpecError
        When it is no date.
    """
    found: object = None
    if isinstance(given, str | date | datetime | np.datetime64):
        try:
            found = pd.Timestamp(given)
        except ValueError:
            found = None
    if not isinstance(found, pd.Timestamp) or found is pd.NaT:
        raise SpecError(
            f"{place}: {given!r} is not a moment.",
            place=place,
            found=given,
            remedy='Write it as "2024-01-08T11:19:41Z", or give a datetime.',
        )
    return found.tz_localize("UTC") if found.tzinfo is None else found.tz_convert("UTC")


def expiry_moment(given: object, place: str) -> pd.Timestamp:
    """Return when an option expires, in UTC: at 08:00 where only a day is given."""
    found = moment(given, place)
    return found + HOUR if found == found.normalize() else found


def years_between(start: pd.Timestamp, end: pd.Timestamp) -> float:
    """Return years of 365 days."""
    return (end - start) / pd.Timedelta(days=1) / DAYS
