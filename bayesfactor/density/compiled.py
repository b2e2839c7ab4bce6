"""The whole log-density of a model as one compiled function of a point and a buffer of numbers.

A problem is one array of doubles: sizes of its parts, then the parts. The same compiled function serves every panel and
every set of priors, so nothing is compiled for a new fit.
"""

from functools import cache

import numba
import numpy as np

from bayesfactor.density.cache import entry, kernel
from bayesfactor.density.hyper import Prior, backward, forward
from bayesfactor.density.normal import BLOCK, draw_coefficients, marginal
from bayesfactor.density.student import student

NOISE = 23  # first slot of the noise law's own data
SLOTS = 32  # room in the header: element s holds where slot s starts, element s + 1 where it ends


@kernel
def _slot(buffer, s):
    return buffer[int(buffer[s]) : int(buffer[s + 1])]


@kernel
def _prior(buffer):
    return Prior(
        _slot(buffer, 0), _slot(buffer, 1), _slot(buffer, 2), _slot(buffer, 3), _slot(buffer, 4), _slot(buffer, 5),
        _slot(buffer, 6), _slot(buffer, 7), _slot(buffer, 8), _slot(buffer, 9), _slot(buffer, 10), _slot(buffer, 11),
        _slot(buffer, 12), _slot(buffer, 13), _slot(buffer, 14), _slot(buffer, 15), _slot(buffer, 16),
        _slot(buffer, 17), _slot(buffer, 18), _slot(buffer, 19), _slot(buffer, 20), _slot(buffer, 21),
        _slot(buffer, 22),
    )  # fmt: skip


@kernel
def density_normal(x, buffer, grad):
    """Return log p(theta, returns, factors) with normal noise; fill its gradient."""
    prior = _prior(buffer)
    n, p = int(prior.size[0]), int(prior.size[1]) + 1
    g = (n + BLOCK - 1) // BLOCK
    mean, sd, log_sigma, shift = np.zeros((p, g * BLOCK)), np.zeros((p, g * BLOCK)), np.zeros(g * BLOCK), np.zeros(p)
    g_mean, g_sd, g_log_sigma = np.empty((p, g, BLOCK)), np.empty((p, g, BLOCK)), np.empty((g, BLOCK))
    g_shift = np.empty(p)
    grad[:] = 0.0
    scales = np.empty((6, n))
    value = forward(x, prior, mean, sd, log_sigma, shift, scales, grad)
    value += marginal(
        mean.reshape((p, g, BLOCK)), sd.reshape((p, g, BLOCK)), log_sigma.reshape((g, BLOCK)), shift,
        _slot(buffer, NOISE).reshape((p, p, g, BLOCK)), _slot(buffer, NOISE + 1).reshape((p, g, BLOCK)),
        _slot(buffer, NOISE + 2).reshape((g, BLOCK)), _slot(buffer, NOISE + 3).reshape((g, BLOCK)),
        g_mean, g_sd, g_log_sigma, g_shift,
    )  # fmt: skip
    flat = (p, g * BLOCK)
    backward(x, prior, scales, g_mean.reshape(flat), g_sd.reshape(flat), g_log_sigma.reshape(g * BLOCK), g_shift, grad)
    return value


@kernel
def coefficients_normal(draws, buffer, z, result):
    """Fill `result` (draw, asset, coefficient) with coefficients given each theta, from standard normals z."""
    p, n = z.shape[1], z.shape[2]
    g = (n + BLOCK - 1) // BLOCK
    padded, out = np.zeros((p, g * BLOCK)), np.empty((p, g, BLOCK))
    for t in range(len(draws)):
        padded[:, :n] = z[t]
        _coefficients(draws[t], buffer, padded.reshape((p, g, BLOCK)), out)
        result[t] = out.reshape((p, g * BLOCK))[:, :n].T


