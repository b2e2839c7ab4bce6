"""Draws of the likeliest way to a loss, part by part of a fit's draws."""

from collections.abc import Iterator

import numpy as np

from bayesfactor.analysis.scenarios.shocked_factors import FactorsAhead
from bayesfactor.analysis.scenarios.shocked_returns import expected, loadings_ahead, residual_variance
from bayesfactor.analysis.scenarios.stressed_draws import Part, joined
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.predictive_law import laws

RESIDUAL = "residual"


def reversed_draws(fit: Fit, loss: float, periods: int, weights: np.ndarray, residuals: bool) -> dict[str, np.ndarray]:
    """Return arrays (chain, draw, entry, ...) of what a `ReverseStress` is made of, by name."""
    return joined(fit, _parts(fit, loss, periods, weights, residuals))


def _parts(fit: Fit, loss: float, periods: int, weights: np.ndarray, residuals: bool) -> Iterator[Part]:
    for own, law in laws(fit, fit.posterior):
        yield own, _reversed(FactorsAhead(law, periods), loss, weights, residuals)


def _reversed(ahead: FactorsAhead, loss: float, weights: np.ndarray, residuals: bool) -> dict[str, np.ndarray]:
    """Return values of factors, distance, expectation and standard deviation (sample, entry, ...)."""
    loading, mean = loadings_ahead(ahead, weights), expected(ahead, weights)
    values = loading @ ahead.cov
    variance = np.einsum("sik,sik->si", values, loading)
    own = residual_variance(ahead, weights) if residuals else np.zeros_like(variance)
    whole = variance + own
    share = np.divide(loss - mean, whole, out=np.zeros_like(whole), where=whole > 0)
    values *= share[:, :, None]
    values += ahead.mean[:, None]
    if residuals:
        values = np.concatenate([values, (own * share)[:, :, None]], axis=2)
    spread = np.sqrt(whole)
    away = np.divide(np.abs(loss - mean), spread, out=np.full_like(spread, np.inf), where=spread > 0)
    return {"draws": values, "distance": away, "expected": mean, "spread": spread}
