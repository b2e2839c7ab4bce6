"""What tails add to the doubt of a residual standard deviation that is estimated by squares."""

import numpy as np

TABLE, ROWS = 512, 400  # simulated ratios of each law, and the rows of each


def log_ratios(dof: float) -> np.ndarray:
    """Return log R, R = sum_t z_t^2 W_t / sum_t z_t^2, over ROWS rows (TABLE), sorted.

    With z normal and W = (nu - 2) / chi^2_nu, z^2 W is the square of a t residual of variance 1: squares of t residuals
    are those of normal ones times R, which is uncorrelated with these and has the variance (kurtosis - 3) / rows where
    there is a kurtosis. Always the same table: what is random is which entry a draw takes.
    """
    rng = np.random.default_rng(0)
    square = rng.standard_normal((TABLE, ROWS)) ** 2
    mixed = square * (dof - 2) / rng.chisquare(dof, size=square.shape)
    return np.sort(np.log(mixed.sum(axis=1) / square.sum(axis=1)))


def level_doubt(
    tables: dict[float, np.ndarray], dof: np.ndarray, count: np.ndarray, spread: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return what levels drawn under normal noise are multiplied by (draw, asset).

    R^(-w/2) of `log_ratios`, with log R of variance in proportion to one over the rows, and w the share that an asset's
    own returns have in its level: 2 T_i / (2 T_i + 1 / omega^2).

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
    scale = own * np.sqrt(ROWS / np.maximum(count, 1))
    taken, found = rng.integers(TABLE, size=own.shape), np.empty(own.shape)
    for law, table in tables.items():
        rows = dof == law
        found[rows] = table[taken[rows]]
    return np.exp(-0.5 * scale * found)
