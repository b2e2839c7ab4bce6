"""Seconds of one evaluation of a model's log-density with its gradient, by the function that the sampler calls."""

import ctypes
import time

import numpy as np


def gradient_seconds(problem, least: float = 0.3) -> dict:
    """Time one log-density and gradient of a `DensityProblem`: the least of five loops of `least` seconds.

    Returns
    -------
    dict
        ``gradient``: seconds of one; ``call``: seconds of calling, from here, a function that does nothing, which are
        taken off already.
    """
    import numba

    logp, _ = problem.kernel.entries()
    doubles = numba.types.CPointer(numba.types.double)

    @numba.cfunc(numba.types.int64(numba.types.uint64, doubles, doubles, doubles, doubles))
    def nothing(dim, x, slope, value, data):
        return 0

    points = np.random.default_rng(7).uniform(-0.5, 0.5, size=(8, problem.size))
    slope, value = np.empty(problem.size), np.empty(1)
    shared = (slope.ctypes.data, value.ctypes.data, problem.buffer.ctypes.data)
    calls = [(problem.size, point.ctypes.data, *shared) for point in points]
    call, whole = _least(_function(nothing), calls, least / 10), _least(_function(logp), calls, least)
    expected, gradient = problem.evaluate(points[-1])
    if not (np.isclose(value[0], expected) and np.allclose(slope, gradient)):
        raise RuntimeError("What was timed is not the log-density of this problem.")
    return {"gradient": whole - call, "call": call}


def _function(entry):
    return ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 4)(entry.address)


def _least(function, calls: list[tuple], least: float) -> float:
    """Return the seconds of one call: the least of five loops through the points, of `least` seconds each."""
    turns = 1
    while (seconds := _timed(function, calls, turns)) < least:
        turns *= 2 if seconds <= 0.1 * least else 1 + int(least / seconds)
    return min(seconds, *(_timed(function, calls, turns) for _ in range(4))) / (turns * len(calls))


def _timed(function, calls: list[tuple], turns: int) -> float:
    start = time.perf_counter()
    for _ in range(turns):
        for one in calls:
            function(*one)
    return time.perf_counter() - start
