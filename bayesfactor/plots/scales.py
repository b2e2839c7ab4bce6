"""The scales of a figure: where values stand, at which of them there are ticks, and what lies beyond the ends."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

import numpy as np

from bayesfactor.base.wording import MINUS, observed, percent

Unit = Literal["percent", "number", "money", "volatility"]
TICKS = 7  # about as many on an axis
ROOM = 0.04  # of an axis, beside the outermost value


@dataclass(frozen=True)
class Scale:
    """One axis of a panel.

    Attributes
    ----------
    low, high : float
        Its ends. What lies beyond them is drawn at the end, and marked as such.
    ticks : tuple of (value, text)
    title : str
        What it measures, with its unit.
    beyond : str
        What lies beyond the ends, in words.
    names, notes : tuple of str
        Of an axis of rows: what stands left and right of each; row i is at the value i, the first on top.
    zero : bool
        Whether there is a line at 0.
    log : bool
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...] = ()
    title: str = ""
    beyond: str = ""
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    zero: bool = False
    log: bool = False

    def shares(self, values: np.ndarray) -> np.ndarray:
        """Return how far along the axis values stand, from 0 to 1; outside of that where they lie beyond its ends."""
        ends, x = np.array([self.low, self.high]), np.asarray(values, dtype=float)
        if self.log:
            ends, x = np.log(ends), np.log(x)
        return (x - ends[0]) / (ends[1] - ends[0])

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Whether values lie between its ends; those that are not known do not."""
        return (values >= self.low) & (values <= self.high)


def rows(names: Sequence[str], notes: Sequence[str] = ()) -> Scale:
    """Return an axis of rows, the first on top."""
    return Scale(-0.5, len(names) - 0.5, names=tuple(names), notes=tuple(notes))


def linear(
    *values: np.ndarray,
    unit: Unit = "number",
    title: str = "",
    zero: bool = True,
    ends: tuple[float, float] | None = None,
    beyond: str = "",
) -> Scale:
    """Return an axis that holds all values, and 0 where it has a line there; or one from end to end."""
    low, high = span(*values, zero=zero) if ends is None else ends
    return Scale(low, high, ticks(low, high, unit), title, beyond, zero=zero)


def span(*values: np.ndarray, zero: bool = True) -> tuple[float, float]:
    """Return ends with room beside the outermost values."""
    known = np.concatenate([np.ravel(np.asarray(value, dtype=float)) for value in values])
    known = known[np.isfinite(known)]
    every = np.append(known, 0.0) if zero or not known.size else known
    low, high = float(every.min()), float(every.max())
    room = ROOM * (high - low) if high > low else max(abs(high), 1.0) * ROOM
    return low - room, high + room


def logarithmic(values: np.ndarray, title: str = "") -> Scale:
    """Return a logarithmic axis of counts."""
    low, high = float(values.min()) / 1.15, float(values.max()) * 1.15
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    at = [10.0**power * factor for power in powers for factor in (1, 2, 5)]
    found = tuple((v, f"{v:,.0f}") for v in at if low <= v <= high and v >= 1)
    return Scale(low, high, found if len(found) > 1 else ticks(low, high), title, log=True)


def periods(last: int, title: str = "") -> Scale:
    """Return an axis of whole numbers of periods from 0."""
    step = next(step for step in (1, 2, 3, 6, 12, 24, 60, 120, 10**9) if last / step <= TICKS)
    return Scale(0, last, tuple((float(k), str(k)) for k in range(0, last + 1, step)), title)


def days(times: np.ndarray) -> np.ndarray:
    """Return dates as days since 1970, as an axis of dates has them."""
    return times.astype("datetime64[ns]").astype(np.int64) / (24 * 3600 * 1e9)


def dates(times: np.ndarray, count: int = 4) -> Scale:
    """Return an axis of dates with ticks at the beginnings of years, of months, or at days."""
    ends = days(times)
    first, last = (np.datetime64(times[i], "M") for i in (0, -1))
    months = np.arange(first, last + np.timedelta64(1, "M"))
    of_year = months.astype(int) % 12
    each = next((n for n in (1, 2, 3, 6, 12, 24, 60, 120) if len(months) / n <= count + 1), 240)
    at = months[(of_year + 12 * (months.astype("datetime64[Y]").astype(int) % max(each // 12, 1))) % each == 0]
    texts = [str(one)[:4] if one.astype(int) % 12 == 0 else str(one) for one in at]
    places = days(at.astype("datetime64[ns]"))
    marks = [(float(p), text) for p, text in zip(places, texts, strict=True) if ends[0] <= p <= ends[-1]]
    if len(marks) < 2:
        marks = [(float(days(t[None])[0]), str(t)[:10]) for t in (times[0], times[-1])]
    return Scale(float(ends[0]), float(ends[-1]) + (ends[0] == ends[-1]), tuple(marks))


def ticks(low: float, high: float, unit: Unit = "number", count: int = TICKS) -> tuple[tuple[float, str], ...]:
    """Return round values between the ends, about `count` of them, as they are written."""
    if not (math.isfinite(low) and math.isfinite(high) and high > low):
        return ()
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple((k * step, written(k * step, unit)) for k in range(first, last + 1))


def with_interval(mean: float, lower: float, upper: float, unit: Unit, sd: float = 0.0) -> str:
    """Return a number and its interval as they are written; what is fixed, or was observed, has none."""
    if unit == "percent" and not upper > lower:
        return observed(float(mean))
    middle, low, high = (written(float(value), unit, float(sd)) for value in (mean, lower, upper))
    return f"{middle} ({low.removesuffix(' %')} to {high})" if upper > lower else middle


def written(value: float, unit: Unit, sd: float = 0.0) -> str:
    """Return a value as it is written on an axis or in a text, to the digits that its standard deviation allows."""
    match unit:
        case "percent" | "volatility":
            return percent(value, sd)
        case "money":
            return f"{value:,.0f}".replace("-", MINUS)
        case "number":
            return "0" if abs(value) < 1e-12 else f"{value:.3g}".replace("-", MINUS)
        case _:
            assert_never(unit)
