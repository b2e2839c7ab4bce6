"""A spike and slab as a smooth function of a standard normal, so that it can be sampled without a funnel."""

from math import erfc

import numpy as np

from bayesfactor.base.jit import jit

STEPS = 100  # of a search that halves its interval at worst
SMALLEST = 1e-300  # a probability below which the slab alone counts
ROOT_2 = float(np.sqrt(2.0))
ROOT_2PI = float(np.sqrt(2 * np.pi))


@jit
def quantile(u: float, slab: float, spike: float, inclusion: float) -> tuple[float, float]:
    """Return x with P(X <= x) = Phi(u) and dx/du, for X ~ inclusion N(0, slab^2) + (1 - inclusion) N(0, spike slab^2).

    x solves S(x) = 1 - Phi(u) for u > 0, by Newton steps kept between the quantiles of spike and slab, and
    dx/du = phi(u) / p(x).
    """
    away, narrow = abs(u), np.sqrt(spike)
    target = 0.5 * erfc(away / ROOT_2)
    low, high = narrow * away, away  # in slabs
    x, density = high, 0.0
    for _ in range(STEPS):
        survival = 0.5 * (inclusion * erfc(x / ROOT_2) + (1.0 - inclusion) * erfc(x / narrow / ROOT_2))
        density = inclusion * np.exp(-0.5 * x * x) + (1.0 - inclusion) / narrow * np.exp(-0.5 * (x / narrow) ** 2)
        density /= ROOT_2PI
        if survival > target:
            low = x
        else:
            high = x
        if density < SMALLEST:
            break
        new = x + (survival - target) / density
        if not low < new < high:
            new = 0.5 * (low + high)
        if abs(new - x) <= 1e-15 * (1e-3 + abs(x)):
            x = new
            break
        x = new
    slope = np.exp(-0.5 * away * away) / ROOT_2PI / density if density >= SMALLEST else 1.0
    return np.copysign(x, u) * slab, slope * slab


@jit
def quantiles(u: np.ndarray, slab: float, spike: float, inclusion: float) -> np.ndarray:
    """Return `quantile` of every element of u."""
    x = np.empty(u.size)
    for i in range(u.size):
        x[i] = quantile(u[i], slab, spike, inclusion)[0]
    return x
