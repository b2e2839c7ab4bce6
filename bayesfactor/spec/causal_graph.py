"""What causes what, as a value: a directed graph without cycles, in which the asset is the node "return"."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Any

from bayesfactor.base.errors import SpecError

ASSET = "return"
PLACE = "CausalGraph"
_NEAR = 0.65  # of the letters of a name, from which it may be that of the asset
WRITE = 'Write {"rates": ["market", "return"], "market": ["return"]}: each cause, and what it moves.'


@dataclass(frozen=True)
class CausalGraph:
    """What moves what: a directed graph without cycles, over factors, things that are no factors, and the asset.

    Attributes
    ----------
    effects : mapping of str to sequence of str
        Of each node the nodes that it moves directly, as one believes; every asset is the node ``"return"``. Nodes that
        move nothing may be left out where an arrow leads to them. ``{"power": []}`` is a node without arrows.

    Raises
    ------
    SpecError
        When a name is no text, the graph has a cycle (which is named, with the way out), or no node is ``"return"``.

    Notes
    -----
    A missing arrow is the strong statement: it says that there is no direct effect.
    """

    effects: Mapping[str, Sequence[str]]

    def __post_init__(self) -> None:
        if not isinstance(self.effects, Mapping):
            raise SpecError(
                f"{PLACE}: effects are a mapping of cause to effects, not a {type(self.effects).__name__}.",
                place=PLACE,
                found=self.effects,
                remedy=WRITE,
            )
        given = {_name(cause): _names(cause, effects) for cause, effects in self.effects.items()}
        nodes = dict.fromkeys([*given, *(effect for effects in given.values() for effect in effects)])
        whole = {node: given.get(node, ()) for node in nodes}
        object.__setattr__(self, "effects", MappingProxyType(whole))
        if ASSET not in whole:
            near = difflib.get_close_matches(ASSET, {node.lower(): node for node in whole}, 1, _NEAR)
            meant = next((f"Did you mean '{ASSET}' by '{node}'? " for node in whole if [node.lower()] == near), "")
            raise SpecError(
                f"{PLACE}: no node is '{ASSET}', which stands for the asset.",
                place=PLACE,
                found=tuple(whole),
                allowed=(ASSET,),
                remedy=f"{meant}Name the asset '{ASSET}'. There is: {', '.join(whole) or 'no node'}.",
            )
        _refuse_cycle(self)

    @property
    def nodes(self) -> tuple[str, ...]:
        """Every node, in the order given."""
        return tuple(self.effects)

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """Every arrow: cause and effect."""
        return tuple((cause, effect) for cause, effects in self.effects.items() for effect in effects)

    @property
    def text(self) -> str:
        """The graph in one line."""
        said = [f"{cause} -> {', '.join(effects)}" for cause, effects in self.effects.items() if effects]
        touched = {node for edge in self.edges for node in edge}
        return "; ".join([*said, *(f"{node} alone" for node in self.nodes if node not in touched)])

    def causes_of(self, node: str) -> tuple[str, ...]:
        """Return the nodes that move a node directly."""
        return tuple(cause for cause, effects in self.effects.items() if node in effects)

    def descendants(self, node: str) -> frozenset[str]:
        """Return every node that a node moves, directly or through others."""
        found: set[str] = set()
        ahead = [*self.effects[node]]
        while ahead:
            effect = ahead.pop()
            if effect not in found:
                found.add(effect)
                ahead += self.effects[effect]
        return frozenset(found)

    def generations(self) -> tuple[tuple[str, ...], ...]:
        """Return the nodes in layers: each stands in the layer after the last of its causes."""
        order, layers = TopologicalSorter({node: self.causes_of(node) for node in self.nodes}), []
        order.prepare()
        while order.is_active():
            ready = order.get_ready()
            layers.append(tuple(sorted(ready, key=self.nodes.index)))
            order.done(*ready)
        return tuple(layers)

    def __repr__(self) -> str:
        return f"CausalGraph({ {cause: list(effects) for cause, effects in self.effects.items()} })"

    def __reduce__(self) -> tuple[Any, ...]:
        return CausalGraph, (dict(self.effects),)


def _name(given: object) -> str:
    """Return the name of a node."""
    if not isinstance(given, str) or not given.strip() or given != given.strip():
        wanted = "text without spaces around it"
    elif not given.isprintable():
        wanted = "text of one line, of letters that can be seen"
    elif "->" in given or "<-" in given:
        wanted = "that of one node, without arrows"
    else:
        return str(given)
    raise SpecError(f"{PLACE}: a node is {given!r}; a name is {wanted}.", place=PLACE, found=given, remedy=WRITE)


def _names(cause: str, effects: object) -> tuple[str, ...]:
    """Return the names of what a node moves, each once."""
    if isinstance(effects, str):
        return (_name(effects),)
    if not isinstance(effects, Iterable) or isinstance(effects, Mapping | bytes):
        raise SpecError(
            f"{PLACE}: '{cause}' moves {effects!r}, and must move a list of names.",
            place=PLACE,
            found=effects,
            remedy=WRITE,
        )
    return tuple(dict.fromkeys(_name(effect) for effect in effects))


def _refuse_cycle(graph: CausalGraph) -> None:
    """Raise a SpecError that names a cycle and the way out of it."""
    try:
        graph.generations()
    except CycleError as error:
        found = error.args[1][:-1]
        start = ASSET if ASSET in found else min(found, key=graph.nodes.index)
        place = found.index(start)
        cycle = [*found[place:], *found[:place]]
        last, before = cycle[-1], f"'{cycle[-1]} before'"
        raise SpecError(
            f"{PLACE}: {' -> '.join([*cycle, start])} is a cycle; causes come before their effects.",
            place=PLACE,
            found=tuple(cycle),
            remedy=f"What acts back acts a period later: instead of {last} -> {start} write {before} -> {start}, where "
            f"{before} is the value of the period before, a node of its own.",
        ) from None
