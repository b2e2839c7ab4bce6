"""Limits on the risk-free rate by periods per year, and warnings within them."""

import numpy as np

from bayesfactor.base.errors import DataError
from bayesfactor.data.screening.missing_codes import which_codes
from bayesfactor.data.screening.units import DAILY
from bayesfactor.panel.records import Note

_RATE, _HIGHEST, _WITHIN_DAY = 0.25, 0.5, 2.0  # a year: typical and highest rate; of bars within a day
_HIGH, _LOST = 0.10, -0.5  # a year: above which a rate is spoken of; in one period: no rate
_NOTHING, _NEARLY = 1e-3, 2e-3  # a year: median and maximum of a rate that may be in decimals among per cent
_HELD, _COARSE = 15, 1e-4  # rows that a daily rate stays equal when it may be a monthly one; its last digit
_GIVE = (
    "Give the simple return of one period, decimal: for a yearly rate y in per cent with n periods a year (here {}), "
    "(1 + y / 100) ** (1 / n) - 1."
)


def yearly(rate: float, year: float) -> str:
    """Write a rate of one period as per cent a year."""
    whole = 100 * rate * year
    if abs(whole) >= 1000:
        return "more than 1000 % a year" if whole > 0 else "less than -1000 % a year"
    return f"{whole:.3g} % a year"


def _name(rate: float) -> str:
    return f"risk_free={rate:.6g}"


def check_rate_size(values: np.ndarray, year: float, dates: np.ndarray | None = None) -> None:
    """Raise an error for a risk-free rate that holds a code for a missing value, looks annual, or is in per cent.

    `year` of its periods make a year. One value without dates is a number that was given.
    """
    number = dates is None and len(values) == 1
    _check_codes(values, dates)
    middle = float(np.median(values))
    if abs(middle) < float(np.median(np.abs(values))):
        middle = float(np.median(np.abs(values)))
    far = float(values[np.abs(values).argmax()])
    typical, highest = (_RATE, _HIGHEST) if year <= DAILY else (_WITHIN_DAY, _WITHIN_DAY)
    for what, size, limit in (("median", middle, typical), ("maximum" if far > 0 else "minimum", far, highest)):
        if abs(size) * year > limit:
            found = f"{_name(size)} is" if number else f"risk_free has a {what} of {size:.4g} a period,"
            raise DataError(
                f"{found} {yearly(size, year)} (of {year:,.0f} periods): it looks like an annual rate or per cent.",
                series="risk_free",
                date=None if dates is None or what == "median" else dates[int(np.abs(values).argmax())],
                value=size,
                remedy=_GIVE.format(f"{year:,.0f}"),
            )


def _check_codes(values: np.ndarray, dates: np.ndarray | None) -> None:
    """Raise an error for a single code for a missing value; no rate loses half in one period."""
    found = np.flatnonzero(~np.isnan(which_codes(values)) & (values < _LOST))
    if not len(found):
        return
    value = float(values[found[0]])
    when = None if dates is None else dates[found[0]]
    day = "" if when is None else f" on {str(when)[:10]}"
    per = f" ({100 * value:.8g} in per cent)" if value > -1.0 else ""
    raise DataError(
        f"risk_free is {value:.8g}{per}{day}: a code for a missing value, not a rate.",
        series="risk_free",
        date=when,
        value=value,
        remedy="Give the simple return of one period, or leave risk_free out."
        if when is None
        else "Supply the rate of that period, or cut the sample: risk_free.replace"
        f"([{value:.8g}, {100 * value:.8g}], float('nan')).dropna() leaves it out.",
    )


def note_rate(values: np.ndarray, year: float, percent: bool = False) -> list[Note]:
    """Warn of a rate that is high for its calendar, may be a longer period's, or may be decimals among per cent."""
    middle, most, texts = float(np.median(values)), float(np.abs(values).max()), []
    what = _name(middle) if len(values) == 1 else f"risk_free, {middle:.4g} in the typical period,"
    if abs(middle) * year > _HIGH:
        texts.append(f"{what} is {yearly(middle, year)}: is it an annual rate? {_GIVE.format(f'{year:,.0f}')}")
    if year > 200 and len(values) > 1 and _held(values) and (abs(middle) * year > _HIGH or _coarse(values)):
        texts.append(
            f"risk_free stays equal for a month at a time and is {yearly(middle, year)}: is it a monthly rate on every "
            f"day? Of that give (1 + rate) ** (1 / {year / 12:.0f}) - 1"
        )
    if percent and 0.0 < abs(middle) * year < _NOTHING and most * year < _NEARLY:
        texts.append(
            f"{what} is {yearly(middle, year)} under units='percent': is it per cent, as the returns are, or decimals?"
        )
    return [Note("panel", "warning", text) for text in texts]


def _held(values: np.ndarray) -> bool:
    """Whether a series stays equal over runs of about a month, and changes."""
    edges = np.flatnonzero(np.diff(values) != 0) + 1
    return len(edges) > 1 and float(np.median(np.diff(edges))) >= _HELD


def _coarse(values: np.ndarray) -> bool:
    """Whether a daily rate moves in steps that are a few per cent of a year."""
    steps = values / _COARSE
    return bool(np.ptp(values) > 0 and (np.abs(steps - np.round(steps)) < 1e-6).all())
