"""What the part of the density that all noise laws share, and the noise laws, tell each other."""

from typing import NamedTuple

import numpy as np

from bayesfactor.base.jit import jit_alloc, jit_part
from bayesfactor.sampling.kernels.simd import WIDTH, aligned, full, load, total

LOG_2PI = float(np.log(2 * np.pi))


class Law(NamedTuple):
    """What a noise law needs to know of theta, and its gradient in that."""

    mean: np.ndarray  # (coefficient, asset)
    sd: np.ndarray
    log_sigma: np.ndarray  # (asset)
    w: np.ndarray  # 1 / sigma^2
    shift: np.ndarray  # (coefficient)
    g_mean: np.ndarray
    g_log_sd: np.ndarray  # in log|sd|
    g_log_sigma: np.ndarray  # at given mean and sd
    g_shift: np.ndarray


class Scales(NamedTuple):
    """What `backward` needs of log sigma_i as a function of level l, spread omega and z_i (asset); room to work in."""

    a: np.ndarray  # (log sigma_i - l) / omega, before the floor
    of_level: np.ndarray  # its derivatives
    of_spread: np.ndarray
    of_z: np.ndarray
    above: np.ndarray  # derivative of the noise law's log sigma in l + omega a_i
    z: np.ndarray
    gap: np.ndarray  # (factor): factor means less their starts
    pull: np.ndarray  # (factor)


@jit_alloc
def rooms(n: int, p: int) -> tuple[Law, Scales]:
    """Return a `Law` and `Scales` to be filled, for n assets (padded)."""
    size = p * n
    law = Law(
        aligned(size).reshape((p, n)), aligned(size).reshape((p, n)), aligned(n), aligned(n), np.zeros(p),
        aligned(size).reshape((p, n)), aligned(size).reshape((p, n)), aligned(n), np.zeros(p),
    )  # fmt: skip
    law.mean[:] = 0.0
    law.sd[:] = 0.0
    return law, Scales(
        aligned(n), aligned(n), aligned(n), aligned(n), aligned(n), aligned(n), np.empty(p - 1), np.empty(p - 1)
    )


@jit_part
def summed(x: np.ndarray) -> float:
    """Return the sum of an array of whole lanes."""
    value = full(0.0)
    for i in range(0, x.size, WIDTH):
        value += load(x, i)
    return total(value)


@jit_part
def moves(shift: np.ndarray) -> bool:
    """Return whether any premium differs from its factor's mean."""
    found = False
    for value in shift:
        found |= value != 0.0
    return found
