"""Calendars: how often a series is observed, and the periods of a panel.

Dates are ``datetime64[D]`` arrays. A week is written as numpy writes it: ``"1111100"`` is open Monday to Friday.
Anchors say where periods end: per frequency the weekday (Monday = 0), or the month of the quarter or of the year.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from bayesfactor.base.errors import DataError

#: Frequencies from fine to coarse, with the number of their periods in a year.
FREQUENCIES = {"daily": 365, "business": 252, "weekly": 52, "monthly": 12, "quarterly": 4, "annual": 1}
FINE = ("daily", "business")
DAY = np.timedelta64(1, "D")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONDAY_TO_FRIDAY, EVERY_DAY = "1111100", "1111111"
MONTHS = {"monthly": 1, "quarterly": 3, "annual": 12}
ANCHORS = {"weekly": 6, "quarterly": 2, "annual": 11}  # Sunday, March, December
Anchors = Mapping[str, int]

_SPACINGS = (("weekly", 5, 9), ("monthly", 26, 35), ("quarterly", 85, 97), ("annual", 350, 380))
_LONGEST_STEP = {"daily": 1, "business": 7, "weekly": 10, "monthly": 46, "quarterly": 137, "annual": 548}
_LONGEST_CLOSURE = 10
_ENOUGH = 3
_MEANS, _SIX = {"weekly": (6.5, 7.5), "monthly": (29.0, 32.0)}, 6  # days on average, of so many gaps at the least
_LONG = 12
_REGULAR = 2 / 3
_WEEKEND = 0.1  # share of dates above which a weekend is no exception
_CLOSED = 0.1  # of the commonest weekday: a weekday with fewer dates is one on which the market is closed
_WEEKS = 8  # from which that can be told


def is_coarser(pattern: str, other: str) -> bool:
    """Whether a pattern has longer periods than another."""
    names = list(FREQUENCIES)
    return names.index(pattern) > names.index(other)


def weekday(dates: np.ndarray) -> np.ndarray:
    """Day of the week, Monday = 0."""
    return (dates.astype("datetime64[D]").astype(np.int64) + 3) % 7


def open_week(dates: np.ndarray) -> str:
    """Return the weekdays on which the market of daily dates is open."""
    count = np.bincount(weekday(dates), minlength=7)
    if not len(dates) or count[5:].sum() <= _WEEKEND * count.sum():
        return MONDAY_TO_FRIDAY
    if (dates[-1] - dates[0]).astype(np.int64) < 7 * _WEEKS:
        return EVERY_DAY
    return "".join("01"[int(days > _CLOSED * count.max())] for days in count)


def periods_a_year(frequency: str, dates: np.ndarray | None = None) -> int:
    """Return the number of periods in a year; of business days 52 more for each day over five on which `dates` fall."""
    if frequency != "business" or dates is None or not len(dates):
        return FREQUENCIES[frequency]
    shares = np.bincount(weekday(dates), minlength=7) / len(dates)
    return FREQUENCIES[frequency] + 52 * max(int((shares > _CLOSED / 2).sum()) - 5, 0)


def longest_step(pattern: str) -> int:
    """Days between two observations above which one is missing between them."""
    return _LONGEST_STEP[pattern]


def infer_pattern(dates: np.ndarray, fallback: str = "", enough: int = _ENOUGH) -> str:
    """Say how often a series is observed, from its dates; `fallback` where they are too few to tell.

    Returns an empty string for a spacing that belongs to no calendar (fortnightly, for instance).
    """
    if len(dates) < enough:
        return fallback
    spacing = float(np.median(np.diff(dates).astype(np.int64)))
    if spacing < _SPACINGS[0][1]:
        week = open_week(dates)
        if week != MONDAY_TO_FRIDAY:
            return "daily" if week == EVERY_DAY else "business"
        days = int((dates[-1] - dates[0]).astype(np.int64)) + 1
        saw_weekend = int(np.busday_count(dates[0], dates[-1] + DAY)) < days
        return "business" if saw_weekend or not fallback else fallback
    name = next((name for name, low, high in _SPACINGS if low <= spacing <= high), "")
    return "" if name in _MEANS and not _has_usual_mean(dates, name) else name


def _has_usual_mean(dates: np.ndarray, pattern: str) -> bool:
    """Whether the gaps of a weekly or monthly series, holes left out, are on average those of weeks or months.

    Every five days is no week, and thirteen times four weeks are a year.
    """
    gaps = np.diff(dates).astype(np.int64)
    whole = gaps[gaps <= _LONGEST_STEP[pattern]]
    low, high = _MEANS[pattern]
    return len(whole) < _SIX or low <= float(whole.mean()) <= high


def frame_pattern(dates: np.ndarray) -> str:
    """Pattern of all the dates of a frame, for the series in it that are too short to have one."""
    return infer_pattern(dates, enough=2) or "daily"


def _is_regular(dates: np.ndarray, pattern: str) -> bool:
    """Whether most gaps of a series are those of its pattern; of an unknown pattern: whether they are alike."""
    gaps = np.diff(dates).astype(np.int64)
    if pattern == "business":
        alike = np.busday_count(dates[:-1], dates[1:], weekmask=open_week(dates)) <= 1
    elif pattern == "daily":
        alike = gaps == 1
    else:
        middle = float(np.median(gaps))
        bounds = {name: (low, high) for name, low, high in _SPACINGS}
        low, high = bounds.get(pattern, (middle - 2, middle + 2))
        alike = (gaps >= low) & (gaps <= high)
    return float(alike.mean()) >= _REGULAR


def _most_common(columns: Sequence[np.ndarray], patterns: Sequence[str]) -> str:
    """Pattern that most of these columns have; a short one counts for less, and of equals the finest wins."""
    votes: dict[str, int] = {}
    for dates, pattern in zip(columns, patterns, strict=True):
        kind = "daily" if pattern in FINE else pattern
        votes[kind] = votes.get(kind, 0) + min(len(dates), _LONG)
    winner = max((name for name in FREQUENCIES if name in votes), key=lambda name: votes[name])
    if winner != "daily":
        return winner
    fine = [dates for dates, pattern in zip(columns, patterns, strict=True) if pattern in FINE]
    return infer_pattern(np.unique(np.concatenate(fine))) or "daily"


def asset_patterns(columns: Sequence[np.ndarray]) -> list[tuple[str, bool]]:
    """Pattern of each asset of a frame, from its dates, and whether that pattern is its own.

    An asset has a pattern of its own with at least twelve values at a regular spacing. Any other one takes
    the pattern that most of those have, so that one more short history changes nothing for the others. In a
    frame in which all histories are short, those of at least three values take the place of the long ones.
    Where none of them is regular, each has the pattern of its median gap.
    """
    enough = next((least for least in (_LONG, _ENOUGH) if any(len(dates) >= least for dates in columns)), 0)
    judged = [len(dates) >= enough for dates in columns]
    every = frame_pattern(
        np.unique(np.concatenate([dates for dates, judge in zip(columns, judged, strict=True) if judge]))
    )
    found = [infer_pattern(dates, every) for dates in columns]
    own = [
        judge and len(dates) >= _ENOUGH and _is_regular(dates, pattern)
        for dates, pattern, judge in zip(columns, found, judged, strict=True)
    ]
    voters = [place for place, pattern in enumerate(found) if own[place] and pattern]
    if voters:
        every = _most_common([columns[place] for place in voters], [found[place] for place in voters])
    else:
        own = judged
    return [(pattern, True) if is_own else (every, False) for pattern, is_own in zip(found, own, strict=True)]


def commonest(numbers: np.ndarray, many: int) -> int:
    """Return the commonest of the numbers 0 to `many` - 1."""
    return int(np.bincount(numbers, minlength=many).argmax())


def period_number(dates: np.ndarray, frequency: str, anchors: Anchors = ANCHORS) -> np.ndarray:
    """Return the number of the period that each date is in."""
    days = dates.astype("datetime64[D]")
    if frequency == "weekly":
        return (days.astype(np.int64) + 2 - anchors["weekly"]) // 7
    if frequency in MONTHS:
        size = MONTHS[frequency]
        return (days.astype("datetime64[M]").astype(np.int64) + size - 1 - anchors.get(frequency, 0)) // size
    return days.astype(np.int64)


def period_end(number: np.ndarray, frequency: str, anchors: Anchors = ANCHORS) -> np.ndarray:
    """Last day of each period, the inverse of `period_number`."""
    number = np.asarray(number, dtype=np.int64)
    if frequency == "weekly":
        return (number * 7 + anchors["weekly"] + 4).astype("datetime64[D]")
    if frequency in MONTHS:
        after = number * MONTHS[frequency] + anchors.get(frequency, 0) + 1
        return after.astype("datetime64[M]").astype("datetime64[D]") - DAY
    return number.astype("datetime64[D]")


def step(dates: np.ndarray, pattern: str, count: int, week: str = MONDAY_TO_FRIDAY) -> np.ndarray:
    """Dates moved by `count` nominal steps of a pattern (for months: into the month, not to a day of it)."""
    if pattern in MONTHS:
        months = dates.astype("datetime64[M]") + np.timedelta64(count * MONTHS[pattern], "M")
        return months.astype("datetime64[D]")
    if pattern == "business":
        return np.busday_offset(dates, count, roll="backward" if count > 0 else "forward", weekmask=week)
    return dates + count * (7 if pattern == "weekly" else 1) * DAY


def coverage_starts(dates: np.ndarray, pattern: str, calendar: np.ndarray, week: str = MONDAY_TO_FRIDAY) -> np.ndarray:
    """Date after which the return at each date begins.

    That is the series' own previous date. The first return begins at the previous date of `calendar` (the
    dates of all series of the same pattern), or one nominal step before. In a weekly or coarser series a
    return never reaches over a missing period.
    """
    if not len(dates):
        return dates
    starts = np.concatenate([step(dates[:1], pattern, -1, week), dates[:-1]])
    if pattern not in FINE:
        far = np.diff(dates, prepend=starts[:1]).astype(np.int64) > longest_step(pattern)
        starts[far] = step(dates[far], pattern, -1)
        return starts
    place = int(np.searchsorted(calendar, dates[0]))
    if place and (dates[0] - calendar[place - 1]).astype(np.int64) <= _LONGEST_CLOSURE:
        starts[0] = calendar[place - 1]
    return starts


def choose_frequency(patterns: dict[str, str], wanted: str) -> str:
    """Return the coarsest pattern among the series, or the wanted one when no series is coarser than it."""
    order = list(FREQUENCIES)
    coarsest = max(patterns, key=lambda name: order.index(patterns[name]))
    if wanted == "auto":
        return patterns[coarsest]
    if is_coarser(patterns[coarsest], wanted):
        raise DataError(
            f"'{coarsest}' is {patterns[coarsest]}: it cannot be brought to a {wanted} calendar.",
            series=coarsest,
            value=patterns[coarsest],
            remedy=f"Use calendar='{patterns[coarsest]}', or drop '{coarsest}'.",
        )
    return wanted
