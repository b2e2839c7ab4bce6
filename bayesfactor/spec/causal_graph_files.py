"""Causal graphs as people write them: mappings, graphs of networkx, TOML files."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from bayesfactor.base.errors import SpecError
from bayesfactor.spec.causal_graph import PLACE, WRITE, CausalGraph

LINE = 'Write a line for each cause: rates = ["market", "return"].'


def read_causal_graph(path: str | Path) -> CausalGraph:
    """Read a causal graph from a TOML file.

    Each line is a cause and what it moves directly; the asset is ``return``::

        rates = ["market", "return"]
        market = ["return", "hash_rate"]
        power = ["hash_rate"]
        hash_rate = ["return"]

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    CausalGraph

    Raises
    ------
    SpecError
        When there is no such file, or it is not a causal graph (see `CausalGraph`).
    """
    if not isinstance(path, str | Path):
        raise SpecError(f"read_causal_graph: {path!r} is not a path.", place="read_causal_graph.path", found=path)
    try:
        effects = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        if isinstance(error, tomllib.TOMLDecodeError | UnicodeDecodeError):
            raise SpecError(f"{path}: not a TOML file: {error}.", place=str(path), remedy=LINE) from None
        reason = error.strerror if isinstance(error, OSError) else error
        raise SpecError(
            f"{path}: cannot be read ({reason}).", place=str(path), remedy="Give a path that exists."
        ) from None
    try:
        return CausalGraph(effects)
    except SpecError as error:
        name, message = Path(path).name, error.message.removeprefix(f"{PLACE}: ")
        remedy = LINE if error.remedy == WRITE else error.remedy
        raise SpecError(
            f"{name}: {message}", place=name, found=error.found, allowed=error.allowed, remedy=remedy
        ) from None


def causal_graph_text(graph: CausalGraph) -> str:
    """Return the text of a file from which `read_causal_graph` reads this graph."""
    return tomli_w.dumps({cause: list(effects) for cause, effects in graph.effects.items()})


def as_causal_graph(given: Any, place: str) -> CausalGraph:
    """Return the causal graph that is given as one, as a mapping, as a directed graph of networkx, or by its file.

    Raises
    ------
    SpecError
        When it is none of these.
    """
    if isinstance(given, CausalGraph):
        return given
    if isinstance(given, str | Path):
        return read_causal_graph(given)
    if isinstance(given, Mapping):
        return CausalGraph(given)
    if callable(getattr(given, "is_directed", None)) and callable(getattr(given, "successors", None)):
        return CausalGraph({node: list(given.successors(node)) for node in given})
    directed = " without directions" if callable(getattr(given, "is_directed", None)) else ""
    raise SpecError(
        f"{place}: expected a causal graph, found {type(given).__name__}{directed}.",
        place=place,
        found=given,
        remedy=f"{WRITE} Or give a TOML file, or an nx.DiGraph.",
    )
