"""Laws of loadings in the PyMC graph."""

from typing import assert_never

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesfactor.graph.alphas import alphas
from bayesfactor.spec.loadings import CommonLoadings, FreeLoadings, GroupedLoadings
from bayesfactor.spec.model import FactorModel


def coefficients(
    model: FactorModel, data: dict, log_sigma: pt.TensorVariable
) -> tuple[pt.TensorVariable, pt.TensorVariable]:
    """Add the laws of loadings and alphas; return their prior means and standard deviations (coefficient, asset)."""
    loc, width, group = data["loading_loc"], data["loading_sd"], data["group_of"]
    across = pt.zeros_like(data["log_sigma_start"])
    match model.loadings:
        case GroupedLoadings():
            means = loc + width * pm.Normal("loading_mean_z", dims=("group", "factor"))
            pm.Deterministic("loading_mean", means, dims=("group", "factor"))
            z = pm.Normal("loading_scale_z", initval=np.ones(loc.get_value().shape), dims="factor")
            pm.Deterministic("loading_scale", pt.abs(z) * data["loading_spread"], dims="factor")
            mean, sd = means[group].T, z * data["loading_spread"]
        case FreeLoadings():
            mean, sd = loc[:, None] + across, width
        case CommonLoadings():
            shared = loc + width * pm.Normal("loading_common_z", dims="factor")
            mean, sd = pm.Deterministic("loading_common", shared, dims="factor")[:, None] + across, pt.zeros_like(width)
        case _:
            assert_never(model.loadings)
    alpha_mean, alpha_sd = alphas(model, data, log_sigma)
    mean = pt.concatenate([(alpha_mean + across)[None, :], mean])
    sd = pt.broadcast_to(sd[:, None], (sd.shape[0], across.shape[0]))
    return mean, pt.concatenate([(alpha_sd + across)[None, :], sd])
