"""Series from FRED."""

import math
from pathlib import Path

import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.readers.cells import (
    CODE,
    Source,
    decode_text,
    make_numbers,
    read_raw,
    split_cells,
)
from bayesfactor.data.readers.dates import find_dates, make_index
from bayesfactor.data.readers.publishers import describe_text, first_name
from bayesfactor.data.screening.missing_codes import check_codes

PERIODS = {1: "month", 3: "quarter", 6: "half-year", 12: "year"}


def read_fred(path: Source) -> pd.DataFrame:
    """Read a CSV file of one or several FRED series, with its period's last day as the date.

    FRED dates a value of a month, quarter, half-year or year on the first day of that period, when it could
    not be known. Where every date is the first of a month, dates are moved to the end of the period:

        2024-01-01 of a monthly series -> 2024-01-31;  of a quarterly series -> 2024-03-31

    Parameters
    ----------
    path : str or path-like
        First column ``DATE`` (older files, "." where missing) or ``observation_date`` (blank where missing).

    Returns
    -------
    DataFrame
        dates x series, in the publisher's units (a rate in percent stays in percent). ``attrs`` holds
        ``units``, ``period`` (``"month"``, ``"quarter"``, ``"half-year"``, ``"year"`` or ``"as dated"``) and
        ``stamps`` (``"period end"`` or ``"as published"``).

    Raises
    ------
    DataError
        The file cannot be read, or holds series of different periods, or too few dates to know the period.

    Notes
    -----
    The end of the period is not the day of publication either (a price index appears weeks later): set the
    factor's ``lag``. Values are revised, not those first published.
    """
    name = Path(path).name
    text = decode_text(read_raw(path), name)
    if first_name(text) not in ("DATE", "observation_date"):
        raise DataError(
            f"{name} is not a FRED file: its first column is neither 'DATE' nor 'observation_date'.",
            series=name,
            value=first_name(text),
            remedy=describe_text(text)[1],
        )
    cells = split_cells(text, name)
    index = make_index(find_dates(cells.pop(cells.columns[0]), name), name)
    remedy = "Download the file again, or repair that cell."
    frame = make_numbers(cells, index, name, missing=frozenset({"", "."}), remedy=remedy)
    check_codes(frame, name, CODE)
    step = _months_between(index)
    _check_one_period(frame, step, name)
    if step:
        frame.index = (index + pd.DateOffset(months=step) - pd.Timedelta(days=1)).rename("date")
    frame.attrs = {
        "units": "as published",
        "period": PERIODS.get(step, "as dated"),
        "stamps": "period end" if step else "as published",
    }
    return frame


def _months_between(dates: pd.DatetimeIndex) -> int:
    """Months in the period of dates that are all the first of a month; 0 for other dates."""
    if len(dates) == 0 or (dates.day != 1).any():
        return 0
    months = (dates.year * 12 + dates.month).to_numpy()
    common = math.gcd(*(int(month - months[0]) for month in months))
    return next(step for step in (12, 6, 3, 1) if common % step == 0)


def _check_one_period(frame: pd.DataFrame, step: int, name: str) -> None:
    """Raise an error for a file in which moving all dates alike would leave a series ahead of its time."""
    if step and len(frame) < 2:
        raise DataError(
            f"{name}: one row, on {frame.index[0].date()}, does not tell the period that it describes.",
            series=name,
            date=frame.index[0],
            remedy="Download more of the series.",
        )
    for column in frame.columns:
        own = pd.DatetimeIndex(frame[column].dropna().index)
        if len(own) > 2 and _months_between(own) > step:
            raise DataError(
                f"{name}: '{column}' has a value every {PERIODS[_months_between(own)]} and others more "
                f"often, and FRED dates it at the start of its period.",
                series=str(column),
                date=own[0],
                remedy="Download the series of each frequency in a file of their own.",
            )
