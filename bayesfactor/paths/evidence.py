"""Weights of models whose log scores are sums over residuals of the same dates, which are not independent."""

import numpy as np

LEAST = 0.05
TINY = 1e-300


def cell_weights(
    score: np.ndarray,
    prior: np.ndarray,
    effect: np.ndarray | float = 1.0,
    *,
    least: float = LEAST,
    most: int | None = None,
) -> np.ndarray:
    """Return the weights of cells (cell); zero for cells that are dropped.

    Proportional to prior x exp(-(E_best - E_c) / deff_c); cells below `least` are dropped, of the rest the `most`
    heaviest are kept, and their weights add up to one.

    Parameters
    ----------
    score : array (cell)
        E_c, log evidence.
    prior : array (cell)
    effect : float or array (cell)
        deff_c, of each cell's difference to the best one.
    least : float
        Share below which a cell is dropped; the best one never is.
    most : int, optional
    """
    loss = (score.max() - score) / effect
    weight = prior * np.exp(-(loss - loss[prior > 0].min()))
    weight = weight / weight.sum()
    weight = np.where(weight < min(least, weight.max()), 0.0, weight)
    if most is not None:
        weight[np.argsort(-weight, kind="stable")[most:]] = 0.0
    return weight / weight.sum()


def independent_share(residuals: np.ndarray) -> float:
    """Return k = N_eff / N of the residuals of one date, N_eff = N / (1 + (N - 1) mean rho_ij^2).

    The mean is over pairs of assets with common dates; of each squared correlation the 1 / n that independent series of
    n common dates show on average is taken off.

    Parameters
    ----------
    residuals : array (time, asset)
        NaN where not observed.
    """
    here = np.isfinite(residuals)
    known, values = here.astype(float), np.where(here, residuals, 0.0)
    values = values / np.maximum(np.abs(values).max(axis=0), TINY)
    common, cross, square = known.T @ known, values.T @ values, np.square(values).T @ known
    apart = ~np.eye(len(common), dtype=bool) & (common > 1) & (square > 0) & (square.T > 0)
    rho = np.square(cross[apart]) / (square * square.T)[apart] - 1 / common[apart]
    mean = max(0.0, float(rho.mean())) if rho.size else 0.0
    seen = int(here.any(axis=0).sum())
    return 1 / (1 + max(seen - 1, 0) * mean)


def with_total(weight: np.ndarray, still: np.ndarray, total: float) -> np.ndarray:
    """Return weights of cells (cell) in which those where nothing moves have a total of their own.

    Cells that move share a probability that is thinly spread: to keep the heaviest only would favour the one that does
    not.

    Parameters
    ----------
    weight : array (cell)
        Of the cells that are kept.
    still : array of bool (cell)
        Where nothing moves.
    total : float
        Their probability among all cells.
    """
    if not still.any() or still.all():
        return weight / weight.sum()
    return np.where(still, total * weight / weight[still].sum(), (1 - total) * weight / weight[~still].sum())
