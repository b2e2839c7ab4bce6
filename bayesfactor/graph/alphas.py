"""Laws of alphas and zero-beta rate in the PyMC graph."""

from typing import assert_never

import pytensor.tensor as pt

from bayesfactor.graph.parameters import Form, NormalLaw, half_normal, normal
from bayesfactor.spec.alphas import (
    Alpha,
    AppraisalAlpha,
    FreeAlpha,
    FreeZeroBeta,
    NoZeroBeta,
    ScaledAlpha,
    SharpeAlpha,
    ShrunkAlpha,
    ZeroAlpha,
    ZeroBeta,
)


def zero_beta(choice: ZeroBeta, data: dict, form: Form) -> pt.TensorVariable:
    """Add the zero-beta rate lambda_0, if there is one; return it, or 0."""
    match choice:
        case NoZeroBeta():
            return pt.constant(0.0)
        case FreeZeroBeta():
            return normal("zero_beta", data["zero_beta_loc"], data["zero_beta_sd"], form)
        case _:
            assert_never(choice)


def alphas(choice: Alpha, data: dict, sigma: pt.TensorVariable, form: Form) -> NormalLaw:
    """Add what alphas share, given residual scales sigma (asset); return the law of alpha_i (asset)."""
    across = pt.zeros_like(sigma)
    match choice:
        case ZeroAlpha():
            return NormalLaw(across, None)
        case FreeAlpha():
            return NormalLaw(data["alpha_loc"] + across, data["alpha_sd"] + across)
        case ShrunkAlpha():
            return NormalLaw(across, half_normal("alpha_scale", data["alpha_sd"], form) + across)
        case ScaledAlpha() | SharpeAlpha() | AppraisalAlpha():
            return NormalLaw(across, half_normal("alpha_scale", data["alpha_sd"], form) * sigma / data["alpha_unit"])
        case _:
            assert_never(choice)
