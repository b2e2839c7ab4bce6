"""A log-density as what a sampler calls: C functions of a point and a buffer of numbers."""

import ctypes
from collections.abc import Callable
from functools import cache

import numba
import numpy as np
from numba.core.ccallback import CFunc

from bayesfactor.base.jit import LOCK, jit_alloc, jit_entry, jit_part
from bayesfactor.sampling.kernels.buffer import SLOTS

type Doubles = ctypes._Pointer[ctypes.c_double]
type Entry = Callable[[int, Doubles, Doubles, Doubles, Doubles], int]  # size, theta, gradient, log-density, buffer
_DOUBLES = numba.types.CPointer(numba.types.double)
_LOGP = numba.types.int64(numba.types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, _DOUBLES)
_EXPAND = numba.types.int64(numba.types.uint64, numba.types.uint64, _DOUBLES, _DOUBLES, _DOUBLES)


@jit_alloc
def whole_buffer(data: Doubles) -> np.ndarray:
    """Return the buffer that starts at an address."""
    return numba.carray(data, int(numba.carray(data, SLOTS)[SLOTS - 1]))


@jit_part
def status(value: float, grad: np.ndarray) -> int:
    """Return 0 where a log-density and its gradient are finite, else a code by which a sampler sees a divergence."""
    total = value
    for slope in grad:
        total += slope * 0.0
    return 0 if np.isfinite(total) else 3


def _expand(dim: int, expanded: int, x: Doubles, out: Doubles, data: Doubles) -> int:
    source, target = numba.carray(x, dim), numba.carray(out, expanded)
    for i in range(dim):  # what is stored of a draw is the point itself
        target[i] = source[i]
    return 0


@cache
def entries(logp: Entry) -> tuple[CFunc, CFunc]:
    """Return the two C functions that a sampler calls: log-density with gradient, and what to store of a point."""
    with LOCK:
        return jit_entry(_LOGP, logp), jit_entry(_EXPAND, _expand)
