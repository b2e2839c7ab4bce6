"""Laws of residuals in the PyMC graph."""

from typing import assert_never

import pymc as pm
import pytensor.tensor as pt

from bayesfactor.graph.marginal import Symbols, integrated, surrogate_conditional
from bayesfactor.spec.noise import Noise, NormalNoise, StudentTNoise


def observe_returns(noise: Noise, fitted: pt.TensorVariable, sigma: pt.TensorVariable, data: dict) -> None:
    """Add the observed ``returns`` (observation) given fitted values, and ``residual_sd`` (asset).

    `sigma` (asset) is the law's scale.
    """
    scale, seen, dims = sigma[data["asset_of"]], data["observed_returns"], "observation"
    match noise:
        case NormalNoise():
            pm.Normal("returns", fitted, scale, observed=seen, dims=dims)
            residual_sd = sigma
        case StudentTNoise():
            dof = degrees_of_freedom(data)
            pm.StudentT("returns", nu=dof, mu=fitted, sigma=scale, observed=seen, dims=dims)
            residual_sd = sigma * pt.sqrt(dof / (dof - 2))
        case _:
            assert_never(noise)
    pm.Deterministic("residual_sd", residual_sd, dims="asset")


def add_returns(noise: Noise, symbols: Symbols, data: dict) -> None:
    """Add the law of the returns with coefficients integrated out, or in the surrogate-conditional form."""
    match noise:
        case NormalNoise():
            pm.Potential("likelihood", integrated(symbols, data))
        case StudentTNoise():
            dof = degrees_of_freedom(data)
            fitted, scale = surrogate_conditional(symbols, data)
            law = pm.StudentT.dist(nu=dof, mu=fitted, sigma=scale)
            pm.Potential("likelihood", pm.logp(law, data["y"]).sum())
        case _:
            assert_never(noise)


def degrees_of_freedom(data: dict) -> pt.TensorVariable:
    """Add ``dof``: an exponential variable above its least value."""
    return pm.Deterministic("dof", data["dof_above"] + data["dof_mean"] * pm.Exponential("dof_z", 1.0, initval=0.5))
