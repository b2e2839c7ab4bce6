"""The normal law of one non-traded factor's premium given everything else in a draw."""

import numpy as np

from bayesfactor.paths.movement import designs
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.fit import Fit


def premium_law(fit: Fit, factor: int, prior: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    r"""Return mean and variance (sample) of lambda_k | rest, for the factor of that number with a normal prior.

    With the weighted cross-products of an asset's returns, and residuals at the draw,

    .. math:: 1 / v = 1 / s_k^2 + \sum_i W_i \beta_{ik}^2 / \sigma_i^2, \qquad
              m = v \Big( l_k / s_k^2 + \sum_i \beta_{ik}
              (\textstyle\sum_t w_{it} e_{it} + W_i \beta_{ik} \lambda_k) / \sigma_i^2 \Big)

    W_i is the sum of weights: of returns, where nothing moves. Each draw has the weights of its cell.
    """
    loc, sd = prior
    dated = Dated(fit, fit.posterior)
    coefficients, variance = dated.coefficients, dated.own_level**2
    beta = coefficients[:, :, 1 + factor]
    premium = fit.posterior["risk_premium"].transpose("chain", "draw", "factor").values[..., factor].ravel()
    total, left = np.empty_like(beta), np.empty_like(beta)
    cell = np.zeros(len(beta), dtype=int) if dated.paths is None else dated.cell
    seen = (fit.design,) if fit.model is None else designs(fit.panel, fit.model, fit.movement)
    for number in np.unique(cell):
        own, moments = cell == number, seen[number].moments
        total[own] = moments.xx[0, 0]
        left[own] = moments.xy[0] - np.einsum("cn,snc->sn", moments.xx[0], coefficients[own])
    precision = 1 / sd**2 + np.sum(total * beta**2 / variance, axis=1)
    pull = loc / sd**2 + np.sum(beta * (left + total * beta * premium[:, None]) / variance, axis=1)
    return pull / precision, 1 / precision
