"""Values on the rows of a panel: transformed factors, excess returns."""

from collections.abc import Mapping, Sequence
from typing import assert_never

import numpy as np

from bayesfactor.base.errors import DataError
from bayesfactor.data.calendars import FINE, is_coarser, longest_step, period_end, period_number
from bayesfactor.data.integration.intervals import anchors_of, stamps_of
from bayesfactor.data.integration.row_lags import moved
from bayesfactor.data.integration.series import Rows, Series, on_rows
from bayesfactor.panel.moments import never_varies
from bayesfactor.panel.records import Factor

_AR_ROWS = 4


def _log_diff(values: np.ndarray, dates: np.ndarray, name: str) -> np.ndarray:
    bad = values <= 0
    if bad.any():
        date, value = dates[bad][0], float(values[bad][0])
        raise DataError(
            f"Factor '{name}' is {value:.6g} on {date}: no logarithm.",
            series=name,
            date=date,
            value=value,
            remedy="Use transform 'diff', or drop the factor.",
        )
    return np.diff(np.log(values), prepend=np.nan)


def _innovation(values: np.ndarray, name: str) -> np.ndarray:
    """Residual of an AR(1) with intercept, by least squares over all rows."""
    before, after = values[:-1], values[1:]
    known = np.isfinite(before) & np.isfinite(after)
    if known.sum() < _AR_ROWS:
        raise DataError(
            f"Factor '{name}' has {int(known.sum())} pairs of values: too few for an AR(1).",
            series=name,
            value=int(known.sum()),
            remedy="Use transform 'diff', or a longer history.",
        )
    away = before - before[known].mean()
    spread = float(away[known] @ away[known])
    slope = float(away[known] @ after[known]) / spread if spread > 0 else 0.0
    return np.concatenate([[np.nan], after - after[known].mean() - slope * away])


def transform_factor(values: np.ndarray, dates: np.ndarray, factor: Factor) -> np.ndarray:
    """Transform the values of a factor on the panel's rows; the first row of a difference is NaN."""
    known = values[np.isfinite(values)]
    if len(known) and never_varies(known[:, None])[0]:
        values = np.where(np.isfinite(values), known[0], np.nan)  # differences of rounding are none
    match factor.transform:
        case "none":
            return values
        case "diff":
            return np.diff(values, prepend=np.nan)
        case "log_diff":
            return _log_diff(values, dates, factor.name)
        case "innovation":
            return _innovation(values, factor.name)
        case _:
            assert_never(factor.transform)


def _first_row(series: Series, rows: Rows) -> int:
    """Return the first row that a series may have a value on."""
    if series.fine or rows.stamped:
        return int(np.searchsorted(rows.ends, series.dates[0]))
    return int(np.searchsorted(rows.high, rows.numbers(series.dates[:1])[0]))


def factor_values(known: Sequence[tuple[Series, Factor]], rows: Rows, lags: Sequence[int]) -> tuple[np.ndarray, Rows]:
    """Return the factors (time, factor) on the rows, each from its own first row on, and the rows that have any.

    Transformed values are moved by `lags` rows.
    A factor has no value on its first row where that is not whole. Factors that begin on the same row all have
    their first value on the next one when some of them are differenced.

    Raises
    ------
    DataError
        When a value is missing further on.
    """
    columns, begin = [], []
    for (series, factor), lag in zip(known, lags, strict=True):
        values = on_rows(series, rows, factor.aggregate)
        hole = np.flatnonzero(np.isnan(values))
        if len(hole) and hole[-1] > _first_row(series, rows):
            date = rows.ends[hole[-1]]
            raise DataError(
                f"Factor '{series.name}' has no complete value for the period that ends {date}.",
                series=series.name,
                date=date,
                remedy="Supply the missing values, cut the sample, or drop the factor.",
            )
        columns.append(moved(transform_factor(values, rows.ends, factor), lag))
        begin.append(len(hole) + lag)
    table = np.column_stack(columns)
    for first in np.unique(begin):
        together = np.array(begin) == first
        whole = np.isfinite(table[:, together]).all(axis=1)
        table[np.ix_(~whole, together)] = np.nan
    some = np.isfinite(table).any(axis=1)
    return table[some], rows.keep(some)


