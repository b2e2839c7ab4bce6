"""One path of volatility for all residuals of a panel: what it was, and what it will be."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from bayesfactor.base.records import FrozenArrays
from bayesfactor.panel.moments import cross_products
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.regressions import least_squares
from bayesfactor.paths.evidence import cell_weights, independent_share, with_total
from bayesfactor.paths.own_drift import drift_memory, own_drift
from bayesfactor.paths.own_residuals import OwnResiduals, own_residuals
from bayesfactor.paths.volatility_grid import GRID, log_densities, run_filter, smooth, start, transition
from bayesfactor.spec.grids import dof_grid, duration_grid, size_grid
from bayesfactor.spec.volatility import CommonVolatility

SHORTEST = 12  # returns of an asset that tell of the path; and twice as many as it has coefficients
LOWEST = 0.1  # of 1 - leverage
EXACT = 0.01  # an asset whose residual sd is below this share of the typical one's is (almost) a factor
SWEEPS = 2  # of regressions with fixed moves, before these are chosen
FIRST = (0.3, 6.0)  # size and degrees of freedom of those sweeps
MOST = 12  # cells that are kept
COARSE = GRID[1::2]  # on which cells are chosen; zero is a point of it


@dataclass(frozen=True, eq=False)
class CommonPath(FrozenArrays):
    """The volatility g_t that residuals share.

    Attributes
    ----------
    weight : array (time)
        E[1 / g_t^2 | returns], averaged over cells; the mean of E[log g_t] over the panel's rows is 0.
    drift : array (time, asset)
        a_it, each asset's own slow drift beside it.
    next_drift : array (asset)
        Of the next period.
    memory, size, dof, probability : array (cell)
        Half-life of a shock in periods (infinite where `size` is 0), standard deviation of log g_t in the long run,
        degrees of freedom of residuals given g_t, and posterior probability.
    following : array (cell, grid)
        Probabilities of log g_{T+1} + shift at the points of `GRID`.
    shift : float
    share : float
        k, the share of assets that count as independent.
    coefficients, level : array (asset, coefficient), array (asset)
        Of the regressions that residuals are from; NaN of assets that tell nothing of the path.
    common, own : array (asset, residual factor), array (asset), or None
        As of `OwnResiduals`, where residuals have common factors: the path reads what these leave.
    """

    weight: np.ndarray
    drift: np.ndarray
    next_drift: np.ndarray
    memory: np.ndarray
    size: np.ndarray
    dof: np.ndarray
    probability: np.ndarray
    following: np.ndarray
    shift: float
    share: float
    coefficients: np.ndarray
    level: np.ndarray
    common: np.ndarray | None = None
    own: np.ndarray | None = None

    @property
    def precision(self) -> np.ndarray:
        """What a return counts: 1 / (g_t a_it)^2 (time, asset)."""
        return self.weight[:, None] / self.drift**2

    def precision_of(self, asset: int) -> np.ndarray:
        """Return the same of one asset (time)."""
        return self.weight / self.drift[:, asset] ** 2

    @property
    def drift_phi(self) -> float:
        """What is left of the log of a drift one period later."""
        moving = np.isfinite(self.memory).any()
        return float(2 ** (-1 / drift_memory(_half_life(self.memory, self.probability)))) if moving else 1.0

    @property
    def moves(self) -> "Moves":
        """The laws of the cells' moves."""
        return Moves(self.memory, self.size)

    def cell_of(self, drawn: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the cell of draws (draw) of ``volatility_memory``, ``volatility_size`` and ``dof``."""
        own = {"volatility_memory": self.memory, "volatility_size": self.size, "dof": self.dof}
        apart = sum(drawn[name][:, None] != values for name, values in own.items())
        return np.argmin(apart, axis=1)

    def draw_next(self, cell: np.ndarray, rng: np.random.Generator, following: np.ndarray | None = None) -> np.ndarray:
        """Return draws of g of the next period (draw), each in its cell; uniform between points of the grid."""
        probabilities = self.following if following is None else following
        uniform, x = rng.uniform(size=len(cell)), np.zeros(len(cell))
        edges = np.append(GRID, GRID[-1] + GRID[1] - GRID[0]) - (GRID[1] - GRID[0]) / 2
        for number in np.unique(cell):
            own, cumulative = cell == number, np.append(0.0, np.cumsum(probabilities[number]))
            x[own] = np.interp(uniform[own] * cumulative[-1], cumulative, edges)
        x[self.size[cell] == 0] = 0.0
        return np.exp(x - self.shift)

    def mean_squares(self, returns: np.ndarray, factors: np.ndarray) -> np.ndarray:
        """Return E[g_t^2 | returns] (time), which is above 1 / E[1 / g_t^2 | returns]: what variances are made of.

        Parameters
        ----------
        returns, factors : array (time, asset), array (time, factor)
            Of the panel, or of a longer one.
        """
        dofs, cell = np.unique(self.dof, return_inverse=True)
        z = self._read(returns, factors, self.drift)
        densities = log_densities(z, dofs.tolist())[cell]
        seen = smooth(densities, self.moves.transitions(GRID), self.moves.starts(GRID), self.share)
        return self.probability @ (seen @ np.exp(2 * GRID)) * np.exp(-2 * self.shift)

    def _read(self, returns: np.ndarray, factors: np.ndarray, drift: np.ndarray) -> np.ndarray:
        """Return what the path reads of rows (time, asset): standardised residuals, or what is own of them."""
        z = _residuals(returns, factors, self.coefficients, self.level) / drift
        return z if self.common is None or self.own is None else OwnResiduals(self.common, self.own).of(z)

    def follow(self, returns: np.ndarray, factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what newer rows say: `following` after each (row, cell, grid), and the weight of each (row).

        Parameters
        ----------
        returns, factors : array (row, asset), array (row, factor)
            Of the rows right after the panel's.
        """
        dofs, cell = np.unique(self.dof, return_inverse=True)
        densities = log_densities(self._read(returns, factors, self.next_drift), dofs.tolist())
        now, transitions = self.following, self.moves.transitions(GRID)
        after, weights = np.empty((len(returns), *now.shape)), np.empty(len(returns))
        for row in range(len(returns)):
            tempered = self.share * densities[cell, row]
            seen = now * np.exp(tempered - tempered.max(axis=1, keepdims=True))
            seen /= seen.sum(axis=1, keepdims=True)
            weights[row] = self.probability @ (seen @ np.exp(-2 * GRID)) * np.exp(2 * self.shift)
            after[row] = now = np.squeeze(seen[:, None] @ transitions, 1)
        return after, weights


@dataclass(frozen=True, eq=False)
class Moves(FrozenArrays):
    """Laws of log g_t = phi log g_{t-1} + sqrt(1 - phi^2) s eta_t: half-lives in periods, and s (move)."""

    memory: np.ndarray
    size: np.ndarray

    @property
    def law(self) -> list[tuple[float, float]]:
        """Autocorrelation and standard deviation of a step, of each."""
        phi = 2 ** (-1 / self.memory)
        return list(zip(phi.tolist(), (self.size * np.sqrt(1 - phi**2)).tolist(), strict=True))

    def transitions(self, grid: np.ndarray) -> np.ndarray:
        """Return probabilities of each point given that before (move, grid, grid)."""
        return np.stack([transition(phi, omega, grid) for phi, omega in self.law])

    def starts(self, grid: np.ndarray) -> np.ndarray:
        """Return probabilities of the first date's points (move, grid)."""
        return np.stack([start(phi, omega, grid) for phi, omega in self.law])


def common_path(panel: Panel, volatility: CommonVolatility, common: int = 0) -> CommonPath:
    """Return the path of a panel's residuals: regressions weighted by it and the path given residuals, in turn.

    Where residuals have `common` factors, the path is that of what these leave, of which assets are nearly independent.

    Moves and degrees of freedom are chosen on a grid by their evidence to the power k, the share of assets that count
    as independent: squares of residuals with correlations rho_ij have the design effect 1 + (N - 1) mean rho_ij^2.
    """
    memory = duration_grid(volatility.memory, panel.periods_per_year)
    first = Moves(np.array([memory.points[len(memory.points) // 2]]), np.array([FIRST[0]]))
    weight, shift = np.ones(len(panel.returns)), 0.0
    for _ in range(SWEEPS):
        c, level, z = _regress(panel, weight)
        densities = log_densities(z, [FIRST[1]])
        weight, shift = _smoothed(densities, first, np.ones(1), 1.0)
    c, level, z = _regress(panel, weight)
    own = own_residuals(z, weight, common) if common else None
    z = z if own is None else own.of(z)
    share = independent_share(z * weight[:, None] ** 0.5)
    moves, dof, probability = _choose(z, volatility, panel.periods_per_year, share)
    dofs, cell = np.unique(dof, return_inverse=True)
    densities = log_densities(z, dofs.tolist())[cell]
    weight, shift = _smoothed(densities, moves, probability, share)
    drift, next_drift = np.ones_like(z), np.ones(z.shape[1])
    if np.isfinite(moves.memory).any():
        half = _half_life(moves.memory, probability)
        drift, next_drift = own_drift(z**2 * weight[:, None], float(probability @ dof), half)
        densities = log_densities(z / drift, dofs.tolist())[cell]
        weight, shift = _smoothed(densities, moves, probability, share)
    laws = zip(densities, moves.transitions(GRID), moves.starts(GRID), strict=True)
    following = np.stack([run_filter(one[None], p[None], p0[None], share).following[0, 0] for one, p, p0 in laws])
    return CommonPath(
        weight,
        drift,
        next_drift,
        moves.memory,
        moves.size,
        dof,
        probability,
        following,
        shift,
        share,
        c,
        level,
        None if own is None else own.loading,
        None if own is None else own.sd,
    )


def _regress(panel: Panel, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return weighted regressions and standardised residuals (time, asset), NaN of assets that tell nothing."""
    returns, factors = panel.returns.values, panel.aligned
    moments = cross_products(returns, factors, np.broadcast_to(weight[:, None], returns.shape))
    c, level = least_squares(replace(moments, count=panel.moments.count))
    enough = np.isfinite(level) & (panel.moments.count >= max(SHORTEST, 2 * c.shape[1]))
    typical = np.median(panel.moments.sd()[enough]) if enough.any() else 0.0
    told = enough & (level > EXACT * typical)
    c, level = np.where(told[:, None], c, np.nan), np.where(told, level, np.nan)
    z = _residuals(returns, factors, c, level)
    lever = weight[:, None] * _forms(np.column_stack([np.ones(len(factors)), factors]), moments.xx, told)
    rows = np.maximum(panel.moments.count, 1)  # a residual of least squares is smaller than the error it stands for
    z *= np.sqrt((1 - c.shape[1] / rows) / np.clip(1 - lever, LOWEST, 1), where=told, out=np.ones_like(z))
    return c, level, z


def _forms(x: np.ndarray, xx: np.ndarray, told: np.ndarray) -> np.ndarray:
    """Return x_t' S_i^-1 x_t of assets that tell something (time, asset), 0 of others."""
    found, spread = np.zeros((len(x), len(told))), np.sqrt(np.mean(x**2, axis=0))
    scaled = np.moveaxis(xx[..., told], -1, 0) / np.outer(spread, spread)
    rows = x / spread
    squares = (rows[:, :, None] * rows[:, None, :]).reshape(len(x), -1)
    found[:, told] = squares @ np.linalg.inv(scaled).reshape(-1, squares.shape[1]).T
    return found


def _residuals(returns: np.ndarray, factors: np.ndarray, c: np.ndarray, level: np.ndarray) -> np.ndarray:
    return (returns - c[:, 0] - factors @ c[:, 1:].T) / level


def _smoothed(densities: np.ndarray, moves: Moves, probability: np.ndarray, share: float) -> tuple[np.ndarray, float]:
    """Return the weight of each date, averaged over cells, and the mean of log g that it is relative to."""
    if not densities.any():  # no residual tells of the path
        return np.ones(densities.shape[1]), 0.0
    seen = smooth(densities, moves.transitions(GRID), moves.starts(GRID), share)
    shift = float(np.mean(probability @ (seen @ GRID)))
    return probability @ (seen @ np.exp(-2 * GRID)) * np.exp(2 * shift), shift


def _choose(
    z: np.ndarray, volatility: CommonVolatility, year: int, share: float
) -> tuple[Moves, np.ndarray, np.ndarray]:
    """Return the moves, degrees of freedom and probabilities of the cells that are kept, by coordinate search."""
    memory, size, dof = duration_grid(volatility.memory, year), size_grid(volatility.size), dof_grid(volatility.dof)
    wide = np.meshgrid(memory.points, size.points[1:], indexing="ij")
    moves = Moves(np.append(np.inf, wide[0]), np.append(0.0, wide[1]))
    prior = np.append(size.weight[0], np.outer(memory.weight, size.weight[1:]))
    middle = int(np.abs(dof.points - FIRST[1]).argmin())
    densities = log_densities(z, dof.points.tolist(), COARSE)
    transitions, starts = moves.transitions(COARSE), moves.starts(COARSE)

    def score(move: np.ndarray, law: np.ndarray) -> np.ndarray:
        return share * run_filter(densities[law], transitions[move], starts[move], share).score.sum(axis=-1)

    every, laws = np.arange(len(prior)), np.arange(dof.points.size)
    law = np.array([middle])
    for _ in range(2):
        whole = cell_weights(score(every, law)[:, 0], prior, least=0.0)
        kept = np.sort(np.argsort(-whole, kind="stable")[:MOST])
        found = score(kept, laws)
        law = np.array([np.unravel_index(np.argmax(found + np.log(dof.weight)), found.shape)[1]])
    joint = np.outer(prior[kept], dof.weight)
    weight = cell_weights(found.ravel(), joint.ravel(), least=0.0, most=MOST).reshape(joint.shape)
    move, tail = np.nonzero(weight)
    probability = with_total(weight[move, tail], kept[move] == 0, float(whole[0]))
    return Moves(moves.memory[kept[move]], moves.size[kept[move]]), dof.points[tail], probability


def _half_life(memory: np.ndarray, probability: np.ndarray) -> float:
    """Return the mean half-life of the cells that move."""
    moving = np.isfinite(memory)
    return float(np.average(memory[moving], weights=probability[moving]))
