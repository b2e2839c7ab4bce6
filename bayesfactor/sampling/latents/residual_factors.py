"""Common factors of residuals, drawn given coefficients and scales."""

from dataclasses import dataclass

import numpy as np

from bayesfactor.base.jit import jit_sums
from bayesfactor.sampling.latents.marginal_move import MarginalMove
from bayesfactor.sampling.latents.orbits import rescale, shear
from bayesfactor.sampling.latents.state import State


@dataclass(frozen=True, eq=False)
class ResidualFactors:
    """z_t ~ N(0, I_q) in y_it = (x_t'c_i + u_t'v_ib) / g_it + lambda_i'z_t + sigma_i e_it.

    Given the rest z_t ~ N(P_t^-1 h_t, P_t^-1) with sums over the assets that have a return on the date

        P_t = I + sum_i lambda_i lambda_i' / sigma_i^2,  h_t = sum_i lambda_i (y_it - x_t'c_i / g_it) / sigma_i^2.

    Attributes
    ----------
    pattern, first : array (time), array (pattern)
        Which dates have the same assets, and a date of each pattern.
    marginal : MarginalMove
        Of loadings and residual scales.
    """

    pattern: np.ndarray
    first: np.ndarray
    marginal: MarginalMove

    @classmethod
    def of(cls, seen: np.ndarray) -> "ResidualFactors":
        """Return them for returns that are seen or not (asset, time)."""
        _, first, pattern = np.unique(seen, axis=1, return_index=True, return_inverse=True)
        return cls(pattern.ravel(), first, MarginalMove.of(seen))

    @property
    def sweeps(self) -> int:
        """Sweeps for each draw."""
        return 1

    def given_coefficients(self, state: State) -> None:
        """Draw z and, together with it, loadings and scales; and move along the orbits on which fitted values stay."""
        self.marginal.make(state)
        law, rows = state.law(), state.rows
        rest, noise = rows.unexplained(state.on_rows(law)), state.rng.standard_normal(rows.z.shape)
        rows.z = draw_scores(rest, rows.seen, state.loading.copy(), law.sigma**-2.0, self.pattern, self.first, noise)
        shear(state)
        rescale(state)

    def given_statistics(self, state: State) -> None:
        """Do nothing: z is drawn given coefficients."""

    def record(self, state: State) -> dict[str, np.ndarray]:
        """Return loadings on residual factors (asset, residual factor)."""
        return {"residual_loading": state.loading.copy()}


@jit_sums
def draw_scores(
    rest: np.ndarray,
    seen: np.ndarray,
    loading: np.ndarray,
    weight: np.ndarray,
    pattern: np.ndarray,
    first: np.ndarray,
    noise: np.ndarray,
) -> np.ndarray:
    """Return z (residual factor, time) given what the other regressors leave of returns.

    Parameters
    ----------
    rest, seen : array (asset, time)
        `rest` is 0 where there is no return.
    loading, weight : array (asset, residual factor), (asset)
    pattern, first : array (time), (pattern)
    noise : array (residual factor, time)
        Standard normals.
    """
    (n, rows), q = rest.shape, loading.shape[1]
    h, z = np.zeros((q, rows)), np.empty((q, rows))
    for i in range(n):
        for j in range(q):
            c = loading[i, j] * weight[i]
            for t in range(rows):
                h[j, t] += c * rest[i, t]
    low = np.empty((first.size, q, q))
    for m in range(first.size):
        precision = np.eye(q)
        for i in range(n):
            if seen[i, first[m]] > 0.0:
                for a in range(q):
                    for b in range(q):
                        precision[a, b] += loading[i, a] * loading[i, b] * weight[i]
        low[m] = np.linalg.cholesky(precision)
    for t in range(rows):
        own = low[pattern[t]]
        half = np.empty(q)
        for a in range(q):
            value = h[a, t]
            for b in range(a):
                value -= own[a, b] * half[b]
            half[a] = value / own[a, a]
        for a in range(q):
            half[a] += noise[a, t]
        for a in range(q - 1, -1, -1):
            value = half[a]
            for b in range(a + 1, q):
                value -= own[b, a] * z[b, t]
            z[a, t] = value / own[a, a]
    return z
