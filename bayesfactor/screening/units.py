"""Limits on the size of returns and rates, by how many periods make a year: what is beyond them is of another unit."""

from collections.abc import Sequence

import numpy as np

from bayesfactor.errors import DataError
from bayesfactor.panel import Note
from bayesfactor.screening.extremes import winsorised

_LARGE = 0.3  # absolute return that the typical week of no asset exceeds
_LARGE_MONTH, _LARGE_LONG = 0.5, 1.5
_DAILY = 366
_SMALL = 5e-4  # median absolute return that some series of a panel exceeds
_STILL = 1.2e-4  # and that some series of a frame of business days exceeds
_RATE, _HIGHEST, _WITHIN_DAY = 0.25, 0.5, 2.0  # a year: typical and highest risk-free rate; of bars within a day
_STEEP, _STEEPEST = 8.0, 50.0  # slopes on a traded factor that are rare, and that no asset has
_SEEN, _SURE, _ROWS = 0.05, 4.0, 20  # squared correlation, z value and rows from which a slope counts


def large_return(year: float) -> float:
    """Return the absolute return that the typical period of no asset exceeds, of which `year` make a year.

    Of bars within a day that is no limit: what tells them is their volatility a year.
    """
    if year < 12:
        return _LARGE_LONG
    if year < 52:
        return _LARGE_MONTH
    return _LARGE * (52 / year) ** 0.5 if year <= _DAILY else _LARGE


def check_percent(frames: dict[str, list[np.ndarray]], year: float) -> None:
    """Refuse decimals said to be per cent: when, divided by 100, every series of a frame hardly moves."""
    medians = {
        what: max(float(np.median(np.abs(values))) for values in series) for what, series in frames.items() if series
    }
    limit = _STILL * (252 / year) ** 0.5
    still = [what for what, middle in medians.items() if middle < limit]
    if medians and (still or max(medians.values()) < _SMALL):
        what = still[0] if still else next(iter(medians))
        raise DataError(
            f"With units='percent' no series of {what} has a median absolute return above {medians[what]:.2g}: "
            "decimals given as percent?",
            series=what,
            value=medians[what],
            remedy="Give all frames in one unit, and say which: units='decimal' where 0.01 is one per cent.",
        )


def check_rate_size(values: np.ndarray, year: float) -> None:
    """Refuse a risk-free rate that looks annual or in per cent; `year` of its periods make a year."""
    sizes = np.abs(values)
    typical, highest = (_RATE, _HIGHEST) if year <= _DAILY else (_WITHIN_DAY, _WITHIN_DAY)
    for what, size, limit in (
        ("median", float(np.median(sizes)), typical / year),
        ("maximum", float(sizes.max()), highest / year),
    ):
        if size > limit:
            raise DataError(
                f"risk_free has a {what} of {size:.4g} a period, {size * year:.0%} in the {year:,.0f} periods of a "
                "year: it looks like an annual rate or per cent.",
                series="risk_free",
                value=size,
                remedy="Give the simple return of one period, decimal: for a yearly rate y in per cent with n "
                f"periods a year (here {year:,.0f}), (1 + y / 100) ** (1 / n) - 1.",
            )


def note_slopes(returns: np.ndarray, factors: np.ndarray, assets: Sequence[str], names: Sequence[str]) -> list[Note]:
    """Warn of assets whose slope on a traded factor is so large that one of the two may be in per cent.

    Parameters
    ----------
    returns, factors : arrays (time, asset), (time, factor)
        On the same rows; returns are NaN where not observed.

    Raises
    ------
    DataError
        When the slope is one that no asset has.
    """
    y, known, unit = winsorised(returns)
    f, _, size = winsorised(factors)
    count = np.maximum(known.sum(axis=0), 1)[:, None]
    correlation = y.T @ f / count
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = correlation * unit[:, None] / size
    sure = (count >= _ROWS) & (correlation**2 > _SEEN) & (correlation**2 * count > _SURE**2)
    notes = []
    for asset, factor in np.argwhere(sure & (np.abs(slope) > _STEEP)):
        name, driver, found = assets[asset], names[factor], float(slope[asset, factor])
        if abs(found) > _STEEPEST:
            raise DataError(
                f"'{name}' moves by {found:.3g} when factor '{driver}' moves by one: one of them is in per cent?",
                series=name,
                value=found,
                remedy="Give both in one unit: decimals (0.01 for one per cent), or units='percent' for all of them.",
            )
        text = f"moves by {found:.3g} when factor '{driver}' moves by one: are both decimals, and neither in per cent?"
        notes.append(Note(name, "warning", text))
    return notes
