"""Errors that state the place, what was found, what is allowed, and a remedy."""

import difflib
from collections.abc import Iterable


class BayesFactorError(Exception):
    """Base class of the errors that bayesfactor raises.

    Parameters
    ----------
    message : str
        What is wrong, in one sentence.
    remedy : str, optional
        What to do about it.

    Attributes
    ----------
    message, remedy : str
        As given; the remedy may be empty.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        self.message, self.remedy = message, remedy
        super().__init__(f"{message} {remedy}".strip())


class DataError(BayesFactorError):
    """The data cannot be used as they are.

    Attributes
    ----------
    series : str or None
        The asset, factor, column or file concerned.
    date : object or None
        The first date (or label) concerned.
    value : object or None
        What was found there.
    """

    def __init__(
        self,
        message: str,
        *,
        series: str | None = None,
        date: object = None,
        value: object = None,
        remedy: str = "",
    ) -> None:
        self.series, self.date, self.value = series, date, value
        super().__init__(message, remedy=remedy)


class SpecError(BayesFactorError):
    """A choice (a model, an option, a name) is not valid.

    Attributes
    ----------
    place : str
        Where the choice was made, for instance ``hierarchical.toml: noise.kind``.
    found : object
        The value found.
    allowed : tuple of str
        The valid values.
    """

    def __init__(
        self,
        message: str,
        *,
        place: str = "",
        found: object = None,
        allowed: Iterable[str] = (),
        remedy: str = "",
    ) -> None:
        self.place, self.found, self.allowed = place, found, tuple(allowed)
        super().__init__(message, remedy=remedy)


class FitError(BayesFactorError):
    """A fit did not finish, or its result cannot be read."""


def nearest(found: object, allowed: Iterable[str]) -> str:
    """Return ``Did you mean 'x'? `` for the closest allowed name, then the list of them."""
    names = [str(name) for name in allowed]
    lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(str(found).lower(), lower, n=1)
    hint = f"Did you mean '{lower[close[0]]}'? " if close else ""
    if not names:
        return "None is allowed here."
    shown = ", ".join(names[:12]) + (f", ... ({len(names)} in all)" if len(names) > 12 else "")
    return f"{hint}Allowed: {shown}."


def unknown(kind: str, found: object, allowed: Iterable[str], *, place: str = "") -> SpecError:
    """Return the error for a name that is not among those allowed."""
    names = tuple(str(name) for name in allowed)
    where = f"{place}: " if place else ""
    return SpecError(
        f"{where}unknown {kind} '{found}'.",
        place=place,
        found=found,
        allowed=names,
        remedy=nearest(found, names),
    )
