"""Laws of residuals in the PyMC graph."""

from typing import assert_never

import pymc as pm
import pytensor.tensor as pt

from bayesfactor.graph.marginal import Symbols, integrated, surrogate_conditional
from bayesfactor.spec.noise import Noise, NormalNoise, StudentTNoise


def residual_law(
    noise: Noise, fitted: pt.TensorVariable, scale: pt.TensorVariable, data: dict
) -> tuple[pt.TensorVariable, pt.TensorVariable | float]:
    """Add the law's own parameters; return the law of returns, and its standard deviation over its scale.

    `fitted` and `scale` are those of every return.
    """
    match noise:
        case NormalNoise():
            return pm.Normal.dist(fitted, scale), 1.0
        case StudentTNoise():
            dof = pm.Deterministic(
                "dof", data["dof_above"] + data["dof_mean"] * pm.Exponential("dof_z", 1.0, initval=0.5)
            )
            return pm.StudentT.dist(nu=dof, mu=fitted, sigma=scale), pt.sqrt(dof / (dof - 2))
        case _:
            assert_never(noise)


def observe_returns(noise: Noise, fitted: pt.TensorVariable, sigma: pt.TensorVariable, data: dict) -> None:
    """Add the observed ``returns`` (observation) given fitted values, and ``residual_sd`` (asset).

    `sigma` (asset) is the law's scale.
    """
    law, ratio = residual_law(noise, fitted, sigma[data["asset_of"]], data)
    pm.modelcontext(None).register_rv(law, "returns", observed=data["observed_returns"], dims=("observation",))
    pm.Deterministic("residual_sd", sigma * ratio, dims="asset")


def add_coefficient_law(symbols: Symbols) -> None:
    """Add mean and standard deviation of the coefficients that are integrated out."""
    dims = ("asset", "coefficient")
    pm.Deterministic("coefficient_loc", symbols.mean, dims=dims)
    pm.Deterministic("coefficient_sd", symbols.sd, dims=dims)


def add_returns(noise: Noise, symbols: Symbols, data: dict) -> None:
    """Add the law of the returns with coefficients integrated out, or in the surrogate-conditional form."""
    if noise.sums_suffice:
        add_coefficient_law(symbols)
        pm.Potential("likelihood", integrated(symbols, data))
    else:
        fitted, scale = surrogate_conditional(symbols, data)
        law, _ = residual_law(noise, fitted, scale, data)
        pm.Potential("likelihood", pm.logp(law, data["y"]).sum())
