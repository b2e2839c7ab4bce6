"""What moves in a model on a panel, and the designs that it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from bayesfactor.base.records import FrozenArrays
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.design import Design
from bayesfactor.panel.moments import Moments, cross_products
from bayesfactor.panel.panel import Panel, require_returns
from bayesfactor.panel.residual_rank import MOST
from bayesfactor.paths.blocks import Blocks, block_edges, cross_products_in_blocks
from bayesfactor.paths.factor_path import FactorPath, factor_path, precise_history
from bayesfactor.paths.loading_cells import loading_cells, loading_grid
from bayesfactor.paths.loading_evidence import coefficient_prior
from bayesfactor.paths.prewhitened import Whitened, prewhitened, whiten
from bayesfactor.paths.volatility_path import CommonPath, common_path
from bayesfactor.spec.loading_path import MovingPath
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.named_residual_factors import common_count
from bayesfactor.spec.noise import NormalNoise
from bayesfactor.spec.scaling import ScaledPriors, scale_priors
from bayesfactor.spec.volatility import CommonVolatility, MovingVolatility

INSTEAD = 'Take model="static", in which nothing moves'


@dataclass(frozen=True, eq=False)
class LoadingPaths(FrozenArrays):
    """How loadings move, by cells of their evidence, the heaviest first.

    Attributes
    ----------
    block : int
        Periods within which a loading is constant.
    rows : int
        Rows of the panel that was fitted: blocks are counted back from its last.
    move, memory, weight : array (cell)
        kappa; half-life of a move in periods, infinite where nothing moves; posterior probability.
    """

    block: int
    rows: int
    move: np.ndarray
    memory: np.ndarray
    weight: np.ndarray

    @property
    def laws(self) -> list[tuple[float, float]]:
        """kappa, and the autocorrelation of moves from block to block, of each cell."""
        phi = 2 ** (-self.block / self.memory)
        return list(zip(self.move.tolist(), phi.tolist(), strict=True))

    def filters(self, blocks: Blocks) -> list[Whitened]:
        """Return the filter of each cell over blocks of dates."""
        return [whiten(blocks, kappa, phi) for kappa, phi in self.laws]


STATIC_LOADINGS = LoadingPaths(1, 0, np.zeros(1), np.array([np.inf]), np.ones(1))


@dataclass(frozen=True, eq=False)
class Movement:
    """What moves in a model on a panel; None of what does not.

    Attributes
    ----------
    residuals : CommonPath or None
    factors : FactorPath or None
    loadings : LoadingPaths or None
    """

    residuals: CommonPath | None
    factors: FactorPath | None
    loadings: LoadingPaths | None

    @property
    def weight(self) -> np.ndarray:
        """Posterior probability of each cell that is sampled (cell)."""
        return STATIC_LOADINGS.weight if self.loadings is None else self.loadings.weight

    @property
    def precision(self) -> np.ndarray | None:
        """What each return counts (time, asset); None where the volatility of residuals does not move."""
        return None if self.residuals is None else self.residuals.precision

    def blocks(self, panel: Panel, paths: LoadingPaths) -> Blocks:
        """Return the cross-products of a panel, or of a longer one, in the blocks in which its loadings move."""
        return blocks_of(panel, self.precision, paths.block, paths.rows)


@dataclass(frozen=True, eq=False)
class Cell:
    """What one cell that is sampled says of single returns.

    Attributes
    ----------
    residuals : CommonPath or None
        The volatility of residuals; None where it does not move.
    blocks, filter : Blocks, Whitened, or None
        Blocks of dates in which loadings are constant, and the filter of their moves; None where they do not move.
    proxies : mapping of str to array (time)
        Second series of factors that are measured with error, on the rows of the panel's factors.
    """

    residuals: CommonPath | None = None
    blocks: Blocks | None = None
    filter: Whitened | None = None
    proxies: Mapping[str, np.ndarray] = field(default_factory=dict)


def cells(panel: PanelBase, movement: Movement | None) -> tuple[Cell, ...]:
    """Return each cell that is sampled, in the order of `designs`."""
    if movement is None:
        return (Cell(),)
    if movement.loadings is None:
        return (Cell(movement.residuals),)
    blocks = movement.blocks(require_returns(panel), movement.loadings)
    return tuple(Cell(movement.residuals, blocks, one) for one in movement.loadings.filters(blocks))


def blocks_of(panel: Panel, weight: np.ndarray | None, length: int, rows: int) -> Blocks:
    """Return a panel's cross-products in blocks of some length, counted back from row number `rows`."""
    values = panel.aligned
    traded = np.array([factor.traded for factor in panel.factor_info])
    edges = block_edges(len(values), length, rows)
    centre = np.where(traded, 0.0, values[:rows].mean(axis=0))
    return cross_products_in_blocks(
        panel.returns.values, values, edges, centre, values[:rows].std(axis=0, ddof=1), weight
    )


