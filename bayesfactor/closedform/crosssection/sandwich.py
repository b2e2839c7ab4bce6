"""Covariances of estimates that hold whatever the law of the residuals: averages of influences, period by period."""

import numpy as np

from bayesfactor.closedform.crosssection.first_pass import FirstPass


def premium_influence(
    found: FirstPass, weight: np.ndarray, premium: np.ndarray, weighing: np.ndarray | None
) -> np.ndarray:
    """Return what each period adds to the two-pass premia, (time, coefficient).

    The first-order conditions of both passes, stacked and solved::

        psi_t = (H'WH)^-1 [ H'W (r_t - H lambda) - (lambda'd_t) H'W e_t
                            + (0, d_t')' (alpha'W e_t) - H'W v_t (v_t'W alpha) ]
        d_t = Sigma_f^-1 (f_t - mean f)

    The last term is there when W is the inverse covariance of an estimated series v_t (`weighing`).
    """
    design, first = found.design, int(found.intercept)
    centred = found.values - found.values.mean(axis=0)
    step = centred @ np.linalg.inv(centred.T @ centred / len(centred))
    weighted = weight @ design
    alpha = weight @ (found.returns.mean(axis=0) - design @ premium)
    score = (found.returns - design @ premium) @ weighted
    score -= (step @ premium[first:])[:, None] * (found.residual @ weighted)
    score[:, first:] += step * (found.residual @ alpha)[:, None]
    if weighing is not None:
        score -= (weighing @ weighted) * (weighing @ alpha)[:, None]
    return np.linalg.solve(design.T @ weighted, score.T).T


def two_pass_moments(found: FirstPass, weight: np.ndarray, premium: np.ndarray) -> np.ndarray:
    """Return the moments of both passes and of the pricing errors, (time, moment)."""
    x = np.column_stack([np.ones(len(found.values)), found.values])
    first = (found.residual[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    second = (found.returns - found.design @ premium) @ weight @ found.design
    third = found.returns - found.returns.mean(axis=0)
    return np.hstack([first, second, third])


def bandwidth(moments: np.ndarray) -> int:
    """Return the number of lags of Newey and West (1994) for Bartlett's kernel, from the sum of the scaled moments."""
    sd = moments.std(axis=0)
    kept = sd > 1e-10 * np.abs(moments).max(axis=0)
    series = (moments[:, kept] / sd[kept]).sum(axis=1)
    periods = len(series)
    lags = np.arange(min(int(np.ceil(4 * (periods / 100) ** (2 / 9))), periods - 2) + 1)
    covariance = np.array([series[lag:] @ series[: periods - lag] / periods for lag in lags])
    level = covariance[0] + 2 * covariance[1:].sum()
    slope = 2 * (lags * covariance).sum()
    wanted = np.ceil(1.1447 * ((slope / level) ** 2) ** (1 / 3) * periods ** (1 / 3))
    return int(min(wanted, periods - 1))


def long_run_covariance(influence: np.ndarray, lags: int, parameters: int) -> np.ndarray:
    """Return the covariance of the average of influences, with Bartlett's weights on `lags` autocovariances.

    Divided by the number of periods less `parameters`. No lags: robust to heteroskedasticity only.
    """
    periods = len(influence)
    total = influence.T @ influence
    for lag in range(1, lags + 1):
        cross = influence[lag:].T @ influence[:-lag]
        total += (1 - lag / (lags + 1)) * (cross + cross.T)
    return total / periods / (periods - parameters)
