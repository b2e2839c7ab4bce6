"""Priors as smooth functions of a standard normal in the PyMC graph: a spike and slab, a half-normal."""

import numpy as np
import pytensor.gradient
import pytensor.tensor as pt

HALVINGS = 44
TWICE_LOG_2 = 2 * np.log(2)
FAR = 36.0  # beyond it, where probabilities near the smallest double, an expansion: its relative error is 1e-11


def mixture_quantile(
    u: pt.TensorVariable, slab: pt.TensorVariable, spike: pt.TensorVariable, inclusion: pt.TensorVariable
) -> pt.TensorVariable:
    """Return x with P(X <= x) = Phi(u), X ~ inclusion N(0, slab^2) + (1 - inclusion) N(0, spike slab^2).

    Halving finds it; a last Newton step gives it the derivative phi(u) / p(x).
    """

    def survival(x: pt.TensorVariable) -> pt.TensorVariable:
        return 0.5 * (inclusion * pt.erfc(x / np.sqrt(2)) + (1 - inclusion) * pt.erfc(x / pt.sqrt(2 * spike)))

    sign = pt.where(u < 0, -1.0, 1.0)  # a constant: the slope at 0 is that of either side
    away = u * sign
    target = 0.5 * pt.erfc(away / np.sqrt(2))
    low, high = pt.sqrt(spike) * away, away
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        beyond = survival(middle) > target
        low, high = pt.where(beyond, middle, low), pt.where(beyond, high, middle)
    x = pytensor.gradient.disconnected_grad(0.5 * (low + high))
    density = inclusion * pt.exp(-0.5 * x**2) + (1 - inclusion) / pt.sqrt(spike) * pt.exp(-0.5 * x**2 / spike)
    x = x + (survival(x) - target) / (density / np.sqrt(2 * np.pi))
    return sign * slab * x


def half_normal_quantile(u: pt.TensorVariable) -> pt.TensorVariable:
    """Return x >= 0 with P(X <= x) = Phi(u), X ~ HalfNormal(1).

    erf(x / sqrt 2) = Phi(u), for u > 0 by the complements. Far out, with l = 2 log 2,
    x^2 = u^2 + l (1 - 1 / u^2) + (3 l + l^2 / 2) / u^4.
    """
    within, below = pt.minimum(u, FAR), u < 0
    tail = 0.5 * pt.erfc(pt.where(below, -within, within) / np.sqrt(2))
    x = np.sqrt(2) * pt.where(below, pt.erfinv(pt.where(below, tail, 0.0)), pt.erfcinv(pt.where(below, 1.0, tail)))
    square = pt.maximum(u, FAR) ** 2
    far = pt.sqrt(square + TWICE_LOG_2 * (1 - 1 / square) + (3 + TWICE_LOG_2 / 2) * TWICE_LOG_2 / square**2)
    return pt.where(u > FAR, far, x)
