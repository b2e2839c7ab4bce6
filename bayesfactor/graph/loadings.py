"""Laws of loadings in the PyMC graph."""

from dataclasses import dataclass
from typing import assert_never

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesfactor.graph.parameters import Form, NormalLaw, half_normal, normal
from bayesfactor.spec.inclusion import ScaledInclusion
from bayesfactor.spec.loadings import CommonLoadings, FreeLoadings, GroupedLoadings, Loadings


def loadings(choice: Loadings, data: dict, form: Form) -> NormalLaw:
    """Add what loadings share; return the law of beta_ik (asset, factor), of one that is in where it may be out."""
    loc, width, group = data["loading_loc"], data["loading_sd"], data["group_of"]
    across = pt.zeros((group.shape[0], loc.shape[0]))
    match choice:
        case GroupedLoadings():
            means = normal("loading_mean", loc, width, form, ("group", "factor"))
            floor = data["loading_floor"] if data["loading_floor"].get_value().any() else None
            scale = half_normal("loading_scale", data["loading_spread"], form, "factor", floor)
            return NormalLaw(means[group], scale + across)
        case FreeLoadings():
            return NormalLaw(loc + across, width + across)
        case CommonLoadings():
            return NormalLaw(normal("loading_common", loc, width, form, "factor") + across, None)
        case _:
            assert_never(choice)


@dataclass(frozen=True)
class Inclusion:
    """Which loadings are in (asset, factor), and what those are that are out."""

    included: pt.TensorVariable
    out: pt.TensorVariable


def inclusion(prior: ScaledInclusion, law: NormalLaw) -> Inclusion:
    """Add ``included`` ~ Bernoulli(pi_k) (asset, factor), pi_k ~ Beta(a, b) by the name ``inclusion_rate`` (factor).

    Where loadings are always in, both are 1. A loading that is out is 0, or its mean in its group.
    """
    free = np.flatnonzero(prior.free)
    graph = pm.modelcontext(None)
    graph.add_coord("sparse_factor", [graph.coords["factor"][k] for k in free])
    own = pm.Beta("inclusion_rate_sparse", prior.a[free], prior.b[free], dims="sparse_factor")
    pm.Deterministic("inclusion_rate", pt.set_subtensor(pt.ones(prior.free.size)[free], own), dims="factor")
    shape = (len(graph.coords["asset"]), prior.free.size)
    gamma = pm.Bernoulli("included_sparse", own, dims=("asset", "sparse_factor"))
    included = pt.set_subtensor(pt.ones(shape)[:, free], gamma)
    pm.Deterministic("included", included, dims=("asset", "factor"))
    return Inclusion(included, law.loc * prior.to_group)
