"""The factors of a fit or a panel, held against the nodes of a causal graph."""

import difflib
from collections.abc import Iterable, Sequence

from bayesfactor.base.errors import SpecError
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.records import Factor
from bayesfactor.posterior.facts import FitFacts
from bayesfactor.spec.causal_graph import ASSET, CausalGraph

VERB = "causal_reading"
CLOSE = 0.8  # likeness of two names, of 1, from which one may be the other misspelt
SHORTEST = 5  # letters of a name that may be misspelt: usd and usdc are two


def factors_of(given: object) -> tuple[Factor, ...]:
    """Return the factors of a fit or a panel, or those of which the names are given.

    Raises
    ------
    SpecError
        When it is none of these, or a name is given twice.
    """
    if isinstance(given, FitFacts):
        return given.panel.factor_info
    if isinstance(given, PanelBase):
        return given.factor_info
    names = [] if isinstance(given, str) or not isinstance(given, Sequence) else list(given)
    if not names or not all(isinstance(name, str) for name in names):
        raise SpecError(
            f"{VERB}: expected a Fit, a panel or names of factors, found {type(given).__name__}.",
            place=f"{VERB}.fit",
            found=given,
            remedy='Pass what bf.fit or bf.integrate returned, or ["market", "rates"].',
        )
    for name in names:
        if names.count(name) > 1:
            raise SpecError(f"{VERB}: factor '{name}' is given twice.", place=f"{VERB}.fit", found=name)
    return tuple(Factor(name) for name in names)


def check_names(graph: CausalGraph, names: Sequence[str]) -> None:
    """Raise a SpecError where a factor is not in the graph, or is written otherwise there."""
    if ASSET in names:
        raise SpecError(
            f"{VERB}: a factor is named '{ASSET}', which is the asset in a causal graph.",
            place=f"{VERB}.graph",
            found=ASSET,
            remedy="Rename the factor before integrating.",
        )
    unseen = [node for node in graph.nodes if node not in names and node != ASSET]
    for node in unseen:
        for name in [ASSET, *names]:
            if _plain(node) == _plain(name):
                raise SpecError(
                    f"{VERB}: the graph has '{node}', which is no factor; the "
                    f"{'asset' if name == ASSET else 'factor'} is '{name}'.",
                    place=f"{VERB}.graph",
                    found=node,
                    allowed=[ASSET, *names],
                    remedy=f"Write '{name}' in the graph.",
                )
        drawn = [one for one in graph.nodes if one in (ASSET, *names) and not _another(node, one)]
        for name in difflib.get_close_matches(node, drawn, 1, CLOSE):
            raise SpecError(
                f"{VERB}: the graph has '{node}', which is no factor: is '{name}' meant?",
                place=f"{VERB}.graph",
                found=node,
                allowed=[ASSET, *names],
                remedy=f"Write '{name}', or give another variable a name that is less like it.",
            )
    lacking = [name for name in names if name not in graph.nodes]
    if lacking:
        raise _lacking(lacking, unseen, names)


def _lacking(lacking: Sequence[str], unseen: Sequence[str], names: Sequence[str]) -> SpecError:
    """Return the error for factors that are not in the graph."""
    close = {name: difflib.get_close_matches(name, unseen, 1) for name in lacking}
    hints = [f"Is '{found[0]}' meant for '{name}'? " for name, found in close.items() if found]
    one = len(lacking) == 1
    return SpecError(
        f"{VERB}: the graph lacks the factor{'' if one else 's'} {_quoted(lacking)}; {'it is' if one else 'they are'} "
        "among the regressors, so that every reading depends on it.",
        place=f"{VERB}.graph",
        found=tuple(lacking),
        allowed=names,
        remedy=f"{''.join(hints)}Draw the arrows to {'it' if one else 'them'} and from {'it' if one else 'them'}; "
        f'"{lacking[0]}": [] says that there are none.',
    )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _plain(name: str) -> str:
    """Return a name without case, spaces and signs; one of signs only as it is."""
    return "".join(letter for letter in name.casefold() if letter.isalnum()) or name


def _another(one: str, other: str) -> bool:
    """Whether names that are alike are those of two: short ones, factor1 and factor2, market and market before."""
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    continued = long.startswith(short) and not long[len(short) : len(short) + 1].isalpha()
    numbers = [[letter for letter in name if letter.isdigit()] for name in (short, long)]
    return len(short) < SHORTEST or continued or numbers[0] != numbers[1]
