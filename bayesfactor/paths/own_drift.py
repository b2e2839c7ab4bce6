"""Each asset's own slow drift of residual volatility, beside the path that all share."""

import numpy as np
from scipy.signal import lfilter

PRIOR = 8.0  # observations that no drift counts for
SLOWER = 2.0  # half-life of the drift over that of the common path
SHORTEST = 10.0  # periods of that half-life


def drift_memory(memory: float) -> float:
    """Return the half-life of drifts, in periods, given that of the common path."""
    return max(SLOWER * memory, SHORTEST)


def own_drift(square: np.ndarray, dof: float, memory: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a_it (time, asset), volatility relative to the common path and the asset's level, and a_{i,T+1} (asset).

    With s_it = e_it^2 / (sigma_i g_t)^2, and r = (nu + 1) s / (nu - 2 + s), which has mean 1 and is bounded::

        a_it^2 = (n0 + sum_j d^|t-j| r_ij) / (n0 + sum_j d^|t-j|)   over j with a return,   d = 2^(-1 / half-life)

    but for j = t, so that no return is measured by itself, and of T + 1 with j up to T. Means of log a_it over an
    asset's dates are 0.

    Parameters
    ----------
    square : array (time, asset)
        s_it; NaN where there is none.
    dof : float
        nu.
    memory : float
        Half-life of a shock to the common path, in periods; that of the drift is `SLOWER` times as long.
    """
    seen = np.isfinite(square)
    bounded = np.where(seen, (dof + 1) * square / (dof - 2 + square), 0.0)
    d = 2 ** (-1 / drift_memory(memory))

    def past(values: np.ndarray) -> np.ndarray:
        return lfilter([1.0], [1.0, -d], values, axis=0)

    def both(values: np.ndarray) -> np.ndarray:
        return past(values) + past(values[::-1])[::-1] - 2 * values

    count = seen.astype(float)
    drift = (PRIOR + both(bounded)) / (PRIOR + both(count))
    after = (PRIOR + d * past(bounded)[-1]) / (PRIOR + d * past(count)[-1])
    rows = np.maximum(count.sum(axis=0), 1)
    centre = np.exp(np.sum(np.log(drift) * count, axis=0) / rows)
    return np.sqrt(drift / centre), np.sqrt(after / centre)
