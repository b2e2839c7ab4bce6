"""The interval of a market's rows: its length, its grid, the rows that are absent, and the date that each gets."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

DAY = 86_400
_UNITS = ((604_800, "week"), (DAY, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True)
class Interval:
    """The interval that a row covers: a number of seconds, or a calendar month where that is 0."""

    seconds: int

    def __str__(self) -> str:
        if not self.seconds:
            return "1 month"
        size, unit = next((size, unit) for size, unit in _UNITS if self.seconds % size == 0)
        count = self.seconds // size
        return f"{count} {unit}{'s' if count > 1 else ''}"

    def ends(self, starts: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Return the ends of intervals: the starts of the next ones."""
        return starts + (pd.Timedelta(seconds=self.seconds) if self.seconds else pd.DateOffset(months=1))

    def off_grid(self, starts: pd.DatetimeIndex) -> np.ndarray:
        """Return where a start is none: longer intervals than days may start on any day, but on one grid."""
        if not self.seconds:
            return np.asarray((starts != starts.normalize()) | (starts.day != 1))
        second = starts.to_numpy().astype("datetime64[us]").astype(np.int64) / 1e6
        phase = second % self.seconds
        return np.asarray(phase != (0.0 if self.seconds <= DAY else _most(phase)))

    def absent(self, starts: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Return the starts between the first and the last that are not there; `starts` are in order."""
        step = pd.Timedelta(seconds=self.seconds) if self.seconds else pd.DateOffset(months=1)
        return pd.date_range(starts[0], starts[-1], freq=step).as_unit("us").difference(starts)

    @property
    def stamps(self) -> str:
        """What a date says of its row."""
        if self.seconds == DAY:
            return "day"
        return "start of the interval" if 0 < self.seconds < DAY else "last day of the interval"

    def dates(self, starts: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Return the date of each row: its day; the last day of a longer interval; the start within the day."""
        if self.stamps == "last day of the interval":
            starts = self.ends(starts) - pd.Timedelta(days=1)
        return starts.as_unit("us").rename("date")


def _most(values: np.ndarray) -> float:
    found, counts = np.unique(values, return_counts=True)
    return float(found[counts.argmax()])


def longest_interval(starts: pd.DatetimeIndex, known: Sequence[int]) -> Interval | None:
    """Return the longest known interval on whose grid most starts are; None for a single row, or for no such.

    Rows may be absent where nothing was traded, so that no step between two of them need be the interval.
    """
    steps = np.diff(np.unique(starts.to_numpy().astype("datetime64[us]").astype(np.int64))) // 10**6
    if not len(steps):
        return None
    for seconds in sorted(known, reverse=True):
        interval = Interval(seconds)
        if seconds <= steps.max() and interval.off_grid(starts).mean() <= 0.1 and (steps >= seconds).mean() >= 0.9:
            return interval
    return None


def is_unfinished(start: pd.Timestamp, end: pd.Timestamp, path: Path | None = None) -> bool:
    """Whether an interval ends after now, or after its file was written, where the clock of the file can be right."""
    if end > pd.Timestamp.now("UTC").tz_localize(None):
        return True
    return path is not None and bool(start <= pd.Timestamp(path.stat().st_mtime, unit="s") < end)


def describe_absent(absent: pd.DatetimeIndex, count: int, interval: Interval) -> str:
    """Say which rows are absent."""
    form = "%Y-%m-%d" if not interval.seconds or interval.seconds >= DAY else "%Y-%m-%d %H:%M"
    first = ", ".join(absent[:3].strftime(form)) + (", ..." if len(absent) > 3 else "")
    return f"{len(absent)} of {count + len(absent)} intervals of {interval} are absent, and none was filled: {first}"
