"""Statistics and intermediate values of the density of residual factors integrated out (`correlated`)."""

from typing import NamedTuple

import numpy as np

from bayesfactor.base.jit import jit_alloc
from bayesfactor.sampling.kernels.residual_covariance import CovarianceWorkspace, allocate_covariance
from bayesfactor.sampling.kernels.simd import WIDTH, aligned


class CorrelatedData[T](NamedTuple):
    """Statistics of assets that were observed together, flat; 0 at padding."""

    low: T  # (coefficient, coefficient): root of X'X
    fitted: T  # (coefficient, padded asset)
    cross: T  # (padded asset, padded asset): S
    square: T  # (padded asset): its diagonal
    dates: T  # (padded asset)


class CorrelatedWorkspace(NamedTuple):
    """Intermediate values; those of eight assets as in `triangles`."""

    low: np.ndarray  # (coefficient, coefficient): L of the shifted regressors
    loading: np.ndarray  # (residual factor, padded asset)
    g_loading: np.ndarray
    f: np.ndarray  # (coefficient, padded asset)
    solved: np.ndarray  # B^-1 f
    inverse: np.ndarray  # (lower triangle, padded asset): B^-1
    k: np.ndarray  # (residual factor x coefficient, residual factor x coefficient): K^-1
    w: np.ndarray  # (residual factor, coefficient), as is the next
    y: np.ndarray
    half: np.ndarray  # eight assets: a lower triangle, the rest of the inverse of its root, and its pivots
    root: np.ndarray
    pivot: np.ndarray
    a: np.ndarray  # eight assets: vectors over coefficients
    side: np.ndarray
    m: np.ndarray  # eight assets: matrices over coefficients
    product: np.ndarray
    h: np.ndarray
    covariance: CovarianceWorkspace


@jit_alloc
def allocate_correlated(p: int, q: int, step: int) -> CorrelatedWorkspace:
    """Allocate a `CorrelatedWorkspace` for p coefficients, q residual factors and so many padded assets."""
    triangle = p * (p + 1) // 2
    return CorrelatedWorkspace(
        np.zeros((p, p)), aligned(q * step).reshape((q, step)), aligned(q * step).reshape((q, step)),
        aligned(p * step).reshape((p, step)), aligned(p * step).reshape((p, step)), aligned(triangle * step),
        np.empty((q * p, q * p)), np.empty((q, p)), np.empty((q, p)),
        aligned(WIDTH * triangle), aligned(WIDTH * triangle), aligned(WIDTH * p), aligned(WIDTH * p),
        aligned(WIDTH * p), aligned(WIDTH * p * p), aligned(WIDTH * p * p), aligned(WIDTH * p * p),
        allocate_covariance(q, step),
    )  # fmt: skip
