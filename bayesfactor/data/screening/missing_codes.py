"""Numeric codes for missing values, such as -99.99, recognised by exact repetition."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError

_PLAIN = (-99.0, -99.9, -99.99, -99.999, -999.0, -999.9, -999.99, -9999.0, -9999.9, -9999.99, -99999.0, -99999.99)
CODES = np.array(sorted({*_PLAIN, *(round(code / 100.0, 7) for code in _PLAIN)}))
IN_RETURNS = CODES[CODES > -1.0]  # what they become as per cent: -0.99 and the like
_TWO_NINES, THREE_NINES = -0.995, -0.9995
_ABOVE = CODES[-1] + 1e-6
_EXACT = 1e-7  # single precision
_LONG = -98.5  # above it a code might be a value of a standardised series, or of one in per cent


def which_codes(values: np.ndarray) -> np.ndarray:
    """Return the code that each value is, or NaN."""
    found = np.full(values.shape, np.nan)
    low = np.flatnonzero(values < _ABOVE)
    values = values[low]
    place = np.searchsorted(CODES, values - 2e-7 * np.abs(values))
    near = CODES[np.minimum(place, len(CODES) - 1)]
    found[low] = np.where(np.abs(values - near) <= _EXACT * np.abs(near), near, np.nan)
    return found


def _repeated(codes: np.ndarray) -> float | None:
    """Return the most frequent code, if it occurs at least twice."""
    found, counts = np.unique(codes[~np.isnan(codes)], return_counts=True)
    return float(found[counts.argmax()]) if len(found) and counts.max() > 1 else None


def find_code(values: np.ndarray) -> float | None:
    """Return a code that repeats in a series of unknown meaning and is its lowest value.

    As values of a series may by chance be such numbers, it has to stand apart from the rest: further below the lowest
    of them than that is below their median (a short code, such as -0.99, twice as far; a long one that is no whole
    number, such as -99.99, a quarter as far); or it is the only negative number.
    """
    if not (values < _ABOVE).any():
        return None
    values = values[np.isfinite(values)]
    codes = which_codes(values)
    code, rest = _repeated(codes), values[np.isnan(codes)]
    if code is None:
        return None
    long = code < _LONG
    if not len(rest):
        return code if long else None
    low, gap = float(rest.min()), float(rest.min() - np.nanmax(codes))
    apart = (float(np.median(rest)) - low) * (0.25 if long and code % 1 else 1.0 if long else 2.0)
    alone = low >= 0.0 and (abs(code) != 0.99 or low > 2.0)
    return code if gap > 0.0 and (gap > apart or alone) else None


def code_error(code: float, dates: np.ndarray, values: np.ndarray, name: str, what: str, remedy: str = "") -> DataError:
    """Return the error that names the series, the first date, the code and its number of occurrences."""
    same = np.flatnonzero(np.isclose(values, code, rtol=_EXACT, atol=0.0))
    date, found = dates[int(same[0])], float(values[same[0]])
    day = str(date)[:10] if isinstance(date, np.datetime64 | pd.Timestamp) else str(date)
    return DataError(
        f"'{name}'{what and f' in {what}'} is {found:.10g} on {day}, and {len(same)} times in all: "
        "a code for a missing value, not a number.",
        series=name,
        date=date,
        value=found,
        remedy=remedy or f"Make it missing: {what} = {what}.replace({found!r}, float('nan')).",
    )


def check_codes(frame: pd.DataFrame, what: str, remedy: str = "") -> None:
    """Raise an error for a code that repeats in a column of floats; `remedy` has ``{code}`` in place of it."""
    for place, name in enumerate(frame.columns):
        values = frame.iloc[:, place].to_numpy()
        code = find_code(values)
        if code is not None:
            how = remedy.replace("{code}", repr(float(values[np.isclose(values, code, rtol=_EXACT, atol=0.0)][0])))
            raise code_error(code, frame.index.to_numpy(), values, str(name), what, how)


def check_codes_of_returns(dates: np.ndarray, values: np.ndarray, name: str, most: float = np.inf) -> None:
    """Raise an error for a code of at most `most` that repeats in decimal returns, where any of them is one."""
    codes = which_codes(values)
    code = _repeated(np.where(codes <= most, codes, np.nan))
    if code is not None:
        first = float(values[np.isclose(values, code, rtol=_EXACT, atol=0.0)][0])
        raise code_error(code, dates, values, name, "", _replace(code, first))


def _replace(code: float, found: float) -> str:
    """Say how to make a code of decimal returns missing, which may have been given as per cent."""
    return (
        f"Make it missing (in per cent {100 * code:.8g}): frame.replace([{found!r}, {100 * code:.8g}], float('nan'))."
    )


def check_codes_across(series: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> None:
    """Raise an error for a code that comes in two series of decimal returns: (name, dates, values) of each.

    One of two nines, or of three on different dates, may be what two assets lost.
    """
    seen: dict[tuple[float, object], tuple[str, object]] = {}
    for name, dates, values in series:
        codes = which_codes(values)
        for place in np.flatnonzero(codes < _TWO_NINES):
            code, date = float(codes[place]), dates[place]
            key = (code, date if code > THREE_NINES else None)
            other, when = seen.setdefault(key, (name, date))
            if other != name:
                raise DataError(
                    f"'{other}' is {code:.8g} on {when}, and '{name}' on {date}: a code for a missing value, not a "
                    "number.",
                    series=other,
                    date=when,
                    value=float(values[place]),
                    remedy=_replace(code, float(values[place])),
                )
