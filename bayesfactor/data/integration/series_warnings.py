"""Warnings about implausible series that can still be used, shown by `describe()`."""

import numpy as np

from bayesfactor.data.calendars import FINE, FREQUENCIES, longest_step
from bayesfactor.data.integration.series import Rows, Series
from bayesfactor.panel.records import Factor, Note

_RUN = 5
_LEVEL_RUN = 10
_ZEROS = 0.05
_ROBUST = 20.0
_LOG_JUMP = 0.5
_SPAN = 10
_MANY = 20


def _stale(values: np.ndarray, run: int = _RUN) -> int:
    """Count the values in long runs of equal ones."""
    if len(values) < run:
        return 0
    edges = np.flatnonzero(np.diff(values) != 0) + 1
    lengths = np.diff(np.concatenate([[0], edges, [len(values)]]))
    return int(lengths[lengths >= run].sum())


def _robust_z(values: np.ndarray) -> np.ndarray:
    away = np.abs(values - np.median(values))
    scale = 1.4826 * np.median(away)
    return away / scale if scale > 0 else np.where(away > 0, np.inf, 0.0)


def _jumps(dates: np.ndarray, values: np.ndarray, logs: bool) -> str:
    """Say which values are far outside what is usual for the series, by date."""
    if len(values) < _RUN:
        return ""
    far = _robust_z(values) > _ROBUST
    if logs:
        far &= np.abs(np.log(np.maximum(1.0 + values, 1e-300))) > _LOG_JUMP
    if not far.any():
        return ""
    shown = [f"{date} ({value:+.4g})" for date, value in zip(dates[far][:3], values[far][:3], strict=True)]
    more = f" and {far.sum() - 3} more" if far.sum() > 3 else ""
    return f"one-period jumps: {', '.join(shown)}{more}"


def screen_returns(series: Series) -> list[Note]:
    """Warn of stale runs, zero returns, jumps and total losses in a series of returns."""
    values, texts = series.values, []
    if not len(values):
        return []
    if stale := _stale(values):
        texts.append(f"stale: {stale} returns in runs of {_RUN} or more equal ones")
    zeros = float((values == 0).mean())
    if zeros > _ZEROS:
        texts.append(f"{zeros:.0%} of the returns are exactly zero: prices may be carried forward")
    if len(values) >= _MANY and (values > 0).all():
        texts.append("every return is positive: prices, or a rate?")
    if jumps := _jumps(series.dates, values, logs=True):
        texts.append(jumps)
    lost = series.dates[values == -1.0]
    if len(lost):
        texts.append(f"a return of -100 % on {lost[0]} ({len(lost)} in all): a price of zero, or a total loss")
    return [Note(series.name, "warning", text) for text in texts]


def _missing(series: Series, others: np.ndarray) -> np.ndarray:
    """Return how many values are missing before each value but the first, on days or periods with `others`."""
    if series.fine:
        return np.diff(series.clock(series.dates)) - 1
    days, step = np.diff(series.dates).astype(np.int64), longest_step(series.pattern)
    near = np.timedelta64(step // 3, "D")  # a stamp of the same period
    first = np.searchsorted(others, series.dates[:-1] + near, "right")
    last = np.searchsorted(others, series.dates[1:] - near, "left")
    usual = 365.25 / FREQUENCIES[series.pattern]
    return np.where((days > step) & (last > first), np.rint(days / usual) - 1, 0).astype(int)


def screen_holes(series: Series, others: np.ndarray) -> list[Note]:
    """Warn of days or periods inside the history of an asset on which it has no return, though its market was open.

    `others` are the dates of all assets of its pattern, sorted.
    """
    if len(series.dates) < 2:
        return []
    missing = _missing(series, others)
    holes = np.flatnonzero(missing > 0)
    if not len(holes):
        return []
    count, where = int(missing[holes].sum()), f"{len(holes)} hole{'s' if len(holes) > 1 else ''}"
    text = (
        f"{count} return{'s are' if count > 1 else ' is'} missing inside its history, in {where}, the first after "
        f"{series.dates[holes[0]]}"
    )
    if series.fine:
        text += (
            ". The return after a hole is taken to span it; pct_change over a missing price loses two returns and "
            "spans nothing, so that rows compounded over it are wrong: make returns with bf.to_returns(prices)"
        )
    return [Note(series.name, "warning", text)]


def screen_factor(series: Series, factor: Factor, dates: np.ndarray, values: np.ndarray) -> list[Note]:
    """Warn of implausible values of a factor; `dates` and `values` are those on the panel's rows."""
    if factor.traded:
        notes = screen_returns(series)
        if factor.lag:
            text = "a traded factor with a lag: its value is not the return of the same period as the assets'"
            notes.append(Note(factor.name, "warning", text))
        return notes
    texts = []
    stale = _stale(series.values, _LEVEL_RUN) if series.pattern in FINE else 0
    if stale:
        texts.append(f"stale: {stale} values in runs of {_LEVEL_RUN} or more equal ones")
    if jumps := _jumps(dates, values, logs=False):
        texts.append(jumps)
    first_days = series.dates == series.dates.astype("datetime64[M]").astype("datetime64[D]")
    if series.pattern in ("monthly", "quarterly", "annual") and first_days.all() and factor.lag == 0:
        texts.append("a value stamped at the beginning of its month looks ahead unless it was published then; use lag")
    return [Note(factor.name, "warning", text) for text in texts]


def screen_rows(rows: Rows) -> list[Note]:
    """Warn of rows of a daily or business panel that span more than ten days."""
    spans = (rows.ends - rows.starts).astype(np.int64)
    if rows.frequency not in FINE or not (spans > _SPAN).any():
        return []
    ends = rows.ends[spans > _SPAN]
    shown = ", ".join(str(date) for date in ends[:3])
    text = f"{len(ends)} rows span more than {_SPAN} days, ending {shown}: no common date in between"
    return [Note("panel", "warning", text)]
