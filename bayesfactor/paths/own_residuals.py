"""What is each asset's own of residuals that have common factors: what a volatility path reads."""

from dataclasses import dataclass

import numpy as np

LEAST = 0.05  # share of a residual's variance that is its own at least


@dataclass(frozen=True, eq=False)
class OwnResiduals:
    """Standardised residuals e_i = l_i'z + s_i u_i of a date, and their own parts u_i about the likeliest z.

    Attributes
    ----------
    loading : array (asset, residual factor)
        l; 0 of assets that tell nothing.
    sd : array (asset)
        Root mean square of e_i - l_i'z^, z^ = (I + L'L / s^2)^-1 L'e / s^2 over the assets that are seen.
    """

    loading: np.ndarray
    sd: np.ndarray

    def of(self, residuals: np.ndarray) -> np.ndarray:
        """Return own parts (time, asset), with a root mean square of 1, of standardised residuals."""
        return left(residuals, self.loading) / self.sd


def left(residuals: np.ndarray, loading: np.ndarray) -> np.ndarray:
    """Return e_t - L z^_t (time, asset); NaN where a residual is."""
    seen = np.isfinite(residuals)
    known, q = np.where(seen, residuals, 0.0), loading.shape[1]
    scaled = loading / np.maximum(1 - np.sum(loading**2, axis=1), LEAST)[:, None]
    products = (loading[:, :, None] * scaled[:, None, :]).reshape(len(loading), -1)
    precision = np.eye(q) + (seen.astype(float) @ products).reshape(-1, q, q)
    scores = np.linalg.solve(precision, (known @ scaled)[..., None])[..., 0]
    return np.where(seen, residuals - scores @ loading.T, np.nan)


def own_residuals(residuals: np.ndarray, weight: np.ndarray, count: int) -> OwnResiduals:
    """Return the own parts of standardised residuals (time, asset) by principal factors of their correlations.

    Parameters
    ----------
    residuals : array (time, asset)
        NaN where there is none.
    weight : array (time)
        1 / g_t^2, so that turbulent dates count no more than calm ones.
    count : int
        Number of residual factors.
    """
    seen = np.isfinite(residuals)
    known = np.where(seen, residuals * weight[:, None] ** 0.5, 0.0)
    both = seen.T.astype(float) @ seen
    square = np.sqrt(np.maximum(np.square(known).T @ seen * (np.square(known).T @ seen).T, np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(known.T @ known / square * (both > 1))
    top = values[::-1][:count]
    rest = (values.sum() - top.sum()) / max(len(values) - count, 1)
    loading = vectors[:, ::-1][:, :count] * np.sqrt(np.maximum(top - rest, 0.0))
    share = np.sum(loading**2, axis=1)
    loading = loading * np.sqrt(np.minimum(1.0, (1 - LEAST) / np.maximum(share, LEAST)))[:, None]
    own = np.square(np.nan_to_num(left(residuals, loading))) * weight[:, None]
    sd = np.sqrt(own.sum(axis=0) / np.maximum(seen.sum(axis=0), 1))
    return OwnResiduals(loading, np.where(sd > 0, sd, 1.0))
