"""The density of residuals with common factors, from their cross-products: value and gradient.

With E (date, asset) the residuals of least squares on p coefficients, S = E'E, W = diag(1 / s^2):

    Sigma = Lambda Lambda' + diag(s^2),   R = I + Lambda'W Lambda,   Z = Sigma^-1 Lambda = W Lambda R^-1,
    log p = -(T - p) / 2 (N log 2 pi + log|Sigma|) - tr(Sigma^-1 S) / 2.

The one product of the order of N^2 is S Z; slopes in Lambda are Sigma^-1 S Z - (T - p) Z.
"""

from typing import NamedTuple

import numpy as np

from bayesfactor.base.jit import jit_alloc, jit_inline, jit_part
from bayesfactor.sampling.kernels.conditional import Conditional
from bayesfactor.sampling.kernels.simd import WIDTH, aligned, full, load, store, total
from bayesfactor.sampling.kernels.symmetric import invert

TOGETHER = 4  # sums that run at once


class CovarianceWorkspace(NamedTuple):
    """Intermediate values, over assets: Z, S Z (residual factor, asset); and R^-1, Lambda'W S Z."""

    z: np.ndarray
    product: np.ndarray
    inverse: np.ndarray
    cross: np.ndarray


@jit_alloc
def allocate_covariance(q: int, step: int) -> CovarianceWorkspace:
    """Allocate a `CovarianceWorkspace` for q residual factors and so many padded assets."""
    return CovarianceWorkspace(
        aligned(q * step).reshape((q, step)), aligned(q * step).reshape((q, step)), np.empty((q, q)), np.empty((q, q))
    )


@jit_inline
def _dot(w: np.ndarray, x: np.ndarray, j: int, y: np.ndarray, k: int) -> float:
    """Return sum_i w_i x_ji y_ki."""
    value = full(0.0)
    for at in range(0, w.size, WIDTH):
        value += load(w, at) * load(x, j * w.size + at) * load(y, k * w.size + at)
    return total(value)


@jit_inline
def _multiply(cross: np.ndarray, z: np.ndarray, product: np.ndarray) -> None:
    """Fill S Z."""
    q, step = z.shape
    for j in range(q):
        for at in range(0, step, WIDTH):
            one, two, three, four = full(0.0), full(0.0), full(0.0), full(0.0)
            for i in range(0, step, TOGETHER):
                here = i * step + at
                one += full(z[j, i]) * load(cross, here)
                two += full(z[j, i + 1]) * load(cross, here + step)
                three += full(z[j, i + 2]) * load(cross, here + 2 * step)
                four += full(z[j, i + 3]) * load(cross, here + 3 * step)
            store(product, j * step + at, (one + two) + (three + four))


@jit_part
def add_residuals(
    conditional: Conditional,
    loading: np.ndarray,
    cross: np.ndarray,
    square: np.ndarray,
    spare: float,
    work: CovarianceWorkspace,
    g_loading: np.ndarray,
) -> float:
    """Return log p but for (T - p) sum_i log(2 pi s_i^2) / 2, with spare = T - p; add its gradient.

    Parameters
    ----------
    conditional : Conditional
        Of which `w` is read; the gradient in log s is added to `g_log_sigma`.
    loading, g_loading : array (residual_factor, padded asset)
    cross : array (padded asset, padded asset), flat
        S.
    square : array (padded asset)
        Its diagonal.
    spare : float
    work : CovarianceWorkspace
    """
    q, step, w = loading.shape[0], loading.shape[1], conditional.w
    for j in range(q):
        for k in range(j + 1):
            value = _dot(w, loading, j, loading, k)
            work.inverse[j, k] = value
            work.inverse[k, j] = value
        work.inverse[j, j] += 1.0
    log_det = invert(work.inverse)
    for j in range(q):
        for at in range(0, step, WIDTH):
            row = full(0.0)
            for k in range(q):
                row += full(work.inverse[k, j]) * load(loading, k * step + at)
            store(work.z, j * step + at, load(w, at) * row)
    _multiply(cross, work.z, work.product)
    trace = full(0.0)
    for at in range(0, step, WIDTH):
        trace += load(w, at) * load(square, at)
    less = 0.0
    for j in range(q):
        for k in range(q):
            work.cross[j, k] = _dot(w, loading, j, work.product, k)
        less += work.cross[j, j]
    _add_slopes(conditional, loading, square, spare, work, g_loading)
    return -0.5 * (spare * log_det + total(trace) - less)


@jit_inline
def _add_slopes(
    conditional: Conditional,
    loading: np.ndarray,
    square: np.ndarray,
    spare: float,
    work: CovarianceWorkspace,
    g_loading: np.ndarray,
) -> None:
    q, step = loading.shape
    left, twice = full(spare), full(2.0)
    for at in range(0, step, WIDTH):
        scale = load(conditional.w, at)
        g_log_sigma = scale * load(square, at) - left
        for j in range(q):
            here = j * step + at
            own, z, product = load(loading, here), load(work.z, here), scale * load(work.product, here)
            g = product - left * z
            row = full(0.0)
            for k in range(q):
                g -= load(work.z, k * step + at) * full(work.cross[k, j])
                row += full(work.cross[j, k]) * load(loading, k * step + at)
            store(g_loading, here, load(g_loading, here) + g)
            g_log_sigma += z * (left * own + row) - twice * product * own
        store(conditional.g_log_sigma, at, load(conditional.g_log_sigma, at) + g_log_sigma)
