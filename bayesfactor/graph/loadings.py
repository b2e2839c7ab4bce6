"""Laws of loadings in the PyMC graph."""

from typing import assert_never

import pytensor.tensor as pt

from bayesfactor.graph.parameters import Form, NormalLaw, half_normal, normal
from bayesfactor.spec.loadings import CommonLoadings, FreeLoadings, GroupedLoadings, Loadings


def loadings(choice: Loadings, data: dict, form: Form) -> NormalLaw:
    """Add what loadings share; return the law of beta_ik (asset, factor)."""
    loc, width, group = data["loading_loc"], data["loading_sd"], data["group_of"]
    across = pt.zeros((group.shape[0], loc.shape[0]))
    match choice:
        case GroupedLoadings():
            means = normal("loading_mean", loc, width, form, ("group", "factor"))
            return NormalLaw(
                means[group], half_normal("loading_scale", data["loading_spread"], form, "factor") + across
            )
        case FreeLoadings():
            return NormalLaw(loc + across, width + across)
        case CommonLoadings():
            return NormalLaw(normal("loading_common", loc, width, form, "factor") + across, None)
        case _:
            assert_never(choice)
