"""What to doubt, in one line each: what checks found, premia that are not known, returns that cannot be said."""

from collections.abc import Iterable

import pandas as pd

from bayesfactor.analysis.assessment.book_check import BOOK
from bayesfactor.analysis.assessment.checks import PREMIA_APART, SHRUNK
from bayesfactor.analysis.assessment.prior_sensitivity import OF_PRIORS
from bayesfactor.analysis.attribution.attribution import Attribution
from bayesfactor.base.wording import chance, join, percent
from bayesfactor.posterior.diagnostics import Check
from bayesfactor.reporting.content.answer import PLAIN, unknown_sources
from bayesfactor.reporting.content.parts import Caution
from bayesfactor.reporting.content.realised_spans import Span

MISFITS = ("tails", "means", "variance", "residuals")  # how the names of checks begin
PRIORS = (OF_PRIORS, SHRUNK)  # the names of those that say what depends on priors
LISTED = 4  # names in a line


def cautions(
    checks: tuple[Check, ...],
    premium: Attribution,
    spans: tuple[Span, ...],
    weights: pd.Series | None,
    *,
    rated: bool,
) -> tuple[Caution, ...]:
    """Return what to doubt of a fit whose contributions to the premium that is spoken of are `premium`.

    `rated`: whether returns are in excess of a risk-free rate.
    """
    found = *_misfits(checks), *_unknown(premium), *_of_priors(checks)
    return *found, *_unfollowed(spans), *_of_units(weights, rated)


def row_of(number: int) -> str:
    """Return the id of the row of a check, by its number."""
    return f"check-{number}"


def _misfits(checks: tuple[Check, ...]) -> Iterable[Caution]:
    """Yield in what the model does not suit the data: each advice once, failed checks first."""
    found = [
        (check.passed is not False, number, check)
        for number, check in enumerate(checks)
        if check.name.startswith(MISFITS) and check.exceeds_limit
    ]
    seen = set[str]()
    for _, number, check in sorted(found, key=lambda one: one[:2]):
        if check.advice not in seen:
            seen.add(check.advice)
            yield Caution(check.name.partition(":")[0].capitalize(), _line(check), row_of(number))


def _line(check: Check) -> str:
    """Return the first sentence of what to do about a check, and of a book by how much it is off."""
    if check.name.startswith(BOOK):
        who = check.name.removeprefix(BOOK)
        larger = check.passed is False
        much = f"{check.value:.2g} times"
        says = f"is {much} what the model says" if larger else f"is smaller: the model says {much} as much"
        return f"The residual volatility that the {who} had {says}."
    if check.name == PREMIA_APART:
        furthest = f", {check.worst} furthest" if check.worst else ""
        many = chance(check.value)
        return f"The premia of {many} of assets are over 2 standard errors from their sample means{furthest}."
    if check.name == OF_PRIORS:
        worst = f", {check.worst} most" if check.worst else ""
        return f"{chance(check.value)} of parameters depend on their priors{worst}."
    first, _, _ = check.advice.partition(". ")
    return f"{first.rstrip('.')}."


def _of_priors(checks: tuple[Check, ...]) -> Iterable[Caution]:
    """Yield what depends on priors more than it should."""
    for number, check in enumerate(checks):
        if check.name in PRIORS and check.exceeds_limit:
            yield Caution("Priors", _line(check), row_of(number))


def _unknown(premium: Attribution) -> Iterable[Caution]:
    """Yield which premia come from the prior, and which the data hardly tell."""
    weak, lost = unknown_sources(premium)
    for names, what in (
        (lost, "cannot be told from these data: {} the prior's"),
        (weak, "is weakly known: {} mostly the prior's"),
    ):
        if names:
            listed = [PLAIN.get(name, name) for name in names[:LISTED]]
            listed += [f"{len(names) - LISTED} more"] if len(names) > LISTED else []
            whose = "its premium is" if len(names) == 1 else "their premia are"
            yield Caution("Premia", f"What one unit of {join(listed)} pays {what.format(whose)}.", "premia")


def _unfollowed(spans: tuple[Span, ...]) -> Iterable[Caution]:
    """Yield why what the portfolio earned cannot be said, and of what, where it cannot."""
    lost: dict[str, list[str]] = {}
    for span in spans:
        for how, why in span.lost.items():
            lost.setdefault(why, []).append(f"{span.title.lower()}, {how}")
    for why, what in lost.items():
        text = f"What the portfolio earned cannot be said ({'; '.join(what)}): {why}"
        yield Caution("Returns", text, "realised")


def _of_units(weights: pd.Series | None, rated: bool) -> Iterable[Caution]:
    """Yield what is borrowed or lent at which rate, and that there is none."""
    if weights is not None and abs(weights.sum() - 1) > 1e-6:
        rest = "the rest earns" if weights.sum() < 1 else "what is above 100 % is borrowed at"
        rate = "the risk-free rate" if rated else "a rate of 0"
        added = f"Weights add up to {percent(float(weights.sum()))}: {rest} {rate}. A weight of 60 % is 0.6."
        yield Caution("Weights", added, "portfolio")
    if not rated:
        none = "No risk-free rate was given: what this report calls an excess return is the return as it was given."
        yield Caution("Returns", none, "data")
