"""Exact draws of loadings and alphas that are normal given the rest."""

import numpy as np

from bayesfactor.panel.moments import Moments


def draw_coefficients(
    moments: Moments,
    loc: np.ndarray,
    sd: np.ndarray,
    sigma: np.ndarray,
    shift: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return c_i ~ p(c_i | r_i) of r_it = c_i'x~_t + e_it, e_it ~ N(0, sigma_i^2), c_i ~ N(loc_i, diag(sd_i^2)).

    With x~_t = x_t + (0, shift), S~ and b~ its cross-products with itself and with r_i, and D = diag(sd),

        c = loc + sd u,   u ~ N(A^-1 v, A^-1),   A = I + D S~ D / sigma^2,   v = D (b~ - S~ loc) / sigma^2.

    Parameters
    ----------
    moments : Moments
        Cross-products of x_t = (1, f_t) and r_i.
    loc, sd : array (draw, asset, coefficient)
        `sd` of either sign; 0 where a coefficient is its `loc`.
    sigma : array (draw, asset)
    shift : array (draw, factor)
        lambda - mu.
    rng : Generator

    Returns
    -------
    array (draw, asset, coefficient)
    """
    p = loc.shape[-1]
    turn = np.tile(np.eye(p), (len(loc), 1, 1))  # x~ = turn x, as x_0 = 1
    turn[:, 1:, 0] = shift
    s = turn[:, None] @ np.moveaxis(moments.xx, -1, 0) @ np.swapaxes(turn, 1, 2)[:, None]
    b = (turn[:, None] @ moments.xy.T[..., None])[..., 0]
    weight = sigma[..., None] ** -2
    low = np.linalg.cholesky(np.eye(p) + sd[..., :, None] * sd[..., None, :] * s * weight[..., None])
    v = sd * (b - (s @ loc[..., None])[..., 0]) * weight
    half = np.linalg.solve(low, v[..., None]) + rng.standard_normal((*loc.shape, 1))
    return loc + sd * np.linalg.solve(np.swapaxes(low, -1, -2), half)[..., 0]
