"""What a reader of a causal reading should know."""

from collections.abc import Sequence

from bayesfactor.data.calendars import FREQUENCIES
from bayesfactor.panel.records import Factor
from bayesfactor.posterior.facts import FitFacts
from bayesfactor.spec.causal_graph import ASSET, CausalGraph

NEARLY = 0.95  # of the days of a row: seven of them are a week, of which a year has 52


def causal_notes(
    graph: CausalGraph, factors: Sequence[Factor], fit: FitFacts | None, frequency: str | None
) -> tuple[str, ...]:
    """Return the notes: the graph, what is unseen, and of a panel what its lags mean, of a fit what its priors do.

    The `frequency` is that of the panel's rows, if there is a panel.
    """
    names = {factor.name for factor in factors}
    unseen = [node for node in graph.nodes if node not in names and node != ASSET]
    return (
        f"readings hold if the graph does, and data test few of its arrows: {graph.text}",
        *([f"not among the factors, and so unseen: {', '.join(unseen)}"] if unseen else []),
        f"'{ASSET}' is each asset in turn: one graph for all of them",
        "this is about loadings; a risk premium is the price of covariance with a factor, and no effect of it",
        *_index_notes(graph, factors),
        *_price_notes(graph, factors, frequency or ""),
        *(_lag_notes(graph, factors, frequency) if frequency is not None else []),
        *(_fit_notes(fit) if fit is not None else []),
    )


def _index_notes(graph: CausalGraph, factors: Sequence[Factor]) -> list[str]:
    """Return which factors are made of assets, where the graph does not say that the return moves them."""
    moved = graph.descendants(ASSET)
    return [
        f"{factor.name} is an index of {len(factor.members)} assets, each of which moves it by its weight: for a large "
        f"one the graph lacks the arrow {ASSET} -> {factor.name}"
        for factor in factors
        if factor.members and factor.name not in moved
    ]


def _price_notes(graph: CausalGraph, factors: Sequence[Factor], frequency: str) -> list[str]:
    """Return which factors hold the price, where the graph does not say that the return moves them."""
    moved, notes = graph.descendants(ASSET), []
    for factor in factors:
        if factor.shares_price and factor.name not in moved:
            before = factor.lag > 0 and not _within_row(factor, frequency)
            notes.append(
                f"{factor.name} shares the price with the return, which moves it: the graph lacks the arrow {ASSET} -> "
                f"{factor.name}"
                + (", which the lag makes one from the return of an earlier row, a node of its own" if before else "")
            )
    return notes


def _within_row(factor: Factor, frequency: str) -> bool:
    """Whether a lag, in values of the factor's own, is shorter than a row of the panel."""
    known = {factor.frequency, frequency} <= {*FREQUENCIES} and not factor.shares_price
    return known and factor.lag * FREQUENCIES[frequency] < NEARLY * FREQUENCIES[factor.frequency]


def _late(factor: Factor, frequency: str) -> str:
    """Return by what a factor lags."""
    if factor.shares_price and factor.frequency not in ("", frequency):
        return f"{factor.name} by whole {frequency} rows"
    if not factor.frequency:
        return f"{factor.name} by {factor.lag} of its own values"
    return f"{factor.name} by {factor.lag} {factor.frequency} value{'s' if factor.lag > 1 else ''}"


def _lag_notes(graph: CausalGraph, factors: Sequence[Factor], frequency: str) -> list[str]:
    """Return what is before what in the panel, and arrows that would go back in time."""
    lagged = {factor.name: factor for factor in factors if factor.lag}
    present = {ASSET, *(factor.name for factor in factors)} - {*lagged}
    late = [_late(factor, frequency) for factor in lagged.values()]
    notes = [
        "what is before what is the panel's: factors are of the period of the return"
        + (f", but for those with a lag: {', '.join(late)}" if late else "")
    ]
    drawn = [
        (f"{cause} -> {effect}", effect)
        for cause, effect in graph.edges
        if cause in present and effect in lagged and not (cause == ASSET and lagged[effect].shares_price)
    ]
    within = [name for name, factor in lagged.items() if _within_row(factor, frequency)]
    if back := [arrow for arrow, effect in drawn if effect not in within]:
        notes.append(
            f"{', '.join(back)}: in this panel the effect has a lag and its cause has none, so that it is of an "
            "earlier date than its cause; leave the arrow out, or draw it the other way, unless it is meant"
        )
    if partly := [arrow for arrow, effect in drawn if effect in within]:
        notes.append(
            f"{', '.join(partly)}: the lag of the effect is shorter than a {frequency} row, so that most of its value "
            "is of the same days as its cause: the arrow may stand"
        )
    return notes


def _fit_notes(fit: FitFacts) -> list[str]:
    """Return what a model does to a coefficient."""
    notes = [
        "priors, and partial pooling where the model has it, pull a loading: as an effect it is biased towards them, "
        "more where histories are short"
    ]
    if "inclusion_probability" in fit.posterior:
        notes.append("where a loading may be out, its factor adjusts the others only in the draws in which it is in")
    return notes
