"""What tails add to the doubt of a residual standard deviation that is estimated by squares."""

import numpy as np

TABLE = 512  # simulated ratios of each law
LADDER = np.array([3, 6, 12, 25, 50, 100, 200, 400, 800, 1600])  # rows of each


def log_ratios(dof: float) -> np.ndarray:
    """Return log R, R = sum_t z_t^2 W_t / sum_t z_t^2, by rows of `LADDER` (rows, TABLE).

    With z normal and W = (nu - 2) / chi^2_nu, z^2 W is the square of a t residual of variance 1: squares of t residuals
    are those of normal ones times R. Always the same table: what is random is which entry a draw takes.
    """
    rng = np.random.default_rng(0)
    square = rng.standard_normal((TABLE, LADDER[-1])) ** 2
    mixed = np.cumsum(square * (dof - 2) / rng.chisquare(dof, size=square.shape), axis=1)
    return np.log(mixed / np.cumsum(square, axis=1))[:, LADDER - 1].T


def level_doubt(
    tables: dict[float, np.ndarray], dof: np.ndarray, count: np.ndarray, spread: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return what levels drawn under normal noise are multiplied by (draw, asset).

    R^(-w/2) of `log_ratios` of about as many rows as the asset has, and w the share that its own returns have in its
    level: 2 T_i / (2 T_i + 1 / omega^2).

    Parameters
    ----------
    tables : dict
        `log_ratios` by degrees of freedom.
    dof, spread : array (draw)
        nu and omega.
    count : array (asset)
        T_i.
    """
    own = 2 * count / (2 * count + spread[:, None] ** -2.0)
    rung = np.abs(np.log(np.maximum(count, 1)[:, None] / LADDER)).argmin(axis=1)
    taken, found = rng.integers(TABLE, size=own.shape), np.empty(own.shape)
    for law, table in tables.items():
        rows = dof == law
        found[rows] = table[rung, taken[rows]]
    nearby = np.sqrt(LADDER[rung] / np.maximum(count, LADDER[0]))  # from the rung's rows to the asset's
    return np.exp(-0.5 * own * nearby * found)
