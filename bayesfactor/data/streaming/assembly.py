"""From a folder of Parquet files to the statistics of a panel."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.base.executors import as_executor
from bayesfactor.data.integration.info import read_groups
from bayesfactor.data.integration.notes import mark_shared
from bayesfactor.data.screening.columns import check_times
from bayesfactor.data.screening.duplicate_series import note_equal_moments
from bayesfactor.data.screening.factors import check_factors, check_rows
from bayesfactor.data.screening.spanned import note_spanned
from bayesfactor.data.screening.units import note_slopes_of_moments
from bayesfactor.data.streaming.choices import check_columns, check_spacing, read_calendar
from bayesfactor.data.streaming.files import Columns, in_order, list_files
from bayesfactor.data.streaming.kernel import EARLIEST, FIRST, LARGE, LAST, LATEST, MISSING, NEVER, OUTSIDE, ROWS
from bayesfactor.data.streaming.sums import Span, Sums, join, reduce_file
from bayesfactor.data.streaming.table import Factors, FactorTable, read_factors
from bayesfactor.panel.aggregated import PanelStatistics
from bayesfactor.panel.moments import Moments
from bayesfactor.panel.records import Calendar, Note

AHEAD = 32  # files that are reduced before their turn
WILD = 10.0  # a volatility a year that no market has
ENOUGH = 5  # returns from which a typical size can be told
STILL = 1e-13  # of a mean square: a variance that is rounding


def integrate_parquet(
    folder: str | os.PathLike[str],
    factors: Any,
    factor_info: Any = None,
    asset_info: Any = None,
    risk_free: Any = None,
    *,
    calendar: Calendar | str,
    columns: Columns = ("time", "asset", "return"),
    executor: Executor | None = None,
) -> PanelStatistics:
    r"""Reduce returns in Parquet files, which need not fit in memory, to the statistics of a panel.

    With x_t = (1, f_t')' and excess returns r_it, over the times on which each asset has one:

    .. math:: S_i = \sum_t x_t x_t', \quad b_i = \sum_t x_t r_{it}, \quad q_i = \sum_t r_{it}^2, \quad T_i = \sum_t 1.

    The files are read once, a batch of rows at a time. Nothing is compounded: a return stands beside the factors of
    exactly its own time.

    Parameters
    ----------
    folder : str or path-like
        Files named ``*.parquet`` in it and below it, with one row per asset and time; or one such file. The rows of an
        asset must be in order of time in each file, and files must not overlap in time for any asset.
    factors : DataFrame (times, factor)
        Ready to stand beside a return, on the same times: excess returns or surprises. pandas, or polars with a column
        of times. A factor may begin later than others.
    factor_info : DataFrame or dict, optional
        As for `integrate`; ``transform`` must be ``none`` (and must be said of a factor that is not traded), ``lag`` 0.
    asset_info : DataFrame, Series or dict, optional
        Asset -> ``group``. One group, ``"all"``, by default.
    risk_free : Series, DataFrame of one column, or float, optional
        Simple return per period, on the same times. By default returns are taken as excess returns.
    calendar : Calendar or str
        ``Calendar("minute", 525_600)``: its name, and how many periods make a year; or one of the usual names, whose
        usual spacing the times must have (weekly: 5 to 9 days).
    columns : tuple of str
        Names of the columns of times (timestamps or dates), assets (text or whole numbers) and returns (simple,
        decimal, per period; missing where not traded).
    executor : concurrent.futures.Executor, optional
        Each file is one task. Threads do: the loop over rows holds no lock. Another machine must see the folder under
        the same path. The result is the same, bit by bit, whoever does the work.

    Returns
    -------
    PanelStatistics
        `fit` takes it for a Panel; with normal noise the posterior is that of the returns in memory, to rounding.

    Raises
    ------
    DataError
        When the data cannot be what they are said to be; the error names the file, the asset and the time.
    SpecError
        When a choice is not one of those allowed.

    Notes
    -----
    Returns before the youngest factor begins, or outside the factors' times, are left out and counted; one between them
    without factors is an error.

    What needs all returns of an asset side by side is not searched for, as the files are read once and only their sums
    are kept: stale prices, single jumps, returns missing inside a history, series that go better with a factor one row
    earlier or later, an asset that is a factor before the risk-free rate is taken off it, and copies that differ in a
    digit. `integrate` warns of these: try it on some of the assets first.

    Wrong where assets trade at times of their own: bring them to common bars first.
    """
    calendar = read_calendar(calendar)
    check_columns(columns)
    executor = as_executor(executor, "integrate_parquet")
    beside = read_factors(factors, factor_info, risk_free, calendar)
    check_spacing(beside.values["time"].values, calendar)
    files = in_order(list_files(folder), columns, beside.table.zone)
    total = Sums.empty(beside.table)
    past: list[Span] = []
    for path, part in _reduced(files, columns, beside.table, executor):
        total = join(total, part, path, past, beside.table)
    return _assemble(total, beside, asset_info, calendar, len(files))


def _reduced(
    files: tuple[Path, ...], columns: Columns, table: FactorTable, executor: Executor | None
) -> Iterator[tuple[Path, Sums]]:
    """Yield the sums of every file, in order; at most `AHEAD` of them wait for their turn."""
    if executor is None:
        for path in files:
            yield path, reduce_file(path, columns, table)
        return
    waiting: deque[tuple[Path, Any]] = deque()
    try:
        for path in files:
            waiting.append((path, _submitted(executor, path.absolute(), columns, table)))
            if len(waiting) == AHEAD:
                first, task = waiting.popleft()
                yield first, task.result()
        while waiting:
            first, task = waiting.popleft()
            yield first, task.result()
    finally:
        for _, task in waiting:
            task.cancel()


def _submitted(executor: Executor, *task: Any) -> Any:
    try:
        return executor.submit(reduce_file, *task)
    except RuntimeError as error:  # shut down, or broken
        raise SpecError(
            f"integrate_parquet: the executor takes no tasks ({error}).",
            place="integrate_parquet.executor",
            found=executor,
            remedy="Give one that is open.",
        ) from None


def _assemble(total: Sums, beside: Factors, asset_info: Any, calendar: Calendar, files: int) -> PanelStatistics:
    """Put the sums under their labels, and check what only the whole of them can tell."""
    assets = sorted(total.places)
    check_times(assets, "the files", "Keep the rows of one time of day; name the column of assets.")
    at = total.at(assets)
    marks, xx = total.marks[at], total.xx[at]
    for name, own, least in zip(assets, marks, total.least[at], strict=True):
        _check_size(name, own, float(least))
    rows, p = marks[:, ROWS], len(beside.info) + 1
    if not rows.any():
        raise _no_overlap(marks, beside.table)
    names = [one.name for one in beside.info]
    check_rows(rows, assets, len(names))
    upper = np.triu(xx[:, :p, :p])
    xx = upper + np.triu(upper, 1).transpose(0, 2, 1)
    moments = Moments(np.moveaxis(xx, 0, -1), total.xy[at, :p].T, total.yy[at], rows)
    known = np.isfinite(beside.values.values).all(axis=1)
    observed = np.zeros(known.size, dtype=bool)
    observed[known] = total.seen
    on_panel = check_factors(beside.values.values[observed], names)
    read = int((rows + marks[:, MISSING] + marks[:, OUTSIDE]).sum())
    missing, where = int(marks[:, MISSING].sum()), f"{files} files" if files > 1 else "one file"
    text = f"reduced from {read} rows in {where}; {missing} have no return: not traded"
    shared, traded = set(assets) & set(names), [place for place, one in enumerate(beside.info) if one.traded]
    looks = note_equal_moments(moments, assets) + note_spanned(moments, assets, names)
    looks += note_slopes_of_moments(moments, traded, assets, [names[place] for place in traded])
    ends = [_ends(column, rows, beside) for column in (marks[:, FIRST], marks[:, LAST])]
    return PanelStatistics(
        moments=moments,
        observed=xr.DataArray(observed, {"time": beside.values["time"].values}, ("time",), "observed"),
        first=xr.DataArray(ends[0], {"asset": assets}, ("asset",), "first"),
        last=xr.DataArray(ends[1], {"asset": assets}, ("asset",), "last"),
        factors=beside.values,
        factor_info=beside.info,
        groups=xr.DataArray(read_groups(asset_info, assets), {"asset": assets}, ("asset",), "group"),
        calendar=calendar,
        notes=(
            Note("panel", "done", text),
            *beside.notes,
            *on_panel,
            *_size_notes(moments, calendar),
            *mark_shared([*_asset_notes(assets, marks, moments, names), *looks], "an asset", shared),
        ),
    )


def _ends(stamps: np.ndarray, rows: np.ndarray, beside: Factors) -> np.ndarray:
    """Return the panel's labels of these instants; NaT for an asset without a return."""
    labels = beside.values["time"].values[np.isfinite(beside.values.values).all(axis=1)]
    place = np.minimum(np.searchsorted(beside.table.times, stamps), len(labels) - 1)
    return np.where(rows > 0, labels[place], np.datetime64("NaT", "ns"))


def _check_size(name: str, marks: np.ndarray, least: float) -> None:
    """Raise an error for prices given as returns, and per cent given as decimals: most absolute returns are large."""
    if marks[ROWS] < ENOUGH or 2 * marks[LARGE] <= marks[ROWS]:
        return
    what, remedy = "percent given as decimal", "Give decimals (0.01 for one per cent)."
    if least >= 0:
        what, remedy = "prices", "Make simple returns of the prices first."
    raise DataError(
        f"{marks[LARGE]} of {marks[ROWS]} returns of '{name}' are large, the least is {least:.4g}: {what}?",
        series=name,
        value=int(marks[LARGE]),
        remedy=remedy,
    )


def _size_notes(moments: Moments, calendar: Calendar) -> list[Note]:
    """Warn of returns that are too large for their frequency to be decimals."""
    volatility = float(np.nanmedian(moments.sd())) * calendar.periods_per_year**0.5
    if not volatility > WILD:
        return []
    text = f"the typical asset's volatility is {volatility:.0%} a year: are the returns decimals, not per cent?"
    return [Note("panel", "warning", text)]


def _asset_notes(assets: list[str], marks: np.ndarray, moments: Moments, factors: list[str]) -> list[Note]:
    """Say what was left out of an asset, and which factors do not move in its life."""
    square, count = np.einsum("kki->ki", moments.xx[1:, 1:]), np.maximum(moments.count, 1)
    still = square / count - (moments.xx[0, 1:] / count) ** 2 <= STILL * square / count
    notes = []
    for place, name in enumerate(assets):
        outside, texts = int(marks[place, OUTSIDE]), []
        if outside:
            notes.append(Note(name, "done", f"{outside} returns outside the factors' common span"))
        if not marks[place, ROWS]:
            texts.append("no row of the panel has a return of it: only its group speaks for it")
        else:
            what = "is constant over its whole life: the loading on it comes from the prior"
            texts += [
                f"factor '{factor}' {what}" for factor, flat in zip(factors, still[:, place], strict=True) if flat
            ]
        notes += [Note(name, "warning", text) for text in texts]
    return notes


def _no_overlap(marks: np.ndarray, table: FactorTable) -> DataError:
    rows = marks[marks[:, LATEST] != NEVER]
    found = "no rows"
    if len(rows):
        found = f"rows {table.label(rows[:, EARLIEST].min())} to {table.label(rows[:, LATEST].max())}"
    span = f"factors {table.label(table.times[0])} to {table.label(table.times[-1])}"
    return DataError(
        f"No time has both a return and all factors: {found}; {span} (all of them).",
        series="panel",
        value=(found, span),
        remedy="Look at the times of both, and at their time zones.",
    )
