"""Ends of an axis that one outlier does not stretch, and what then lies beyond them, in words."""

import math
from collections.abc import Sequence

import numpy as np

from bayesfactor.plots.scales import span
from bayesfactor.plots.style import short

FENCE = 4.0  # interquartile ranges beyond a quartile, further than which a robust axis does not reach
FEWEST = 8  # values of which quartiles are taken
NAMED = 5  # outliers that are named


def reach(ends: tuple[float, float], *outer: np.ndarray, most: float = 0.5) -> tuple[float, float]:
    """Return ends that also hold other values, as far as that lengthens the axis by no more than its part at each."""
    low, high = span(*outer)
    room = most * (ends[1] - ends[0])
    return min(ends[0], max(low, ends[0] - room)), max(ends[1], min(high, ends[1] + room))


def fences(values: np.ndarray, least: float = 0.0) -> tuple[float, float]:
    """Return what lies four times the distance of the quartiles beyond them, `least` at least: outside are outliers.

    Of few values, none is an outlier.
    """
    known = np.ravel(values)[np.isfinite(np.ravel(values))]
    if len(known) < FEWEST:
        return -math.inf, math.inf
    low, high = np.quantile(known, [0.25, 0.75])
    far = max(FENCE * (high - low), least)
    return (float(low - far), float(high + far)) if far > 0 else (-math.inf, math.inf)


def robust(lower: np.ndarray, upper: np.ndarray) -> tuple[float, float]:
    """Return ends of an axis, with 0, that hold intervals of several entries, but for outliers among them."""
    low, high = fences(lower)[0], fences(upper)[1]
    return span(*(values[(values >= low) & (values <= high)] for values in (lower, upper)))


def together(ends: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the ends of one axis for all panels."""
    return min(low for low, _ in ends), max(high for _, high in ends)


def beyond(
    what: str, ends: tuple[float, float], lower: np.ndarray, upper: np.ndarray, texts: Sequence[str]
) -> tuple[str, ...]:
    """Say whose intervals reach beyond the ends: one sentence, or none where all lie within."""
    with np.errstate(invalid="ignore"):
        far = np.maximum(ends[0] - lower, upper - ends[1])
    off = [int(i) for i in np.argsort(-np.nan_to_num(far, nan=-np.inf), kind="stable") if far[i] > 0]
    if not off:
        return ()
    rest = len(off) - NAMED
    return (f"{what}: {'; '.join(texts[i] for i in off[:NAMED])}{f'; and {rest} more' if rest > 0 else ''}.",)


def numbered(names: Sequence[object], numbers: Sequence[str]) -> list[str]:
    """Return names, each with its number."""
    return [f"{short(name)}, {number}" for name, number in zip(names, numbers, strict=True)]