@kernel
def _coefficients(x, buffer, z, out):
    """Fill `out` (coefficient, block, BLOCK) with a draw of the coefficients given theta, from standard normals z."""
    prior = _prior(buffer)
    n, p = int(prior.size[0]), int(prior.size[1]) + 1
    g = (n + BLOCK - 1) // BLOCK
    mean, sd, log_sigma, shift = np.zeros((p, g * BLOCK)), np.zeros((p, g * BLOCK)), np.zeros(g * BLOCK), np.zeros(p)
    forward(x, prior, mean, sd, log_sigma, shift, np.empty((6, n)), np.zeros(x.size))
    draw_coefficients(
        mean.reshape((p, g, BLOCK)), sd.reshape((p, g, BLOCK)), log_sigma.reshape((g, BLOCK)), shift,
        _slot(buffer, NOISE).reshape((p, p, g, BLOCK)), _slot(buffer, NOISE + 1).reshape((p, g, BLOCK)), z, out,
    )  # fmt: skip


@kernel
def density_student(x, buffer, grad):
    """Return log p(theta, returns, factors) with Student-t noise; fill its gradient."""
    return _student(x, buffer, grad, np.empty((int(buffer[int(buffer[0])]), int(buffer[int(buffer[0]) + 1]) + 1)))


@kernel
def _student(x, buffer, grad, out):
    prior = _prior(buffer)
    n, p = int(prior.size[0]), int(prior.size[1]) + 1
    mean, sd, log_sigma, shift = np.zeros((p, n)), np.zeros((p, n)), np.zeros(n), np.zeros(p)
    g_mean, g_sd, g_log_sigma, g_shift = np.zeros((p, n)), np.zeros((p, n)), np.zeros(n), np.zeros(p)
    grad[:] = 0.0
    scales = np.empty((6, n))
    value = forward(x, prior, mean, sd, log_sigma, shift, scales, grad)
    tail, first = int(prior.at[8]), int(prior.at[9])
    excess = np.exp(x[tail])
    dof = prior.scalars[6] + prior.scalars[5] * excess
    y = _slot(buffer, NOISE + 4)
    here, g_dof = student(
        mean, sd, log_sigma, shift, dof, x[first : first + n * p].reshape((n, p)),
        _slot(buffer, NOISE).reshape((n, p, p)), _slot(buffer, NOISE + 1).reshape((n, p)),
        _slot(buffer, NOISE + 5).reshape((y.size // BLOCK, p, BLOCK)), y.reshape((y.size // BLOCK, BLOCK)),
        _slot(buffer, NOISE + 2), _slot(buffer, NOISE + 3), out,
        g_mean, g_sd, g_log_sigma, g_shift, grad[first : first + n * p].reshape((n, p)),
    )  # fmt: skip
    grad[tail] += 1.0 - excess + g_dof * prior.scalars[5] * excess
    backward(x, prior, scales, g_mean, g_sd, g_log_sigma, g_shift, grad)
    return value + here + x[tail] - excess


@kernel
def coefficients_student(x, buffer, out):
    """Fill `out` (asset, coefficient) with the coefficients at a point."""
    _student(x, buffer, np.empty(x.size), out)


def pack(parts: list[np.ndarray]) -> np.ndarray:
    """Return one buffer of a header and the parts."""
    sizes = [np.size(part) for part in parts]
    ends = SLOTS + np.cumsum([0, *sizes])
    header = np.zeros(SLOTS)
    header[: len(ends)] = ends
    return np.concatenate([header, *(np.ravel(part).astype(float) for part in parts)])


_DOUBLES = numba.types.CPointer(numba.types.double)
_LOGP = numba.types.int64(numba.types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, _DOUBLES)
_EXPAND = numba.types.int64(numba.types.uint64, numba.types.uint64, _DOUBLES, _DOUBLES, _DOUBLES)


@kernel
def _whole(data):
    head = numba.carray(data, SLOTS)
    return numba.carray(data, int(head.max()))


@kernel
def _finite(value, grad):
    return 0 if np.isfinite(value) and np.all(np.isfinite(grad)) else 3


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
    target[:] = source  # what is stored of a draw is the point itself
    return 0


@cache
def entries(student: bool):
    """Return the two C functions that a sampler calls: log-density with gradient, and what to store of a point."""
    logp = entry(_LOGP, _logp_student if student else _logp_normal)
    return logp, entry(_EXPAND, _expand)
