"""The compiled density of models with residual factors, which are integrated out with the coefficients."""

from collections.abc import Mapping

import numba
import numpy as np

from bayesfactor.base.jit import jit, jit_alloc, jit_part, jit_shared
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.panel import require_returns
from bayesfactor.panel.residual_products import residual_products
from bayesfactor.sampling.kernels.buffer import prior_views, view
from bayesfactor.sampling.kernels.compiled import Doubles, status, whole_buffer
from bayesfactor.sampling.kernels.conditional import LOG_2PI, Conditional, allocate_conditional
from bayesfactor.sampling.kernels.correlated import log_correlated
from bayesfactor.sampling.kernels.correlated_arrays import CorrelatedData, allocate_correlated
from bayesfactor.sampling.kernels.correlated_draws import draw_correlated
from bayesfactor.sampling.kernels.hierarchy import forward
from bayesfactor.sampling.kernels.hierarchy_gradient import backward
from bayesfactor.sampling.kernels.kernel import Kernel, Shape
from bayesfactor.sampling.kernels.prior import AT, HIERARCHY, PRIOR, SIZE, Sizes
from bayesfactor.sampling.kernels.simd import aligned, padded_size
from bayesfactor.sampling.kernels.stratified import CHUNK, stratified_normals
from bayesfactor.spec.loadings import GroupedLoadings
from bayesfactor.spec.noise import NormalNoise
from bayesfactor.spec.observation import EqualWeights

OWN = CorrelatedData(*range(len(PRIOR), len(PRIOR) + len(CorrelatedData._fields)))  # slots of the buffer


def _blocks(size: Sizes[int]) -> dict[str, Shape]:
    return {"residual_loading_z": (size.assets, size.residual)}


def _pack(data: Mapping[str, np.ndarray], panel: PanelBase) -> CorrelatedData[np.ndarray]:
    found = residual_products(require_returns(panel))
    n = len(found.cross)
    spare = padded_size(n) - n
    return CorrelatedData(
        low=found.low,
        fitted=np.pad(found.fitted, ((0, 0), (0, spare))),
        cross=np.pad(found.cross, (0, spare)),
        square=np.pad(np.diag(found.cross), (0, spare)),
        dates=np.pad(np.full(n, found.dates), (0, spare)),
    )


@jit_alloc
def _statistics(b: np.ndarray) -> CorrelatedData[np.ndarray]:
    return CorrelatedData(
        low=view(b, OWN.low),
        fitted=view(b, OWN.fitted),
        cross=view(b, OWN.cross),
        square=view(b, OWN.square),
        dates=view(b, OWN.dates),
    )


@jit_part
def _load_loadings(x: np.ndarray, at: int, n: int, conditional: Conditional, loading: np.ndarray) -> None:
    """Fill lambda_ij = n_gj + kappa_j z_ij (residual factor, padded asset)."""
    q, first = len(loading), len(conditional.mean) - len(loading)
    for j in range(q):
        loading[j] = 0.0
        mean, sd = conditional.mean[first + j], conditional.sd[first + j]
        for i in range(n):
            loading[j, i] = mean[i] + sd[i] * x[at + i * q + j]


@jit_part
def _carry_loadings(
    x: np.ndarray, at: int, n: int, conditional: Conditional, g_loading: np.ndarray, grad: np.ndarray
) -> float:
    """Carry the gradient in lambda to z, n and kappa; return the log prior of z."""
    q, first = len(g_loading), len(conditional.mean) - len(g_loading)
    value = -0.5 * n * q * LOG_2PI
    for j in range(q):
        sd, g_mean, g_log_sd = conditional.sd[first + j], conditional.g_mean[first + j], conditional.g_log_sd[first + j]
        g_mean[:], g_log_sd[:] = 0.0, 0.0
        for i in range(n):
            z = x[at + i * q + j]
            slope = sd[i] * g_loading[j, i]
            g_mean[i], g_log_sd[i] = g_loading[j, i], slope * z
            grad[at + i * q + j] += slope - z
            value -= 0.5 * z * z
    return value


