"""Arrays that pass between the hierarchical priors and the likelihoods: values on the way there, gradients back."""

from typing import NamedTuple

import numpy as np

from bayesfactor.base.jit import jit_alloc, jit_part
from bayesfactor.sampling.kernels.simd import WIDTH, aligned, full, load, total

LOG_2PI = float(np.log(2 * np.pi))


class Conditional(NamedTuple):
    """The law of coefficients and residuals given theta, and the gradient of the noise law in its parameters."""

    mean: np.ndarray  # (coefficient, asset)
    sd: np.ndarray
    log_sigma: np.ndarray  # (asset)
    w: np.ndarray  # 1 / sigma^2
    shift: np.ndarray  # (coefficient)
    g_mean: np.ndarray
    g_log_sd: np.ndarray  # in log|sd|
    g_log_sigma: np.ndarray  # at given mean and sd
    g_shift: np.ndarray


class ScaleWorkspace(NamedTuple):
    """Intermediate values of `forward` that `backward` uses: log sigma_i as a function of l, omega and z_i (asset)."""

    a: np.ndarray  # (log sigma_i - l) / omega, before the floor
    d_level: np.ndarray  # derivatives of a in l, omega and z
    d_spread: np.ndarray
    d_z: np.ndarray
    d_floor: np.ndarray  # derivative of the noise law's log sigma in l + omega a_i
    z: np.ndarray
    half: np.ndarray  # (factor + 2): the scales of loadings, of alphas and omega, in those of their priors
    d_half: np.ndarray  # their derivatives
    delta: np.ndarray  # (factor): factor means less their starting values
    precision_delta: np.ndarray  # (factor): a precision matrix times a difference of factor means
    level: np.ndarray  # (3): derivatives of the level l in its coordinate z and in omega, of log(dl / dz) in omega


@jit_alloc
def allocate_conditional(n: int, p: int) -> tuple[Conditional, ScaleWorkspace]:
    """Allocate a `Conditional` and a `ScaleWorkspace` for n assets (padded) and p coefficients."""
    size = p * n
    conditional = Conditional(
        aligned(size).reshape((p, n)), aligned(size).reshape((p, n)), aligned(n), aligned(n), np.zeros(p),
        aligned(size).reshape((p, n)), aligned(size).reshape((p, n)), aligned(n), np.zeros(p),
    )  # fmt: skip
    conditional.mean[:] = 0.0
    conditional.sd[:] = 0.0
    return conditional, ScaleWorkspace(
        aligned(n), aligned(n), aligned(n), aligned(n), aligned(n), aligned(n), np.empty(p + 1), np.empty(p + 1),
        np.empty(p - 1), np.empty(p - 1), np.empty(3),
    )  # fmt: skip


@jit_part
def sum_lanes(x: np.ndarray) -> float:
    """Return the sum of an array whose size is a multiple of `WIDTH`."""
    value = full(0.0)
    for i in range(0, x.size, WIDTH):
        value += load(x, i)
    return total(value)


@jit_part
def has_shift(shift: np.ndarray) -> bool:
    """Return whether any premium differs from its factor's mean."""
    found = False
    for value in shift:
        found |= value != 0.0
    return found
