"""Bring returns and factors of different calendars to one panel."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.base.errors import DataError, SpecError, unknown
from bayesfactor.data.calendars import FREQUENCIES, Anchors, choose_frequency, periods_a_year
from bayesfactor.data.integration.days_off import note_days_off, note_dropped_days
from bayesfactor.data.integration.frames import read_prices
from bayesfactor.data.integration.gaps import check_gaps
from bayesfactor.data.integration.inputs import UNITS, Inputs, note_rate_of, read_inputs
from bayesfactor.data.integration.interval_notes import note_coarsest, note_intervals, note_month_ends
from bayesfactor.data.integration.intervals import anchors_of
from bayesfactor.data.integration.markets import note_weeks, with_markets
from bayesfactor.data.integration.notes import mark_shared, note_asset, note_factor
from bayesfactor.data.integration.row_lags import by_own_values, row_lags
from bayesfactor.data.integration.rows import Span, common_span, make_rows, restart
from bayesfactor.data.integration.series import Rows, Series, fit_periods, on_rows
from bayesfactor.data.integration.series_warnings import screen_factor, screen_holes, screen_returns, screen_rows
from bayesfactor.data.integration.shifts import note_shifts
from bayesfactor.data.integration.values import factor_values, join, less_rate, rate_on_rows
from bayesfactor.data.screening.duplicate_series import note_copies, note_gross
from bayesfactor.data.screening.factors import check_factors, check_rows, constant_in_life
from bayesfactor.data.screening.returns import check_prices
from bayesfactor.data.screening.spanned import note_own_returns, note_spanned
from bayesfactor.data.screening.units import note_slopes
from bayesfactor.panel.moments import cross_products
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import NO_RATE, Calendar, Note


def _no_overlap(assets: Sequence[Series], factors: Sequence[Series]) -> DataError:
    spans = []
    for what, group in (("returns", assets), ("factors", factors)):
        firsts = [one.dates[0] for one in group if len(one.dates)]
        lasts = [one.dates[-1] for one in group if len(one.dates)]
        first, last = (min(firsts), max(lasts)) if what == "returns" else (max(firsts), min(lasts))
        if first <= last:
            whose = " (all of them)" if what == "factors" else ""
            spans.append(f"{what} {first} to {last}{whose}")
            continue
        late, early = (
            next(one.name for one in group if len(one.dates) and one.dates[place] == end)
            for place, end in ((0, first), (-1, last))
        )
        spans.append(f"factors have no date in common, as '{early}' ends on {last} and '{late}' begins on {first}")
    return DataError(
        f"No period has both a return and all factors: {spans[0]}; {spans[1]}.",
        series="panel",
        value=tuple(spans),
        remedy="Look at the dates of both frames, drop the factor that cuts the span, or use a coarser calendar.",
    )


def _asset_values(inputs: Inputs, rows: Rows, factors: np.ndarray) -> tuple[np.ndarray, list[Note]]:
    """Return the excess returns (time, asset) on the rows, and what was done to them; `factors` are those there."""
    table = np.column_stack([on_rows(series, rows, "compound") for series in inputs.assets])
    observed = ~np.isnan(table)
    if not observed.any():
        raise _no_overlap(inputs.assets, inputs.factors)
    notes = note_copies(table, [one.name for one in inputs.assets])
    if inputs.rate is not None:
        names = [inputs.info[place].name for place in inputs.traded]
        rate = rate_on_rows(inputs.rate, rows, observed.any(axis=1))
        notes += note_gross(table, factors[:, inputs.traded], [one.name for one in inputs.assets], names, rate)
        table = table - rate[:, None]
    dates = {
        pattern: np.unique(np.concatenate([one.dates for one in inputs.assets if one.pattern == pattern]))
        for pattern in {one.pattern for one in inputs.assets}
    }
    for place, series in enumerate(inputs.assets):
        notes += note_asset(series, rows, observed[:, place], inputs.rate is not None)
        notes += (*screen_holes(series, dates[series.pattern]), *screen_returns(series))
    return table, notes


def _screen(inputs: Inputs, rows: Rows, table: np.ndarray, factors: np.ndarray) -> tuple[list[Note], list[Note]]:
    """Check the factors on the rows on which an asset is observed; return notes on the panel, on assets."""
    observed = ~np.isnan(table)
    used = observed.any(axis=1)
    names, assets = [one.name for one in inputs.info], [one.name for one in inputs.assets]
    check_rows(observed.sum(axis=0), assets, len(names))
    notes = check_factors(factors[used], names)
    drivers = [names[place] for place in inputs.traded]
    notes += note_slopes(table[used], factors[used][:, inputs.traded], assets, drivers)
    moments = cross_products(table[used], factors[used])
    notes += note_spanned(moments, assets, names)
    notes += note_own_returns(moments, assets, ["" if one.traded else one.name for one in inputs.info])
    notes += note_days_off(inputs) + note_dropped_days(inputs)
    notes += note_shifts(inputs, rows.keep(used), table[used], factors[used])
    return notes, constant_in_life(observed[used], factors[used], assets, names)


def _rows_of(inputs: Inputs, span: Span, frequency: str, anchors: Anchors) -> tuple[Rows, list[Note]]:
    """Return the rows on which every factor is known that has begun, and notes on what was left out of them."""
    rows, notes = make_rows(inputs.factors, inputs.assets, inputs.flows, span, frequency, anchors)
    place = int(np.searchsorted(rows.ends, span.common))
    if place == len(rows.ends):
        raise _no_overlap(inputs.assets, inputs.factors)
    if place and not rows.stamped:
        rows = join(inputs.known, rows, place, restart(rows, place, inputs.factors, inputs.assets))
    return rows, notes


def _factor_notes(inputs: Inputs, rows: Rows, factors: np.ndarray, lags: Sequence[int]) -> list[Note]:
    """Say what was done to the factors, whose values on the rows are given, and warnings about them."""
    notes = list(inputs.made)
    for place, (series, factor) in enumerate(inputs.known):
        notes += note_factor(series, factor, rows, place in inputs.less_rate, lags[place])
        own = np.isfinite(factors[:, place])
        notes += screen_factor(series, factor, rows.ends[own], factors[own, place])
        flow = factor.aggregate != "last"
        notes += note_intervals((series,) if flow else (), () if flow else (series,), rows)
    return notes + note_weeks(inputs.factors)


def _assemble(inputs: Inputs, frequency: str) -> Panel:
    """Put checked series on one calendar."""
    own = tuple(by_own_values(series, factor, frequency) for series, factor in inputs.known)
    info = tuple(replace(factor, frequency=series.pattern) for series, factor in inputs.known)
    inputs = replace(inputs, factors=own, info=info)
    anchors = anchors_of(inputs.flows, inputs.levels)
    inputs = replace(inputs, assets=tuple(fit_periods(one, anchors) for one in inputs.assets))
    traded, drivers = with_markets(inputs.assets, inputs.known)
    inputs = replace(inputs, assets=traded, factors=drivers)
    span, notes = common_span(inputs.factors, anchors)
    gaps = check_gaps(inputs.known, inputs.assets, span.last, inputs.factor_days, anchors)
    rows, more = _rows_of(inputs, span, frequency, anchors)
    year = periods_a_year(frequency, rows.ends)
    more = [*more, *note_rate_of(inputs, year)]
    lags = row_lags(inputs.known, rows)
    factors, rows = factor_values(inputs.known, rows, lags)
    factors = less_rate(inputs.rate, rows, factors, inputs.less_rate)
    common = np.isfinite(factors).all(axis=1)
    if not common.any():
        raise _no_overlap(inputs.assets, inputs.factors)
    table, on_assets = _asset_values(inputs, rows.keep(common), factors[common])
    on_panel, lives = _screen(inputs, rows.keep(common), table, factors[common])
    on_assets = on_assets + note_intervals(inputs.assets, (), rows) + note_weeks(inputs.assets)
    on_factors = gaps + _factor_notes(inputs, rows, factors, lags)
    more = more + note_coarsest(inputs.assets, inputs.factors, frequency) + note_month_ends(inputs.flows, rows)
    if inputs.rate is None:
        more = [*more, Note("panel", "done", NO_RATE)]
    assets, names = [one.name for one in inputs.assets], [one.name for one in inputs.info]
    shared = set(assets) & set(names)
    used = ~np.isnan(table).all(axis=1)
    time = rows.ends.astype("datetime64[ns]")
    days = time[common][used]
    return Panel(
        returns=xr.DataArray(table[used], {"time": days, "asset": assets}, ("time", "asset"), "returns"),
        factors=xr.DataArray(factors, {"time": time, "factor": names}, ("time", "factor"), "factors"),
        factor_info=inputs.info,
        groups=xr.DataArray(inputs.groups, {"asset": assets}, ("asset",), "group"),
        calendar=Calendar(frequency, year),
        notes=(
            *(notes + more + screen_rows(rows) + on_panel),
            *mark_shared(on_assets + lives, "an asset", shared),
            *mark_shared(on_factors, "a factor", shared),
        ),
    )


def integrate(
    returns: Any,
    factors: Any,
    factor_info: Any = None,
    asset_info: Any = None,
    risk_free: Any = None,
    calendar: Literal["auto", "daily", "business", "weekly", "monthly", "quarterly", "annual"] = "auto",
    units: Literal["decimal", "percent"] = "decimal",
) -> Panel:
    r"""Bring returns and factors of different calendars to one panel.

    Over the interval (s, t] between two rows an asset and a traded factor return

    .. math:: r_{(s,t]} = \prod_{u \in (s,t]} (1 + r_u) - 1,

    and the asset's excess return is that less the risk-free return compounded over the same interval. A
    level is taken at its last value at t and transformed then, so that its difference spans (s, t] as well;
    a flow is summed over it. Nothing is filled, and no value is used before it was published.

    Every factor keeps its whole history, from which its mean is estimated. A row is a date on which every factor
    that has begun is known; it has returns once all factors have begun.

    Parameters
    ----------
    returns : DataFrame (dates, asset)
        Simple returns; NaN where an asset was not traded. A return is stamped on the last day of the interval that
        it covers, which begins after the asset's own previous observation (for the first one: after the previous date
        of assets like it). Months, quarters and years stamped on their first days are those that begin there. pandas,
        or polars with a column of dates.
    factors : DataFrame (dates, factor), FactorSeries, or list of both
        Traded factors as simple excess returns; others as levels or flows. A `FactorSeries`, as `volatility` and the
        like make it, brings its own description.
    factor_info : DataFrame or dict, optional
        Of factors in frames: factor -> ``traded``, ``family``, ``transform`` (``none``, ``diff``, ``log_diff``,
        ``innovation``), ``lag`` (publication delay, in the factor's own periods), ``aggregate`` (``compound``, ``sum``,
        ``mean``, ``last``), ``description``, ``members`` (of an index, the assets that it holds),
        ``shares_price`` (whether its value holds the assets' price: a lag of it is one of whole rows at least).
        By default every factor is traded. One that is not must say its transform; its aggregate is ``sum`` for
        transform ``none`` and ``last`` otherwise.
    asset_info : DataFrame, Series or dict, optional
        Asset -> ``group``. One group, ``"all"``, by default.
    risk_free : Series, DataFrame of one column, or float, optional
        Simple return per period of its own calendar (a float: per period of the panel). A rate of longer
        periods than the panel's accrues evenly over its days. By default returns are taken as excess
        returns.
    calendar : str
        ``"auto"`` takes the coarsest calendar among all series. On ``business`` rows, Monday's crypto return
        compounds Saturday to Monday. Markets that are open on other days of the week (Monday to Saturday, Sunday to
        Thursday) are ``business``, too.
    units : {"decimal", "percent"}
        Of returns, traded factors in frames and the risk-free rate. Other factors keep their unit.

    Returns
    -------
    Panel
        Decimal returns. Histories stay as unequal as they are: of the assets, of the factors, and factors
        keep a longer history than the assets'. ``panel.describe()`` states what was done to each series,
        with warnings.

    Raises
    ------
    DataError
        For implausible input, and when rows of two series cannot cover the same intervals (weeks that end on different
        days); the error names the series, date and value.
    SpecError
        When a choice is not valid.

    Notes
    -----
    Where series of the panel's own weeks, months, quarters or years meet finer ones, rows end where those are stamped,
    and the finer ones are compounded from stamp to stamp. Days on which the market of a series is closed do not count:
    a stock's week ends on Sunday as well as on Friday, a token's does not.

    There are warnings of: assets that correlate with a traded factor up to five rows earlier or later clearly better
    than on the same row (false in 0.1 % of correct panels), weekly and coarser stamps that daily series
    show to be some days off, weekends that were dropped, not compounded, copies of one series under two names, slopes
    as large or as small as those of per cent beside decimals, a high risk-free rate, an asset that equals a traded
    factor before that is taken off it, returns that are missing inside a history, weeks that straddle months.

    An asset has a return on a row only where its own returns begin and end exactly where the row does. A
    missing day therefore costs its own row and the next one, whose return reaches back over both: no return
    is paired with factors of another interval.

    Factors that begin on the same row, some of them differenced, all have their first value on the next one.

    The AR(1) of ``innovation`` has an intercept and is estimated by least squares on all rows of the factor,
    those after a row too: its coefficients, but nothing else, look ahead.

    Wrong for intraday data, and for returns that are continuously compounded (take ``expm1`` of those first).
    """
    if calendar not in ("auto", *FREQUENCIES):
        raise unknown("calendar", calendar, ("auto", *FREQUENCIES), place="integrate")
    if units not in tuple(UNITS):
        raise unknown("units", units, UNITS, place="integrate")
    inputs = read_inputs((returns, factors, risk_free), factor_info, asset_info, units)
    patterns = {one.name: one.pattern for one in inputs.assets if len(one.dates)}
    for one in inputs.factors:
        if one.name not in patterns or FREQUENCIES[one.pattern] < FREQUENCIES[patterns[one.name]]:
            patterns[one.name] = one.pattern
    return _assemble(inputs, choose_frequency(patterns, calendar))


def to_returns(prices: Any) -> pd.DataFrame:
    """Make simple returns from prices.

    The return at t is ``price[t] / price[s] - 1`` with s the previous date on which the series has a price,
    so a return after a gap spans the gap. It is NaN where there is no price, and at the first price.

    Parameters
    ----------
    prices : DataFrame (dates, asset)
        pandas, or polars with a column of dates. Total-return prices, if returns are to hold dividends.

    Returns
    -------
    DataFrame
        pandas, with the dates and columns of `prices`.

    Raises
    ------
    DataError
        For a price of zero or below, text, infinite values, and dates that are not sorted and unique.
    """
    if isinstance(prices, pd.Series):
        raise SpecError("prices is a Series.", place="to_returns", remedy="Use prices.to_frame().")
    table, times = read_prices(prices)
    check_prices(table)
    found = (table / table.ffill().shift(1) - 1.0).where(table.notna()).set_axis(times, axis=0)
    found.attrs = table.attrs
    return found
