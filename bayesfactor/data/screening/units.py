"""Limits on the size of returns and rates by periods per year; values beyond them have another unit."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.screening.extremes import winsorised
from bayesfactor.panel.moments import Moments
from bayesfactor.panel.records import Note

_LARGE = 0.3  # absolute return that the typical week of no asset exceeds
_LARGE_MONTH, _LARGE_LONG = 0.5, 1.5
DAILY = 366  # periods a year above which they are bars within a day
_SMALL = 5e-4  # median absolute return of a business day that some series of a panel exceeds
_STILL = 1.2e-4  # and that some series of each frame exceeds
_STEEP, _STEEPEST = 8.0, 50.0  # slopes on a traded factor that are rare, and that no asset has
_SEEN, _SURE, _ROWS = 0.05, 4.0, 20  # squared correlation, t value and rows from which a slope counts
_FLAT = 0.02  # slope of decimals beside per cent
_FLAT_SEEN, _FLAT_SURE = 0.1, 0.3  # share explained that gives a warning, and an error
_QUIET, _APART, _FACTOR = 0.025, 50.0, 25.0  # volatility a year; times smaller than its frame; slope on such a factor


def large_return(year: float) -> float:
    """Return a bound on the typical absolute return of any asset, with `year` periods a year.

    Of bars within a day that is no limit: what tells them is their volatility a year.
    """
    if year < 12:
        return _LARGE_LONG
    if year < 52:
        return _LARGE_MONTH
    return _LARGE * (52 / year) ** 0.5 if year <= DAILY else _LARGE


def check_percent(frames: dict[str, list[tuple[np.ndarray, float]]]) -> None:
    """Raise an error for decimals said to be per cent: when, divided by 100, every series of a frame hardly moves.

    `frames` has the values of each series, and how many of them make a year.
    """
    medians = {
        what: max(float(np.median(np.abs(values))) * (year / 252) ** 0.5 for values, year in series)
        for what, series in frames.items()
        if series
    }
    still = [what for what, middle in medians.items() if middle < _STILL]
    if medians and (still or max(medians.values()) < _SMALL):
        what = still[0] if still else next(iter(medians))
        found = max(float(np.median(np.abs(values))) for values, _ in frames[what])
        raise DataError(
            f"With units='percent' no series of {what} has a median absolute return above {found:.2g}: "
            "decimals given as percent?",
            series=what,
            value=found,
            remedy="Give all frames in one unit, and say which: units='decimal' where 0.01 is one per cent.",
        )


def check_percent_columns(returns: pd.DataFrame, factors: pd.DataFrame, year: float) -> None:
    """Raise an error for a column of decimals among per cent, judged by its size and its slopes on common dates.

    Both are per cent over 100, the factors the traded ones; `year` of the rows make a year.
    """
    both = returns.index.intersection(factors.index)
    if not len(both) or not factors.shape[1]:
        return
    y, f = returns.loc[both].to_numpy(), factors.loc[both].to_numpy()
    slope, explained, sure = _slopes(y, f)
    quiet = winsorised(y)[2] * year**0.5 < _QUIET
    apart = _apart(y)
    flat = sure & (explained > _FLAT_SURE) & (np.abs(slope) < _FLAT) & (quiet | apart)[:, None]
    for asset, factor in np.argwhere(flat):
        raise _in_decimals(returns.columns[asset], factors.columns[factor], "returns", float(slope[asset, factor]))
    for asset, factor in np.argwhere(sure & _apart(f) & (np.abs(slope) > _FACTOR)):
        raise _in_decimals(returns.columns[asset], factors.columns[factor], "factors", float(slope[asset, factor]))


def _apart(values: np.ndarray) -> np.ndarray:
    """Whether each column is far smaller than is typical of its frame."""
    known = [column[np.isfinite(column)] for column in values.T]
    sizes = np.array([float(np.median(np.abs(column))) if len(column) else np.nan for column in known])
    return sizes * _APART < np.nanmedian(sizes) if np.isfinite(sizes).any() else np.zeros(len(sizes), dtype=bool)


def _in_decimals(asset: object, factor: object, what: str, slope: float) -> DataError:
    name = str(asset if what == "returns" else factor)
    return DataError(
        f"With units='percent' '{asset}' moves by {slope:.2g} when factor '{factor}' moves by one: is '{name}' in "
        "decimals, not percent?",
        series=name,
        value=slope,
        remedy=f"Give it in per cent, as the others: {what}[{name!r}] *= 100. If it is right, give everything in "
        "decimals with units='decimal'.",
    )


def _slopes(returns: np.ndarray, factors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return slopes (asset, factor) of winsorised series, squared correlations, and where they are certain."""
    y, known, unit = winsorised(returns)
    f, _, size = winsorised(factors)
    count = np.maximum(known.sum(axis=0), 1)[:, None]
    correlation = y.T @ np.where(np.isfinite(f), f, 0.0) / count
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = correlation * unit[:, None] / size
    return slope, correlation**2, _certain(correlation**2, count) & np.isfinite(slope)


