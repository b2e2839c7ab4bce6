"""The compiled density of models with Student-t noise, whose coefficients are sampled through a normal surrogate."""

from collections.abc import Mapping

import numba
import numpy as np

from bayesfactor.base.jit import jit, jit_alloc, jit_shared
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.panel import require_returns
from bayesfactor.sampling.kernels.buffer import prior_views, view
from bayesfactor.sampling.kernels.compiled import Doubles, status, whole_buffer
from bayesfactor.sampling.kernels.conditional import allocate_conditional
from bayesfactor.sampling.kernels.hierarchy import forward
from bayesfactor.sampling.kernels.hierarchy_gradient import backward
from bayesfactor.sampling.kernels.kernel import Kernel, Shape
from bayesfactor.sampling.kernels.prior import AT, HIERARCHY, PRIOR, SCALAR, SIZE, Sizes
from bayesfactor.sampling.kernels.simd import WIDTH
from bayesfactor.sampling.kernels.student import (
    Observations,
    allocate_surrogate,
    fill_coefficients,
    student_log_density,
)
from bayesfactor.sampling.kernels.student_likelihood import STEP
from bayesfactor.spec.noise import StudentTNoise
from bayesfactor.spec.observation import EqualWeights

OWN = Observations(*range(len(PRIOR), len(PRIOR) + len(Observations._fields)))  # slots of the buffer


def _blocks(size: Sizes[int]) -> dict[str, Shape]:
    return {"dof_z_log__": (), "coefficient_z": (size.assets, size.factors + 1)}


def _pack(data: Mapping[str, np.ndarray], panel: PanelBase) -> Observations[np.ndarray]:
    returns, whole = require_returns(panel).returns.values, WIDTH * STEP
    periods = len(returns)
    x = np.zeros((-(-periods // whole) * whole + whole, panel.aligned.shape[1] + 1))
    x[:periods, 0], x[:periods, 1:] = 1.0, panel.aligned
    count, first_x, first_y, pieces = [], [], [0], []
    for column in returns.T:
        rows = np.flatnonzero(np.isfinite(column))
        start = rows[0] // WIDTH * WIDTH if rows.size else 0
        stop = rows[-1] + 1 if rows.size else 0
        y = np.full(-(-(stop - start) // whole) * whole, np.nan)
        y[: stop - start] = column[start:stop]
        count.append(rows.size)
        first_x.append(start // WIDTH)
        first_y.append(first_y[-1] + y.size // WIDTH)
        pieces.append(y)
    return Observations(
        xx=data["xx"],
        xy=data["xy"],
        dates=np.array(count),
        first_x=np.array(first_x),
        first_y=np.array(first_y),
        x=x.reshape(-1, WIDTH, x.shape[1]).transpose(0, 2, 1),
        y=np.concatenate(pieces),
    )


@jit_alloc
def _observations(b: np.ndarray, n: int, p: int) -> Observations[np.ndarray]:
    return Observations(
        xx=view(b, OWN.xx).reshape((n, p, p)),
        xy=view(b, OWN.xy).reshape((n, p)),
        dates=view(b, OWN.dates),
        first_x=view(b, OWN.first_x),
        first_y=view(b, OWN.first_y),
        x=view(b, OWN.x),
        y=view(b, OWN.y),
    )


@jit_shared
def density_student(x: np.ndarray, buffer: np.ndarray, grad: np.ndarray) -> float:
    """Return log p(theta, returns, factors) with Student-t noise; fill its gradient."""
    prior = prior_views(buffer)
    n, p = int(prior.size[SIZE.assets]), int(prior.size[SIZE.factors]) + 1
    conditional, scales = allocate_conditional(prior.is_asset.size, p)
    grad[:] = 0.0
    value = forward(x, prior, conditional, scales, grad)
    tail, first = int(prior.offset[AT.dof_z_log__]), int(prior.offset[AT.coefficient_z])
    excess, mean = np.exp(x[tail]), prior.scalars[SCALAR.dof_mean]
    dof = prior.scalars[SCALAR.dof_above] + mean * excess
    z, g_z = x[first : first + n * p].reshape((n, p)), grad[first : first + n * p].reshape((n, p))
    here, g_dof = student_log_density(
        conditional, dof, z, _observations(buffer, n, p), allocate_surrogate(p), np.empty((n, p)), g_z
    )
    grad[tail] += 1.0 - excess + g_dof * mean * excess
    backward(x, prior, conditional, scales, grad)
    return value + here + x[tail] - excess


@jit
def coefficients_student(draws: np.ndarray, buffer: np.ndarray, result: np.ndarray) -> None:
    """Fill `result` (draw, asset, coefficient) with the coefficients at each theta."""
    prior = prior_views(buffer)
    n, p, first = int(prior.size[SIZE.assets]), int(prior.size[SIZE.factors]) + 1, int(prior.offset[AT.coefficient_z])
    conditional, scales = allocate_conditional(prior.is_asset.size, p)
    data, now, unused = _observations(buffer, n, p), allocate_surrogate(p), np.empty(draws.shape[1])
    for t in range(len(draws)):
        forward(draws[t], prior, conditional, scales, unused)
        fill_coefficients(conditional, draws[t, first : first + n * p].reshape((n, p)), data, now, result[t])


def _draw(draws: np.ndarray, buffer: np.ndarray, rng: np.random.Generator, result: np.ndarray) -> None:
    """Compute coefficients, which are part of theta."""
    coefficients_student(np.ascontiguousarray(draws), buffer, result)


def _entry(dim: int, x: Doubles, grad: Doubles, logp: Doubles, data: Doubles) -> int:
    slope, value = numba.carray(grad, dim), numba.carray(logp, 1)
    value[0] = density_student(numba.carray(x, dim), whole_buffer(data), slope)
    return status(value[0], slope)


STUDENT = Kernel(
    name="student_t",
    covers={**HIERARCHY, "noise": (StudentTNoise,), "observation": (EqualWeights,)},
    blocks=_blocks,
    pack=_pack,
    density=density_student,
    entry=_entry,
    draw=_draw,
)
