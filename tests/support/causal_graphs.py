"""Causal graphs drawn at random; separation by writing down every path; and linear models of such graphs."""

from itertools import combinations

import numpy as np
from hypothesis import strategies as st

ASSET = "return"


@st.composite
def drawn_graphs(draw, most=6):
    """Return a graph, as a mapping of cause to effects, and the factors in it."""
    size = draw(st.integers(2, most))
    names = [f"n{number}" for number in range(size - 1)]
    names.insert(draw(st.integers(0, size - 1)), ASSET)
    pairs = [*combinations(names, 2)]
    there = draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    graph = {
        name: [b for (a, b), is_there in zip(pairs, there, strict=True) if a == name and is_there] for name in names
    }
    nodes = [name for name in names if name != ASSET]
    factors = draw(st.lists(st.sampled_from(nodes), min_size=1, unique=True))
    return graph, factors


def descendants(edges, node):
    """Return what a node leads to."""
    found, ahead = set(), {b for a, b in edges if a == node}
    while ahead:
        found |= ahead
        ahead = {b for a, b in edges if a in ahead} - found
    return found


def every_path(edges, start, end):
    """Yield every path that visits no node twice, whatever way its arrows point."""
    beside = {}
    for a, b in edges:
        beside.setdefault(a, set()).add(b)
        beside.setdefault(b, set()).add(a)

    def walk(path):
        if path[-1] == end:
            yield path
            return
        for node in beside.get(path[-1], ()):
            if node not in path:
                yield from walk([*path, node])

    yield from walk([start])


def is_open(edges, path, given):
    """Return whether a path is open: arrows meet at its given nodes, and one is given at or below where they meet."""
    for a, b, c in zip(path, path[1:], path[2:], strict=False):
        if (a, b) in edges and (c, b) in edges:
            if not ({b} | descendants(edges, b)) & set(given):
                return False
        elif b in given:
            return False
    return True


def moral_graph_separates(edges, start, end, given):
    """Return whether given nodes part two others in the moral graph of their ancestors (Lauritzen et al. 1990)."""
    nodes, ahead = set(), {start, end, *given}
    while ahead:
        nodes |= ahead
        ahead = {a for a, b in edges if b in ahead} - nodes
    kept = {(a, b) for a, b in edges if b in nodes}
    tied = kept | {(a, other) for a, b in kept for other, same in kept if b == same and a != other}
    tied |= {(b, a) for a, b in tied}
    reached, ahead = set(), {start}
    while ahead:
        reached |= ahead
        ahead = {b for a, b in tied if a in ahead} - reached - set(given)
    return end not in reached


def separated(edges, start, end, given):
    """Return whether no path is open, by the paths and by the moral graph."""
    found = not any(is_open(edges, path, given) for path in every_path(edges, start, end))
    assert found == moral_graph_separates(edges, start, end, given)
    return found


def edges_of(graph):
    """Return the arrows of a mapping of cause to effects."""
    return {(a, b) for a, effects in graph.items() for b in effects}


def expected_reading(graph, factor, others):
    """Return the reading by the two criteria, with every path written down."""
    edges = edges_of(graph)
    moved = descendants(edges, ASSET)
    if factor in moved or moved & set(others):
        return "not causal"
    back_door = {(a, b) for a, b in edges if a != factor}
    if not descendants(edges, factor) & set(others) and separated(back_door, factor, ASSET, others):
        return "total effect"
    return "direct effect" if separated(edges - {(factor, ASSET)}, factor, ASSET, others) else "not causal"


def minimal_sets(graph, factor, candidates):
    """Return every minimal set of candidates by the back-door criterion."""
    edges = edges_of(graph)
    moved = descendants(edges, ASSET)
    if factor in moved:
        return set()
    allowed = [name for name in candidates if name not in descendants(edges, factor) | moved]
    cut = {(a, b) for a, b in edges if a != factor}
    every = [set(some) for size in range(len(allowed) + 1) for some in combinations(allowed, size)]
    good = [some for some in every if separated(cut, factor, ASSET, some)]
    return {frozenset(some) for some in good if not any(other < some for other in good)}


def fewest_to_add(graph, factor, others):
    """Return how few nodes that are no factors close every back door together with some of the factors."""
    seen = {factor, ASSET, *others}
    for size in range(len(graph)):
        for added in combinations([name for name in graph if name not in seen], size):
            sets = minimal_sets(graph, factor, [*others, *added])
            if sets:
                return size
    return None


class LinearModel:
    """A linear model of a graph with coefficients drawn at random, by its population moments."""

    def __init__(self, graph, seed):
        rng, self.names = np.random.default_rng(seed), list(graph)
        size = len(self.names)
        self.weights = np.zeros((size, size))  # effect, cause
        for a, b in edges_of(graph):
            self.weights[self.names.index(b), self.names.index(a)] = rng.uniform(0.4, 1.5) * rng.choice([-1, 1])
        self.total = np.linalg.inv(np.eye(size) - self.weights)
        self.covariance = self.total @ np.diag(rng.uniform(0.5, 2.0, size)) @ self.total.T

    def coefficients(self, factors):
        """Return the coefficients of the regression of the return on factors, by name."""
        place, asset = [self.names.index(name) for name in factors], self.names.index(ASSET)
        found = np.linalg.solve(self.covariance[np.ix_(place, place)], self.covariance[place, asset])
        return dict(zip(factors, found, strict=True))

    def effects(self, factor):
        """Return total and direct effect of a factor on the return."""
        cause, asset = self.names.index(factor), self.names.index(ASSET)
        return {"total effect": self.total[asset, cause], "direct effect": self.weights[asset, cause]}
