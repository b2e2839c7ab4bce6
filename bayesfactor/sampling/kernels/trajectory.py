"""A trajectory of the compiled density, and the law of coefficients at a point: what a sweep asks of the kernel."""

import numpy as np

from bayesfactor.base.jit import jit
from bayesfactor.sampling.kernels.buffer import prior_views
from bayesfactor.sampling.kernels.conditional import allocate_conditional
from bayesfactor.sampling.kernels.hierarchy import forward
from bayesfactor.sampling.kernels.normal_kernel import density_normal
from bayesfactor.sampling.kernels.prior import SIZE


@jit
def normal_trajectory(
    theta: np.ndarray, buffer: np.ndarray, momentum: np.ndarray, variance: np.ndarray, step: float, count: int
) -> tuple[np.ndarray, float, float, float]:
    """Return the end of a leapfrog trajectory, the energies at its start and end, and the log-density at the end.

    Parameters
    ----------
    theta : array
        Where it starts.
    buffer : array
    momentum, variance : array
        Momenta at the start, and the diagonal of the inverse mass matrix.
    step : float
    count : int
        Number of steps.
    """
    point, p, grad = theta.copy(), momentum.copy(), np.empty_like(theta)
    start, value = 0.0, 0.0
    for leap in range(count + 1):
        if leap > 0:
            p += (0.5 * step) * grad
            point += step * variance * p
        value = density_normal(point, buffer, grad)
        if leap > 0:
            p += (0.5 * step) * grad
        else:
            start = 0.5 * np.sum(variance * p * p) - value
    return point, start, 0.5 * np.sum(variance * p * p) - value, value


@jit
def law_normal(theta: np.ndarray, buffer: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return mean and sd (coefficient, padded asset), log sigma (padded asset) and shift (coefficient) at a point."""
    prior = prior_views(buffer)
    conditional, scales = allocate_conditional(prior.is_asset.size, int(prior.size[SIZE.factors]) + 1)
    forward(theta, prior, conditional, scales, np.zeros_like(theta))
    return conditional.mean, conditional.sd, conditional.log_sigma, conditional.shift
