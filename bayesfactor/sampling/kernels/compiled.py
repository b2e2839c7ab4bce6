"""The whole log-density of a model as one compiled function of a point and a buffer of numbers.

A problem is one array of doubles: sizes of its parts, then the parts. The same compiled function serves every panel and
every set of priors, so nothing is compiled for a new fit.
"""

import ctypes
from functools import cache

import numba
import numpy as np
from numba.core.ccallback import CFunc

from bayesfactor.base.jit import LOCK, jit, jit_alloc, jit_entry, jit_part, jit_shared
from bayesfactor.sampling.kernels.conditional import rooms
from bayesfactor.sampling.kernels.hierarchy import Prior, backward, forward
from bayesfactor.sampling.kernels.normal import Data, draw_coefficients, marginal, workspace
from bayesfactor.sampling.kernels.simd import aligned
from bayesfactor.sampling.kernels.student import Observations, place_coefficients, room, student

NOISE = len(Prior._fields)  # first slot of the noise law's own data
SLOTS = 64  # room in the header: elements 2 s and 2 s + 1 hold where slot s starts and ends; the last one the size
LINE = 8  # doubles in a cache line


@jit_alloc
def _cut(buffer: np.ndarray, start: float, stop: float) -> np.ndarray:
    return buffer[int(start) : int(stop)]  # of two numbers read: a slot's own number would be a type of its own


@jit_alloc
def _prior(b: np.ndarray) -> Prior:
    return Prior(
        _cut(b, b[0], b[1]), _cut(b, b[2], b[3]), _cut(b, b[4], b[5]), _cut(b, b[6], b[7]),
        _cut(b, b[8], b[9]), _cut(b, b[10], b[11]), _cut(b, b[12], b[13]), _cut(b, b[14], b[15]),
        _cut(b, b[16], b[17]), _cut(b, b[18], b[19]), _cut(b, b[20], b[21]), _cut(b, b[22], b[23]),
        _cut(b, b[24], b[25]), _cut(b, b[26], b[27]), _cut(b, b[28], b[29]), _cut(b, b[30], b[31]),
        _cut(b, b[32], b[33]), _cut(b, b[34], b[35]), _cut(b, b[36], b[37]), _cut(b, b[38], b[39]),
        _cut(b, b[40], b[41]), _cut(b, b[42], b[43]), _cut(b, b[44], b[45]), _cut(b, b[46], b[47]),
    )  # fmt: skip


@jit_alloc
def _data(b: np.ndarray) -> Data:
    at = b[2 * NOISE :]
    return Data(_cut(b, at[0], at[1]), _cut(b, at[2], at[3]), _cut(b, at[4], at[5]), _cut(b, at[6], at[7]))


@jit_shared
def density_normal(x: np.ndarray, buffer: np.ndarray, grad: np.ndarray) -> float:
    """Return log p(theta, returns, factors) with normal noise; fill its gradient."""
    prior = _prior(buffer)
    law, scales = rooms(prior.real.size, int(prior.size[1]) + 1)
    grad[:] = 0.0
    value = forward(x, prior, law, scales, grad)
    value += marginal(law, _data(buffer), workspace(int(prior.size[1]) + 1))
    backward(x, prior, law, scales, grad)
    return value


@jit
def coefficients_normal(draws: np.ndarray, buffer: np.ndarray, z: np.ndarray, result: np.ndarray) -> None:
    """Fill `result` (draw, asset, coefficient) with coefficients given each theta, from standard normals z."""
    prior, data = _prior(buffer), _data(buffer)
    p, n, size = z.shape[1], z.shape[2], prior.real.size
    law, scales = rooms(size, p)
    out, normal = aligned(p * size).reshape((p, size)), aligned(p * size).reshape((p, size))
    work, unused = workspace(p), np.empty(draws.shape[1])
    normal[:] = 0.0
    for t in range(len(draws)):
        for j in range(p):
            for i in range(n):
                normal[j, i] = z[t, j, i]
        forward(draws[t], prior, law, scales, unused)
        draw_coefficients(law, data, work, normal, out)
        for i in range(n):
            for j in range(p):
                result[t, i, j] = out[j, i]


