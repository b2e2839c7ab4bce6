"""A rewrite of PyTensor graphs: batches of diagonal matrices elementwise, which its numba backend compiles and caches.

The gradient of a batch of Cholesky roots is made of them. PyTensor (3.3) has no compiled form of such a batch: it calls
back to Python at every gradient, and keeps nothing of the whole graph's machine code for the next process.
"""

from functools import cache

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.basic import node_rewriter
from pytensor.tensor.basic import AllocDiag
from pytensor.tensor.blockwise import Blockwise
from pytensor.tensor.rewriting.basic import register_canonicalize


@cache
def register_diagonals() -> None:
    """Add the rewrite to those that PyTensor does when it compiles."""
    register_canonicalize(multiply_diagonals)


@node_rewriter([Blockwise])
def multiply_diagonals(fgraph: FunctionGraph, node: Apply) -> list[pt.TensorVariable] | None:
    """Return the diagonal matrix of every row of x: the row where the columns are the rows, and 0 elsewhere."""
    core = node.op.core_op
    if not isinstance(core, AllocDiag) or core.offset != 0 or len(node.op.inputs_sig[0]) != 1:
        return None
    rows = pt.as_tensor(node.inputs[0])
    places = pt.arange(rows.shape[-1])
    return [pt.where(pt.eq(places[:, None], places), rows[..., None], np.zeros((), rows.dtype))]
