"""Moments in coordinated universal time, and years between them."""

import re
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from bayesfactor.base.errors import SpecError

DAYS = 365.0  # of a year
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?", re.ASCII)
_EXCHANGE = re.compile(r"\d{1,2}[A-Z]{3}\d{2}", re.ASCII)  # 29MAR24, as exchanges name contracts
HOUR = pd.Timedelta(hours=8)  # at which options of crypto exchanges expire
SHORTEST = pd.Timedelta(hours=1)  # of a maturity: a bare number would be nanoseconds


def moment(given: object, place: str) -> pd.Timestamp:
    """Return a moment in UTC; without a time zone it is taken to be in UTC.

    Raises
    ------
    SpecError
        When it is no date, or a text that could be several: 12/01/2024, 240329.
    """
    found: object = None
    try:
        if isinstance(given, str) and _EXCHANGE.fullmatch(given.upper()):
            found = pd.Timestamp(datetime.strptime(given.upper(), "%d%b%y"))
        elif isinstance(given, date | datetime | np.datetime64) or (isinstance(given, str) and _ISO.fullmatch(given)):
            found = pd.Timestamp(given)
    except ValueError:
        found = None
    if not isinstance(found, pd.Timestamp) or found is pd.NaT:
        raise SpecError(
            f"{place}: {given!r} is not a moment.",
            place=place,
            found=given,
            remedy='Write it as "2024-01-08T11:19:41Z", "2024-03-29" or "29MAR24", or give a datetime.',
        )
    return found.tz_localize("UTC") if found.tzinfo is None else found.tz_convert("UTC")


def expiry_moment(given: object, place: str) -> pd.Timestamp:
    """Return when an option expires, in UTC: at 08:00 where only a day is given."""
    found = moment(given, place)
    return found + HOUR if found == found.normalize() else found


def years_between(start: pd.Timestamp, end: pd.Timestamp) -> float:
    """Return years of 365 days."""
    return (end - start) / pd.Timedelta(days=1) / DAYS


def maturity_years(given: object, place: str) -> float:
    """Return years of 365 days in a length of time such as "30 days".

    Raises
    ------
    SpecError
        When it is no length of time, or a bare number.
    """
    length: object = None
    if isinstance(given, str | timedelta | np.timedelta64):
        try:
            length = pd.Timedelta(given)
        except (ValueError, TypeError):
            length = None
    if not isinstance(length, pd.Timedelta) or length is pd.NaT or not length >= SHORTEST:
        raise SpecError(
            f"{place}: {given!r} is not a length of time.", place=place, found=given, remedy='Write "30 days".'
        )
    return float(length / pd.Timedelta(days=1) / DAYS)
