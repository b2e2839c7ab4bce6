"""Log volatility that all residuals share, integrated out on a grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import gammaln

from bayesfactor.base.records import FrozenArrays

Unit = Literal["scale", "sd"]

GRID = 0.0625 * np.arange(-35, 46)  # -2.1875 ... 2.8125: zero is a point of it
DIFFUSE = 10.0  # standard deviation of a random walk's first value
FLOOR = 1e-300
GROUP, LARGEST, NODES, CHUNK = 16, 1e15, 96, 2**17


def log_densities(
    z: np.ndarray, dofs: Sequence[float | None], grid: np.ndarray = GRID, *, unit: Unit = "sd"
) -> np.ndarray:
    """Return the log density of each date's residuals at every log volatility (dof, time, grid).

    ::

        l_t(x) = sum_i log p(z_it exp(-x)) - N_t x          over the N_t assets that are observed at t

    with p normal where a dof is None, else Student-t with scale 1 (``unit="scale"``) or standard deviation 1
    (``unit="sd"``, every dof above 2).

    Parameters
    ----------
    z : array (time, asset)
        Residuals over their levels; NaN where an asset was not observed.
    dofs : sequence of float or None
        Degrees of freedom; None is normal.
    grid : array (grid)
        Values of x.

    Notes
    -----
    All dofs share F_t(y) = sum_i log(1 + z_it^2 exp(-y)), read at y = 2 x + log(nu) or log(nu - 2). It is computed at
    96 Chebyshev points and interpolated, which is exact to 1e-10 of a summed log density in the range of `grid` and of
    dofs to 100. The logarithms are those of products of sixteen factors, polynomials in exp(-y).
    """
    count = np.isfinite(z).sum(axis=1)
    square = np.minimum(np.square(np.where(np.isfinite(z), z, 0.0)), LARGEST)
    offsets = [None if dof is None else np.log(dof if unit == "scale" else dof - 2) for dof in dofs]
    tails = [offset for offset in offsets if offset is not None]
    nodes = _nodes(2 * grid[0] + min(tails), 2 * grid[-1] + max(tails)) if tails else np.zeros(0)
    sums = _sums(square, nodes)
    found = np.empty((len(dofs), len(z), grid.size))
    for one, dof, offset in zip(found, dofs, offsets, strict=True):
        one[:] = -count[:, None] * grid
        if dof is None or offset is None:
            one -= 0.5 * (square.sum(axis=1)[:, None] * np.exp(-2 * grid) + count[:, None] * np.log(2 * np.pi))
        else:
            constant = gammaln((dof + 1) / 2) - gammaln(dof / 2) - 0.5 * (np.log(np.pi) + offset)
            one += constant * count[:, None]
            one -= 0.5 * (dof + 1) * (sums @ _interpolation(nodes, 2 * grid + offset))
    return found


def _nodes(lower: float, upper: float) -> np.ndarray:
    """Return Chebyshev points of the second kind."""
    return 0.5 * (lower + upper) - 0.5 * (upper - lower) * np.cos(np.pi * np.arange(NODES) / (NODES - 1))


def _interpolation(nodes: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the matrix (node, point) that interpolates in Chebyshev points (Berrut and Trefethen 2004)."""
    weight = np.where(np.arange(nodes.size) % 2, -1.0, 1.0)
    weight[[0, -1]] *= 0.5
    apart = at - nodes[:, None]
    same = np.abs(apart) < 1e-13
    ratio = weight[:, None] / np.where(same, 1.0, apart)
    return np.where(same.any(axis=0), same, ratio / ratio.sum(axis=0))


