"""The whole log-density of a model as one compiled function of a point and a buffer of numbers.

A problem is one array of doubles: a header with the bounds of its parts, then the parts. The same compiled function
serves every panel and every set of priors, so that nothing is compiled for a new fit.
"""

import ctypes
from functools import cache

import numba
import numpy as np
from numba.core.ccallback import CFunc

from bayesfactor.base.jit import LOCK, jit, jit_alloc, jit_entry, jit_part, jit_shared
from bayesfactor.sampling.kernels.conditional import allocate_conditional
from bayesfactor.sampling.kernels.hierarchy import forward
from bayesfactor.sampling.kernels.hierarchy_gradient import backward
from bayesfactor.sampling.kernels.normal import MomentBlocks, allocate_workspace, draw_coefficients, log_marginal
from bayesfactor.sampling.kernels.prior import ASSETS, AT_COEFFICIENT, AT_DOF, DOF_ABOVE, DOF_MEAN, FACTORS, Prior
from bayesfactor.sampling.kernels.simd import aligned
from bayesfactor.sampling.kernels.student import (
    Observations,
    allocate_surrogate,
    fill_coefficients,
    student_log_density,
)

NOISE_SLOT = len(Prior._fields)  # first slot of the noise law's own data
SLOTS = 64  # size of the header: elements 2 s and 2 s + 1 hold where slot s starts and ends; the last one the size
CACHE_LINE = 8  # doubles in a cache line


@jit_alloc
def _slice(buffer: np.ndarray, start: float, stop: float) -> np.ndarray:
    return buffer[int(start) : int(stop)]  # bounds as arguments: a literal slot number would compile once for each slot


@jit_alloc
def _prior(b: np.ndarray) -> Prior:
    return Prior(
        _slice(b, b[0], b[1]), _slice(b, b[2], b[3]), _slice(b, b[4], b[5]), _slice(b, b[6], b[7]),
        _slice(b, b[8], b[9]), _slice(b, b[10], b[11]), _slice(b, b[12], b[13]), _slice(b, b[14], b[15]),
        _slice(b, b[16], b[17]), _slice(b, b[18], b[19]), _slice(b, b[20], b[21]), _slice(b, b[22], b[23]),
        _slice(b, b[24], b[25]), _slice(b, b[26], b[27]), _slice(b, b[28], b[29]), _slice(b, b[30], b[31]),
        _slice(b, b[32], b[33]), _slice(b, b[34], b[35]), _slice(b, b[36], b[37]), _slice(b, b[38], b[39]),
        _slice(b, b[40], b[41]), _slice(b, b[42], b[43]), _slice(b, b[44], b[45]), _slice(b, b[46], b[47]),
    )  # fmt: skip


@jit_alloc
def _data(b: np.ndarray) -> MomentBlocks:
    at = b[2 * NOISE_SLOT :]
    return MomentBlocks(
        _slice(b, at[0], at[1]), _slice(b, at[2], at[3]), _slice(b, at[4], at[5]), _slice(b, at[6], at[7])
    )


@jit_shared
def density_normal(x: np.ndarray, buffer: np.ndarray, grad: np.ndarray) -> float:
    """Return log p(theta, returns, factors) with normal noise; fill its gradient."""
    prior = _prior(buffer)
    conditional, scales = allocate_conditional(prior.is_asset.size, int(prior.size[FACTORS]) + 1)
    grad[:] = 0.0
    value = forward(x, prior, conditional, scales, grad)
    value += log_marginal(conditional, _data(buffer), allocate_workspace(int(prior.size[FACTORS]) + 1))
    backward(x, prior, conditional, scales, grad)
    return value


@jit
def coefficients_normal(draws: np.ndarray, buffer: np.ndarray, z: np.ndarray, result: np.ndarray) -> None:
    """Fill `result` (draw, asset, coefficient) with coefficients given each theta, from standard normals z."""
    prior, data = _prior(buffer), _data(buffer)
    p, n, size = z.shape[1], z.shape[2], prior.is_asset.size
    conditional, scales = allocate_conditional(size, p)
    out, normal = aligned(p * size).reshape((p, size)), aligned(p * size).reshape((p, size))
    work, unused = allocate_workspace(p), np.empty(draws.shape[1])
    normal[:] = 0.0
    for t in range(len(draws)):
        for j in range(p):
            for i in range(n):
                normal[j, i] = z[t, j, i]
        forward(draws[t], prior, conditional, scales, unused)
        draw_coefficients(conditional, data, work, normal, out)
        for i in range(n):
            for j in range(p):
                result[t, i, j] = out[j, i]


@jit_alloc
def _observations(b: np.ndarray, n: int, p: int) -> Observations:
    at = b[2 * NOISE_SLOT :]
    return Observations(
        _slice(b, at[0], at[1]).reshape((n, p, p)), _slice(b, at[2], at[3]).reshape((n, p)), _slice(b, at[4], at[5]),
        _slice(b, at[6], at[7]), _slice(b, at[8], at[9]), _slice(b, at[10], at[11]), _slice(b, at[12], at[13]),
    )  # fmt: skip


