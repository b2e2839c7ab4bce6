"""A half-normal scale as a smooth, increasing function of a standard normal, which is what is sampled.

As a number of either sign a scale would be an even function of what is sampled. A trajectory that swings through 0 then
changes the sign and hardly the scale: NUTS makes successive numbers antithetic, and successive scales alike.
"""

from math import erf, erfc

import numpy as np

from bayesfactor.base.jit import jit

ROOT_2, ROOT_HALF_PI = float(np.sqrt(2.0)), float(np.sqrt(np.pi / 2))
MEDIAN = 0.6744897501960817  # of a half-normal with scale 1
TWICE_LOG_2 = float(2 * np.log(2.0))
FAR = 36.0  # beyond it, where probabilities near the smallest double, an expansion: its relative error is 1e-11
STEPS = 2  # of Halley's method, from starts that are good to 0.01


@jit
def half_normal(u: float) -> tuple[float, float]:
    """Return x >= 0 with P(X <= x) = Phi(u) and dx/du, for X ~ HalfNormal(1).

    x solves erf(x / sqrt 2) = Phi(u), for u > 0 by the complements, and dx/du = phi(u) / (2 phi(x)). Far out
    x^2 = u^2 + l (1 - 1 / u^2) + (3 l + l^2 / 2) / u^4, l = 2 log 2.
    """
    square = u * u
    if u > FAR:
        first, second = TWICE_LOG_2 / square, (3.0 + 0.5 * TWICE_LOG_2) * TWICE_LOG_2 / square**2
        x = np.sqrt(square + TWICE_LOG_2 - first + second)
        return x, u * (1.0 + (first - 2.0 * second) / square) / x
    tail = 0.5 * erfc(abs(u) / ROOT_2)
    if u < 0.0:
        x = tail * ROOT_HALF_PI
        x *= 1.0 + x * x / 6.0
    else:
        gap = (TWICE_LOG_2 - MEDIAN * MEDIAN) / (1.0 + 0.82 * u + 0.53 * square)
        x = np.sqrt(square + TWICE_LOG_2 - gap)
    for _ in range(STEPS):
        error = erf(x / ROOT_2) - tail if u < 0.0 else tail - erfc(x / ROOT_2)
        error *= ROOT_HALF_PI * np.exp(0.5 * x * x)
        x -= error / (1.0 + 0.5 * x * error)
    return x, 0.5 * np.exp(0.5 * (x * x - square))


@jit
def half_normals(u: np.ndarray) -> np.ndarray:
    """Return the first of `half_normal` of every element of u."""
    x = np.empty(u.shape)
    for place, value in np.ndenumerate(u):
        x[place] = half_normal(value)[0]
    return x
