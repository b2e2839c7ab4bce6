"""The law of residual scales in the PyMC graph."""

import numpy as np
import pymc as pm
import pytensor.tensor as pt


def log_scales(data: dict) -> pt.TensorVariable:
    """Add the hierarchy of residual scales: log sigma_i ~ N(l, omega^2); return log sigma.

    A first fit of each asset says log sigma_i = s_i with variance v_i. In log sigma_i = l + omega a_i with

        a_i = (s_i - l) omega / (v_i + omega^2) + sqrt(v_i / (v_i + omega^2)) z_i

    z_i is nearly standard normal a posteriori, whether assets differ much (centred) or not at all (non-centred). The
    noise has variance sigma_i^2 + resolution^2, so that an asset which the factors fit exactly has a posterior.
    """
    level = data["level_loc"] + data["level_sd"] * pm.Normal("log_sigma_mean_z")
    pm.Deterministic("log_sigma_mean", level)
    spread = data["level_spread"] * pm.Normal("log_sigma_scale_z", initval=1.0)
    pm.Deterministic("log_sigma_scale", pt.abs(spread))
    start, v = data["log_sigma_start"], data["log_sigma_variance"]
    z = pm.Flat("log_sigma_z", dims="asset", initval=np.zeros(start.get_value().shape))
    share = v / (v + spread**2)
    a = (start - level) * spread / (v + spread**2) + pt.sqrt(share) * z
    pm.Potential("log_sigma", 0.5 * (pt.log(share) - a**2 - np.log(2 * np.pi)).sum())
    log_sigma = 0.5 * pt.log(pt.exp(2 * (level + spread * a)) + data["resolution"] ** 2)
    pm.Deterministic("sigma", pt.exp(log_sigma), dims="asset")
    return log_sigma