def join(known: Sequence[tuple[Series, Factor]], rows: Rows, place: int, fresh: Rows) -> Rows:
    """Choose how the first row begins on which all factors are known: where the row before ends, or afresh.

    Afresh (a nominal step before), when every factor has a value over that, so that returns are as they would
    be without older factors. A difference always spans the time since the row before.
    """
    if any(factor.transform != "none" for _, factor in known):
        return rows
    pair = np.isin(np.arange(len(rows.ends)), (place - 1, place))
    before, after = (
        np.isfinite(np.column_stack([on_rows(series, some.keep(pair), factor.aggregate) for series, factor in known]))
        for some in (rows, fresh)
    )
    return fresh if after[1].all() and (after[0] == before[0]).all() else rows


def _accrued(rate: Series, rows: Rows) -> np.ndarray:
    """Return on each row of a rate of longer periods than the panel's, accruing evenly over its days."""
    ends, first = rate.dates, rate.starts[:1]
    if rate.pattern not in FINE:
        anchors = anchors_of([rate], [])
        numbers = period_number(rate.dates, rate.pattern, anchors)
        if rate.pattern != "weekly":
            ends, first = (period_end(some, rate.pattern, anchors) for some in (numbers, numbers[:1] - 1))
    knots = np.concatenate([first, ends]).astype(np.int64)
    growth = np.concatenate([[0.0], np.cumsum(np.log1p(rate.values))])
    spans = [
        np.where(rows.open, by_day, period_end(by_period, rows.frequency, rows.anchors))
        for by_day, by_period in ((rows.starts, rows.low), (rows.ends, rows.high))
    ]
    days = np.stack(spans).astype(np.int64)
    before, after = np.interp(days, knots, growth, left=np.nan, right=np.nan)
    holes = np.flatnonzero(np.diff(knots) > longest_step(rate.pattern))
    for hole in holes:
        after[(days[1] > knots[hole]) & (days[0] < knots[hole + 1])] = np.nan
    return np.expm1(after - before)


def rate_on_rows(rate: Series | float | None, rows: Rows, used: np.ndarray, factor: str = "") -> np.ndarray:
    """Return the risk-free return of each row; raise an error for a used row that it does not cover.

    `factor` is the one that it is taken off, where it is not taken off the assets.
    """
    if rate is None or isinstance(rate, float):
        return np.full(len(rows.ends), rate or 0.0)
    apart = not rate.fine and stamps_of(rate).place != rows.anchors.get(rate.pattern, 0)
    accrues = is_coarser(rate.pattern, rows.frequency) or (rate.pattern == rows.frequency and apart)
    values = _accrued(rate, rows) if accrues else on_rows(rate, rows, "compound")
    lacking = used & np.isnan(values)
    if lacking.any():
        date, first = rows.ends[lacking][0], rate.dates[0]
        whose = f", of which '{factor}' has a return before it" if factor else ""
        remedy = "Supply the rate, fill it yourself if you accept a stale one, or cut the sample"
        cut = f": bf.FactorSeries(index.values.loc['{first}':], index.factor, excess=False)" if factor else ""
        raise DataError(
            f"risk_free does not cover the period that ends {date} (it runs from {first} to {rate.dates[-1]}){whose}.",
            series="risk_free",
            date=date,
            remedy=f"{remedy}{cut}.",
        )
    return values


def less_rate(rate: Series | float | None, rows: Rows, factors: np.ndarray, names: Mapping[int, str]) -> np.ndarray:
    """Return the factors (time, factor) with the risk-free return taken off those of `names`, by place, where known."""
    table = factors.copy()
    for place in names:
        table[:, place] -= rate_on_rows(rate, rows, np.isfinite(factors[:, place]), names[place])
    return table
