"""The compiled density of models with normal noise, whose coefficients are integrated out."""

from collections.abc import Mapping

import numba
import numpy as np

from bayesfactor.base.jit import jit, jit_alloc, jit_shared
from bayesfactor.panel.base import PanelBase
from bayesfactor.sampling.kernels.buffer import prior_views, view
from bayesfactor.sampling.kernels.compiled import Doubles, status, whole_buffer
from bayesfactor.sampling.kernels.conditional import allocate_conditional
from bayesfactor.sampling.kernels.hierarchy import forward
from bayesfactor.sampling.kernels.hierarchy_gradient import backward
from bayesfactor.sampling.kernels.kernel import Kernel, Shape
from bayesfactor.sampling.kernels.normal import (
    MomentBlocks,
    allocate_workspace,
    draw_coefficients,
    log_marginal,
)
from bayesfactor.sampling.kernels.prior import HIERARCHY, PRIOR, SIZE, Sizes
from bayesfactor.sampling.kernels.simd import WIDTH, aligned, padded_size
from bayesfactor.sampling.kernels.stratified import CHUNK, stratified_normals
from bayesfactor.spec.noise import NormalNoise
from bayesfactor.spec.observation import EqualWeights, HalfLife

OWN = MomentBlocks(*range(len(PRIOR), len(PRIOR) + len(MomentBlocks._fields)))  # slots of the buffer


def _blocks(size: Sizes[int]) -> dict[str, Shape]:
    return {}


def _pack(data: Mapping[str, np.ndarray], panel: PanelBase) -> MomentBlocks[np.ndarray]:
    return MomentBlocks(
        xx=_to_blocks(_lower_triangle(data["xx"])),
        xy=_to_blocks(data["xy"]),
        yy=_to_blocks(data["yy"]),
        dates=_to_blocks(data["count"]),
    )


def write_moments(buffer: np.ndarray, xx: np.ndarray, xy: np.ndarray, yy: np.ndarray) -> None:
    """Write cross-products (asset, coefficient, coefficient), (asset, coefficient) and (asset) into a buffer."""
    for slot, values in ((OWN.xx, _lower_triangle(np.moveaxis(xx, 0, -1))), (OWN.xy, xy.T), (OWN.yy, yy)):
        buffer[int(buffer[2 * slot]) : int(buffer[2 * slot + 1])] = _to_blocks(values).ravel()


def read_moments(buffer: np.ndarray, assets: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what `write_moments` wrote."""
    size = padded_size(assets)
    lower, xy, yy = (
        np.moveaxis(buffer[int(buffer[2 * slot]) : int(buffer[2 * slot + 1])].reshape(size // WIDTH, -1, WIDTH), 1, 2)
        for slot in (OWN.xx, OWN.xy, OWN.yy)
    )
    p = xy.shape[-1]
    xx = np.empty((size, p, p))
    row, column = np.tril_indices(p)
    xx[:, row, column] = xx[:, column, row] = lower.reshape(size, -1)
    return xx[:assets], xy.reshape(size, p)[:assets], yy.reshape(size)[:assets]


def _to_blocks(array: np.ndarray) -> np.ndarray:
    """Pad the last axis (asset) with zeros to whole blocks and return (block, ..., lane)."""
    short = padded_size(array.shape[-1]) - array.shape[-1]
    wide = np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, short)])
    return np.ascontiguousarray(np.moveaxis(wide.reshape(*array.shape[:-1], -1, WIDTH), -2, 0), dtype=float)


def _lower_triangle(xx: np.ndarray) -> np.ndarray:
    """Return the lower triangles (element, asset) of symmetric matrices (coefficient, coefficient, asset)."""
    return xx[np.tril_indices(xx.shape[0])]


@jit_alloc
def _moments(b: np.ndarray) -> MomentBlocks[np.ndarray]:
    return MomentBlocks(xx=view(b, OWN.xx), xy=view(b, OWN.xy), yy=view(b, OWN.yy), dates=view(b, OWN.dates))


@jit_shared
def density_normal(x: np.ndarray, buffer: np.ndarray, grad: np.ndarray) -> float:
    """Return log p(theta, returns, factors) with normal noise; fill its gradient."""
    prior = prior_views(buffer)
    conditional, scales = allocate_conditional(prior.is_asset.size, int(prior.size[SIZE.factors]) + 1)
    grad[:] = 0.0
    value = forward(x, prior, conditional, scales, grad)
    value += log_marginal(conditional, _moments(buffer), allocate_workspace(int(prior.size[SIZE.factors]) + 1))
    backward(x, prior, conditional, scales, grad)
    return value


@jit
def coefficients_normal(draws: np.ndarray, buffer: np.ndarray, z: np.ndarray, result: np.ndarray) -> None:
    """Fill `result` (draw, asset, coefficient) with coefficients given each theta, from standard normals z."""
    prior, data = prior_views(buffer), _moments(buffer)
    p, n, size = z.shape[1], z.shape[2], prior.is_asset.size
    conditional, scales = allocate_conditional(size, p)
    out, normal = aligned(p * size).reshape((p, size)), aligned(p * size).reshape((p, size))
    work, unused = allocate_workspace(p), np.empty(draws.shape[1])
    normal[:] = 0.0
    for t in range(len(draws)):
        for j in range(p):
            for i in range(n):
                normal[j, i] = z[t, j, i]
        forward(draws[t], prior, conditional, scales, unused)
        draw_coefficients(conditional, data, work, normal, out)
        for i in range(n):
            for j in range(p):
                result[t, i, j] = out[j, i]


def _draw(draws: np.ndarray, buffer: np.ndarray, rng: np.random.Generator, result: np.ndarray) -> None:
    """Draw coefficients from their conditional posterior, by `stratified_normals`."""
    _, assets, p = result.shape
    for start in range(0, len(draws), CHUNK):
        some = np.ascontiguousarray(draws[start : start + CHUNK])
        z = stratified_normals(rng, (len(some), p, assets))
        coefficients_normal(some, buffer, z, result[start : start + CHUNK])


def _entry(dim: int, x: Doubles, grad: Doubles, logp: Doubles, data: Doubles) -> int:
    slope, value = numba.carray(grad, dim), numba.carray(logp, 1)
    value[0] = density_normal(numba.carray(x, dim), whole_buffer(data), slope)
    return status(value[0], slope)


NORMAL = Kernel(
    name="normal",
    covers={**HIERARCHY, "noise": (NormalNoise,), "observation": (EqualWeights, HalfLife)},
    blocks=_blocks,
    pack=_pack,
    density=density_normal,
    entry=_entry,
    draw=_draw,
)
