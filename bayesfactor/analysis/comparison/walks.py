"""Fits in the order of their last dates, and the rows of a panel that each is judged by."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Protocol, runtime_checkable

import numpy as np

from bayesfactor.base.errors import FitError, SpecError
from bayesfactor.panel.records import written
from bayesfactor.posterior.fit import Fit

REMEDY = 'Give a fit, the fits of bf.fit_many(bf.rolling(...)), or one such for each model: {"mine": fits, ...}.'


@runtime_checkable
class NamedFits(Protocol):
    """What names fits, in memory or in files: a mapping, or the fits of `fit_many`."""

    def items(self) -> Iterable[tuple[str, Any]]:
        """Return (name, fit)."""

    def __getitem__(self, name: str, /) -> Any:
        """Return the fit of a name."""


def walks(fits: object, taken: str) -> dict[str, NamedFits]:
    """Return model -> its fits, by name.

    Raises
    ------
    FitError
        When something in it is no fit, or there is none.
    SpecError
        When a model has the name that is taken.
    """
    found = _walks(fits)
    if taken in found:
        raise SpecError(
            f"score: a model is named '{taken}', which is what the benchmark is called.",
            place="score.fits",
            found=taken,
            remedy='Name it apart: {"mine": fits}.',
        )
    return found


def _walks(fits: object) -> dict[str, NamedFits]:
    if isinstance(fits, Fit):
        return {_model_name(fits): {"0": fits}}
    named = _named(fits)
    kinds = {isinstance(value, Fit) for _, value in named.items()}
    if kinds == {True}:
        return {_model_name(next(value for _, value in named.items())): named}
    if kinds != {False}:
        raise FitError("score: there is no fit, or single fits stand beside several.", remedy=REMEDY)
    found = {str(name): _named(value) for name, value in named.items()}
    for name, walk in found.items():
        if not any(True for _ in walk.items()) or not all(isinstance(one, Fit) for _, one in walk.items()):
            raise FitError(f"score: '{name}' holds no fits, or something else beside them.", remedy=REMEDY)
    return found


def legs(model: str, walk: NamedFits) -> Iterator[tuple[str, Fit, np.datetime64 | None]]:
    """Yield the name of each fit, the fit, and the last date that it is judged by: that of the next fit, or None.

    Raises
    ------
    SpecError
        When two fits end on the same date.
    """
    ends = {name: fit.panel.times[-1] for name, fit in walk.items() if len(fit.panel.times)}
    order = sorted(ends, key=lambda name: ends[name])
    for one, other in pairwise(order):
        if ends[one] == ends[other]:
            raise SpecError(
                f"score: '{one}' and '{other}' of '{model}' both end on {written(ends[one])}.",
                place="score.fits",
                found=(one, other),
                remedy='Of several models give the fits of each: {"mine": [fit], "other": [fit]}.',
            )
    last = {one: ends[other] for one, other in pairwise(order)}
    for name in order:
        yield name, walk[name], last.get(name)


def _named(fits: object) -> NamedFits:
    if isinstance(fits, Mapping) or (isinstance(fits, NamedFits) and not isinstance(fits, Sequence)):
        return fits
    if isinstance(fits, Iterable) and not isinstance(fits, (str, bytes)):
        return {str(place): fit for place, fit in enumerate(fits)}
    raise FitError(f"score: expected fits, found {type(fits).__name__}.", remedy=REMEDY)


def _model_name(fit: Fit) -> str:
    return "model" if fit.model is None else fit.model.name
