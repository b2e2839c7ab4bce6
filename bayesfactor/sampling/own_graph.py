"""A PyMC graph that its user changed: what has to be in it, and the fit of its draws."""

import sys
import time
from typing import Any, Protocol

import numpy as np
import xarray as xr

from bayesfactor.base.errors import FitError, SpecError
from bayesfactor.graph.inputs import group_numbers
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.panel import Panel
from bayesfactor.posterior.fit import OWN_GRAPH, Fit
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.posterior.schema import OPTIONAL, REQUIRED, mismatches, validate
from bayesfactor.sampling.finished import Made, finish_fit
from bayesfactor.sampling.graph_engine import GraphEngine
from bayesfactor.sampling.nuts import sample

BUILD = "Start from bf.build(panel, model, centred=False), and keep its names, dimensions and coordinates."


class Graph(Protocol):
    """What is used of a ``pymc.Model``: PyMC comes without types."""

    @property
    def free_RVs(self) -> list[Any]:
        """Free variables."""

    @property
    def deterministics(self) -> list[Any]:
        """Functions of them that are stored."""

    @property
    def named_vars(self) -> dict[str, Any]:
        """Variables and data by name."""

    @property
    def named_vars_to_dims(self) -> dict[str, Any]:
        """Dimensions of the variables that have some."""

    @property
    def coords(self) -> dict[str, Any]:
        """Labels by dimension."""

    def initial_point(self) -> dict[str, np.ndarray]:
        """Return values at which a sampler starts."""

    def point_logps(self, point: dict[str, np.ndarray], round_vals: int) -> dict[str, float]:
        """Return the log-density of every variable at a point."""


def is_graph(model: object) -> bool:
    """Return whether it is a PyMC model; does not import PyMC."""
    pymc = sys.modules.get("pymc")
    return pymc is not None and isinstance(model, pymc.Model)


def fit_graph(panel: PanelBase, graph: Graph, sampler: Sampler, *, engine: str, store: object) -> Fit:
    """Sample a graph as it stands, and return the fit of its draws.

    Raises
    ------
    SpecError
        When it is no PyMC model; when a variable that answers are made of is not in it, or by other dimensions or
        labels; when it observes other returns than the panel's, or has a variable that is not continuous; with an
        engine or a store that it cannot have.
    FitError
        When sampling fails, or draws are not those of a factor model.
    """
    from bayesfactor.sampling.compiled_graphs import compile_graph, labelled

    if not is_graph(graph):
        raise SpecError(
            f"fit: expected a model, found {type(graph).__name__}.",
            place="fit.model",
            found=graph,
            remedy="Give a preset's name, the path of a model file, a FactorModel, or a PyMC model that bf.build made.",
        )
    if engine not in ("auto", "graph") or store is not None:
        option = "store" if store is not None else f"engine='{engine}'"
        raise SpecError(
            f"fit: {option} is not for a graph of your own: it is sampled as it stands, in memory.",
            place=f"fit.{option.split('=')[0]}",
            found=engine if store is None else store,
            remedy="Leave it out.",
        )
    marks = [time.perf_counter()]
    used = matched(panel, graph)
    marks.append(time.perf_counter())
    compiled = compile_graph(graph, [variable.name for variable in graph.deterministics])
    marks.append(time.perf_counter())
    try:
        tree = sample(compiled, sampler, len(used.assets))
    except FitError as error:
        raise (_start_error(graph) if error.__cause__ else None) or error from None  # nothing is wrong if interrupted
    marks.append(time.perf_counter())
    posterior = validate(labelled(tree["posterior"].to_dataset(), graph), used, verb="fit")
    groups = {"posterior": posterior, "sample_stats": tree["sample_stats"].to_dataset()}
    return finish_fit(used, None, sampler, groups, Made(OWN_GRAPH, GraphEngine().libraries, marks))


def matched(panel: PanelBase, graph: Graph) -> PanelBase:
    """Return the panel with the graph's factors, or raise a SpecError that names all in which they differ."""
    factors = [str(name) for name in graph.coords.get("factor") or ()]
    if factors and set(factors) < set(panel.factor_names):
        panel = panel.select(factors=[name for name in panel.factor_names if name in factors])
    found = list(mismatches(_skeleton(graph), panel))
    found += [
        f"'{rv.name}' is of type {rv.type.dtype}, and the sampler moves in real numbers only: sum it out of the density"
        for rv in graph.free_RVs
        if rv.type.dtype not in ("float64", "float32")
    ]
    found += _differences(graph, panel) if not found else []
    if found:
        raise SpecError(
            f"fit: the graph does not go with the panel: {'; '.join(text.removesuffix('.') for text in found)}.",
            place="fit.model",
            found=found,
            remedy=BUILD,
        )
    return panel


def _skeleton(graph: Graph) -> xr.Dataset:
    """Return the graph's variables as draws of zeros, by the dimensions and labels that they will have."""
    drawn = {variable.name: variable for variable in (*graph.free_RVs, *graph.deterministics)}
    arrays = {}
    for name in {**REQUIRED, **OPTIONAL}.keys() & drawn.keys():
        dims = graph.named_vars_to_dims.get(name) or [f"{name}_dim_{axis}" for axis in range(drawn[name].ndim)]
        labels = {str(dim): list(graph.coords.get(dim) or [0]) for dim in dims}
        shape = (1, 4, *(len(values) for values in labels.values()))
        coords: dict[str, Any] = {"chain": [0], "draw": np.arange(4), **labels}
        arrays[name] = xr.DataArray(np.zeros(shape), coords, ("chain", "draw", *labels))
    return xr.Dataset(arrays)


def _differences(graph: Graph, panel: PanelBase) -> list[str]:
    """Return which data, where they still are in the graph, are not the panel's."""
    if not isinstance(panel, Panel):
        return ["'returns' observes single returns, and the panel holds statistics: give the panel that was built from"]
    values = panel.returns.values.T
    asset_of, time_of = np.nonzero(np.isfinite(values))
    wanted = {
        "observed_returns": values[asset_of, time_of],
        "asset_of": asset_of,
        "time_of": time_of,
        "factor_values": panel.aligned,
        "group_of": group_numbers(panel),
    }
    held = {name: graph.named_vars[name] for name in wanted if hasattr(graph.named_vars.get(name), "get_value")}
    found = [name for name, container in held.items() if not np.array_equal(container.get_value(), wanted[name])]
    others = [factor.name for factor in panel.factor_info if not factor.traded]
    if list(graph.coords.get("nontraded") or others) != others:
        found.append("nontraded")
    return [f"'{name}' is not the panel's: build the graph from the panel given" for name in found]


def _start_error(graph: Graph) -> FitError | None:
    """Return the error that names what has no finite log-density where the sampler starts, or None."""
    with np.errstate(all="ignore"):
        start = graph.point_logps(graph.initial_point(), round_vals=6)
    bad = [f"'{name}' ({value:g})" for name, value in start.items() if not np.isfinite(value)]
    if not bad:
        return None
    return FitError(
        f"Sampling failed: where it starts, the log-density is not finite: {', '.join(bad)}.",
        remedy="Give the variable another initval, or look at the data and at the support of its distribution.",
    )
