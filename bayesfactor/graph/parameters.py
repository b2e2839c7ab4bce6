"""Normal and half-normal parameters, in the coordinates of one form of the PyMC graph."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor.sharedvar import TensorSharedVariable

from bayesfactor.graph.quantiles import half_normal_quantile

Dims = str | tuple[str, ...] | None


class Form(StrEnum):
    """In which coordinates a graph is sampled.

    With x = loc + sd z, `CENTRED` samples x; `NON_CENTRED` and `MARGINAL` sample z ~ N(0, 1). In `MARGINAL` a scale is
    sampled as the standard normal of which it is the quantile; in the other forms it is itself.
    """

    CENTRED = "centred"
    NON_CENTRED = "non-centred"
    MARGINAL = "marginal"


@dataclass(frozen=True)
class NormalLaw:
    """x ~ N(loc, sd^2), elementwise; x = loc where `sd` is None."""

    loc: pt.TensorVariable
    sd: pt.TensorVariable | None


def normal(
    name: str, loc: pt.TensorVariable, sd: pt.TensorVariable, form: Form, dims: Dims = None
) -> pt.TensorVariable:
    """Add x ~ N(loc, sd^2) by this name."""
    if form is Form.CENTRED:
        return pm.Normal(name, loc, sd, dims=dims)
    return pm.Deterministic(name, loc + sd * pm.Normal(f"{name}_z", dims=dims), dims=dims)


def half_normal(
    name: str,
    scale: TensorSharedVariable,
    form: Form,
    dims: Dims = None,
    floor: pt.TensorVariable | None = None,
) -> pt.TensorVariable:
    """Add s ~ HalfNormal(scale) by this name; or what is above a floor by that of ``<name>_above``, and s."""
    if floor is not None:
        return pm.Deterministic(name, floor + half_normal(f"{name}_above", scale, form, dims), dims=dims)
    if form is not Form.MARGINAL:
        return pm.HalfNormal(name, scale, dims=dims)
    z = pm.Normal(f"{name}_z", initval=np.zeros(scale.get_value().shape), dims=dims)
    return pm.Deterministic(name, scale * half_normal_quantile(z), dims=dims)


def coefficient(name: str, law: NormalLaw, form: Form, dims: tuple[str, ...]) -> pt.TensorVariable:
    """Add one kind of coefficient by this name: a variable, or a Deterministic where its law leaves nothing free."""
    if law.sd is None:
        return pm.Deterministic(name, law.loc, dims=dims)
    return normal(name, law.loc, law.sd, form, dims)
