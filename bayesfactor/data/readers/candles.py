"""Candles of one or several files: from rows to one frame on dates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.readers.cells import MISSING, Source, make_numbers
from bayesfactor.data.readers.epochs import read_epochs
from bayesfactor.data.readers.intervals import Interval, describe_absent, is_unfinished
from bayesfactor.data.readers.rows import AGAIN, Rows, files_of
from bayesfactor.data.readers.series_names import check_one_series
from bayesfactor.data.screening.candles import check_candles, describe_time, note_candles, note_missing
from bayesfactor.data.screening.missing_codes import check_codes

TWO_LINES = (
    "If the file is of one series, keep the line that is right; if it is of two, such as two coins or exchanges, read "
    "each apart, from a file of its own."
)
TWO_FILES = (
    "If they are of one series, keep the file that was written last; if they are of two, such as two coins or "
    "exchanges, read each apart."
)
_LEVELS = ("close", "tvl", "reserve", "reserve_usd")
_JUMP = 4.0  # times, from the last price of a file to the first of the next


@dataclass(frozen=True)
class Part:
    """What one file holds.

    Attributes
    ----------
    frame : DataFrame
        Floats on the starts of the intervals.
    lines : Index
        Where in the file each row stands.
    path : Path
        Of the file.
    interval : Interval
        That a row covers.
    symbol : str
        What was traded; empty where the file does not say.
    unit : str
        Of the times, as written.
    notes : tuple of str
        What was done to read them.
    answer : bool
        Whether it may have been written before its last interval ended, as an answer of an interface.
    page : str
        What it says is the next page, where it is one of several and not the last.
    """

    frame: pd.DataFrame
    lines: pd.Index
    path: Path
    interval: Interval
    symbol: str
    unit: str
    notes: tuple[str, ...]
    answer: bool = True
    page: str = ""

    @property
    def place(self) -> str:
        """The file, and how its rows are numbered."""
        return f"{self.path.name}, {self.lines.name}"


@dataclass(frozen=True)
class Stamped:
    """Numbers of one file, as they stand, on the times of its rows."""

    frame: pd.DataFrame
    unit: str
    notes: tuple[str, ...]


def stamp_rows(rows: Rows, time: str, columns: Sequence[str]) -> Stamped:
    """Return the columns as floats on the times of the rows."""
    epochs = read_epochs(rows, time)
    frame = make_numbers(rows.cells[list(columns)], epochs.times, rows.name, missing=MISSING, remedy=AGAIN)
    check_codes(frame, rows.name, AGAIN)
    return Stamped(frame, epochs.unit, (*rows.notes, *epochs.notes))


def order_part(part: Part) -> Part:
    """Return a file's rows in the order of time; raise an error for a time that comes twice or is off its grid."""
    starts = pd.DatetimeIndex(part.frame.index)
    off = part.interval.off_grid(starts)
    if off.any():
        at = int(off.argmax())
        raise DataError(
            f"{part.place} {part.lines[at]}: {starts[at]} is no start of an interval of {part.interval}, as the "
            f"others are{f' ({int(off.sum())} rows in all)' if off.sum() > 1 else ''}: the clock jumped, or a line is "
            "damaged.",
            series=part.path.name,
            date=starts[at],
            value=str(starts[at]),
            remedy=AGAIN,
        )
    again = starts.duplicated()
    if again.any():
        at = int(again.argmax())
        first = int((starts == starts[at]).argmax())
        same = part.frame.iloc[at].equals(part.frame.iloc[first])
        raise DataError(
            f"{part.place} {part.lines[at]}: {describe_time(starts[at])} comes again, after {part.lines.name} "
            f"{part.lines[first]}, with {'the same' if same else 'other'} numbers.",
            series=part.path.name,
            date=starts[at],
            value=str(starts[at]),
            remedy="Keep one of the two lines." if same else TWO_LINES,
        )
    if starts.is_monotonic_increasing:
        return part
    notes = part.notes
    if not starts.is_monotonic_decreasing:
        notes = (*notes, f"{part.path.name}: its rows were not in the order of time, and were sorted")
    order = starts.argsort()
    return replace(part, frame=part.frame.iloc[order], lines=part.lines[order], notes=notes)


def drop_unfinished(part: Part) -> Part:
    """Return the rows of a file in order without the last, where its interval had not ended."""
    start = part.frame.index[-1]
    end = part.interval.ends(pd.DatetimeIndex(part.frame.index[-1:]))[0]
    if not is_unfinished(start, end, part.path if part.answer else None):
        return part
    if len(part.frame) == 1:
        raise DataError(
            f"{part.place} {part.lines[-1]}: its only interval, from {start}, has not ended.",
            series=part.path.name,
            date=start,
            remedy="Download the file again when it has.",
        )
    said = f"{part.path.name}: the last interval, from {describe_time(start)}, had not ended, and was left out"
    return replace(part, frame=part.frame.iloc[:-1], lines=part.lines[:-1], notes=(*part.notes, said))


