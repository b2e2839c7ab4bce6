"""Arguments of `integrate_parquet` other than data: calendar and column names."""

import numpy as np

from bayesfactor.base.errors import SpecError, unknown
from bayesfactor.data.calendars import FINE, FREQUENCIES, infer_pattern
from bayesfactor.data.streaming.files import Columns
from bayesfactor.panel.records import Calendar

SHORTEST_YEAR, LONGEST_YEAR = 0.1, 1.2  # of periods at their usual distance: markets are open for a part of it
_WEEKS = 8  # from which it can be told whether a market is open at weekends


def read_calendar(calendar: Calendar | str) -> Calendar:
    """Return the calendar, given as a Calendar or by name."""
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
    """Raise an error for anything but three different names."""
    named = isinstance(columns, tuple | list) and all(isinstance(name, str) for name in columns)
    if not named or len(columns) != 3 or len(set(columns)) != 3:
        raise SpecError(
            f"integrate_parquet: columns is {columns!r}, and must be three names.",
            place="integrate_parquet.columns",
            found=columns,
            remedy='Name the columns of times, assets and returns: ("time", "asset", "return").',
        )


def check_spacing(times: np.ndarray, calendar: Calendar) -> None:
    """Raise an error for a calendar that the times cannot have.

    A year of their usual steps is no year; or it is one of the usual calendars, and they are of another.
    """
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
    days = times.astype("datetime64[D]")
    if calendar.periods_per_year == FREQUENCIES.get(calendar.frequency) and not _has_calendar(
        days, calendar.frequency, found := infer_pattern(days)
    ):
        own = f"bf.Calendar('own', {max(round(365.25 * 86_400 / step), 1)})"
        raise SpecError(
            f"integrate_parquet: the factors' times are usually {_span(step)} apart{found and f', as {found} ones'}: "
            f"they are not {calendar.frequency}.",
            place="integrate_parquet.calendar",
            found=calendar,
            remedy=f"Say calendar='{found}'." if found else f"Say how many of them make a year: calendar={own}.",
        )


def _has_calendar(days: np.ndarray, name: str, found: str) -> bool:
    """Whether days of a pattern may have a usual calendar; of a few weeks, those of all days and of business days."""
    if name in FINE and (days[-1] - days[0]).astype(int) < _WEEKS * 7:
        return found in FINE
    return found == name


def _span(seconds: float) -> str:
    days = seconds / 86_400
    if days < 1:
        return f"{seconds:.6g} seconds"
    return f"{days:.3g} days" if days > 1 else "1 day"
