"""What a reader of a causal reading should know."""

from collections.abc import Sequence

from bayesfactor.panel.records import Factor
from bayesfactor.posterior.facts import FitFacts
from bayesfactor.spec.causal_graph import ASSET, CausalGraph


def causal_notes(
    graph: CausalGraph, factors: Sequence[Factor], fit: FitFacts | None, *, dated: bool
) -> tuple[str, ...]:
    """Return the notes: the graph, what is unseen, and of a panel what its lags mean, of a fit what its priors do."""
    names = {factor.name for factor in factors}
    unseen = [node for node in graph.nodes if node not in names and node != ASSET]
    return (
        f"readings hold if the graph does, and data test few of its arrows: {graph.text}",
        *([f"not among the factors, and so unseen: {', '.join(unseen)}"] if unseen else []),
        f"'{ASSET}' is each asset in turn: one graph for all of them",
        "this is about loadings; a risk premium is the price of covariance with a factor, and no effect of it",
        *_index_notes(graph, factors),
        *(_lag_notes(graph, factors) if dated else []),
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


def _lag_notes(graph: CausalGraph, factors: Sequence[Factor]) -> list[str]:
    """Return what is before what in the panel, and arrows that would go back in time."""
    lags = {factor.name: factor.lag for factor in factors}
    late = [f"{name} by {lag}" for name, lag in lags.items() if lag]
    notes = [
        "what is before what is the panel's: factors are of the period of the return"
        + (f", but for those with a lag, in values of their own: {', '.join(late)}" if late else "")
    ]
    back = [
        f"{cause} -> {effect}"
        for cause, effect in graph.edges
        if lags.get(effect, 0) and (cause == ASSET or lags.get(cause) == 0)
    ]
    if back:
        notes.append(
            f"{', '.join(back)}: in this panel the effect has a lag and its cause has none, so that it is of an "
            "earlier date than its cause; leave the arrow out, or draw it the other way, unless it is meant"
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
