"""How far loadings move and for how long: weights on a grid, static loadings among them."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from bayesfactor.base.records import FrozenArrays
from bayesfactor.paths.blocks import Blocks
from bayesfactor.paths.evidence import LEAST, cell_weights
from bayesfactor.paths.loading_evidence import CoefficientPrior, Shared, predictive_densities, shared_mode
from bayesfactor.paths.prewhitened import whiten

MOVES = np.array([1, 2, 3, 4, 5, 6, 8]) / 3  # in units of the prior's scale
MEMORIES = np.array([0.25, 0.5, 1.0, 2.5, 5.0])  # in units of the prior's median
STATIC = 0.5  # prior probability that nothing moves
MOST = 4
EXACT = 0.01  # an asset whose residual sd is below this share of the typical asset's sd is (almost) a factor

type Place = tuple[int, int]  # numbers of a move and a memory; static loadings are (0, 0)


@dataclass(frozen=True, eq=False)
class LoadingGrid(FrozenArrays):
    """Cells of the prior of moving loadings.

    Attributes
    ----------
    moves : array (move)
        kappa, in residual standard deviations per standard deviation of the factor; the first is 0.
    memories : array (memory)
        Half-life of a move, in blocks.
    prior : array (move, memory)
        Probability of each cell; static loadings are the cell (0, 0), and the others of the first row have none.
    """

    moves: np.ndarray
    memories: np.ndarray
    prior: np.ndarray

    def neighbours(self, place: Place) -> list[Place]:
        """Return the cells beside one; static loadings are beside the smallest move of middling memory."""
        i, j = place
        if i == 0:
            return [(1, self.memories.size // 2)]
        beside = [(i - 1, j if i > 1 else 0), (i + 1, j), (i, j - 1), (i, j + 1)]
        return [(a, b) for a, b in beside if a < self.moves.size and 0 <= b < self.memories.size]


@dataclass(frozen=True)
class LoadingCell:
    """One cell of the grid and what the returns say of it.

    Attributes
    ----------
    move, memory : float
        kappa, and half-life in blocks; 0 and infinite where loadings are static.
    evidence : float
        Log density of all returns at the mode of what assets share, less that of the best cell.
    effect : float
        Design effect: by how much the variance of the difference exceeds that of independent assets.
    weight : float
        Posterior probability; 0 of a cell that is dropped.
    """

    move: float
    memory: float
    evidence: float
    effect: float
    weight: float

    @property
    def phi(self) -> float:
        """Autocorrelation of moves from block to block."""
        return float(2 ** (-1 / self.memory))


@dataclass(frozen=True, eq=False)
class _Judged:
    score: float
    density: np.ndarray
    shared: Shared


def loading_grid(scale: float, median: float, sd: float) -> LoadingGrid:
    """Return the grid of a prior: kappa ~ HalfNormal(scale), half-life ~ LogNormal(log median, sd^2), in blocks.

    Half of the prior probability is that nothing moves: neither is favoured before the data. To it goes what
    HalfNormal has below half of the smallest move, which no panel tells from 0. Each cell has the probability of its
    surroundings.
    """
    moves = np.r_[0.0, MOVES] * scale
    upper = np.r_[(moves[1:] + moves[:-1]) / 2, np.inf]
    size = np.diff(2 * ndtr(upper / scale) - 1, prepend=0.0)
    logs = np.log(MEMORIES) / sd
    memory = np.diff(ndtr(np.r_[(logs[1:] + logs[:-1]) / 2, np.inf]), prepend=0.0)
    prior = (1 - STATIC) * size[:, None] * memory
    prior[0] = 0.0
    prior[0, 0] = 1 - prior.sum()
    return LoadingGrid(moves, MEMORIES * median, prior)


def loading_cells(
    blocks: Blocks, groups: np.ndarray, prior: CoefficientPrior, grid: LoadingGrid
) -> tuple[LoadingCell, ...]:
    """Return the cells that were looked at, heaviest first; at most four have a weight.

    Weights are prior x exp(-(E_best - E_c) / deff_c). The search starts at static loadings and at the middle of the
    grid, and goes on while a cell with a weight has a neighbour that was not looked at.

    Parameters
    ----------
    blocks : Blocks
    groups : array (asset)
        Number of each asset's group.
    prior : CoefficientPrior
        Of long-run coefficients.
    grid : LoadingGrid
    """
    sigma = _residual_sd(blocks)
    kept = _informative(blocks, sigma)
    if not kept.size:
        return (LoadingCell(0.0, np.inf, 0.0, 1.0, 1.0),)
    some, sigma, number = blocks.select(kept), sigma[kept], np.unique(groups[kept], return_inverse=True)[1]
    judged: dict[Place, _Judged] = {}
    ahead: list[Place] = [(0, 0), (grid.moves.size // 2 - 1, grid.memories.size // 2)]
    while ahead:
        for place in ahead:
            judged[place] = _judge(some, number, prior, grid, place, sigma, judged)
        weight = _weights(judged, grid)
        heavy = [place for place, one in weight.items() if one >= LEAST]
        ahead = sorted({near for place in heavy for near in grid.neighbours(place)} - set(judged))
    return _cells(judged, grid)


def _judge(
    blocks: Blocks,
    groups: np.ndarray,
    prior: CoefficientPrior,
    grid: LoadingGrid,
    place: Place,
    sigma: np.ndarray,
    judged: dict[Place, _Judged],
) -> _Judged:
    i, j = place
    sums = whiten(blocks, float(grid.moves[i]), float(2 ** (-1 / grid.memories[j])))
    nearest = min(judged, key=lambda one: abs(one[0] - i) + abs(one[1] - j), default=None)
    shared = shared_mode(sums, groups, prior, sigma, None if nearest is None else judged[nearest].shared)
    density = predictive_densities(sums, groups, shared)
    return _Judged(float(density.sum()) + shared.log_prior(prior), density, shared)


def _effects(judged: dict[Place, _Judged]) -> dict[Place, float]:
    """Return the design effect of each cell's difference to the best one."""
    best = max(judged.values(), key=lambda one: one.score)
    return {place: _design_effect(one.density - best.density) for place, one in judged.items()}