@jit_shared
def density_student(x: np.ndarray, buffer: np.ndarray, grad: np.ndarray) -> float:
    """Return log p(theta, returns, factors) with Student-t noise; fill its gradient."""
    prior = _prior(buffer)
    n, p = int(prior.size[ASSETS]), int(prior.size[FACTORS]) + 1
    conditional, scales = allocate_conditional(prior.is_asset.size, p)
    grad[:] = 0.0
    value = forward(x, prior, conditional, scales, grad)
    tail, first = int(prior.offset[AT_DOF]), int(prior.offset[AT_COEFFICIENT])
    excess = np.exp(x[tail])
    dof = prior.scalars[DOF_ABOVE] + prior.scalars[DOF_MEAN] * excess
    z, g_z = x[first : first + n * p].reshape((n, p)), grad[first : first + n * p].reshape((n, p))
    here, g_dof = student_log_density(
        conditional, dof, z, _observations(buffer, n, p), allocate_surrogate(p), np.empty((n, p)), g_z
    )
    grad[tail] += 1.0 - excess + g_dof * prior.scalars[DOF_MEAN] * excess
    backward(x, prior, conditional, scales, grad)
    return value + here + x[tail] - excess


@jit
def coefficients_student(draws: np.ndarray, buffer: np.ndarray, result: np.ndarray) -> None:
    """Fill `result` (draw, asset, coefficient) with the coefficients at each theta."""
    prior = _prior(buffer)
    n, p, first = int(prior.size[ASSETS]), int(prior.size[FACTORS]) + 1, int(prior.offset[AT_COEFFICIENT])
    conditional, scales = allocate_conditional(prior.is_asset.size, p)
    data, now, unused = _observations(buffer, n, p), allocate_surrogate(p), np.empty(draws.shape[1])
    for t in range(len(draws)):
        forward(draws[t], prior, conditional, scales, unused)
        fill_coefficients(conditional, draws[t, first : first + n * p].reshape((n, p)), data, now, result[t])


def aligned_buffer(parts: list[np.ndarray]) -> np.ndarray:
    """Return one buffer of a header and the parts, each aligned to a cache line."""
    sizes = [np.size(values) for values in parts]
    starts = SLOTS + np.cumsum([0, *(-(-size // CACHE_LINE) * CACHE_LINE for size in sizes)])
    space = np.zeros(int(starts[-1]) + CACHE_LINE)
    first = -space.ctypes.data % (8 * CACHE_LINE) // 8
    buffer = space[first : first + int(starts[-1])]
    buffer[: 2 * len(parts)] = np.column_stack([starts[:-1], starts[:-1] + sizes]).ravel()
    for start, size, values in zip(starts, sizes, parts, strict=False):
        buffer[start : start + size] = np.ravel(values)
    buffer[SLOTS - 1] = buffer.size
    return buffer


type Doubles = ctypes._Pointer[ctypes.c_double]
_DOUBLES = numba.types.CPointer(numba.types.double)
_LOGP = numba.types.int64(numba.types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, _DOUBLES)
_EXPAND = numba.types.int64(numba.types.uint64, numba.types.uint64, _DOUBLES, _DOUBLES, _DOUBLES)


@jit_alloc
def _buffer(data: Doubles) -> np.ndarray:
    return numba.carray(data, int(numba.carray(data, SLOTS)[SLOTS - 1]))


@jit_part
def _status(value: float, grad: np.ndarray) -> int:
    total = value
    for slope in grad:
        total += slope * 0.0
    return 0 if np.isfinite(total) else 3


def _logp_normal(dim: int, x: Doubles, grad: Doubles, logp: Doubles, data: Doubles) -> int:
    slope, value = numba.carray(grad, dim), numba.carray(logp, 1)
    value[0] = density_normal(numba.carray(x, dim), _buffer(data), slope)
    return _status(value[0], slope)


def _logp_student(dim: int, x: Doubles, grad: Doubles, logp: Doubles, data: Doubles) -> int:
    slope, value = numba.carray(grad, dim), numba.carray(logp, 1)
    value[0] = density_student(numba.carray(x, dim), _buffer(data), slope)
    return _status(value[0], slope)


def _expand(dim: int, expanded: int, x: Doubles, out: Doubles, data: Doubles) -> int:
    source, target = numba.carray(x, dim), numba.carray(out, expanded)
    for i in range(dim):  # what is stored of a draw is the point itself
        target[i] = source[i]
    return 0


@cache
def entries(student: bool) -> tuple[CFunc, CFunc]:
    """Return the two C functions that a sampler calls: log-density with gradient, and what to store of a point."""
    with LOCK:
        logp = jit_entry(_LOGP, _logp_student if student else _logp_normal)
        return logp, jit_entry(_EXPAND, _expand)