def read_candles(path: Source | Sequence[Source], read: Callable[[Path], Part]) -> pd.DataFrame:
    """Read the files of one series of candles, screen each, and return them as one frame on dates.

    ``attrs`` hold interval, stamps, times, zone and notes, and symbol where the files say it.
    """
    parts = []
    for file in files_of(path):
        part = order_part(read(file))
        check_candles(part.frame, part.lines, file.name)
        parts.append(drop_unfinished(part))
    return date_parts(parts)


def date_parts(parts: Sequence[Part]) -> pd.DataFrame:
    """Return the rows of several files of one series as one frame on dates, and in ``attrs`` what was found."""
    symbol = check_one_series((part.path.name, part.symbol) for part in parts)
    _check_alike(parts)
    frame, notes = join_frames(parts)
    interval = parts[0].interval
    notes = [*(note for part in parts for note in part.notes), *notes, *_note_jumps(parts)]
    starts = pd.DatetimeIndex(frame.index)
    absent = interval.absent(starts)
    notes += [describe_absent(absent, len(starts), interval)] if len(absent) else []
    frame = frame.set_axis(interval.dates(starts), axis="index")
    notes += note_pages(parts)
    notes += note_candles(frame) if "close" in frame.columns else []
    notes += note_missing(frame)
    frame.attrs = {
        "interval": str(interval),
        "stamps": interval.stamps,
        "times": " and ".join(dict.fromkeys(one for part in parts for one in part.unit.split(" and "))),
        "zone": "UTC",
        "notes": notes,
    }
    frame.attrs |= {"symbol": symbol} if symbol else {}
    return frame


def note_pages(parts: Sequence[Part]) -> list[str]:
    """Say that a page is absent, where each of the files names a next one: the last page does not."""
    if not all(part.page for part in parts):
        return []
    last = parts[-1]
    return [
        f"{last.path.name} is one page of several, and the next one ('{last.page[:60]}') is not among the files: the "
        "series is longer"
    ]


def _check_alike(parts: Sequence[Part]) -> None:
    first = parts[0]
    for part in parts[1:]:
        for what, mine, other in (
            ("of intervals of", str(first.interval), str(part.interval)),
            ("with", ", ".join(first.frame.columns), ", ".join(part.frame.columns)),
        ):
            if mine != other:
                raise DataError(
                    f"{first.path.name} is {what} {mine}, and {part.path.name} {what} {other}: they are not one "
                    "series.",
                    series=part.path.name,
                    value=other,
                    remedy="Read the files of each series apart.",
                )


def _note_jumps(parts: Sequence[Part]) -> list[str]:
    """Say where a level jumps from one file to the next, which may then be of another series."""
    notes = []
    ordered = sorted(parts, key=lambda part: part.frame.index[0])
    for before, after in pairwise(ordered):
        for column in [name for name in _LEVELS if name in before.frame.columns]:
            old, new = before.frame[column].dropna(), after.frame[column].dropna()
            if not len(old) or not len(new) or min(old.iloc[-1], new.iloc[0]) <= 0.0:
                continue
            if max(old.iloc[-1] / new.iloc[0], new.iloc[0] / old.iloc[-1]) > _JUMP:
                notes.append(
                    f"'{column}' jumps from {old.iloc[-1]:g}, at the end of {before.path.name}, to {new.iloc[0]:g}, at "
                    f"the start of {after.path.name}: if the files are of two series, read each apart"
                )
    return notes


def join_frames(parts: Sequence[Part]) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows of all files in the order of time; a row that two files hold alike is kept once and said."""
    whole = pd.concat([part.frame for part in parts]).sort_index(kind="stable")
    again = whole.index.duplicated()
    if not again.any():
        return whole, []
    twice = whole[whole.index.duplicated(keep=False)]
    differ = twice.groupby(level=0).nunique(dropna=False).gt(1).any(axis="columns")
    if differ.any():
        when = differ.index[int(differ.to_numpy().argmax())]
        files = " and ".join(part.path.name for part in parts if when in part.frame.index)
        raise DataError(
            f"{files} have other numbers on {describe_time(when)}.",
            series=files,
            date=when,
            remedy=TWO_FILES,
        )
    first = describe_time(whole.index[int(again.argmax())])
    said = f"{int(again.sum())} rows stand in two files alike, and were kept once: the first {first}"
    return whole[~again], [said]
