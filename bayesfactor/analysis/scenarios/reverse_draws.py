"""Draws of the likeliest way to a loss, part by part of a fit's draws."""

import numpy as np

from bayesfactor.analysis.scenarios.shocked_factors import FactorsAhead
from bayesfactor.analysis.scenarios.shocked_returns import expected_from_factors, loadings_ahead, residual_variance
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.predictive_law import laws

RESIDUAL = "residual"


def reversed_draws(fit: Fit, loss: float, periods: int, weights: np.ndarray, residuals: bool) -> dict[str, np.ndarray]:
    """Return arrays (chain, draw, entry, ...) of what a `ReverseStress` is made of, by name."""
    chains = fit.posterior.sizes["chain"]
    parts: dict[str, list[np.ndarray]] = {}
    for _, law in laws(fit, fit.posterior):
        for name, values in _reversed(FactorsAhead(law, periods), loss, weights, residuals).items():
            parts.setdefault(name, []).append(values.reshape(chains, -1, *values.shape[1:]))
    return {name: values[0] if len(values) == 1 else np.concatenate(values, axis=1) for name, values in parts.items()}


def _reversed(ahead: FactorsAhead, loss: float, weights: np.ndarray, residuals: bool) -> dict[str, np.ndarray]:
    """Return values of factors, distance, expectation and standard deviation (sample, entry, ...)."""
    law = ahead.law
    loading = loadings_ahead(ahead, weights)
    rest = ahead.periods * np.concatenate([law.intercept, law.intercept @ weights.T], axis=1)
    mean = rest + expected_from_factors(ahead, np.zeros_like(ahead.mean), weights).sum(axis=2)
    moves = loading @ ahead.cov
    variance = (moves * loading).sum(axis=2)
    own = residual_variance(ahead, weights) if residuals else np.zeros_like(variance)
    whole = variance + own
    share = np.divide(loss - mean, whole, out=np.zeros_like(whole), where=whole > 0)
    values = ahead.mean[:, None] + moves * share[:, :, None]
    if residuals:
        values = np.concatenate([values, (own * share)[:, :, None]], axis=2)
    spread = np.sqrt(whole)
    away = np.divide(np.abs(loss - mean), spread, out=np.full_like(spread, np.inf), where=spread > 0)
    return {"draws": values, "distance": away, "expected": mean, "spread": spread}
