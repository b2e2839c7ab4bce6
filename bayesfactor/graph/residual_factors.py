"""Residual factors in the PyMC graph: what moves residuals together, and pays nothing."""

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesfactor.graph.parameters import Form, NormalLaw, coefficient, half_normal, normal
from bayesfactor.spec.named_residual_factors import NamedResidualFactors

DIMS = ("asset", "residual_factor")


def residual_data(residual: NamedResidualFactors) -> dict[str, np.ndarray]:
    """Return the numbers of the law of residual loadings."""
    return {
        "residual_loading_loc": residual.loc,
        "residual_loading_sd": residual.sd,
        "residual_loading_spread": residual.spread,
    }


def residual_loadings(residual: NamedResidualFactors, data: dict, form: Form) -> pt.TensorVariable:
    """Add loadings on residual factors; return them (asset, residual_factor).

    lambda_ij ~ N(n_gj, kappa_j^2) for asset i in group g: ``residual_loading``, ``residual_loading_mean`` (group,
    residual_factor), ``residual_loading_scale`` (residual_factor). Where groups have factors of their own, what is
    sampled are the loadings of members, by the name ``residual_loading_member``, and all others are 0.
    """
    loc, sd = data["residual_loading_loc"], data["residual_loading_sd"]
    mean = normal("residual_loading_mean", loc, sd, form, ("group", "residual_factor"))
    scale = half_normal("residual_loading_scale", data["residual_loading_spread"], form, "residual_factor")
    group = data["group_of"]
    if residual.member.all():
        return coefficient(
            "residual_loading", NormalLaw(mean[group], scale + pt.zeros(residual.member.shape)), form, DIMS
        )
    asset, column = np.nonzero(residual.member)
    names = pm.modelcontext(None).coords["asset"]
    pairs = [f"{names[i]} on {residual.names[j]}" for i, j in zip(asset, column, strict=True)]
    pm.modelcontext(None).add_coord("residual_member", pairs)
    law = NormalLaw(mean[group[asset], column], scale[column])
    own = coefficient("residual_loading_member", law, form, ("residual_member",))
    whole = pt.set_subtensor(pt.zeros(residual.member.shape)[asset, column], own)
    return pm.Deterministic("residual_loading", whole, dims=DIMS)


def common_residuals(loading: pt.TensorVariable) -> pt.TensorVariable:
    """Add z_t ~ N(0, I) by the name ``residual_factor_value``; return lambda_i'z_t (time, asset)."""
    return pm.Normal("residual_factor_value", dims=("time", "residual_factor")) @ loading.T
