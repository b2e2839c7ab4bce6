"""Separation in a causal graph: cut graphs, whether factors close every path, and a path that is open."""

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from itertools import combinations, pairwise
from typing import Any

from bayesfactor.base.extras import not_installed
from bayesfactor.spec.causal_graph import ASSET, CausalGraph

MOST = 12  # candidates that need not be in a set, up to which every set is tried
Step = tuple[str, bool]  # a node, and whether it was reached along an arrow


def networkx() -> Any:
    """Return the library.

    Raises
    ------
    SpecError
        When it is not installed.
    """
    try:
        import networkx as nx
    except ImportError:
        raise not_installed("causal_reading needs networkx", "networkx", "causes") from None
    return nx


class Cut:
    """A causal graph without some arrows, and a factor in it.

    Parameters
    ----------
    graph : CausalGraph
    factor : str
    without : collection of (cause, effect)
        The arrows that are cut.
    """

    def __init__(self, graph: CausalGraph, factor: str, without: Collection[tuple[str, str]]) -> None:
        self.factor, self._nx = factor, networkx()
        self._graph = self._nx.DiGraph()
        self._graph.add_nodes_from(graph.nodes)
        self._graph.add_edges_from(edge for edge in graph.edges if edge not in without)

    def separated(self, given: Iterable[str]) -> bool:
        """Return whether these nodes close every path between the factor and the return."""
        return self._nx.is_d_separator(self._graph, self.factor, ASSET, set(given))

    def some_set(self, candidates: Iterable[str], included: Iterable[str] = ()) -> frozenset[str] | None:
        """Return a set that separates, the included nodes and no candidate too many; None where there is none."""
        inside = set(included)
        found = self._nx.find_minimal_d_separator(
            self._graph, self.factor, ASSET, included=inside, restricted=inside | set(candidates)
        )
        return None if found is None else frozenset(found)

    def minimal_sets(self, candidates: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return every minimal set of candidates that separates, small ones first; one where there are many."""
        first = self.some_set(candidates)
        if first is None:
            return ()
        above = self._nx.ancestors(self._graph, self.factor) | self._nx.ancestors(self._graph, ASSET)
        useful = [name for name in candidates if name in above]  # no other is in a minimal set
        always = self.needed(useful, useful)
        free = [name for name in useful if name not in always]
        if len(free) > MOST:
            return (tuple(name for name in candidates if name in first),)
        found: list[set[str]] = []
        for size in range(len(free) + 1):
            for some in combinations(free, size):
                if not any(one <= {*some} for one in found) and self.separated([*always, *some]):
                    found.append({*some})
        return tuple(tuple(name for name in useful if name in one or name in always) for one in found)

    def needed(self, names: Iterable[str], candidates: Sequence[str]) -> list[str]:
        """Return those of these candidates without which no set separates."""
        return [name for name in names if self.some_set(other for other in candidates if other != name) is None]

    def open_path(self, given: Collection[str]) -> tuple[str, ...]:
        """Return the nodes of a short open path from the factor to the return; nothing where all are closed."""
        closing = set(given).union(*(self._nx.ancestors(self._graph, node) for node in given))
        start: Step = (self.factor, False)
        came: dict[Step, Step | None] = {start: None}
        queue = deque([start])
        while queue:
            step = queue.popleft()
            if step[0] == ASSET:
                return _without_loops(came, step)
            for ahead in self._ahead(step, given, closing):
                if ahead not in came:
                    came[ahead] = step
                    queue.append(ahead)
        return ()

    def _ahead(self, step: Step, given: Collection[str], closing: set[str]) -> list[Step]:
        """Return where an open path may go on: given nodes stop it, unless two arrows meet there or above them."""
        node, along = step
        down = [(child, True) for child in self._graph.successors(node)]
        up = [(parent, False) for parent in self._graph.predecessors(node)]
        passes = node not in given
        if not along:
            return [*up, *down] if passes else []
        return [*(down if passes else []), *(up if node in closing else [])]

    def written(self, path: Sequence[str]) -> str:
        """Return a path with its arrows."""
        steps = (f" {'->' if self._graph.has_edge(a, b) else '<-'} {b}" for a, b in pairwise(path))
        return "".join([*path[:1], *steps])

    def colliders(self, path: Sequence[str]) -> tuple[str, ...]:
        """Return the nodes of a path at which two of its arrows meet."""
        edges = self._graph.has_edge
        triples = zip(path, path[1:], path[2:], strict=False)
        return tuple(b for a, b, c in triples if edges(a, b) and edges(c, b))


def back_door(graph: CausalGraph, factor: str) -> Cut:
    """Return the graph without the arrows out of a factor: what is left between it and the return is no effect."""
    return Cut(graph, factor, {edge for edge in graph.edges if edge[0] == factor})


def single_door(graph: CausalGraph, factor: str) -> Cut:
    """Return the graph without the arrow from a factor to the return."""
    return Cut(graph, factor, {(factor, ASSET)})


def _without_loops(came: dict[Step, Step | None], last: Step) -> tuple[str, ...]:
    """Return the nodes of a walk, each once; what is cut out between two visits leaves an open path open."""
    walk: list[str] = []
    step: Step | None = last
    while step is not None:
        if step[0] in walk:
            del walk[walk.index(step[0]) + 1 :]
        else:
            walk.append(step[0])
        step = came[step]
    return tuple(reversed(walk))
