"""Compiled PyMC graphs, kept within a process and used again where only data differ."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import pymc as pm
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.graph.traversal import graph_inputs

KEPT = 8


@dataclass(frozen=True, eq=False)
class Form:
    """A graph but for its data: what is computed, from which values and containers of data.

    Attributes
    ----------
    outputs : tuple of Variable
        The log-density, then every variable that is stored.
    inputs : tuple of Variable
        Values of the free variables, then containers of data, by name.
    starts : tuple
        Where the values start.
    """

    outputs: tuple[Variable, ...]
    inputs: tuple[Variable, ...]
    starts: tuple[Any, ...]

    def data(self) -> dict[str, np.ndarray]:
        """Return the data by the names of their containers."""
        return {str(v.name): v.get_value() for v in self.inputs if isinstance(v, SharedVariable)}


_LOCK = Lock()
_kept: deque[tuple[Form, Any]] = deque(maxlen=KEPT)


def compile_graph(graph: pm.Model, names: Collection[str]) -> Any:
    """Return a graph as nutpie samples it, storing the free variables and Deterministics of these names.

    A graph that was compiled in this process is not compiled again if it is the same but for the numbers in its
    containers of data.
    """
    import nutpie

    form = _form(graph, names)
    with _LOCK:
        compiled = next((compiled for known, compiled in _kept if _same(known, form)), None)
        if compiled is None:
            compiled = nutpie.compile_pymc_model(graph, var_names=list(names))
            _kept.append((form, compiled))
    used = {variable.name for variable in compiled.shared_var_keys}
    return compiled.with_data(**{name: value for name, value in form.data().items() if name in used})


def _form(graph: pm.Model, names: Collection[str]) -> Form:
    stored = [variable for variable in graph.deterministics if variable.name in names]
    outputs = [graph.logp(), *graph.replace_rvs_by_values(stored)]
    shared = [v for v in graph_inputs(outputs) if isinstance(v, SharedVariable)]
    starts = [(rv.name, graph.rvs_to_initial_values[rv]) for rv in graph.free_RVs]
    return Form(tuple(outputs), (*graph.value_vars, *sorted(shared, key=lambda v: str(v.name))), tuple(starts))


def _same(one: Form, other: Form) -> bool:
    """Return whether two graphs differ in their data only."""
    from pytensor.graph.basic import equal_computations

    if [_kind(v) for v in one.inputs] != [_kind(v) for v in other.inputs]:
        return False
    if repr(one.starts) != repr(other.starts) or len(one.outputs) != len(other.outputs):
        return False
    return equal_computations(list(one.outputs), list(other.outputs), list(one.inputs), list(other.inputs))


def _kind(variable: Variable) -> tuple[Any, ...]:
    shape = np.shape(variable.get_value()) if isinstance(variable, SharedVariable) else ()
    return variable.name, variable.type, shape
