"""A spike and slab in the PyMC graph."""

import numpy as np
import pytensor.gradient
import pytensor.tensor as pt

HALVINGS = 44


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
