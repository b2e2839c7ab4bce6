"""The scales of a figure: where values stand, at which of them there are ticks, and what lies beyond the ends."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

import numpy as np

from bayesfactor.base.wording import MINUS, percent

Unit = Literal["percent", "number", "money", "volatility"]
TICKS = 7  # about as many on an axis
ROOM = 0.04  # of an axis, beside the outermost value
FENCE = 4.0  # interquartile ranges beyond a quartile, further than which a robust axis does not reach


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


def reach(ends: tuple[float, float], *outer: np.ndarray, most: float = 0.5) -> tuple[float, float]:
    """Return ends that also hold other values, as far as that lengthens the axis by no more than its part at each."""
    low, high = span(*outer)
    room = most * (ends[1] - ends[0])
    return min(ends[0], max(low, ends[0] - room)), max(ends[1], min(high, ends[1] + room))


def fences(values: np.ndarray) -> tuple[float, float]:
    """Return the ends between which values are drawn to scale: the quartiles, and four times their distance beyond."""
    known = np.ravel(values)[np.isfinite(np.ravel(values))]
    if not known.size:
        return -math.inf, math.inf
    low, high = np.quantile(known, [0.25, 0.75])
    reach = FENCE * (high - low)
    return (float(low - reach), float(high + reach)) if reach > 0 else (-math.inf, math.inf)


def ticks(low: float, high: float, unit: Unit = "number", count: int = TICKS) -> tuple[tuple[float, str], ...]:
    """Return round values between the ends, about `count` of them, as they are written."""
    if not (math.isfinite(low) and math.isfinite(high) and high > low):
        return ()
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple((k * step, written(k * step, unit)) for k in range(first, last + 1))


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