def _weights(
    judged: dict[Place, _Judged], grid: LoadingGrid, *, least: float = 0.0, most: int | None = None
) -> dict[Place, float]:
    """Return the weights of cells, as `cell_weights` gives them."""
    score, prior = np.array([one.score for one in judged.values()]), np.array([grid.prior[place] for place in judged])
    weight = cell_weights(score, prior, np.array(list(_effects(judged).values())), least=least, most=most)
    return dict(zip(judged, weight.tolist(), strict=True))


def _cells(judged: dict[Place, _Judged], grid: LoadingGrid) -> tuple[LoadingCell, ...]:
    whole, kept = _weights(judged, grid), _weights(judged, grid, least=LEAST, most=MOST)
    effect, best = _effects(judged), max(one.score for one in judged.values())
    order = sorted(judged, key=lambda place: -whole[place])
    return tuple(
        LoadingCell(
            float(grid.moves[place[0]]),
            float(grid.memories[place[1]]) if place[0] else np.inf,
            judged[place].score - best,
            effect[place],
            kept[place],
        )
        for place in order
    )


def _design_effect(difference: np.ndarray) -> float:
    """Return max(1, Var_b(sum_i d_ib) / sum_i Var_b(d_ib)) of differences (asset, block)."""
    own = difference.var(axis=1).sum()
    return max(1.0, float(difference.sum(axis=0).var() / own)) if own > 0 else 1.0


def _residual_sd(blocks: Blocks) -> np.ndarray:
    """Return the residual standard deviation of each asset's own regression; 0 where it has too few rows."""
    xx, xy = blocks.xx.sum(axis=1)[blocks.pattern], blocks.xy.sum(axis=1)
    spare = blocks.count.sum(axis=1)[blocks.pattern] - xy.shape[1]
    root = np.sqrt(np.diagonal(xx, axis1=1, axis2=2))
    root = np.where(root > 0, root, 1.0)
    inverse = np.linalg.pinv(xx / (root[:, :, None] * root[:, None, :]), hermitian=True)
    scaled = xy / root
    squares = blocks.yy.sum(axis=1) - np.sum(scaled * np.squeeze(inverse @ scaled[..., None], -1), axis=-1)
    return np.where(spare > 0, np.sqrt(np.maximum(squares, 0.0) / np.maximum(spare, 1)), 0.0)


def _informative(blocks: Blocks, sigma: np.ndarray) -> np.ndarray:
    """Return the numbers of the assets whose evidence counts: enough rows, and not (almost) a factor themselves."""
    rows = blocks.count.sum(axis=1)[blocks.pattern]
    enough = rows > blocks.xy.shape[-1]
    sd = np.sqrt(blocks.yy.sum(axis=1) / np.maximum(rows, 1))
    return np.flatnonzero(enough & (sigma > EXACT * np.median(sd[enough]))) if enough.any() else np.flatnonzero(enough)
