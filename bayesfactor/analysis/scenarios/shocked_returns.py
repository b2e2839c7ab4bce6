"""Returns of assets and a portfolio under a scenario: what is expected of each source, and what may be."""

from dataclasses import dataclass

import numpy as np

from bayesfactor.analysis.portfolio.horizon_sums import growth
from bayesfactor.analysis.scenarios.shocked_factors import FactorsAhead, ShockedFactors
from bayesfactor.analysis.scenarios.simulation import paths
from bayesfactor.posterior.predictive_law import PredictiveLaw


def with_portfolio(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return values of assets (sample, asset, ...) and, after them, of portfolios of weights (portfolio, asset)."""
    if not len(weights):
        return values
    return np.concatenate([values, np.moveaxis(np.tensordot(weights, values, (1, 1)), 0, 1)], axis=1)


def expected_from_factors(ahead: FactorsAhead, away: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return what each factor is expected to give (sample, entry, factor), so far from its mean (sample, factor)."""
    law = ahead.law
    found = with_portfolio(law.long_run, weights) * (away + ahead.periods * law.premium)[:, None]
    if ahead.tilt is None:
        return found
    tilted = np.einsum("skl,sl->sk", ahead.tilt, away) + ahead.sums.a[:, None] * law.premium
    return found + with_portfolio(law.loading - law.long_run, weights) * tilted[:, None]


def loadings_ahead(ahead: FactorsAhead, weights: np.ndarray) -> np.ndarray:
    """Return what a return over the periods gains by a unit of each factor's sum (sample, entry, factor)."""
    law = ahead.law
    if ahead.tilt is None:
        return with_portfolio(law.long_run, weights)
    return with_portfolio(law.long_run + (law.loading - law.long_run) @ ahead.tilt, weights)


def residual_variance(ahead: FactorsAhead, weights: np.ndarray) -> np.ndarray:
    """Return the variance of summed residuals (sample, entry), what residual factors give among it."""
    law, found = ahead.law, ahead.law.sd**2 * ahead.sums.own
    found = np.concatenate([found, found @ weights.T**2], axis=1)
    if not law.common.shape[2]:
        return found
    for j in range(ahead.periods):
        shared = with_portfolio(law.common * law.drift_at(j)[:, None], weights)
        found += growth(law, np.array([float(j)])) * (shared**2).sum(axis=2)
    return found


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Drawn returns, and whether one was below -1 (sample, entry)."""

    returns: np.ndarray
    floored: np.ndarray


def outcomes(shocked: ShockedFactors, weights: np.ndarray, rng: np.random.Generator) -> Outcomes:
    """Return summed returns of assets, then of portfolios, none below -1."""
    law: PredictiveLaw = shocked.ahead.law
    total = np.zeros(law.sd.shape)
    for period in paths(law, shocked.ahead.periods, rng, shocked.draw(rng)):
        total += period.returns
    whole = np.concatenate([total, np.maximum(total, -1.0) @ weights.T], axis=1)
    return Outcomes(np.maximum(whole, -1.0), whole < -1)