@jit_shared
def density_correlated(x: np.ndarray, buffer: np.ndarray, grad: np.ndarray) -> float:
    """Return log p(theta, returns, factors) with residual factors integrated out; fill its gradient."""
    prior = prior_views(buffer)
    n, q, step = int(prior.size[SIZE.assets]), int(prior.size[SIZE.residual]), prior.is_asset.size
    p, at = int(prior.size[SIZE.factors]) + 1 - q, int(prior.offset[AT.residual_loading_z])
    conditional, scales = allocate_conditional(step, p + q)
    work = allocate_correlated(p, q, step)
    grad[:] = 0.0
    value = forward(x, prior, conditional, scales, grad)
    _load_loadings(x, at, n, conditional, work.loading)
    value += log_correlated(conditional, _statistics(buffer), work)
    value += _carry_loadings(x, at, n, conditional, work.g_loading, grad)
    backward(x, prior, conditional, scales, grad)
    return value


@jit
def coefficients_correlated(
    draws: np.ndarray, buffer: np.ndarray, shared: np.ndarray, own: np.ndarray, result: np.ndarray
) -> None:
    """Fill `result` (draw, asset, coefficient) with coefficients given each theta, and loadings on residual factors.

    Standard normals are `shared` (draw, residual factor x coefficient) and `own` (draw, coefficient, asset).
    """
    prior, data = prior_views(buffer), _statistics(buffer)
    n, q, step = int(prior.size[SIZE.assets]), int(prior.size[SIZE.residual]), prior.is_asset.size
    p, at = own.shape[1], int(prior.offset[AT.residual_loading_z])
    conditional, scales = allocate_conditional(step, p + q)
    work, unused = allocate_correlated(p, q, step), np.empty(draws.shape[1])
    out, normal = aligned(p * step).reshape((p, step)), aligned(p * step).reshape((p, step))
    normal[:] = 0.0
    for t in range(len(draws)):
        for j in range(p):
            for i in range(n):
                normal[j, i] = own[t, j, i]
        forward(draws[t], prior, conditional, scales, unused)
        _load_loadings(draws[t], at, n, conditional, work.loading)
        draw_correlated(conditional, data, work, shared[t], normal, out)
        for i in range(n):
            for j in range(p):
                result[t, i, j] = out[j, i]
            for j in range(q):
                result[t, i, p + j] = work.loading[j, i]


def _draw(draws: np.ndarray, buffer: np.ndarray, rng: np.random.Generator, result: np.ndarray) -> None:
    """Draw coefficients given theta, by `stratified_normals`; loadings on residual factors come last."""
    _, assets, columns = result.shape
    p = columns - int(buffer[int(buffer[2 * PRIOR.size]) + SIZE.residual])
    for start in range(0, len(draws), CHUNK):
        some = np.ascontiguousarray(draws[start : start + CHUNK])
        shared = stratified_normals(rng, (len(some), (columns - p) * p))
        own = stratified_normals(rng, (len(some), p, assets))
        coefficients_correlated(some, buffer, shared, own, result[start : start + CHUNK])


def _entry(dim: int, x: Doubles, grad: Doubles, logp: Doubles, data: Doubles) -> int:
    slope, value = numba.carray(grad, dim), numba.carray(logp, 1)
    value[0] = density_correlated(numba.carray(x, dim), whole_buffer(data), slope)
    return status(value[0], slope)


CORRELATED = Kernel(
    name="correlated",
    covers={**HIERARCHY, "loadings": (GroupedLoadings,), "noise": (NormalNoise,), "observation": (EqualWeights,)},
    blocks=_blocks,
    pack=_pack,
    density=density_correlated,
    entry=_entry,
    draw=_draw,
)
