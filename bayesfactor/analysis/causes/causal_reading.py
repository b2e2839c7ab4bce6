"""What each loading may be read as, given a causal graph: a total effect, a direct effect, or no effect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayesfactor.analysis.causes.causal_notes import causal_notes
from bayesfactor.analysis.causes.causal_words import because, sets_in_words
from bayesfactor.analysis.causes.criteria import Meaning, Question, way_to_total
from bayesfactor.analysis.causes.factor_lists import VERB, check_names, factors_of
from bayesfactor.base.errors import SpecError
from bayesfactor.panel.base import PanelBase
from bayesfactor.posterior.facts import FitFacts
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.summaries import finished
from bayesfactor.spec.causal_graph import CausalGraph
from bayesfactor.spec.causal_graph_files import as_causal_graph

if TYPE_CHECKING:
    import networkx as nx

type Graph = CausalGraph | Mapping[str, Sequence[str]] | str | Path | nx.DiGraph


@dataclass(frozen=True)
class Reading:
    """What the loading on one factor may be read as.

    Attributes
    ----------
    factor : str
    reading : {"total effect", "direct effect", "not causal"}
        Of the loading beside all the other factors.
    adjust_for : tuple of tuples of str
        For the total effect: minimal sets of factors that close every back-door path; ``((),)`` where nothing is
        needed, ``()`` where no set of the factors does.
    missing : tuple of str
        For the total effect: what is no factor, and must become one.
    harmful : tuple of str
        For the total effect: factors that must be left out.
    because : str
        Why, and what to change.
    path : str
        Where it is not causal, the path that is open, with its arrows; otherwise empty.
    """

    factor: str
    reading: Meaning
    adjust_for: tuple[tuple[str, ...], ...]
    missing: tuple[str, ...]
    harmful: tuple[str, ...]
    because: str
    path: str


@dataclass(frozen=True, eq=False)
class CausalReading:
    """What each loading may be read as, if the causal graph is right.

    Attributes
    ----------
    graph : CausalGraph
    readings : tuple of Reading
        One for each factor, in the order of the panel.
    notes : tuple of str
        The graph, and what a reader should know.
    problems : tuple of str
        Why the fit cannot be trusted; the reading itself does not depend on draws.
    """

    graph: CausalGraph
    readings: tuple[Reading, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...] = ()

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors."""
        return tuple(one.factor for one in self.readings)

    def table(self) -> pd.DataFrame:
        """Return a row for each factor.

        Returns
        -------
        DataFrame
            Columns factor, reading, adjust_for, missing, harmful (see `Reading`), because; ``warning`` when the fit
            failed a check. ``attrs`` hold graph, notes and problems.
        """
        rows = [
            {
                "factor": one.factor,
                "reading": one.reading,
                "adjust_for": sets_in_words(one.adjust_for),
                "missing": ", ".join(one.missing),
                "harmful": ", ".join(one.harmful),
                "because": one.because,
            }
            for one in self.readings
        ]
        return finished(pd.DataFrame(rows), {"graph": self.graph.text, "notes": self.notes}, self.problems)

    def __repr__(self) -> str:
        lines = [f"{one.factor}: {one.reading}. {one.because}" for one in self.readings]
        return "\n".join(["CausalReading", *lines, *(f"Note: {note}." for note in self.notes)])


def causal_reading(fit: Fit | PanelBase | Sequence[str], graph: Graph) -> CausalReading:
    r"""Return what the loading on each factor may be read as, if a causal graph is right.

    A loading is a coefficient of a regression on all factors. With Z the other factors it is

    * the *total effect* of k where Z holds nothing that k moves, and closes every path between k and the return that is
      left once the arrows out of k are cut (the back-door criterion);
    * the *direct effect*, of the arrow from k to the return, where Z closes every path that is left once this arrow is
      cut (the single-door criterion);
    * not causal otherwise, and where the return moves k or any of Z.

    Parameters
    ----------
    fit : Fit, Panel, PanelStatistics, or sequence of str
        Of which the factors are; names alone serve to plan a regression.
    graph : mapping of str to sequence of str, CausalGraph, networkx.DiGraph, or path
        Of each node what it moves directly. The asset is ``"return"``, one node for all assets; nodes that are no
        factors are unseen. A path is of a TOML file (see `read_causal_graph`).

    Returns
    -------
    CausalReading

    Raises
    ------
    SpecError
        When networkx is not installed; the graph has a cycle or no ``"return"``; a factor is not in it, or is written
        otherwise there; or it is no fit, panel or list of names.

    Notes
    -----
    The reading follows from the graph alone: no draw is used, and data test few of its arrows. It is exact for linear
    models. A risk premium is the price of covariance with a factor; no reading makes it an effect. Every minimal
    set is found where at most 12 factors are in some of them and not in all, and one of them otherwise.

    References
    ----------
    Pearl, J. (2009). *Causality*, 2nd ed., sections 3.3 and 5.3.
    van der Zander, B. and Liskiewicz, M. (2020). Finding minimal d-separators in linear time and applications. UAI.
    """
    factors = factors_of(fit)
    found = as_causal_graph(graph, f"{VERB}.graph")
    names = [factor.name for factor in factors]
    check_names(found, names)
    readings = tuple(_read(Question(found, name, tuple(other for other in names if other != name))) for name in names)
    known = fit if isinstance(fit, FitFacts) else None
    panel = known.panel if known else fit
    frequency = panel.calendar.frequency if isinstance(panel, PanelBase) else None
    notes = causal_notes(found, factors, known, frequency)
    return CausalReading(found, readings, notes, fit.problems if isinstance(fit, Fit) else ())


def require_reading(given: Any, fit: Fit, place: str) -> CausalReading:
    """Return a reading that is given for a fit, or made of a graph.

    Raises
    ------
    SpecError
        When it is of other factors, or no graph.
    """
    if not isinstance(given, CausalReading):
        return causal_reading(fit, given)
    if set(given.factors) != set(fit.panel.factor_names):
        raise SpecError(
            f"{place}: the reading is of the factors {', '.join(given.factors)}.",
            place=place,
            found=given.factors,
            allowed=fit.panel.factor_names,
            remedy="Make it of this fit: bf.causal_reading(fit, graph).",
        )
    return given


def _read(asked: Question) -> Reading:
    meaning = asked.meaning()
    way = way_to_total(asked, meaning)
    why, path = because(asked, meaning, way)
    return Reading(asked.factor, meaning, way.adjust_for, way.missing, way.harmful, why, path)
