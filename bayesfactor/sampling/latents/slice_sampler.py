"""A slice sampler in one dimension."""

from collections.abc import Callable

import numpy as np

MOST_STEPS = 50  # out, on both sides together; an interval that is cut short leaves the density as it is too


def slice_draw(log_density: Callable[[float], float], start: float, width: float, rng: np.random.Generator) -> float:
    """Return one draw of a Markov chain that leaves a density on the line as it is, by stepping out and shrinking.

    Parameters
    ----------
    log_density : callable
        But for a constant; -inf outside the support.
    start : float
        Where the chain stands; in the support.
    width : float
        Of the first interval: a guess of how far the density reaches. A bad one costs evaluations and nothing else.
    rng : Generator

    Notes
    -----
    Source: Neal (2003), sections 4.1 and 4.2.
    """
    level = log_density(start) - rng.exponential()
    low, high = _interval(log_density, level, start, width, rng)
    while True:
        drawn = rng.uniform(low, high)
        if log_density(drawn) >= level:
            return float(drawn)
        if drawn < start:
            low = drawn
        else:
            high = drawn


def _interval(
    log_density: Callable[[float], float], level: float, start: float, width: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Return an interval around `start`, stepped out until its ends are below the level or no step is left."""
    low = start - width * rng.uniform()
    high = low + width
    down = int(rng.integers(MOST_STEPS))
    up = MOST_STEPS - 1 - down
    while down and log_density(low) >= level:
        low, down = low - width, down - 1
    while up and log_density(high) >= level:
        high, up = high + width, up - 1
    return low, high
