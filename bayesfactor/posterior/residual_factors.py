"""Residual factors given residuals: their law date by date, and what they add to a log-density."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayesfactor.base.records import FrozenArrays

NUMBERS = 2**15  # residuals that are worked on at once: they fit a processor's cache


@dataclass(frozen=True, eq=False)
class ResidualFactors(FrozenArrays):
    """Residuals r_it = l_i'z_t + s_i e_it of one level over all dates, with z_t and e_it standard normal.

    Given residuals z_t ~ N(P_t^-1 h_t, P_t^-1), with P_t = I + sum_i l_i l_i' / s_i^2 and h_t = sum_i l_i r_it / s_i^2
    over the assets observed at t.

    Attributes
    ----------
    loading : array (sample, asset, residual factor)
        l_i.
    sd : array (sample, asset)
        s_i.
    seen : array of bool (time, asset)
    """

    loading: np.ndarray
    sd: np.ndarray
    seen: np.ndarray

    @property
    def nothing(self) -> np.ndarray:
        """h_t of no residuals (sample, residual factor, time): `add` fills it."""
        return np.zeros((len(self.sd), self.loading.shape[2], len(self.seen)))

    def add(self, linear: np.ndarray, asset: int, rows: np.ndarray, residual: np.ndarray) -> None:
        """Add an asset's residuals (sample, row) on its rows to h_t."""
        scaled = self.loading[:, asset] / self.sd[:, asset, None] ** 2
        gapless = rows.size > 0 and rows[-1] - rows[0] == rows.size - 1
        own = slice(rows[0], rows[-1] + 1) if gapless else rows  # of a slice nothing is copied
        step = max(1, NUMBERS // max(rows.size, 1))
        for start in range(0, len(linear), step):
            part = slice(start, start + step)
            for j in range(scaled.shape[1]):
                linear[part, j, own] += scaled[part, j, None] * residual[part]

    @cached_property
    def roots(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Rows on which the same assets are observed, and the Cholesky factor of their P_t (sample, q, q)."""
        patterns, place = np.unique(self.seen, axis=0, return_inverse=True)
        scaled, found = self.loading / self.sd[:, :, None], []
        for number, pattern in enumerate(patterns):
            own = scaled[:, pattern]
            precision = np.eye(own.shape[2]) + own.mT @ own
            found.append((np.flatnonzero(place.ravel() == number), np.linalg.cholesky(precision)))
        return found

    def draw(self, linear: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Return z (sample, residual factor, time) given h, made of standard normal noise of the same shape."""
        z = np.empty_like(linear)
        for rows, root in self.roots:
            centred = np.linalg.solve(root, linear[:, :, rows]) + noise[:, :, rows]
            z[:, :, rows] = np.linalg.solve(root.mT, centred)
        return z

    def log_ratio(self, linear: np.ndarray) -> np.ndarray:
        """Return log N(r_t; 0, LL' + D) - log N(r_t; 0, D) of each date (sample, time), by Woodbury's identity."""
        found = np.empty((len(linear), linear.shape[2]))
        for rows, root in self.roots:
            solved = np.linalg.solve(root, linear[:, :, rows])
            size = np.log(np.einsum("sqq->sq", root)).sum(axis=1)
            found[:, rows] = 0.5 * (solved**2).sum(axis=1) - size[:, None]
        return found