def _sums(square: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """Return sum_i log(1 + square_ti exp(-y)) at every node (time, node)."""
    time, assets = square.shape
    padded = np.zeros((time, -(-assets // GROUP) * GROUP))
    padded[:, :assets] = square
    groups = padded.shape[1] // GROUP
    power = np.exp(-np.outer(np.arange(GROUP + 1), nodes))
    found, step = np.empty((time, nodes.size)), max(1, CHUNK // max(1, groups * nodes.size))
    for first in range(0, time, step):
        rows = padded[first : first + step]
        factors = np.stack((np.ones_like(rows), rows), axis=-1).reshape(len(rows), groups, GROUP, 2)
        while factors.shape[2] > 1:
            factors = _products(factors[:, :, ::2], factors[:, :, 1::2])
        found[first : first + step] = np.log(factors[:, :, 0] @ power).sum(axis=1)
    return found


def _products(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the coefficients of products of polynomials, along the last axis."""
    size = left.shape[-1]
    found = np.zeros((*left.shape[:-1], 2 * size - 1))
    for power in range(size):
        found[..., power : power + size] += left[..., power : power + 1] * right
    return found


def transition(phi: float, omega: float, grid: np.ndarray = GRID) -> np.ndarray:
    """Return the probabilities (from, to) of x_t = phi x_{t-1} + omega eta_t on the grid; every row sums to one.

    A step below half of the grid's spacing goes to the nearest point and its neighbours, with the mean and (where three
    points can have it) the variance of the law: the density's values at the points would have neither.
    """
    if omega == 0:
        return np.eye(grid.size)
    spacing = grid[1] - grid[0]
    if omega >= spacing / 2:
        density = np.exp(-0.5 * ((grid - phi * grid[:, None]) / omega) ** 2)
        return density / density.sum(axis=1, keepdims=True)
    nearest = np.clip(np.rint((phi * grid - grid[0]) / spacing).astype(int), 1, grid.size - 2)
    off = np.clip((phi * grid - grid[nearest]) / spacing, -1, 1)
    second = np.maximum((omega / spacing) ** 2 + off**2, np.abs(off))
    moves, rows = np.zeros((grid.size, grid.size)), np.arange(grid.size)
    moves[rows, nearest - 1], moves[rows, nearest + 1] = (second - off) / 2, (second + off) / 2
    moves[rows, nearest] = 1 - second
    return moves


def start(phi: float, omega: float, grid: np.ndarray = GRID) -> np.ndarray:
    """Return the probabilities of the first date: the long run of `transition`'s law, N(0, 10^2) for a random walk.

    With omega = 0 the path is constant at the grid's point nearest to zero.
    """
    if omega == 0:
        return np.eye(grid.size)[np.abs(grid).argmin()]
    sd = omega / np.sqrt(1 - phi**2) if phi < 1 else DIFFUSE
    density = np.exp(-0.5 * (grid / sd) ** 2)
    return density / density.sum()


@dataclass(frozen=True, eq=False)
class Filtered(FrozenArrays):
    """A filter of log volatility, for every law of its moves and every law of the residuals.

    Attributes
    ----------
    score : array (move, dof, time)
        log p(z_t | z_1 ... z_{t-1}): their sum is the log evidence.
    following : array (move, dof, grid)
        Probabilities of x for the date after the last one.
    """

    score: np.ndarray
    following: np.ndarray


def run_filter(
    densities: np.ndarray, transitions: np.ndarray, starts: np.ndarray, share: float | np.ndarray = 1.0
) -> Filtered:
    """Filter log volatility date by date, for all pairs of moves and dofs at once.

    ::

        log p(z_t | past) = log sum_x p_t(x) exp(l_t(x)),    p_{t+1} = P' (p_t exp(k l_t)) / sum

    Parameters
    ----------
    densities : array (dof, time, grid)
        l_t(x) of `log_densities`.
    transitions : array (move, grid, grid)
    starts : array (move, grid) or (move, dof, grid)
        Probabilities of the first date; to go on over newer rows, `following` of the rows before.
    share : float or array (time)
        k, the share of a date's assets that count as independent; it tempers the update, never the score.
    """
    moves, (laws, time, size) = len(transitions), densities.shape
    before = np.broadcast_to(starts if starts.ndim == 3 else starts[:, None], (moves, laws, size)).copy()
    top, likelihood, update = _likelihoods(densities, share)
    score = np.empty((time, moves, laws))
    for date in range(time):
        np.maximum(before, FLOOR, out=before)
        np.vecdot(before, likelihood[date], out=score[date])
        after = before * update[date]
        after /= after.sum(axis=-1, keepdims=True)
        np.matmul(after, transitions, out=before)
    return Filtered(np.moveaxis(np.log(score), 0, -1) + top, before)


def _likelihoods(densities: np.ndarray, share: float | np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the highest log density (dof, time), and the likelihoods relative to it (time, dof, grid), tempered too."""
    top = densities.max(axis=-1)
    relative = np.moveaxis(densities - top[..., None], 1, 0)
    likelihood = np.exp(relative)
    power = np.broadcast_to(share, len(relative))
    return top, likelihood, likelihood if np.all(power == 1) else np.exp(relative * power[:, None, None])


def smooth(
    densities: np.ndarray, transitions: np.ndarray, starts: np.ndarray, share: float | np.ndarray = 1.0
) -> np.ndarray:
    """Return the probabilities of x at every date given all dates (cell, time, grid), one law of residuals a cell.

    Forward as `run_filter`, then backward: b_{t-1} = P (exp(k l_t) b_t), p(x_t | all) proportional to p(x_t | t) b_t(x).

    Parameters
    ----------
    densities : array (cell, time, grid)
    transitions : array (cell, grid, grid)
    starts : array (cell, grid)
    share : float or array (time)
    """
    _, _, update = _likelihoods(densities, share)
    time, cells, size = update.shape
    found, before = np.empty((time, cells, size)), starts[:, None].copy()
    for date in range(time):
        np.maximum(before, FLOOR, out=before)
        found[date] = before[:, 0] * update[date]
        found[date] /= found[date].sum(axis=-1, keepdims=True)
        np.matmul(found[date][:, None], transitions, out=before)
    back, behind = np.swapaxes(transitions, 1, 2), np.ones((cells, 1, size))
    for date in range(time - 1, 0, -1):
        behind = (behind * update[date][:, None]) @ back
        behind /= behind.sum(axis=-1, keepdims=True)
        found[date - 1] *= behind[:, 0]
    found /= found.sum(axis=-1, keepdims=True)
    return np.moveaxis(found, 0, 1)
