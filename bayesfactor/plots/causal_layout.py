"""Where the nodes and arrows of a causal graph stand: layers from left to right, with few crossings."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

from bayesfactor.spec.causal_graph import CausalGraph

SWEEPS = 12
Slot = tuple[str, str, int] | str  # a bend of a long arrow (cause, effect, layer), or a node


@dataclass(frozen=True)
class Layout:
    """Where nodes stand, and by which points arrows go.

    Attributes
    ----------
    nodes : dict of str to (layer, height)
    arrows : dict of (cause, effect) to list of (layer, height)
        From the cause to the effect, with the bends between.
    layers : int
    height : int
        The largest number of nodes and bends in a layer.
    """

    nodes: dict[str, tuple[float, float]]
    arrows: dict[tuple[str, str], list[tuple[float, float]]]
    layers: int
    height: int


def lay_out(graph: CausalGraph) -> Layout:
    """Return the layout: a node in the layer after the last of its causes, long arrows bent between other nodes."""
    layers: list[list[Slot]] = [list(layer) for layer in graph.generations()]
    place = {node: number for number, layer in enumerate(layers) for node in layer}
    routes: dict[tuple[str, str], list[Slot]] = {}
    for cause, effect in graph.edges:
        bends: list[Slot] = [(cause, effect, number) for number in range(place[cause] + 1, place[effect])]
        for number, bend in enumerate(bends, place[cause] + 1):
            layers[number].append(bend)
        routes[cause, effect] = [cause, *bends, effect]
    _order(layers, [pair for route in routes.values() for pair in pairwise(route)])
    where = {
        slot: (float(number), (len(layer) - 1) / 2 - rank)
        for number, layer in enumerate(layers)
        for rank, slot in enumerate(layer)
    }
    arrows = {edge: [where[slot] for slot in route] for edge, route in routes.items()}
    return Layout({node: where[node] for node in graph.nodes}, arrows, len(layers), max(map(len, layers)))


def _order(layers: list[list[Slot]], steps: list[tuple[Slot, Slot]]) -> None:
    """Order each layer by the mean place of what it is tied to, forth and back; the fewest crossings stay."""
    before: dict[Slot, list[Slot]] = {slot: [] for layer in layers for slot in layer}
    after: dict[Slot, list[Slot]] = {slot: [] for slot in before}
    for a, b in steps:
        after[a].append(b)
        before[b].append(a)
    best, fewest = [list(layer) for layer in layers], _crossings(layers, after)
    for sweep in range(SWEEPS):
        forth = sweep % 2 == 0
        numbers = range(1, len(layers)) if forth else range(len(layers) - 2, -1, -1)
        for number in numbers:
            beside = {slot: rank for rank, slot in enumerate(layers[number - 1 if forth else number + 1])}
            tied_to = before if forth else after
            ties = {slot: [beside[other] for other in tied_to[slot]] for slot in layers[number]}
            centre, size = (len(layers[number]) - 1) / 2, len(beside)
            wanted = {
                slot: (sum(tied) / len(tied) - (size - 1) / 2 if tied else rank - centre)
                for rank, (slot, tied) in enumerate(ties.items())
            }
            layers[number].sort(key=wanted.__getitem__)
        crossings = _crossings(layers, after)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    layers[:] = best


def _crossings(layers: list[list[Slot]], after: dict[Slot, list[Slot]]) -> int:
    """Return how many pairs of steps cross."""
    found = 0
    for one, other in pairwise(layers):
        rank = {slot: place for place, slot in enumerate(other)}
        ends = [place for slot in one for place in sorted(rank[b] for b in after[slot])]
        passed: list[int] = []
        for end in ends:
            where = bisect_right(passed, end)
            found += len(passed) - where
            passed.insert(where, end)
    return found
