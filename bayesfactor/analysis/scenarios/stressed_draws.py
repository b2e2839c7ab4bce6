"""Draws of returns and factors under a scenario, part by part of a fit's draws."""

import numpy as np

from bayesfactor.analysis.scenarios.scenario import VOLATILITIES, Scenario
from bayesfactor.analysis.scenarios.shocked_factors import FactorsAhead
from bayesfactor.analysis.scenarios.shocked_returns import expected_from_factors, outcomes, with_portfolio
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.predictive_law import PredictiveLaw, laws


def stressed(fit: Fit, scenario: Scenario, complete: bool, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return arrays (chain, draw, ...) of what a `Stress` is made of, by name.

    `complete` gives the other factors their conditional means; `weights` are of a portfolio or none (portfolio, asset).
    """
    draws, rng = fit.posterior, np.random.default_rng(fit.seed)
    chains = draws.sizes["chain"]
    parts: dict[str, list[np.ndarray]] = {}
    for own, law in laws(fit, draws):
        shocked = FactorsAhead(law, scenario.periods).shocked_by(scenario, fit.panel.factor_names, complete)
        by_factor = expected_from_factors(shocked.ahead, shocked.away, weights)
        drawn = outcomes(shocked, weights, rng)
        rate = draws["zero_beta"].isel(draw=own).values.reshape(-1, 1) if "zero_beta" in draws else None
        some = {
            "expected": _expected(law, by_factor, rate, scenario.periods, weights),
            "outcome": drawn.returns,
            "floored": drawn.floored,
            "factors": shocked.mean,
            "factor_sd": shocked.sd,
            "distance": np.stack([shocked.distance(volatility) for volatility in VOLATILITIES], axis=1),
        }
        for name, values in some.items():
            parts.setdefault(name, []).append(values.reshape(chains, -1, *values.shape[1:]))
    return {name: values[0] if len(values) == 1 else np.concatenate(values, axis=1) for name, values in parts.items()}


def _expected(
    law: PredictiveLaw, by_factor: np.ndarray, rate: np.ndarray | None, periods: int, weights: np.ndarray
) -> np.ndarray:
    """Return expected returns by source (sample, entry, source)."""
    own = [law.intercept] if rate is None else [law.intercept - rate, np.broadcast_to(rate, law.intercept.shape)]
    rest = periods * with_portfolio(np.stack(own, axis=2), weights)
    total = by_factor.sum(axis=2) + rest.sum(axis=2)
    return np.concatenate([by_factor, rest, total[:, :, None]], axis=2)
