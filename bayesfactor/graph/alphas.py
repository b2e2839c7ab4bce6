"""Laws of alphas and zero-beta rate in the PyMC graph."""

from typing import assert_never

import pymc as pm
import pytensor.tensor as pt

from bayesfactor.spec.alphas import (
    AppraisalAlpha,
    FreeAlpha,
    FreeZeroBeta,
    NoZeroBeta,
    ScaledAlpha,
    SharpeAlpha,
    ShrunkAlpha,
    ZeroAlpha,
)
from bayesfactor.spec.model import FactorModel


def alphas(model: FactorModel, data: dict, log_sigma: pt.TensorVariable) -> tuple[pt.TensorVariable, pt.TensorVariable]:
    """Add the laws of alphas and zero-beta rate; return mean and standard deviation of alpha_i + lambda_0."""
    match model.zero_beta:
        case NoZeroBeta():
            rate = pt.constant(0.0)
        case FreeZeroBeta():
            rate = data["zero_beta_loc"] + data["zero_beta_sd"] * pm.Normal("zero_beta_z")
            pm.Deterministic("zero_beta", rate)
        case _:
            assert_never(model.zero_beta)
    match model.alpha:
        case ZeroAlpha():
            return rate, pt.constant(0.0)
        case FreeAlpha():
            return rate + data["alpha_loc"], data["alpha_sd"]
        case ShrunkAlpha() | ScaledAlpha() | SharpeAlpha() | AppraisalAlpha():
            z = pm.Normal("alpha_scale_z", initval=1.0)
            pm.Deterministic("alpha_scale", pt.abs(z) * data["alpha_sd"])
            scaled = not isinstance(model.alpha, ShrunkAlpha)
            return rate, z * data["alpha_sd"] * (pt.exp(log_sigma) / data["alpha_unit"] if scaled else 1.0)
        case _:
            assert_never(model.alpha)
