"""What models are scored beside: the mean of all earlier returns, with their exponentially weighted covariance."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesfactor.analysis.comparison.dated_scores import scores_of_date, stacked
from bayesfactor.analysis.comparison.judged import Judged
from bayesfactor.analysis.comparison.one_step import Marginals, Together
from bayesfactor.analysis.comparison.scoring_rules import crps_of_mixture, equal, log_density, probability
from bayesfactor.analysis.comparison.weighted_covariance import weighted_covariances

EWMA = "EWMA"
LAW = "a normal law, the mean of earlier returns with their exponentially weighted covariance"
DECAY = 0.97  # RiskMetrics' of months (1996)


@dataclass(frozen=True, eq=False)
class MomentsLaw:
    """Normal returns over some periods, of independent ones with the same moments.

    Attributes
    ----------
    mean : array (entry)
        Of one period: of assets, then of portfolios.
    covariance : array (asset, asset)
        Of one period; NaN where it is not known.
    periods : int
    """

    mean: np.ndarray
    covariance: np.ndarray
    periods: int

    def judge(
        self, returns: np.ndarray, held: np.ndarray, factors: np.ndarray, weights: np.ndarray
    ) -> tuple[Marginals, Marginals, Together]:
        """Return the scores of assets and of portfolios of weights (portfolio, asset); none of all together."""
        known, held_in = np.isfinite(self.covariance), weights != 0
        lost = ((held_in @ ~known) & held_in).any(axis=1)
        of_portfolios = np.einsum("pi,ij,pj->p", weights, np.where(known, self.covariance, 0.0), weights)
        count = len(returns)
        assets = self._marginals(returns, self.mean[:count], np.diag(self.covariance))
        portfolios = self._marginals(held, self.mean[count:], np.where(lost, np.nan, of_portfolios))
        return assets, portfolios, Together(np.nan, np.nan, np.nan)

    def _marginals(self, observed: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> Marginals:
        """Return the scores of entries; an sd of NaN where the variance is not known, or is none."""
        growth, many = (1 + mean) ** 2, self.periods
        whole = variance if many == 1 else (growth + variance) ** many - growth**many
        sd = np.sqrt(np.where(whole > 0, whole, np.nan))
        centre = (1 + mean) ** many - 1
        law = centre[None], sd[None], equal(centre[None])
        density = log_density(observed, *law)
        return Marginals(
            mean=centre,
            sd=sd,
            log_score=density if many == 1 else np.full(len(sd), np.nan),
            crps=crps_of_mixture(observed, *law, within=2 * sd / np.sqrt(np.pi)),
            pit=probability(observed, *law),
        )


def benchmark(entries: Judged, judged: pd.DataFrame, periods: int, decay: float) -> pd.DataFrame:
    """Return the rows of `Scores.dates` of the benchmark, on the dates and of the assets that models are judged by."""
    panel = entries.panel
    of_date = judged[judged["kind"] == "asset"].groupby("date", sort=True)["asset"].unique()
    starts = (np.searchsorted(panel.times, of_date.index.to_numpy()) - periods + 1).tolist()
    place = {name: number for number, name in enumerate(panel.assets)}
    parts = []
    found = weighted_covariances(panel.returns.values, decay, starts)
    for start, names, covariance in zip(starts, of_date, found, strict=True):
        members = np.array(sorted(place[name] for name in names))
        law = MomentsLaw(entries.past_means(start, members), covariance[np.ix_(members, members)], periods)
        parts.append(scores_of_date(law, entries, slice(start, start + periods), members, np.empty(0))[0])
    return stacked({"model": EWMA, "fit": ""}, parts)