def _certain(explained: np.ndarray, count: np.ndarray) -> np.ndarray:
    return (count >= _ROWS) & (explained * (count - 2) > _SURE**2 * (1.0 - explained))


def note_slopes(returns: np.ndarray, factors: np.ndarray, assets: Sequence[str], names: Sequence[str]) -> list[Note]:
    """Warn of assets whose slope on a traded factor is so large, or so small, that one of the two may be in per cent.

    Parameters
    ----------
    returns, factors : arrays (time, asset), (time, factor)
        On the same rows; returns are NaN where not observed.

    Raises
    ------
    DataError
        When the slope is one that no asset has.
    """
    slope, explained, sure = _slopes(returns, factors)
    for asset, factor in np.argwhere(sure & (explained > _SEEN) & (np.abs(slope) > _STEEPEST)):
        name, found = assets[asset], float(slope[asset, factor])
        raise DataError(
            f"'{name}' moves by {found:.3g} when factor '{names[factor]}' moves by one: one of them is in per cent?",
            series=name,
            value=found,
            remedy="Give both in one unit: decimals (0.01 for one per cent), or units='percent' for all of them.",
        )
    return _judged(slope, explained, sure, assets, names)


def note_slopes_of_moments(
    moments: Moments, traded: Sequence[int], assets: Sequence[str], names: Sequence[str]
) -> list[Note]:
    """Warn as `note_slopes` does, where only moments are known; `traded` are the places of those factors, `names`."""
    places, count = [1 + place for place in traded], np.maximum(moments.count, 1)[:, None]
    mean, own = moments.xx[0, places].T / count, moments.xy[0][:, None] / count
    spread = np.array([moments.xx[k, k] for k in places]).reshape(len(places), -1).T / count - mean**2
    cross = moments.xy[places].T / count - mean * own
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = cross / spread
        explained = slope * cross / (moments.yy[:, None] / count - own**2)
    return _judged(slope, explained, _certain(explained, count) & np.isfinite(slope), assets, names)


def _judged(
    slope: np.ndarray, explained: np.ndarray, sure: np.ndarray, assets: Sequence[str], names: Sequence[str]
) -> list[Note]:
    steep = sure & (explained > _SEEN) & (np.abs(slope) > _STEEP)
    flat = sure & (explained > _FLAT_SEEN) & (np.abs(slope) < _FLAT)
    notes = []
    for asset, factor in np.argwhere(steep | flat):
        text = f"moves by {slope[asset, factor]:.3g} when factor '{names[factor]}' moves by one"
        if flat[asset, factor]:
            text += f", which explains {explained[asset, factor]:.0%} of it"
        notes.append(Note(assets[asset], "warning", f"{text}: are both decimals, and neither in per cent?"))
    return notes
