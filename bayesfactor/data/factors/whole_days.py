"""Days of which observations are whole: those at the ends of a source are often not."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.screening.candles import describe_time
from bayesfactor.data.screening.dates import day, length

DAY = np.timedelta64(1, "D")
_REGULAR = 0.9  # share of steps that are alike, from which times are on a grid
_GAP = np.timedelta64(15, "m")  # in which a grid, such as that of blocks, may lack some
_LEAST = np.timedelta64(1, "m")  # of a day, that may be missing at its ends
_ENDS, _INSIDE = 12, 50  # median steps: without a grid a longer wait at an end of the data, and inside, is a hole


@dataclass(frozen=True)
class WholeDays:
    """Observations of whole days.

    Attributes
    ----------
    values : Series (times)
    notes : tuple of str
        Which days at the ends were left out.
    """

    values: pd.Series
    notes: tuple[str, ...] = ()


def whole_days(values: pd.Series, what: str) -> WholeDays:
    """Return observations of whole days, from 00:00 to 24:00 in their zone; those of one a day as they are.

    At the ends a day is left out where it may lack observations: on a grid of times one of them, otherwise those of
    twelve median steps, as of blocks; in both cases of a minute or longer.

    Raises
    ------
    DataError
        For a hole between two observations, and where no day is whole.
    """
    index = values.index
    assert isinstance(index, pd.DatetimeIndex)
    bare = index.tz_localize(None)
    times, days = bare.to_numpy().astype("datetime64[ns]"), bare.normalize()
    if not days.has_duplicates:
        return WholeDays(values)
    steps = np.diff((index if index.tz is None else index.tz_convert(None)).to_numpy().astype("datetime64[ns]"))
    found, counts = np.unique(steps, return_counts=True)
    grid = bool(counts.max() >= _REGULAR * len(steps))
    step = found[counts.argmax()] if grid else np.median(steps)
    ends, inside = (step, step) if grid else (_ENDS * step, _INSIDE * step)
    ends = max(ends, _LEAST)
    hole = steps > max(inside, _GAP)
    if hole.any():
        raise _hole(index, int(np.argmax(hole)), step, what)
    first, last = days[0].to_datetime64(), days[-1].to_datetime64()
    late = times[0] - first >= ends
    early = times[-1] + ends < last + DAY
    kept = ((days != days[0]) | (not late)) & ((days != days[-1]) | (not early))
    if not kept.any():
        raise DataError(
            f"{what} has no whole day: it is from {index[0]} to {index[-1]}.",
            series=what,
            date=index[0],
            remedy="Give whole days, from 00:00 to 24:00.",
        )
    left = [date for date, out in ((days[0], late), (days[-1], early)) if out]
    notes = tuple(f"{day(date)} was left out: {what} lacks a part of that day" for date in dict.fromkeys(left))
    return WholeDays(values[kept], notes)


def _hole(index: pd.DatetimeIndex, place: int, usual: np.timedelta64, what: str) -> DataError:
    step = pd.Timedelta(usual)
    return DataError(
        f"{what} has nothing between {index[place]} and {index[place + 1]}, where others are {length(step)} apart.",
        series=what,
        date=index[place + 1],
        value=index[place + 1] - index[place],
        remedy=f"Supply what is missing, or take the part after it: {what}.loc['{describe_time(index[place + 1])}':].",
    )
