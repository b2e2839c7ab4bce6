"""Returns of assets and a portfolio under a scenario: what is expected of each source, and what may be.

Entries are the assets, and after them portfolios of weights (portfolio, asset).
"""

from dataclasses import dataclass

import numpy as np

from bayesfactor.analysis.portfolio.horizon_sums import growth
from bayesfactor.analysis.portfolio.portfolio_weights import least_returns
from bayesfactor.analysis.scenarios.shocked_factors import FactorsAhead, ShockedFactors
from bayesfactor.analysis.scenarios.simulation import paths


def with_portfolio(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return values of assets (sample, asset, ...) and of portfolios after them (sample, entry, ...)."""
    if not len(weights):
        return values
    found = np.empty((len(values), values.shape[1] + len(weights), *values.shape[2:]))
    found[:, : values.shape[1]] = values
    fill_portfolio(found, weights)
    return found


def fill_portfolio(found: np.ndarray, weights: np.ndarray) -> None:
    """Write the values of portfolios after those of the assets (sample, entry, ...)."""
    assets = weights.shape[1]
    if found.ndim == 2:
        found[:, assets:] = found[:, :assets] @ weights.T
    elif len(weights):
        found[:, assets:] = weights @ found[:, :assets]


def expected_by_source(
    ahead: FactorsAhead, away: np.ndarray, rate: np.ndarray | None, weights: np.ndarray
) -> np.ndarray:
    """Return what is expected of each source (sample, entry, source), with factors so far from their means.

    Sources are the factors, alpha, the zero-beta rate where there is one (sample, 1), and the total.
    """
    law, (size, assets, count) = ahead.law, ahead.law.loading.shape
    found = np.empty((size, assets + len(weights), count + 2 + (rate is not None)))
    own = found[:, :assets]
    np.multiply(law.long_run, (away + ahead.periods * law.premium)[:, None], out=own[:, :, :count])
    if ahead.tilt is not None:
        tilted = np.einsum("skl,sl->sk", ahead.tilt, away) + ahead.sums.a[:, None] * law.premium
        own[:, :, :count] += (law.loading - law.long_run) * tilted[:, None]
    own[:, :, count] = ahead.periods * (law.intercept - (0.0 if rate is None else rate))
    if rate is not None:
        own[:, :, count + 1] = ahead.periods * rate
    own[:, :, -1] = own[:, :, :-1].sum(axis=2)
    fill_portfolio(found, weights)
    return found


def expected(ahead: FactorsAhead, weights: np.ndarray) -> np.ndarray:
    """Return the expected return over the periods, where no factor is shocked (sample, entry)."""
    law = ahead.law
    found = law.intercept + np.einsum("sik,sk->si", law.long_run, law.premium)
    found *= ahead.periods
    if ahead.tilt is not None:
        found += ahead.sums.a[:, None] * np.einsum("sik,sk->si", law.loading - law.long_run, law.premium)
    return with_portfolio(found, weights)


def loadings_ahead(ahead: FactorsAhead, weights: np.ndarray) -> np.ndarray:
    """Return what a return over the periods gains by a unit of each factor's sum (sample, entry, factor)."""
    law = ahead.law
    if ahead.tilt is None:
        return with_portfolio(law.long_run, weights)
    return with_portfolio(law.long_run + (law.loading - law.long_run) @ ahead.tilt, weights)


def residual_variance(ahead: FactorsAhead, weights: np.ndarray) -> np.ndarray:
    """Return the variance of summed residuals (sample, entry), what residual factors give among it."""
    law = ahead.law
    own = law.sd**2 * ahead.sums.own
    found = np.concatenate([own, own @ weights.T**2], axis=1)
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
    """Return summed returns of assets, then of portfolios, none below -1 but of a portfolio without capital."""
    total = np.zeros(shocked.ahead.law.sd.shape)
    for period in paths(shocked.ahead.law, shocked.ahead.periods, rng, shocked.draw(rng)):
        total += period.returns
    whole = np.concatenate([total, np.maximum(total, -1.0) @ weights.T], axis=1)
    least = least_returns(weights)
    return Outcomes(np.maximum(whole, least), whole < least)
