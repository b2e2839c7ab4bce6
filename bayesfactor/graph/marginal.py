"""Coefficients given the rest: integrated out, or in the surrogate-conditional form, in the PyMC graph."""

from dataclasses import dataclass

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesfactor.graph.diagonals import register_diagonals


@dataclass(frozen=True)
class Symbols:
    """What a noise law needs of the rest of the model: c_i = mean_i + sd_i u_i, u_i ~ N(0, I)."""

    mean: pt.TensorVariable  # (asset, coefficient)
    sd: pt.TensorVariable  # (asset, coefficient)
    log_sigma: pt.TensorVariable  # (asset)
    shift: pt.TensorVariable  # (coefficient): lambda - mu of the non-traded factors, else 0


def shifted(
    shift: pt.TensorVariable, xx: pt.TensorVariable, xy: pt.TensorVariable
) -> tuple[pt.TensorVariable, pt.TensorVariable]:
    """Return S~ (asset, coefficient, coefficient) and b~ (asset, coefficient): regressors x_t + shift."""
    xx = xx + shift[None, :, None] * xx[:, 0, :][:, None, :]
    return xx + shift[None, None, :] * xx[:, :, 0][:, :, None], xy + shift[None, :] * xy[:, 0][:, None]


def conditional(
    symbols: Symbols, xx: pt.TensorVariable, xy: pt.TensorVariable, free: slice = slice(None)
) -> tuple[pt.TensorVariable, pt.TensorVariable, pt.TensorVariable]:
    """Return the lower root L of A = I + D S D / s2, L^-1 v of v = D (b - S m) / s2, and b - S m.

    The first two are of the `free` coefficients, whose standard deviations `symbols` holds.
    """
    register_diagonals()
    sd, precision = symbols.sd, pt.exp(-2 * symbols.log_sigma)
    left = xy - (xx * symbols.mean[:, None, :]).sum(-1)
    a = pt.eye(sd.shape[1])[None] + sd[:, :, None] * sd[:, None, :] * xx[:, free, free] * precision[:, None, None]
    low = pt.linalg.cholesky(a)
    v = sd * left[:, free] * precision[:, None]
    return low, pt.linalg.solve_triangular(low, v, lower=True, b_ndim=1), left


def from_standard(low: pt.TensorVariable, half: pt.TensorVariable, z: pt.TensorVariable) -> pt.TensorVariable:
    """Return u = L^-T (L^-1 v + z) (asset, coefficient), given L^-1 v."""
    return pt.linalg.solve_triangular(pt.swapaxes(low, -1, -2), half + z, lower=False, b_ndim=1)


def log_root(low: pt.TensorVariable) -> pt.TensorVariable:
    """Return log|L| (asset)."""
    return pt.log(pt.diagonal(low, axis1=-2, axis2=-1)).sum(-1)


def integrated(symbols: Symbols, data: dict) -> pt.TensorVariable:
    """Return log p(r | theta) under normal noise, the coefficients integrated out, from sufficient statistics."""
    xx, xy = shifted(symbols.shift, pt.moveaxis(data["xx"], -1, 0), data["xy"].T)
    low, half, left = conditional(symbols, xx, xy)
    square = (data["yy"] - (symbols.mean * (xy + left)).sum(-1)) * pt.exp(-2 * symbols.log_sigma)
    level = data["count"] * (np.log(2 * np.pi) + 2 * symbols.log_sigma)
    return -0.5 * (level + square).sum() + 0.5 * (half**2).sum() - log_root(low).sum()


def surrogate_conditional(symbols: Symbols, data: dict) -> tuple[pt.TensorVariable, pt.TensorVariable]:
    """Add coefficients in the surrogate-conditional form; return fitted value and scale of every observation.

    u_i = L_i^-T (L_i^-1 v_i + z_i), with L_i and v_i from weighted statistics; log|L_i| is taken off the density. Exact
    for any law of residuals that is independent over assets: the weights only steer.
    """
    shift = symbols.shift
    low, half, _ = conditional(symbols, *shifted(shift, data["xx"], data["xy"]))
    z = pm.Flat("coefficient_z", dims=("asset", "coefficient"), initval=np.zeros(data["xy"].get_value().shape))
    u = from_standard(low, half, z)
    pm.Potential("surrogate", -0.5 * (u**2).sum() - log_root(low).sum())
    c = pm.Deterministic("coefficients", symbols.mean + symbols.sd * u, dims=("asset", "coefficient"))
    raw = pt.concatenate([(c @ pt.set_subtensor(shift[0], 1.0))[:, None], c[:, 1:]], axis=1)
    asset = data["asset_of"]
    return (data["x"] * raw[asset]).sum(axis=1), pt.exp(symbols.log_sigma)[asset]
