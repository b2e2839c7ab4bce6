"""A Student-t as a mixture of normals, by numerical integration over the scale."""

import numpy as np
from scipy.special import gammaln, polygamma

NODES = 24
LEFT_OUT = 12.0  # minus the log of the probability of larger scales than those integrated over, and more


def tail_nodes(dof: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return scales and weights (node, sample): a residual variance over its mean, and how likely it is.

    A t of variance 1 is normal with variance (a - 1) / (a u), u ~ Gamma(a, a), a = dof / 2; the integral over log u is
    a sum over evenly spaced nodes. A normal law has one scale, 1.
    """
    tail = np.isfinite(dof)
    if not tail.any():
        return np.ones((1, len(dof))), np.full((1, len(dof)), 1.0)
    a = np.where(tail, dof, 3.0) / 2
    sd = np.sqrt(polygamma(1, a))
    low = -(LEFT_OUT / a + 6 * sd)
    high = np.log1p(8 / np.sqrt(a) + 12 / a)
    x = low + (high - low) * np.linspace(0, 1, NODES)[:, None]
    log_weight = a * (np.log(a) + x - np.exp(x)) - gammaln(a)
    weight = np.exp(log_weight - log_weight.max(axis=0))
    scale = (a - 1) / a * np.exp(-x)
    return np.where(tail, scale, 1.0), weight / weight.sum(axis=0)
