"""What `integrate_parquet` is told beside the data: calendar and names of columns."""

import numpy as np

from bayesfactor.calendars import FREQUENCIES
from bayesfactor.errors import SpecError, unknown
from bayesfactor.panel import Calendar
from bayesfactor.streaming.files import Columns

SHORTEST_YEAR, LONGEST_YEAR = 0.1, 1.2  # of periods at their usual distance: markets are open for a part of it


def read_calendar(calendar: Calendar | str) -> Calendar:
    """Return the calendar, of which a name may be given."""
    if isinstance(calendar, Calendar):
        if not calendar.periods_per_year >= 1:
            raise SpecError(
                f"calendar has {calendar.periods_per_year} periods a year.",
                place="integrate_parquet.calendar",
                found=calendar,
                remedy="Say how many periods make a year, such as Calendar('minute', 525_600).",
            )
        return calendar
    if calendar not in FREQUENCIES:
        raise unknown(
            "calendar", calendar, ("Calendar(name, periods_per_year)", *FREQUENCIES), place="integrate_parquet"
        )
    return Calendar(calendar, FREQUENCIES[calendar])


def check_columns(columns: Columns) -> None:
    """Refuse anything but three different names."""
    named = isinstance(columns, tuple | list) and all(isinstance(name, str) for name in columns)
    if not named or len(columns) != 3 or len(set(columns)) != 3:
        raise SpecError(
            f"integrate_parquet: columns is {columns!r}, and must be three names.",
            place="integrate_parquet.columns",
            found=columns,
            remedy='Name the columns of times, assets and returns: ("time", "asset", "return").',
        )


def check_spacing(times: np.ndarray, calendar: Calendar) -> None:
    """Refuse a calendar that the times cannot have: a year of their usual steps is no year."""
    if len(times) < 3:
        return
    step = float(np.median(np.diff(times.astype("datetime64[ns]").astype("int64")))) / 1e9
    years = step * calendar.periods_per_year / (365.25 * 86_400)
    if not SHORTEST_YEAR <= years <= LONGEST_YEAR:
        raise SpecError(
            f"integrate_parquet: the factors' times are usually {_span(step)} apart, and {calendar.periods_per_year:,} "
            f"of these are {years:.3g} years, not one.",
            place="integrate_parquet.calendar",
            found=calendar,
            remedy="Say how many of the periods make a year: calendar='monthly', or bf.Calendar('minute', 525_600).",
        )


def _span(seconds: float) -> str:
    days = seconds / 86_400
    return f"{days:.3g} days" if days >= 1 else f"{seconds:.6g} seconds"