def find_movement(panel: PanelBase, model: FactorModel) -> Movement | None:
    """Return what moves in a model on a panel (already restricted to its factors); None where nothing does.

    First the volatility of residuals, then the covariance of factors, then loadings, each given those before.

    Raises
    ------
    SpecError
        When something moves, and the panel holds statistics instead of returns.
    """
    if not model.moves:
        return None
    held = _returns(panel, model)
    plain = model.design(held)
    priors = scale_priors(plain, model)
    residuals, factors, loadings = None, None, None
    if isinstance(model.noise, NormalNoise) and isinstance(model.noise.volatility, CommonVolatility):
        groups = 0 if model.noise.groups is None else len(panel.group_names)
        residuals = common_path(held, model.noise.volatility, min(common_count(held, model.noise) + groups, MOST))
    if isinstance(model.factors.volatility, MovingVolatility):
        factors = factor_path(held, model.factors.volatility, priors.factors)
    if isinstance(model.loadings.path, MovingPath):
        loadings = _loadings(held, model.loadings.path, None if residuals is None else residuals.precision, priors)
    return Movement(residuals, factors, loadings)


def _returns(panel: PanelBase, model: FactorModel) -> Panel:
    return require_returns(panel, f"Model '{model.name}' moves ({model.movement_in_words}), which", INSTEAD)


def _loadings(panel: Panel, path: MovingPath, weight: np.ndarray | None, priors: ScaledPriors) -> LoadingPaths:
    year, rows = panel.periods_per_year, len(panel.times)
    block = max(1, round(path.block.periods(year)))
    blocks = blocks_of(panel, weight, block, rows)
    if len(blocks.edges) < 3:  # of one block nothing says that it moved
        return replace(STATIC_LOADINGS, block=block, rows=rows)
    grid = loading_grid(path.move.scale, path.memory.median.periods(year) / block, path.memory.sd)
    found = loading_cells(blocks, panel.group_numbers, coefficient_prior(priors.alpha, priors.loadings), grid)
    kept = sorted((cell for cell in found if cell.weight > 0), key=lambda cell: -cell.weight)
    return LoadingPaths(
        block,
        rows,
        np.array([cell.move for cell in kept]),
        np.array([cell.memory * block for cell in kept]),
        np.array([cell.weight for cell in kept]),
    )


def designs(panel: PanelBase, model: FactorModel, movement: Movement | None) -> tuple[Design, ...]:
    """Return what a fit sees of a panel in each cell that is sampled."""
    plain = model.design(panel)
    if movement is None:
        return (plain,)
    if movement.factors is not None:
        plain = replace(plain, means=precise_history(panel, movement.factors))
    if movement.residuals is None and movement.loadings is None:
        return (plain,)
    return tuple(replace(plain, moments=moments, plain=panel.moments) for moments in _moments(panel, movement))


def _moments(panel: PanelBase, movement: Movement) -> list[Moments]:
    held = require_returns(panel)
    if movement.loadings is None:
        found = cross_products(held.returns.values, held.aligned, movement.precision)
        return [replace(found, count=panel.moments.count)]
    blocks = movement.blocks(held, movement.loadings)
    return [prewhitened(blocks, kappa, phi).moments for kappa, phi in movement.loadings.laws]
