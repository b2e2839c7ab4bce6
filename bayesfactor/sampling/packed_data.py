"""A PyMC graph whose data are one vector: nutpie compiles what has one container of data much faster."""

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from pymc.model.fgraph import fgraph_from_model, model_from_fgraph
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.replace import clone_replace

NAME = "packed_data"


def pack_data(graph: pm.Model) -> pm.Model:
    """Return the same graph with the numbers of all its ``pm.Data`` in one vector, each a piece of it.

    The graph given is used up: its starting values move to the new one.
    """
    starts = {rv.name: value for rv, value in graph.rvs_to_initial_values.items()}
    graph.rvs_to_initial_values.update(dict.fromkeys(graph.rvs_to_initial_values))
    copied, memo = fgraph_from_model(graph)
    held = [variable for variable in graph.named_vars.values() if isinstance(variable, SharedVariable)]
    values = [variable.get_value() for variable in held]
    ends = np.cumsum([np.size(value) for value in values])
    packed = pytensor.shared(np.concatenate([np.ravel(value).astype(float) for value in values]), name=NAME)
    pieces = {
        memo[variable].owner.inputs[0]: packed[end - np.size(value) : end].reshape(value.shape).astype(value.dtype)
        for variable, value, end in zip(held, values, ends, strict=True)
    }
    lengths = {dim: pt.constant(len(labels), dtype="int64") for dim, labels in copied._coords.items()}
    known = {memo[length]: lengths[dim] for dim, length in graph.dim_lengths.items() if length in memo}
    rebuilt = FunctionGraph(
        outputs=clone_replace(copied.outputs, replace=pieces | known, rebuild_strict=False), clone=False
    )
    vars(rebuilt).update(_coords=copied._coords, _dim_lengths=lengths)  # as `model_from_fgraph` wants them
    result = model_from_fgraph(rebuilt, mutate_fgraph=True)
    for name, value in starts.items():
        result.rvs_to_initial_values[result[name]] = value
    return result
