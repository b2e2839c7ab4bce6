"""The whole log-density of a model as one compiled function of a point and a buffer of numbers.

A problem is one array of doubles: sizes of its parts, then the parts. The same compiled function serves every panel and
every set of priors, so nothing is compiled for a new fit.
"""

from functools import cache

import numba
import numpy as np

from bayesfactor.density.cache import LOCK, entry, kernel, part, shared
from bayesfactor.density.hyper import Prior, backward, forward
from bayesfactor.density.lanes import aligned
from bayesfactor.density.law import rooms
from bayesfactor.density.normal import Data, draw_coefficients, marginal
from bayesfactor.density.student import Observations, place_coefficients, student

NOISE = 24  # first slot of the noise law's own data
SLOTS = 64  # room in the header: elements 2 s and 2 s + 1 hold where slot s starts and ends; the last one the size
LINE = 8  # doubles in a cache line


@part
def _slot(buffer, s):
    return buffer[int(buffer[2 * s]) : int(buffer[2 * s + 1])]


@part
def _prior(buffer):
    return Prior(
        _slot(buffer, 0), _slot(buffer, 1), _slot(buffer, 2), _slot(buffer, 3), _slot(buffer, 4), _slot(buffer, 5),
        _slot(buffer, 6), _slot(buffer, 7), _slot(buffer, 8), _slot(buffer, 9), _slot(buffer, 10), _slot(buffer, 11),
        _slot(buffer, 12), _slot(buffer, 13), _slot(buffer, 14), _slot(buffer, 15), _slot(buffer, 16),
        _slot(buffer, 17), _slot(buffer, 18), _slot(buffer, 19), _slot(buffer, 20), _slot(buffer, 21),
        _slot(buffer, 22), _slot(buffer, 23),
    )  # fmt: skip


@part
def _data(buffer):
    return Data(_slot(buffer, NOISE), _slot(buffer, NOISE + 1), _slot(buffer, NOISE + 2), _slot(buffer, NOISE + 3))


@shared
def density_normal(x, buffer, grad):
    """Return log p(theta, returns, factors) with normal noise; fill its gradient."""
    prior = _prior(buffer)
    law, scales = rooms(prior.real.size, int(prior.size[1]) + 1)
    grad[:] = 0.0
    value = forward(x, prior, law, scales, grad)
    value += marginal(law, _data(buffer))
    backward(x, prior, law, scales, grad)
    return value


@kernel
def coefficients_normal(draws, buffer, z, result):
    """Fill `result` (draw, asset, coefficient) with coefficients given each theta, from standard normals z."""
    prior, data = _prior(buffer), _data(buffer)
    p, n, size = z.shape[1], z.shape[2], prior.real.size
    law, scales = rooms(size, p)
    out, normal = aligned(p * size).reshape((p, size)), aligned(p * size).reshape((p, size))
    unused = np.empty(draws.shape[1])
    normal[:] = 0.0
    for t in range(len(draws)):
        for j in range(p):
            for i in range(n):
                normal[j, i] = z[t, j, i]
        forward(draws[t], prior, law, scales, unused)
        draw_coefficients(law, data, normal, out)
        for i in range(n):
            for j in range(p):
                result[t, i, j] = out[j, i]


@part
def _observations(buffer, n, p):
    return Observations(
        _slot(buffer, NOISE).reshape((n, p, p)), _slot(buffer, NOISE + 1).reshape((n, p)), _slot(buffer, NOISE + 2),
        _slot(buffer, NOISE + 3), _slot(buffer, NOISE + 4), _slot(buffer, NOISE + 5), _slot(buffer, NOISE + 6),
    )  # fmt: skip


@shared
def density_student(x, buffer, grad):
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
    here, g_dof = student(law, dof, z, _observations(buffer, n, p), np.empty((n, p)), g_z)
    grad[tail] += 1.0 - excess + g_dof * prior.scalars[5] * excess
    backward(x, prior, law, scales, grad)
    return value + here + x[tail] - excess


@kernel
def coefficients_student(draws, buffer, result):
    """Fill `result` (draw, asset, coefficient) with the coefficients at each theta."""
    prior = _prior(buffer)
    n, p, first = int(prior.size[0]), int(prior.size[1]) + 1, int(prior.at[9])
    law, scales = rooms(prior.real.size, p)
    data, unused = _observations(buffer, n, p), np.empty(draws.shape[1])
    for t in range(len(draws)):
        forward(draws[t], prior, law, scales, unused)
        place_coefficients(law, draws[t, first : first + n * p].reshape((n, p)), data, result[t])


def pack(parts: list[np.ndarray]) -> np.ndarray:
    """Return one buffer of a header and the parts, each of them at the start of a cache line."""
    sizes = [np.size(values) for values in parts]
    starts = SLOTS + np.cumsum([0, *(-(-size // LINE) * LINE for size in sizes)])
    room = np.zeros(int(starts[-1]) + LINE)
    first = -room.ctypes.data % (8 * LINE) // 8
    buffer = room[first : first + int(starts[-1])]
    buffer[: 2 * len(parts)] = np.column_stack([starts[:-1], starts[:-1] + sizes]).ravel()
    for start, size, values in zip(starts, sizes, parts, strict=False):
        buffer[start : start + size] = np.ravel(values)
    buffer[SLOTS - 1] = buffer.size
    return buffer


_DOUBLES = numba.types.CPointer(numba.types.double)
_LOGP = numba.types.int64(numba.types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, _DOUBLES)
_EXPAND = numba.types.int64(numba.types.uint64, numba.types.uint64, _DOUBLES, _DOUBLES, _DOUBLES)


@part
def _whole(data):
    return numba.carray(data, int(numba.carray(data, SLOTS)[SLOTS - 1]))


@part
def _finite(value, grad):
    total = value
    for slope in grad:
        total += slope * 0.0
    return 0 if np.isfinite(total) else 3


def _logp_normal(dim, x, grad, logp, data):
    slope, value = numba.carray(grad, dim), numba.carray(logp, 1)
    value[0] = density_normal(numba.carray(x, dim), _whole(data), slope)
    return _finite(value[0], slope)


def _logp_student(dim, x, grad, logp, data):
    slope, value = numba.carray(grad, dim), numba.carray(logp, 1)
    value[0] = density_student(numba.carray(x, dim), _whole(data), slope)
    return _finite(value[0], slope)


def _expand(dim, expanded, x, out, data):
    source, target = numba.carray(x, dim), numba.carray(out, expanded)
    for i in range(dim):  # what is stored of a draw is the point itself
        target[i] = source[i]
    return 0


@cache
def entries(student: bool):
    """Return the two C functions that a sampler calls: log-density with gradient, and what to store of a point."""
    with LOCK:
        logp = entry(_LOGP, _logp_student if student else _logp_normal)
        return logp, entry(_EXPAND, _expand)
