"""Draws of returns and factors under a scenario, part by part of a fit's draws."""

from collections.abc import Iterator, Mapping

import numpy as np

from bayesfactor.analysis.portfolio.portfolio_exposures import Exposures
from bayesfactor.analysis.scenarios.scenario import VOLATILITIES, Scenario
from bayesfactor.analysis.scenarios.shocked_factors import FactorsAhead
from bayesfactor.analysis.scenarios.shocked_returns import expected_by_source, outcomes
from bayesfactor.analysis.scenarios.stressed_book import stressed_book
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.predictive_law import laws

Part = tuple[slice, Mapping[str, np.ndarray]]


def stressed(fit: Fit, scenario: Scenario, complete: bool, held: Exposures) -> dict[str, np.ndarray]:
    """Return arrays (chain, draw, ...) of what a `Stress` is made of, by name.

    `complete` gives the other factors their conditional means; `held` are assets and, where there is one, a portfolio.
    """
    return joined(fit, _stressed(fit, scenario, complete, held))


def joined(fit: Fit, parts: Iterator[Part]) -> dict[str, np.ndarray]:
    """Return arrays (chain, draw, ...), read-only, of parts (sample, ...) at some draws of every chain."""
    chains, draws = fit.posterior.sizes["chain"], fit.posterior.sizes["draw"]
    found: dict[str, np.ndarray] = {}
    for own, some in parts:
        for name, values in some.items():
            if name not in found:
                found[name] = np.empty((chains, draws, *values.shape[1:]), values.dtype)
            found[name][:, own] = values.reshape(chains, len(values) // chains, *values.shape[1:])
    for array in found.values():
        array.flags.writeable = False
    return found


def _stressed(fit: Fit, scenario: Scenario, complete: bool, held: Exposures) -> Iterator[Part]:
    draws, rng, weights = fit.posterior, np.random.default_rng(fit.seed), held.mixed
    for own, law in laws(fit, draws):
        shocked = FactorsAhead(law, scenario.periods).shocked_by(scenario, fit.panel.factor_names, complete)
        drawn = outcomes(shocked, weights, rng)
        rate = draws["zero_beta"].isel(draw=own).values.reshape(-1, 1) if "zero_beta" in draws else None
        some = {
            "expected": expected_by_source(shocked.ahead, shocked.away, rate, weights),
            "outcome": drawn.returns,
            "floored": drawn.floored,
            "factors": shocked.mean,
            "factor_sd": shocked.sd,
            "distance": np.stack([shocked.distance(volatility) for volatility in VOLATILITIES], axis=1),
        }
        if held.positions is not None:
            some |= stressed_book(held.positions, shocked, drawn, some["expected"])
        yield own, some
