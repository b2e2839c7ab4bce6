"""Numbers and intervals in words."""

import math
from collections.abc import Sequence

from bayesfactor.base.intervals import Interval

MINUS = "\N{MINUS SIGN}"


def interval_name(prob: float, kind: Interval) -> str:
    """Return the full name of an interval."""
    return f"{100 * prob:g} % {'equal-tailed' if kind == 'eti' else 'highest-density'} interval"


def periods_in_words(periods: int, period: str = "period") -> str:
    """Return a number of periods, by what one is called: "1 period", "12 weeks"."""
    return f"{periods} {period}{'s' * (periods > 1)}"


def join(names: Sequence[str]) -> str:
    """Return names as one would say them."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def chance(probability: float) -> str:
    """Return a probability in per cent; near 0 and 1 as < 1 % and > 99 %."""
    shown = round(100 * probability)
    return "> 99 %" if shown == 100 else "< 1 %" if shown == 0 else f"{shown} %"


def decimal_places(sd: float) -> int:
    """Return the places after the point down to the largest power of ten within a fifth of a standard deviation."""
    return math.ceil(-math.log10(sd / 5))


def sensible(value: float, sd: float) -> float:
    """Return a number to the largest power of ten within a fifth of its standard deviation; as it is if that is 0."""
    if not (math.isfinite(value) and 0 < sd < math.inf):
        return value
    return round(float(value), decimal_places(sd)) + 0.0


def percent(value: float, sd: float = 0.0) -> str:
    """Return a decimal in per cent, with two places at most, a real minus, and no minus before 0.

    With a standard deviation, to the largest power of ten within a fifth of it.
    """
    if not math.isfinite(value):
        return ""
    value = sensible(float(value), sd)
    text = f"{100 * value:,.2f}".rstrip("0").rstrip(".")
    return f"{'0' if text in ('0', '-0') else text.replace('-', MINUS)} %"


def observed(value: float) -> str:
    """Return a decimal that was observed, and has no standard deviation, in per cent to three digits at most."""
    return percent(value, abs(value) / 20)
