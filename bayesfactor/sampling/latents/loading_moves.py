"""Moves of loadings around their long-run values, beside latent variables: integrated out, and drawn."""

from dataclasses import dataclass, field

import numpy as np

from bayesfactor.base.jit import jit_sums
from bayesfactor.paths.loading_draws import NEXT
from bayesfactor.sampling.latents.rows import Rows


@dataclass
class LoadingMoves:
    """The law v_ib = phi v_i,b-1 + sqrt(1 - phi^2) kappa sigma_i eta of one cell, and its filter on a panel's rows.

    Given v_i,b+1, v_ib is normal with mean m_ib + gain_ib (v_i,b+1 - phi m_ib), m_ib that of the filter, and
    covariance sigma_i^2 low_ib low_ib'. Neither depends on what is sampled.

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
    _gain: np.ndarray = field(init=False, repr=False)
    _low: np.ndarray = field(init=False, repr=False)
    _filtered: np.ndarray | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        ahead = self.phi**2 * self.cov + (1 - self.phi**2) * self.kappa**2 * np.eye(self.cov.shape[-1])
        self._gain = self.phi * self.cov @ np.linalg.inv(ahead)
        self._gain[:, -1] = 0.0  # nothing comes after the last block
        spread = self.cov - self.phi * self._gain @ self.cov
        self._low = np.linalg.cholesky((spread + np.swapaxes(spread, -1, -2)) / 2)

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
        last = np.empty((n, k))
        law = self.zz, self.cov, self.phi, self._gain, self._low
        _draw(rest, rows.root, rows.u, rows.edges, *law, sigma, noise, last, rows.moved)
        keep = self.phi**NEXT
        ahead = keep * last + np.sqrt(1 - keep**2) * self.kappa * sigma[:, None] * noise[:, -1]
        return ahead * self.unit

    def integrate(self, rows: Rows, first: int, xx: np.ndarray, xy: np.ndarray, yy: np.ndarray) -> None:
        """Take v out of the cross-products of columns (x / g, z) and y: those with a column from `first` on.

        Where `first` is not 0, columns before it and y are as they were at the last call. Of columns a and c the sum
        over blocks of ahead_a'(u'c) + (u'a - zz ahead_a)'mean_c is subtracted.
        """
        n, blocks, k = self.cov.shape[:3]
        shape = 4, n, 1 + len(rows.x) + len(rows.z), blocks, k
        if self._filtered is None or self._filtered.shape != shape:
            self._filtered = np.empty(shape)
        columns = rows.x, rows.z, rows.y, rows.root, rows.seen, rows.u, rows.edges
        begin = 1 + first if first else 0
        _filter(*columns, self.zz, self.cov, self.phi, begin, *self._filtered)
        score, ahead, gap, mean = self._filtered.reshape(4, n, shape[2], -1)
        explained = gap[:, begin:] @ mean.transpose(0, 2, 1) + ahead[:, begin:] @ score.transpose(0, 2, 1)
        if not first:
            yy -= explained[:, 0, 0]
            explained = explained[:, 1:]
        xy[:, first:] -= explained[..., 0]
        xx[:, first:] -= explained[..., 1:]
        xx[:, :first, first:] -= explained[..., 1 : 1 + first].transpose(0, 2, 1)


@jit_sums
def _draw(
    rest: np.ndarray,
    root: np.ndarray,
    u: np.ndarray,
    edges: np.ndarray,
    zz: np.ndarray,
    cov: np.ndarray,
    phi: float,
    gain: np.ndarray,
    low: np.ndarray,
    sigma: np.ndarray,
    noise: np.ndarray,
    last: np.ndarray,
    moved: np.ndarray,
) -> None:
    """Fill u'v / g (asset, time) and v of the last block, by forward filtering and backward sampling."""
    n, blocks, k = cov.shape[0], cov.shape[1], cov.shape[2]
    mean, gap, v, off = np.empty((blocks, k)), np.empty(k), np.empty(k), np.empty(k)
    for i in range(n):
        for b in range(blocks):
            for f in range(k):
                value = 0.0
                for t in range(edges[b], edges[b + 1]):
                    value += root[i, t] * u[f, t] * rest[i, t]
                gap[f] = value
                mean[b, f] = phi * mean[b - 1, f] if b > 0 else 0.0
            for f in range(k):
                for h in range(k):
                    gap[f] -= zz[i, b, f, h] * mean[b, h]
            for f in range(k):
                value = 0.0
                for h in range(k):
                    value += cov[i, b, f, h] * gap[h]
                off[f] = value
            for f in range(k):
                mean[b, f] += off[f]
        v[:] = 0.0
        for b in range(blocks - 1, -1, -1):
            for f in range(k):
                off[f] = v[f] - phi * mean[b, f]
            for f in range(k):
                value = mean[b, f]
                for h in range(k):
                    value += gain[i, b, f, h] * off[h] + sigma[i] * low[i, b, f, h] * noise[i, b, h]
                v[f] = value
            if b == blocks - 1:
                last[i] = v
            for t in range(edges[b], edges[b + 1]):
                value = 0.0
                for f in range(k):
                    value += u[f, t] * v[f]
                moved[i, t] = root[i, t] * value


@jit_sums
def _filter(
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
    begin: int,
    score: np.ndarray,
    ahead: np.ndarray,
    gap: np.ndarray,
    mean: np.ndarray,
) -> None:
    """Fill u'a, ahead_a = phi mean_a of the block before, u'a - zz ahead_a and mean_a of columns a = (y, x / g, z)."""
    n, columns, blocks, k = score.shape
    p, rows = x.shape[0], x.shape[1]
    column = np.empty(rows)
    for i in range(n):
        for a in range(begin, columns):
            for t in range(rows):
                if a == 0:
                    column[t] = root[i, t] * y[i, t]
                elif a <= p:
                    column[t] = root[i, t] * root[i, t] * x[a - 1, t]
                else:
                    column[t] = root[i, t] * seen[i, t] * z[a - 1 - p, t]
            for b in range(blocks):
                for f in range(k):
                    value = 0.0
                    for t in range(edges[b], edges[b + 1]):
                        value += u[f, t] * column[t]
                    score[i, a, b, f] = value
                    ahead[i, a, b, f] = phi * mean[i, a, b - 1, f] if b > 0 else 0.0
                for f in range(k):
                    value = score[i, a, b, f]
                    for h in range(k):
                        value -= zz[i, b, f, h] * ahead[i, a, b, h]
                    gap[i, a, b, f] = value
                for f in range(k):
                    value = ahead[i, a, b, f]
                    for h in range(k):
                        value += cov[i, b, f, h] * gap[i, a, b, h]
                    mean[i, a, b, f] = value
