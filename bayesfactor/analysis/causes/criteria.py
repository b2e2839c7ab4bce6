"""The criteria by which a loading is a total effect, a direct effect or neither, and what would make it a total one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, get_args

from bayesfactor.analysis.causes.separation import MOST, Cut, back_door, single_door
from bayesfactor.spec.causal_graph import ASSET, CausalGraph

Meaning = Literal["total effect", "direct effect", "not causal"]
TOTAL, DIRECT, NONE = get_args(Meaning)


@dataclass(frozen=True)
class Question:
    """A factor in a regression of the return on it and on others, with a causal graph of them.

    Attributes
    ----------
    graph : CausalGraph
    factor : str
    others : tuple of str
        The other factors of the regression.
    """

    graph: CausalGraph
    factor: str
    others: tuple[str, ...]

    @property
    def moved_by_asset(self) -> tuple[str, ...]:
        """The other factors that the return moves."""
        return tuple(name for name in self.others if name in self.graph.descendants(ASSET))

    @property
    def moved_by_factor(self) -> tuple[str, ...]:
        """The other factors that the factor moves."""
        return tuple(name for name in self.others if name in self.graph.descendants(self.factor))

    @property
    def reversed(self) -> bool:
        """Whether the return moves the factor."""
        return self.factor in self.graph.descendants(ASSET)

    @property
    def back_door(self) -> Cut:
        """See `separation.back_door`."""
        return back_door(self.graph, self.factor)

    @property
    def single_door(self) -> Cut:
        """See `separation.single_door`."""
        return single_door(self.graph, self.factor)

    @property
    def only_direct(self) -> bool:
        """Whether the factor moves the return by no way but its own arrow, if at all."""
        others = (name for name in self.graph.effects[self.factor] if name != ASSET)
        return not any(ASSET in self.graph.descendants(name) for name in others)

    def meaning(self) -> Meaning:
        """Return what the loading on the factor is: by the back-door and the single-door criterion of Pearl."""
        if self.reversed or self.moved_by_asset:
            return NONE
        if not self.moved_by_factor and self.back_door.separated(self.others):
            return TOTAL
        return DIRECT if self.single_door.separated(self.others) else NONE

    def unseen(self, beside: Collection[str]) -> tuple[str, ...]:
        """Return the nodes that are no factors and not among these."""
        seen = {self.factor, ASSET, *self.others, *beside}
        return tuple(node for node in self.graph.nodes if node not in seen)


@dataclass(frozen=True)
class WayOut:
    """What a regression must hold for the loading to be the total effect.

    Attributes
    ----------
    adjust_for : tuple of tuples of str
        Minimal sets of factors that close every back door: ``((),)`` where nothing is needed, ``()`` where no set of
        the factors does.
    missing : tuple of str
        What must be added, as no set of the factors does.
    harmful : tuple of str
        Factors that must be left out.
    """

    adjust_for: tuple[tuple[str, ...], ...]
    missing: tuple[str, ...]
    harmful: tuple[str, ...]


def way_to_total(asked: Question, meaning: Meaning) -> WayOut:
    """Return what the total effect needs; nothing helps where the return moves the factor."""
    if asked.reversed:
        return WayOut((), (), ())
    cut = asked.back_door
    moved = asked.graph.descendants(asked.factor) | asked.graph.descendants(ASSET)
    own = [name for name in asked.others if name not in moved]
    sets = cut.minimal_sets(own)
    if meaning == DIRECT and asked.only_direct:
        return WayOut(sets, (), ())
    missing = () if sets else _fewest(cut, own, asked.unseen(moved))
    kept = _most_kept(cut, own, missing, sets)
    return WayOut(sets, missing, tuple(name for name in asked.others if name not in kept))


def missing_for_direct(asked: Question) -> tuple[str, ...] | None:
    """Return what must be added for the direct effect; None where adding does not help."""
    moved = asked.graph.descendants(ASSET)
    kept = [name for name in asked.others if name not in moved]
    found = asked.single_door.some_set(asked.unseen(moved), kept)
    return None if found is None else tuple(node for node in asked.graph.nodes if node in found and node not in kept)


def _fewest(cut: Cut, own: Sequence[str], unseen: Sequence[str]) -> tuple[str, ...]:
    """Return the fewest nodes that close every back door together with factors."""
    always = cut.needed(unseen, [*own, *unseen])
    free = [name for name in unseen if name not in always]
    found = cut.some_set([*own, *unseen]) or frozenset()
    if len(free) <= MOST:
        every = ([*always, *some] for size in range(len(free) + 1) for some in combinations(free, size))
        found = next((frozenset(some) for some in every if cut.some_set(own, some) is not None), found)
    return tuple(name for name in unseen if name in found)


def _most_kept(cut: Cut, own: Sequence[str], missing: Sequence[str], sets: Sequence[Sequence[str]]) -> set[str]:
    """Return factors that leave every back door closed, with what is missing; all of them if they may stay."""
    if cut.separated([*own, *missing]):
        return set(own)
    starts = sets or [tuple(cut.some_set(own, missing) or ())]
    return max((_grown(cut, own, {*start, *missing}) for start in starts), key=len)


def _grown(cut: Cut, own: Sequence[str], kept: set[str]) -> set[str]:
    """Return a set with every factor that leaves it closed, one at a time."""
    for name in own:
        if name not in kept and cut.separated({*kept, name}):
            kept.add(name)
    return kept
