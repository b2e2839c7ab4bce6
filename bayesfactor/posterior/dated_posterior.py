"""What a fit says of each date at its own draws, drawn once however many questions are asked of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.facts import FitFacts
from bayesfactor.posterior.residuals import thin

_KEPT = ContextVar[dict[tuple[int, int | None], Dated] | None]("_KEPT", default=None)


@contextmanager
def drawn_once() -> Iterator[None]:
    """Draw what is drawn again of the posterior of a fit (`of_posterior`) once, as long as this lasts."""
    token = _KEPT.set({})
    try:
        yield
    finally:
        _KEPT.reset(token)


def of_posterior(fit: FitFacts, most: int | None = None) -> Dated:
    """Return what a fit says of each date at its draws; within `drawn_once` the same for each question.

    At all of them, or at about `most`, evenly spaced (see `thin`).
    """
    kept, which = _KEPT.get(), (id(fit), most)
    if kept is not None and which in kept:
        return kept[which]
    found = Dated(fit, fit.posterior if most is None else thin(fit, most))
    if kept is not None:
        kept[which] = found  # which holds the fit, so that its identity stays its own
    return found
