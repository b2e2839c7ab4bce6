"""A PyMC graph that its user changed: what has to be in it, and the fit of its draws."""

import sys
import time
from typing import Any, Protocol, get_args

import numpy as np
import xarray as xr

from bayesfactor.base.errors import FitError, SpecError, unknown
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.histories import factor_moments
from bayesfactor.panel.panel import Panel
from bayesfactor.posterior.fit import OWN_GRAPH, Fit
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.posterior.schema import OPTIONAL, REQUIRED, mismatches, validate
from bayesfactor.sampling.engines import EngineName
from bayesfactor.sampling.finished import Made, finish_fit
from bayesfactor.sampling.graph_engine import GraphEngine
from bayesfactor.sampling.nuts import sample

RESERVED = ("chain", "draw")  # dimensions of draws
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

    @property
    def basic_RVs(self) -> list[Any]:
        """Free and observed variables."""

    @property
    def potentials(self) -> list[Any]:
        """Terms that are added to the log-density."""

    @property
    def value_vars(self) -> list[Any]:
        """Values of the free variables, in the coordinates that are sampled."""

    def initial_point(self) -> dict[str, np.ndarray]:
        """Return values at which a sampler starts."""

    def logp(self, vars: list[Any], sum: bool) -> list[Any]:  # PyMC's names
        """Return the log-densities of some variables."""


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
    if engine not in get_args(EngineName):
        raise unknown("engine", engine, get_args(EngineName), place="fit.engine")
    if engine == "kernel" or store is not None:
        option = "store" if store is not None else f"engine='{engine}'"
        raise SpecError(
            f"fit: {option} is not for a graph of your own: it is sampled as it stands, in memory.",
            place=f"fit.{option.split('=')[0]}",
            found=engine if store is None else store,
            remedy="Leave it out.",
        )
    marks = [time.perf_counter()]
    used = matched(panel, graph)
    _check_start(graph)
    marks.append(time.perf_counter())
    compiled = compile_graph(graph, [variable.name for variable in (*graph.free_RVs, *graph.deterministics)])
    marks.append(time.perf_counter())
    tree = sample(compiled, sampler, len(used.assets))
    marks.append(time.perf_counter())
    posterior = validate(labelled(tree["posterior"].to_dataset(), graph), used, verb="fit")
    groups = {"posterior": posterior, "sample_stats": tree["sample_stats"].to_dataset()}
    return finish_fit(used, None, sampler, groups, Made(OWN_GRAPH, GraphEngine().libraries, marks))


def matched(panel: PanelBase, graph: Graph) -> Panel:
    """Return the panel with the graph's factors, or raise a SpecError that names all in which they differ."""
    if not isinstance(panel, Panel):
        raise SpecError(
            "fit: a graph of your own observes single returns, and the panel holds statistics.",
            place="fit.panel",
            found=panel,
            remedy="Give the panel that the graph was built from.",
        )
    factors = [str(name) for name in graph.coords.get("factor") or ()]
    if factors and set(factors) < set(panel.factor_names):
        panel = panel.select(factors=[name for name in panel.factor_names if name in factors])
    found = list(mismatches(_skeleton(graph), panel))
    found += [
        f"'{rv.name}' is of type {rv.type.dtype}, and the sampler moves in real numbers only: sum it out of the density"
        for rv in graph.free_RVs
        if rv.type.dtype not in ("float64", "float32")
    ]
    taken = [name for name in RESERVED if name in graph.named_vars]
    found += [f"'{name}' is the name of a dimension of draws: rename it" for name in taken]
    if not graph.potentials and all(rv in graph.free_RVs for rv in graph.basic_RVs):
        found.append("nothing is observed: keep 'returns' and 'factors'")
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


def _differences(graph: Graph, panel: Panel) -> list[str]:
    """Return which data, where they still are in the graph, are not the panel's."""
    from bayesfactor.graph.full import stretches

    values = panel.returns.values.T
    asset_of, time_of = np.nonzero(np.isfinite(values))
    wanted = {
        "observed_returns": values[asset_of, time_of],
        "asset_of": asset_of,
        "time_of": time_of,
        "factor_values": panel.aligned,
        "group_of": panel.group_numbers,
    }
    known = stretches(panel, factor_moments(panel))
    wanted |= {f"observed_factors{f'_{n}' * (len(known) > 1)}": values for n, values in enumerate(known, start=1)}
    held = {name: graph.named_vars[name] for name in wanted if hasattr(graph.named_vars.get(name), "get_value")}
    found = [name for name, container in held.items() if not np.array_equal(container.get_value(), wanted[name])]
    others = [factor.name for factor in panel.factor_info if not factor.traded]
    if list(graph.coords.get("nontraded") or others) != others:
        found.append("nontraded")
    return [f"'{name}' is not the panel's: build the graph from the panel given" for name in found]


def _check_start(graph: Graph) -> None:
    """Raise a FitError that names what has no finite log-density where the sampler starts.

    As it stands, without compiling: the sampler would say no more than that it cannot start, after a minute.
    """
    import pytensor

    named = [*graph.basic_RVs, *graph.potentials]
    terms = [term.sum() for term in graph.logp(vars=named, sum=False)]
    as_written = pytensor.compile.mode.Mode(linker="py", optimizer="None")
    density = pytensor.function(graph.value_vars, terms, mode=as_written, on_unused_input="ignore")
    start = graph.initial_point()
    with np.errstate(all="ignore"):
        values = density(*(start[value.name] for value in graph.value_vars))
    found = zip((variable.name for variable in named), values, strict=True)
    bad = [f"'{name}' ({float(value):g})" for name, value in found if not np.isfinite(value)]
    if bad:
        raise FitError(
            f"fit: where the sampler starts, the log-density is not finite: {', '.join(bad)}.",
            remedy="Give the variable another initval, or look at the data and at the support of its distribution.",
        )
