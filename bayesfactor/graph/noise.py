"""Laws of residuals in the PyMC graph."""

from typing import assert_never

import pymc as pm

from bayesfactor.graph.marginal import Symbols, integrated, surrogate_conditional
from bayesfactor.spec.noise import Noise, NormalNoise, StudentTNoise


def add_returns(noise: Noise, symbols: Symbols, data: dict) -> None:
    """Add the law of the returns given factors, loadings and alphas, and the parameters that it has of its own."""
    match noise:
        case NormalNoise():
            pm.Potential("likelihood", integrated(symbols, data))
        case StudentTNoise():
            excess = pm.Exponential("dof_z", 1.0, initval=0.5)
            dof = pm.Deterministic("dof", data["dof_above"] + data["dof_mean"] * excess)
            fitted, scale = surrogate_conditional(symbols, data)
            law = pm.StudentT.dist(nu=dof, mu=fitted, sigma=scale)
            pm.Potential("likelihood", pm.logp(law, data["y"]).sum())
        case _:
            assert_never(noise)
