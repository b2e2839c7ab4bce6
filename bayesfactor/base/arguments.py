"""Checks of arguments."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from bayesfactor.base.errors import FitError, SpecError, nearest

MOST_PERIODS = 10_000  # every one of them is simulated


def require_number(value: object, low: float, high: float, place: str, remedy: str = "") -> None:
    """Raise a SpecError unless the value is a number strictly between `low` and `high`."""
    good = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not (good and low < float(value) < high):  # type: ignore[arg-type]
        bound = f"above {low:g}" if np.isinf(high) else f"between {low:g} and {high:g}"
        raise SpecError(f"{place} is {value!r}; it must be a number {bound}.", place=place, found=value, remedy=remedy)


def require_finite(value: object, what: str, place: str, remedy: str) -> None:
    """Raise a SpecError unless the value is a finite number."""
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not (number and np.isfinite(np.asarray(value))):
        raise SpecError(f"{what} is {value!r}; it must be a finite number.", place=place, found=value, remedy=remedy)


def require_draws(draws: object, seed: object, verb: str) -> None:
    """Raise a SpecError unless draws is an integer of at least 2 and seed one of at least 0."""
    for name, value, least in (("draws", draws, 2), ("seed", seed, 0)):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
            raise SpecError(
                f"{verb}: {name} is {value!r}; it must be an integer of at least {least}.",
                place=f"{verb}.{name}",
                found=value,
            )


def require_periods(periods: object, verb: str) -> None:
    """Raise a SpecError unless it is a positive integer, and no more than can be simulated."""
    if isinstance(periods, bool) or not isinstance(periods, int | np.integer) or periods < 1:
        raise SpecError(
            f"{verb}: periods is {periods!r}; it must be a positive integer, of periods of the panel.",
            place=f"{verb}.periods",
            found=periods,
        )
    if periods > MOST_PERIODS:
        raise SpecError(
            f"{verb}: periods is {periods}; at most {MOST_PERIODS:,} periods of the panel can be looked ahead.",
            place=f"{verb}.periods",
            found=periods,
            remedy="Resample the panel to longer periods.",
        )


def require_top(top: object) -> int:
    """Return how many models to show; raise a SpecError unless it is a positive integer."""
    if isinstance(top, bool) or not isinstance(top, int | np.integer) or top < 1:
        raise SpecError(f"models: top is {top!r}; it must be a positive integer.", place="models.top", found=top)
    return int(top)


def require_flag(value: object, place: str) -> None:
    """Raise a SpecError unless the value is True or False."""
    if not isinstance(value, bool):
        raise SpecError(f"{place} is {value!r}; it must be True or False.", place=place, found=value)


def as_path(path: object) -> Path:
    """Return a path, or raise a FitError."""
    if not isinstance(path, (str, os.PathLike)):
        raise FitError(f"{path!r} is not a path.", remedy='Give the name of a file, such as "run.nc".')
    return Path(path)


def require(value: object, allowed: Iterable[type], place: str) -> None:
    """Raise a SpecError unless the value is of one of the classes allowed."""
    names = [cls.__name__ for cls in allowed]
    if not isinstance(value, tuple(allowed)):
        raise SpecError(
            f"{place}: {value!r} is not one of the choices.",
            place=place,
            found=value,
            allowed=names,
            remedy=nearest(type(value).__name__, names),
        )