@jit_alloc
def _observations(b: np.ndarray, n: int, p: int) -> Observations:
    at = b[2 * NOISE :]
    return Observations(
        _cut(b, at[0], at[1]).reshape((n, p, p)), _cut(b, at[2], at[3]).reshape((n, p)), _cut(b, at[4], at[5]),
        _cut(b, at[6], at[7]), _cut(b, at[8], at[9]), _cut(b, at[10], at[11]), _cut(b, at[12], at[13]),
    )  # fmt: skip


@jit_shared
def density_student(x: np.ndarray, buffer: np.ndarray, grad: np.ndarray) -> float:
    """Return log p(theta, returns, factors) with Student-t noise; fill its gradient."""
    prior = _prior(buffer)
    n, p = int(prior.size[0]), int(prior.size[1]) + 1
    law, scales = rooms(prior.real.size, p)
    grad[:] = 0.0
    value = forward(x, prior, law, scales, grad)
    tail, first = int(prior.at[8]), int(prior.at[9])
    excess = np.exp(x[tail])
    dof = prior.scalars[6] + prior.scalars[5] * excess
    z, g_z = x[first : first + n * p].reshape((n, p)), grad[first : first + n * p].reshape((n, p))
    here, g_dof = student(law, dof, z, _observations(buffer, n, p), room(p), np.empty((n, p)), g_z)
    grad[tail] += 1.0 - excess + g_dof * prior.scalars[5] * excess
    backward(x, prior, law, scales, grad)
    return value + here + x[tail] - excess


@jit
def coefficients_student(draws: np.ndarray, buffer: np.ndarray, result: np.ndarray) -> None:
    """Fill `result` (draw, asset, coefficient) with the coefficients at each theta."""
    prior = _prior(buffer)
    n, p, first = int(prior.size[0]), int(prior.size[1]) + 1, int(prior.at[9])
    law, scales = rooms(prior.real.size, p)
    data, now, unused = _observations(buffer, n, p), room(p), np.empty(draws.shape[1])
    for t in range(len(draws)):
        forward(draws[t], prior, law, scales, unused)
        place_coefficients(law, draws[t, first : first + n * p].reshape((n, p)), data, now, result[t])


def pack(parts: list[np.ndarray]) -> np.ndarray:
    """Return one buffer of a header and the parts, each of them at the start of a cache line."""
    sizes = [np.size(values) for values in parts]
    starts = SLOTS + np.cumsum([0, *(-(-size // LINE) * LINE for size in sizes)])
    space = np.zeros(int(starts[-1]) + LINE)
    first = -space.ctypes.data % (8 * LINE) // 8
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
def _whole(data: Doubles) -> np.ndarray:
    return numba.carray(data, int(numba.carray(data, SLOTS)[SLOTS - 1]))


@jit_part
def _finite(value: float, grad: np.ndarray) -> int:
    total = value
    for slope in grad:
        total += slope * 0.0
    return 0 if np.isfinite(total) else 3


def _logp_normal(dim: int, x: Doubles, grad: Doubles, logp: Doubles, data: Doubles) -> int:
    slope, value = numba.carray(grad, dim), numba.carray(logp, 1)
    value[0] = density_normal(numba.carray(x, dim), _whole(data), slope)
    return _finite(value[0], slope)


def _logp_student(dim: int, x: Doubles, grad: Doubles, logp: Doubles, data: Doubles) -> int:
    slope, value = numba.carray(grad, dim), numba.carray(logp, 1)
    value[0] = density_student(numba.carray(x, dim), _whole(data), slope)
    return _finite(value[0], slope)


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
