"""Compiled PyMC graphs, kept within a process and used again where only data differ."""

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from threading import RLock
from typing import Any

import numpy as np
import pymc as pm
import xarray as xr
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable, equal_computations
from pytensor.graph.traversal import graph_inputs


@dataclass(frozen=True, eq=False)
class GraphForm:
    """A graph but for its data: what is computed, from which values and containers of data.

    Attributes
    ----------
    outputs : tuple of Variable
        The log-density, then every variable that is stored.
    values, data : tuple of Variable
        Values of the free variables; containers of data, by name.
    kinds : tuple
        Name, type and shape of every input, as they were when the form was made.
    dims : mapping of str to tuple of str
        Names of the variables that are stored, and their dimensions.
    starts : mapping of str to None, str, array or Variable
        Where the free variables start.
    """

    outputs: tuple[Variable, ...]
    values: tuple[Variable, ...]
    data: tuple[SharedVariable, ...]
    kinds: tuple[tuple[Any, ...], ...]
    dims: Mapping[str, tuple[str, ...]]
    starts: Mapping[str, Any]

    @property
    def inputs(self) -> list[Variable]:
        """Values and containers."""
        return [*self.values, *self.data]


LOCK = RLock()  # PyTensor rewrites one graph at a time
KEPT_GRAPHS: deque[tuple[GraphForm, Any]] = deque(maxlen=8)


def compile_graph(graph: pm.Model, names: Collection[str]) -> Any:
    """Return a graph as nutpie samples it, storing the free variables and Deterministics of these names.

    A graph that was compiled in this process is not compiled again if it is the same but for the numbers in its
    containers of data. Where chains start is the graph's own. The labels of its draws are those of the graph that was
    compiled: see `labelled`.
    """
    import nutpie

    with LOCK:
        form = _form(graph, names)
        compiled = next((compiled for known, compiled in KEPT_GRAPHS if _same(known, form)), None)
        if compiled is None:
            compiled = nutpie.compile_pymc_model(graph, var_names=list(names))
            KEPT_GRAPHS.append((form, compiled))
        else:
            used = {variable.name for variable in compiled.shared_var_keys}
            compiled = compiled.with_data(**{str(v.name): v.get_value() for v in form.data if v.name in used})
        return replace(compiled, initial_point_func=_jittered(graph))


def _jittered(graph: pm.Model) -> Callable[[int], np.ndarray]:
    """Return where a chain starts, given its seed: the graph's own start, moved by up to 1 in every coordinate."""
    start = graph.initial_point()
    point = np.concatenate([np.ravel(start[value.name]).astype(float) for value in graph.value_vars])
    return lambda seed: point + np.random.default_rng(seed).uniform(-1.0, 1.0, point.size)


def labelled(draws: xr.Dataset, graph: pm.Model) -> xr.Dataset:
    """Return draws of a compiled graph with the graph's own labels."""
    labels = {dim: list(values) for dim, values in graph.coords.items() if values is not None and dim in draws.dims}
    return draws.assign_coords(labels)


def _form(graph: pm.Model, names: Collection[str]) -> GraphForm:
    stored = [variable for variable in graph.deterministics if variable.name in names]
    outputs = [graph.logp(), *graph.replace_rvs_by_values(stored)]
    shared = [v for v in graph_inputs(outputs) if isinstance(v, SharedVariable)]
    data = sorted(shared, key=lambda v: str(v.name))
    kinds = [(v.name, v.type, ()) for v in graph.value_vars]
    kinds += [(v.name, v.type, np.shape(v.get_value())) for v in data]
    dims = {rv.name: tuple(graph.named_vars_to_dims.get(rv.name) or ()) for rv in (*graph.free_RVs, *stored)}
    starts = {rv.name: graph.rvs_to_initial_values[rv] for rv in graph.free_RVs}
    return GraphForm(tuple(outputs), tuple(graph.value_vars), tuple(data), tuple(kinds), dims, starts)


def _same(one: GraphForm, other: GraphForm) -> bool:
    """Return whether two graphs differ in their data only, and all of these can be told apart by name."""
    names = [container.name for container in other.data]
    if None in names or len({*names}) < len(names):
        return False
    if one.kinds != other.kinds or list(one.dims.items()) != list(other.dims.items()):
        return False
    if not all(_same_start(start, other.starts[name]) for name, start in one.starts.items()):
        return False
    return equal_computations(list(one.outputs), list(other.outputs), one.inputs, other.inputs)


def _same_start(one: Any, other: Any) -> bool:
    """Return whether two free variables start at one place; of a start that is computed nobody knows."""
    if isinstance(one, Variable) or isinstance(other, Variable):
        return False
    return one == other if isinstance(one, str) or isinstance(other, str) else np.array_equal(one, other)
