"""What a chain starts from: rows of a panel, numbers of residual factors, and first values of these."""

from dataclasses import dataclass

import numpy as np

from bayesfactor.panel.panel import Panel
from bayesfactor.paths.movement import Cell
from bayesfactor.sampling.latents.loading_moves import LoadingMoves
from bayesfactor.sampling.latents.rows import Rows


@dataclass(frozen=True, eq=False)
class FirstResiduals:
    """Each asset's own least squares, over the volatility of residuals.

    Attributes
    ----------
    z : array (time, asset)
        Residuals over their standard deviation; NaN where there is no return, or the history is too short.
    """

    z: np.ndarray

    @classmethod
    def of(cls, rows: Rows) -> "FirstResiduals":
        """Return those of the rows of a panel."""
        n, dates = rows.y.shape
        p, z = len(rows.x), np.full((dates, n), np.nan)
        for i in range(n):
            own = np.flatnonzero(rows.seen[i])
            if own.size <= p + 1:
                continue
            x = (rows.x[:, own] * rows.root[i, own]).T
            rest = rows.y[i, own] - x @ np.linalg.lstsq(x, rows.y[i, own])[0]
            sd = np.sqrt(rest @ rest / (own.size - p))
            if sd > 0:
                z[own, i] = rest / sd
        return cls(z)

    def scores(self, count: int, groups: np.ndarray | None) -> np.ndarray:
        """Return first values of `count` common factors and, where given, of one a group (residual factor, time)."""
        known = np.nan_to_num(self.z)
        left, size, _ = np.linalg.svd(known, full_matrices=False)
        found = [left[:, j] * len(known) ** 0.5 for j in range(min(count, size.size))]
        found += [np.zeros(len(known))] * (count - len(found))
        for group in range(0 if groups is None else int(groups.max()) + 1):
            mean = known[:, groups == group].mean(axis=1)
            found.append(mean / max(float(mean.std()), 1e-12))
        return np.array(found).reshape(-1, len(known))


def rows_of(panel: Panel, cell: Cell) -> Rows:
    """Return the rows of a panel as a cell of what moves sees them, without residual factors."""
    returns = panel.returns.values.T
    seen = np.isfinite(returns).astype(float)
    path, dates = cell.residuals, returns.shape[1]
    root = seen.copy() if path is None else seen * path.precision.T**0.5
    x = np.vstack([np.ones(dates), panel.aligned.T])
    edges = np.array([0, dates]) if cell.blocks is None else cell.blocks.edges
    return Rows(
        x=np.ascontiguousarray(x),
        z=np.zeros((0, dates)),
        y=np.where(seen > 0, root * np.nan_to_num(returns), 0.0),
        root=root,
        seen=seen,
        common=np.ones(dates) if path is None else path.weight**0.5,
        edges=edges,
        u=np.zeros((0, dates)) if cell.blocks is None else np.ascontiguousarray(cell.blocks.move.T @ x),
        moved=np.zeros(returns.shape),
    )


def moves_of(cell: Cell) -> LoadingMoves | None:
    """Return how loadings move in a cell; None where they do not."""
    blocks, one = cell.blocks, cell.filter
    if blocks is None or one is None or one.kappa == 0:
        return None
    own = blocks.pattern
    zz, cov = np.ascontiguousarray(blocks.zz[own]), np.ascontiguousarray(one.cov[own])
    return LoadingMoves(one.kappa, one.phi, zz, cov, blocks.unit.copy())
