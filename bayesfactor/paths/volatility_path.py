"""TEMPORARY driver: one path of volatility for all residuals of a panel."""

from dataclasses import dataclass

import numpy as np

from bayesfactor.base.records import FrozenArrays
from bayesfactor.panel.moments import cross_products
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.regressions import least_squares
from bayesfactor.paths.evidence import cell_weights, independent_share
from bayesfactor.paths.volatility_grid import GRID, log_densities, run_filter, smooth, start, transition
from bayesfactor.spec.grids import dof_grid, duration_grid, size_grid
from bayesfactor.spec.volatility import CommonVolatility


@dataclass(frozen=True, eq=False)
class CommonPath(FrozenArrays):
    weight: np.ndarray
    memory: np.ndarray
    size: np.ndarray
    dof: np.ndarray
    probability: np.ndarray
    following: np.ndarray
    shift: float

    def cell_of(self, cells):
        found = np.zeros(len(cells["dof"]), dtype=int)
        for number in range(len(self.probability)):
            found[
                (cells["volatility_memory"] == self.memory[number])
                & (cells["volatility_size"] == self.size[number])
                & (cells["dof"] == self.dof[number])
            ] = number
        return found

    def draw_next(self, cell, rng):
        u = rng.uniform(size=len(cell))
        cumulative = np.cumsum(self.following, axis=1)
        x = np.empty(len(cell))
        for number in np.unique(cell):
            own = cell == number
            x[own] = np.interp(u[own] * cumulative[number, -1], cumulative[number], GRID + (GRID[1] - GRID[0]) / 2)
        return np.exp(x - self.shift)


def common_path(panel: Panel, volatility: CommonVolatility) -> CommonPath:
    year = panel.periods_per_year
    memory, size, dof = duration_grid(volatility.memory, year), size_grid(volatility.size), dof_grid(volatility.dof)
    moves = [(1.0, 0.0, size.weight[0])] + [
        (m, s, a * b) for m, a in zip(*memory) for s, b in zip(size.points[1:], size.weight[1:])
    ]
    phi = [2 ** (-1 / m) for m, _, _ in moves]
    omega = [s * np.sqrt(1 - p * p) for p, (_, s, _) in zip(phi, moves)]
    transitions = np.stack([transition(p, o) for p, o in zip(phi, omega)])
    starts = np.stack([start(p, o) for p, o in zip(phi, omega)])
    prior = np.array([w for _, _, w in moves])[:, None] * dof.weight
    returns, factors = panel.returns.values, panel.aligned
    weight, shift = np.ones(len(returns)), 0.0
    for _ in range(3):
        moments = cross_products(returns, factors, np.broadcast_to(weight[:, None], returns.shape))
        from dataclasses import replace

        moments = replace(moments, count=panel.moments.count)
        c, sd = least_squares(moments)
        ok = np.isfinite(sd) & (sd > 0.01 * np.nanmedian(sd))
        e = returns[:, ok] - c[ok, 0] - factors @ c[ok, 1:].T
        z = e / sd[ok]
        dens = log_densities(z, list(dof.points))
        k = independent_share(z * np.sqrt(weight)[:, None])
        f = run_filter(dens, transitions, starts, k)
        total = f.score.sum(axis=2)
        w = cell_weights((total).ravel() / 2.0, prior.ravel(), most=8).reshape(prior.shape)
        at = np.argwhere(w > 0)
        sm = smooth(dens[at[:, 1]], transitions[at[:, 0]], starts[at[:, 0]], k)
        p = w[w > 0]
        x = np.tensordot(p, sm @ GRID, axes=1)
        prec = np.tensordot(p, sm @ np.exp(-2 * GRID), axes=1)
        shift = x.mean()
        weight = prec * np.exp(2 * shift)
    print("cells", [(round(moves[i][0], 1), moves[i][1], dof.points[j], round(w[i, j], 3)) for i, j in at], "k", k)
    return CommonPath(
        weight,
        np.array([moves[i][0] for i, _ in at]),
        np.array([moves[i][1] for i, _ in at]),
        dof.points[at[:, 1]],
        p,
        f.following[at[:, 0], at[:, 1]],
        float(shift),
    )
