"""Exact draws of loadings and alphas of assets whose residuals are correlated, observed on the same dates."""

import numpy as np

from bayesfactor.panel.residual_products import ResidualProducts


def draw_correlated_coefficients(
    products: ResidualProducts,
    loc: np.ndarray,
    sd: np.ndarray,
    sigma: np.ndarray,
    shift: np.ndarray,
    loading: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return C ~ p(C | Y) of Y = X~C + E, e_t ~ N(0, Lambda Lambda' + diag(sigma^2)), c_i ~ N(loc_i, diag(sd_i^2)).

    With X~'X~ = L L', of all assets at once: f_i = L'(C^_i - loc_i) = L'D_i u_i + n_i. Draws u*, n* from their laws are
    moved by what f says more: u = u* + D_i L x_i, x = Cov(f)^-1 (f - L'D u* - n*), Cov(f) of B_i = L'D_i^2 L + s_i^2 I
    and Lambda Lambda'. Source: Matheron's rule, as in Hoffman and Ribak (1991).

    Parameters
    ----------
    products : ResidualProducts
    loc, sd : array (draw, asset, coefficient)
        `sd` of either sign; 0 where a coefficient is its `loc`.
    sigma : array (draw, asset)
    shift : array (draw, factor)
        lambda - mu.
    loading : array (draw, asset, residual_factor)
    rng : Generator

    Returns
    -------
    array (draw, asset, coefficient)
    """
    draws, _, p = loc.shape
    low = np.tile(products.low, (draws, 1, 1))
    low[:, 1:] += shift[:, :, None] * products.low[0]
    fitted = np.tile(products.fitted.T, (draws, 1, 1))
    fitted[:, :, 0] -= np.sum(fitted[:, :, 1:] * shift[:, None], axis=-1)
    half = sd[..., None] * low[:, None]  # D_i L
    u = rng.standard_normal(loc.shape)
    noise = sigma[..., None] * rng.standard_normal(loc.shape)
    noise += loading @ rng.standard_normal((draws, loading.shape[-1], p))
    left = (fitted - loc) @ low - np.einsum("sia,siab->sib", u, half) - noise
    u += np.einsum("siab,sib->sia", half, _solved(half, sigma, loading, left))
    return loc + sd * u


def _solved(half: np.ndarray, sigma: np.ndarray, loading: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return x (draw, asset, coefficient): B_i x_i + (sum_j x_j lambda_j') lambda_i = right_i, of the B_i above."""
    draws, _, p = right.shape
    b = np.swapaxes(half, -1, -2) @ half + sigma[..., None, None] ** 2 * np.eye(p)
    inverse = np.linalg.inv(b)
    solved = (inverse @ right[..., None])[..., 0]
    size = loading.shape[-1] * p
    k = np.einsum("sij,sil,siab->sjalb", loading, loading, inverse, optimize=True).reshape(draws, size, size)
    w = np.einsum("sij,sia->sja", loading, solved).reshape(draws, size, 1)
    shared = np.linalg.solve(np.eye(size) + k, w).reshape(draws, -1, p)
    return solved - (inverse @ (loading @ shared)[..., None])[..., 0]
