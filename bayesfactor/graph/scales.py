"""The law of residual scales in the PyMC graph."""

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesfactor.graph.parameters import Form, half_normal, normal


def scales(data: dict, form: Form) -> pt.TensorVariable:
    """Add residual scales: log sigma_i ~ N(l, omega^2), ``log_sigma`` by name; return ``sigma`` (asset).

    ``sigma`` is sqrt(sigma_i^2 + resolution^2), so that an asset which the factors fit exactly has a posterior.
    """
    spread = half_normal("log_sigma_scale", data["level_spread"], form)
    if form is Form.CENTRED:
        level = normal("log_sigma_mean", data["level_loc"], data["level_sd"], form)
    else:
        level = pm.Deterministic("log_sigma_mean", _level_near_first_fit(data, spread))
    if form is Form.CENTRED:
        log_sigma = pm.Normal("log_sigma", level, spread, dims="asset")
    else:
        log_sigma = pm.Deterministic("log_sigma", _near_first_fit(data, level, spread), dims="asset")
    return pm.Deterministic("sigma", pt.sqrt(pt.exp(2 * log_sigma) + data["resolution"] ** 2), dims="asset")


def _level_near_first_fit(data: dict, spread: pt.TensorVariable) -> pt.TensorVariable:
    """Return the level l in a coordinate z that is nearly standard normal a posteriori, however small the spread.

    First fits say log sigma_i = s_i with variance v_i. With q_i = v_i + omega^2 and l ~ N(l_0, t^2) a priori,

        l = l_0 + sum_i (s_i - l_0) / (q_i P) + z / sqrt(P),   P = 1 / t^2 + sum_i 1 / q_i

    The prior of z is normal, with the mean and the variance, P t^2, that this implies.
    """
    loc, sd = data["level_loc"], data["level_sd"]
    inverse = 1 / (data["log_sigma_variance"] + spread**2)
    precision = 1 / sd**2 + pt.sum(inverse)
    middle, root = pt.sum(inverse * (data["log_sigma_start"] - loc)) / precision, pt.sqrt(precision)
    z = pm.Normal("log_sigma_mean_z", -middle * root, root * sd, initval=0.0)
    return loc + middle + z / root


def _near_first_fit(data: dict, level: pt.TensorVariable, spread: pt.TensorVariable) -> pt.TensorVariable:
    """Return log sigma_i in coordinates z that are nearly standard normal a posteriori.

    A first fit of each asset says log sigma_i = s_i with variance v_i. In log sigma_i = l + omega a_i with

        a_i = (s_i - l) omega / (v_i + omega^2) + sqrt(h_i) z_i,   h_i = v_i / (v_i + omega^2)

    z_i is so whether assets differ much (centred) or not at all (non-centred). The prior a_i ~ N(0, 1) is that of z_i
    with the mean and the variance, 1 / h_i, that it implies.
    """
    start, v = data["log_sigma_start"], data["log_sigma_variance"]
    root = pt.sqrt(v / (v + spread**2))
    middle = (start - level) * spread / (v + spread**2)
    at = np.zeros(start.get_value().shape)
    z = pm.Normal("log_sigma_z", -middle / root, 1 / root, dims="asset", initval=at)
    return level + spread * (middle + root * z)
