"""Moves of loadings around their long-run values, beside latent variables: integrated out, and drawn."""

from dataclasses import dataclass

import numpy as np

from bayesfactor.base.jit import jit_sums
from bayesfactor.paths.loading_draws import NEXT
from bayesfactor.sampling.latents.rows import Rows


@dataclass
class LoadingMoves:
    """The law v_ib = phi v_i,b-1 + sqrt(1 - phi^2) kappa sigma_i eta of one cell, and its filter on a panel's rows.

    Attributes
    ----------
    kappa, phi : float
    zz : array (asset, block, factor, factor)
        Sums over the rows of a block of u u' / g^2.
    cov : array (asset, block, factor, factor)
        Covariances of v_ib given returns up to block b, over sigma_i^2.
    unit : array (factor)
        What v_ib is of a loading.
    """

    kappa: float
    phi: float
    zz: np.ndarray
    cov: np.ndarray
    unit: np.ndarray

    def draw(
        self, rows: Rows, coefficients: np.ndarray, loading: np.ndarray, sigma: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Draw v given coefficients on x, loadings on z and scales; return that of the period after the last row.

        It becomes part of the rows; what is returned (asset, factor) is half a block ahead of the last block.
        """
        rows.moved = np.zeros_like(rows.y)
        rest = rows.unexplained(coefficients, loading)
        n, blocks, k = self.cov.shape[:3]
        noise = rng.standard_normal((n, blocks + 1, k))
        path = np.empty((n, blocks, k))
        law = self.zz, self.cov, self.kappa, self.phi
        _draw(rest, rows.root, rows.u, rows.edges, *law, sigma, noise[:, :-1], path, rows.moved)
        keep = self.phi**NEXT
        ahead = keep * path[:, -1] + np.sqrt(1 - keep**2) * self.kappa * sigma[:, None] * noise[:, -1]
        return ahead * self.unit

    def integrate(self, rows: Rows, xx: np.ndarray, xy: np.ndarray, yy: np.ndarray) -> None:
        """Take v out of the cross-products of columns (x / g, z) and y, all of them."""
        _integrate(
            rows.x, rows.z, rows.y, rows.root, rows.seen, rows.u, rows.edges, self.zz, self.cov, self.phi, xx, xy, yy
        )


@jit_sums
def _draw(
    rest: np.ndarray,
    root: np.ndarray,
    u: np.ndarray,
    edges: np.ndarray,
    zz: np.ndarray,
    cov: np.ndarray,
    kappa: float,
    phi: float,
    sigma: np.ndarray,
    noise: np.ndarray,
    path: np.ndarray,
    moved: np.ndarray,
) -> None:
    """Fill the path (asset, block, factor) by forward filtering and backward sampling, and u'v / g (asset, time)."""
    n, blocks, k = path.shape
    own = np.eye(k)
    for i in range(n):
        mean, ahead = np.zeros((blocks, k)), np.zeros(k)
        for b in range(blocks):
            score = np.zeros(k)
            for f in range(k):
                for t in range(edges[b], edges[b + 1]):
                    score[f] += root[i, t] * u[f, t] * rest[i, t]
            if b > 0:
                ahead = phi * mean[b - 1]
            mean[b] = ahead + _times(cov[i, b], score - _times(zz[i, b], ahead))
        for b in range(blocks - 1, -1, -1):
            centre, spread = mean[b], cov[i, b]
            if b < blocks - 1:
                ahead_cov = phi * phi * spread + (1.0 - phi * phi) * kappa * kappa * own
                gain = phi * _product(spread, np.linalg.inv(ahead_cov))
                centre = centre + _times(gain, path[i, b + 1] - phi * centre)
                spread = spread - phi * _product(gain, spread)
            low = np.linalg.cholesky(0.5 * (spread + spread.T))
            path[i, b] = centre + sigma[i] * _times(low, noise[i, b])
            for t in range(edges[b], edges[b + 1]):
                value = 0.0
                for f in range(k):
                    value += u[f, t] * path[i, b, f]
                moved[i, t] = root[i, t] * value


@jit_sums
def _times(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    result = np.zeros(matrix.shape[0])
    for a in range(matrix.shape[0]):
        for b in range(matrix.shape[1]):
            result[a] += matrix[a, b] * vector[b]
    return result


@jit_sums
def _product(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    result = np.zeros((one.shape[0], other.shape[1]))
    for a in range(one.shape[0]):
        for b in range(other.shape[1]):
            for c in range(one.shape[1]):
                result[a, b] += one[a, c] * other[c, b]
    return result


@jit_sums
def _integrate(
    x: np.ndarray,
    z: np.ndarray,
    y: np.ndarray,
    root: np.ndarray,
    seen: np.ndarray,
    u: np.ndarray,
    edges: np.ndarray,
    zz: np.ndarray,
    cov: np.ndarray,
    phi: float,
    xx: np.ndarray,
    xy: np.ndarray,
    yy: np.ndarray,
) -> None:
    """Subtract what v explains, block after block: [a'b] -= ahead_a'(u'b) + (u'a - zz ahead_a)'mean_b."""
    n, blocks, k, p, q = y.shape[0], edges.size - 1, u.shape[0], x.shape[0], z.shape[0]
    columns = p + q + 1
    for i in range(n):
        mean = np.zeros((columns, k))
        for b in range(blocks):
            score, gap = np.zeros((columns, k)), np.zeros((columns, k))
            ahead = mean * (phi if b > 0 else 0.0)
            for f in range(k):
                for a in range(columns):
                    value = 0.0
                    if a < p:
                        for t in range(edges[b], edges[b + 1]):
                            value += root[i, t] * root[i, t] * u[f, t] * x[a, t]
                    elif a < p + q:
                        for t in range(edges[b], edges[b + 1]):
                            value += root[i, t] * seen[i, t] * u[f, t] * z[a - p, t]
                    else:
                        for t in range(edges[b], edges[b + 1]):
                            value += root[i, t] * u[f, t] * y[i, t]
                    score[a, f] = value
            for a in range(columns):
                gap[a] = score[a] - _times(zz[i, b], ahead[a])
                mean[a] = ahead[a] + _times(cov[i, b], gap[a])
            for a in range(columns):
                for c in range(a + 1):
                    value = 0.0
                    for f in range(k):
                        value += ahead[a, f] * score[c, f] + gap[a, f] * mean[c, f]
                    if a < p + q:
                        xx[i, a, c] -= value
                        if c < a:
                            xx[i, c, a] -= value
                    elif c < p + q:
                        xy[i, c] -= value
                    else:
                        yy[i] -= value
