"""Scores of the law of returns that are compounded over several periods, which has no density."""

from dataclasses import dataclass

import numpy as np

from bayesfactor.analysis.comparison.one_step import Marginals, Together
from bayesfactor.analysis.comparison.scoring_rules import crps_of_sample, energy_score
from bayesfactor.analysis.scenarios.simulation import compounded
from bayesfactor.posterior.predictive_law import PredictiveLaw


@dataclass(frozen=True, eq=False)
class SeveralSteps:
    """The law of returns over several periods, by one simulated path at every draw."""

    law: PredictiveLaw
    periods: int
    rng: np.random.Generator

    def judge(
        self, returns: np.ndarray, held: np.ndarray, factors: np.ndarray, weights: np.ndarray
    ) -> tuple[Marginals, Marginals, Together]:
        """Return the scores of assets, of portfolios of weights (portfolio, asset), and of all assets together."""
        sample = compounded(self.law, self.periods, weights, self.rng).returns
        seen = np.flatnonzero(np.isfinite(returns))
        together = Together(np.nan, np.nan, energy_score(returns[seen], sample[:, seen]))
        assets = len(returns)
        return _marginals(returns, sample[:, :assets]), _marginals(held, sample[:, assets:]), together


def _marginals(observed: np.ndarray, sample: np.ndarray) -> Marginals:
    return Marginals(
        mean=sample.mean(axis=0),
        sd=sample.std(axis=0, ddof=1),
        log_score=np.full(len(observed), np.nan),
        crps=crps_of_sample(observed, sample, fair=True),
        pit=(sample < observed).mean(axis=0),
    )
