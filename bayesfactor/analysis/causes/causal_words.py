"""A reading in words: why a loading is an effect or none, and what to change."""

from collections.abc import Sequence
from itertools import pairwise
from typing import assert_never

from bayesfactor.analysis.causes.criteria import Meaning, Question, WayOut, missing_for_direct
from bayesfactor.analysis.causes.separation import Cut
from bayesfactor.base.wording import join
from bayesfactor.spec.causal_graph import ASSET

NOTHING, IMPOSSIBLE, SHOWN = "nothing", "no set of the factors", 3
AGAINST = "a loading away from 0 speaks against the graph"


def because(asked: Question, meaning: Meaning, way: WayOut) -> tuple[str, str]:
    """Return why, and the open path where there is one."""
    match meaning:
        case "total effect":
            return _why_total(asked, way), ""
        case "direct effect":
            return _why_direct(asked, way), ""
        case "not causal":
            return _why_not(asked, way)
        case _:
            assert_never(meaning)


def sets_in_words(sets: Sequence[Sequence[str]]) -> str:
    """Return sets of factors: "rates + market or rates + vix"; the first few of many."""
    shown = [" + ".join(some) if some else NOTHING for some in sets[:SHOWN]]
    more = [f"{len(sets) - SHOWN} more"] if len(sets) > SHOWN else []
    return " or ".join([*shown, *more]) or IMPOSSIBLE


def _why_total(asked: Question, way: WayOut) -> str:
    if ASSET not in asked.graph.descendants(asked.factor):
        return _no_effect(asked.factor)
    if way.adjust_for == ((),):
        return "No back-door path is open."
    return f"Every back-door path is closed by {sets_in_words(way.adjust_for)}."


def _no_effect(factor: str) -> str:
    return f"In the graph {factor} does not move the return: its effect is 0, and {AGAINST}."


def _why_direct(asked: Question, way: WayOut) -> str:
    graph, factor = asked.graph, asked.factor
    if ASSET not in graph.descendants(factor):
        return _no_effect(factor)
    if asked.only_direct:
        return "It moves the return directly only, so that this is the total effect as well."
    between = join([name for name in asked.moved_by_factor if ASSET in graph.descendants(name)])
    if ASSET in graph.effects[factor]:
        return f"What goes through {between} is not in it. {_total(way)}"
    return f"All of its effect goes through {between}: its direct effect is 0, and {AGAINST}. {_total(way)}"


def _why_not(asked: Question, way: WayOut) -> tuple[str, str]:
    graph = asked.graph
    if asked.reversed:
        path = _chain(asked, asked.factor)
        return (
            f"Reverse cause: the return moves {asked.factor} ({path}), and no other factor mends that. Ask for its "
            "value of an earlier period, as a node of its own.",
            path,
        )
    if asked.moved_by_asset:
        path = _chain(asked, asked.moved_by_asset[0])
        return (
            f"The return moves {join(asked.moved_by_asset)} ({path}): beside what follows from the return, no loading "
            f"is read as an effect. {_total(way)}",
            path,
        )
    cut = asked.single_door if asked.moved_by_factor else asked.back_door
    nodes = cut.open_path(asked.others)
    path = cut.written(nodes)
    parts = [_why_open(asked, cut, nodes), _total(way)]
    missing = missing_for_direct(asked) if asked.moved_by_factor and ASSET in graph.effects[asked.factor] else None
    if missing:
        parts.append(f"For the direct effect add {join(missing)}.")
    return " ".join(filter(None, parts)), path


def _why_open(asked: Question, cut: Cut, path: Sequence[str]) -> str:
    """Return why a path is open: what meets at a factor, and what is no factor."""
    written, meeting = cut.written(path), cut.colliders(path)
    unseen = [name for name in path[1:-1] if name not in meeting]
    no_factor = f"{join(unseen)} {'is no factor' if len(unseen) == 1 else 'are no factors'}"
    if all(effect in asked.graph.effects[cause] for cause, effect in pairwise(path)):
        moved = asked.moved_by_factor
        held = f"{join(moved)}, which {asked.factor} moves, {'is' if len(moved) == 1 else 'are'} held"
        return (
            f"{written} is in the loading, as {no_factor}, while {held}: it is read as neither the total nor the "
            "direct effect."
        )
    seen = [name for name in meeting if name in asked.others]
    parts = [f"its arrows meet at {join(seen)}, which {_is_a_factor(seen)}"] if seen else []
    for name in (one for one in meeting if one not in seen):
        under = asked.graph.descendants(name)
        below = next(other for other in asked.others if other in under)
        parts.append(f"its arrows meet at {name}, which is no factor but moves {below}, which is one")
    return f"{written} is open: {join(parts) if parts else no_factor}."


def _is_a_factor(names: Sequence[str]) -> str:
    return "is a factor" if len(names) == 1 else "are factors"


def _total(way: WayOut) -> str:
    """Return what to change for the total effect."""
    steps = [f"leave out {join(way.harmful)}"] if way.harmful else []
    steps += [f"add {join(way.missing)}"] if way.missing else []
    return f"For the total effect {' and '.join(steps)}." if steps else ""


def _chain(asked: Question, last: str) -> str:
    """Return the shortest way from the return to a node that it moves."""
    way: dict[str, tuple[str, ...]] = {ASSET: (ASSET,)}
    queue = [ASSET]
    for node in queue:
        for effect in asked.graph.effects[node]:
            if effect not in way:
                way[effect] = (*way[node], effect)
                queue.append(effect)
    return " -> ".join(way[last])
