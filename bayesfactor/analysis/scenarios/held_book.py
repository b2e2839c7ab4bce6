"""A book with options along simulated paths: repriced as time goes by, and paid out where options expire."""

import numpy as np

from bayesfactor.analysis.portfolio.options.exposures import Positions
from bayesfactor.analysis.scenarios.growth_moments import GrowthMoments
from bayesfactor.analysis.scenarios.repriced_book import PARTS, changes_of, moves_of
from bayesfactor.analysis.scenarios.simulation import Period
from bayesfactor.posterior.predictive_law import PredictiveLaw

SAME = 1e-9  # years
NODES = 7  # of the Gauss-Hermite rule over the volatility factor


class HeldBook:
    """A book that is bought and held, at draws.

    An option that expires is paid at the end of the period in which it does, in its unit of account, and earns what
    cash does from then on.
    """

    def __init__(self, positions: Positions, law: PredictiveLaw) -> None:
        self.positions, self.law, self.years = positions, law, 0.0
        self.factors = np.zeros(law.premium.shape)
        self.used, self.place = np.unique(positions.asset, return_inverse=True)
        self.moments = GrowthMoments(law, self.used, positions.volatility_factor)
        self.values = self.means = np.broadcast_to(positions.now, (len(law.sd), len(positions.names)))
        self.growth = np.ones(law.sd.shape)

    def move(self, period: Period, growth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what 1 of capital has become, and is expected to be (sample, 1), with this period."""
        years, held = self.positions.contracts.years, len(self.positions.held)
        open_now = np.append(years > self.years + SAME, np.ones(held, dtype=bool))
        self.years = (self.moments.periods + 1) * self.positions.period
        self.factors = self.factors + self.law.factor_mean + period.shocks
        self.growth = growth.copy()
        self.moments.add(period.expected)
        changes = changes_of(self.positions, self.factors)
        self.values = np.where(open_now, self.positions.values(growth, *changes, self.years), self.values)
        self.means = np.where(open_now, self._expected(), self.means)
        capital, now = self.positions.book.capital, self.positions.now
        drawn, mean = ((one - now).sum(axis=1, keepdims=True) / capital for one in (self.values, self.means))
        return 1 + drawn, 1 + mean

    @property
    def parts(self) -> dict[str, np.ndarray]:
        """The `PARTS` of a repriced book, at the end of the periods so far."""
        now = self.positions.now
        moves = moves_of(self.positions, self.growth, self.factors)
        return dict(zip(PARTS, (self.values - now, self.means - now, moves), strict=True))

    def _expected(self) -> np.ndarray:
        r"""Return expected values (sample, position).

        Given what the volatility factor did, growth is lognormal with the variance v: the expected value of an option
        is then Black's with :math:`\sigma^2 T + v` in place of :math:`\sigma^2 T`. Over the factor, which is normal,
        by Gauss and Hermite. In coin, :math:`E[V/F] = E[1/F] \, E^*[V]`, where the forward is lower by exp(-v).
        """
        moments, own = self.moments, self.place[: len(self.positions.quantity)]
        sd = np.sqrt(moments.factor_variance)
        slope = np.divide(moments.together, sd[:, None], out=np.zeros_like(moments.together), where=sd[:, None] > 0)
        left = np.maximum(moments.variance - slope**2, 0.0)[:, own]
        rate = moments.periods * changes_of(self.positions, self.law.factor_mean)[1]
        total = np.zeros((len(sd), len(own)))
        for node, weight in zip(*_rule(NODES if self.positions.volatility_factor >= 0 else 1), strict=True):
            mean = (moments.mean * np.exp(slope * node - slope**2 / 2))[:, own]
            total += weight * self._given(mean, left, moments.factor_mean + sd * node, rate)
        held = np.broadcast_to(self.positions.held, (len(sd), len(self.positions.held)))
        if not self.positions.in_coin:
            held = held * moments.mean[:, self.place[len(own) :]]
        return np.concatenate([self.positions.quantity * total, held], axis=1)

    def _given(self, mean: np.ndarray, variance: np.ndarray, change: np.ndarray, rate: np.ndarray) -> np.ndarray:
        """Return expected values of one of each option (sample, option), given what the volatility factor did."""
        contracts = self.positions.contracts
        years = np.maximum(contracts.years - self.years, 0.0)
        spread = np.sqrt(self.positions.moved(change) ** 2 * years + variance)
        discount = self.positions.discounts(rate, years)
        forward = contracts.forward * mean
        if not self.positions.in_coin:
            return discount * self.positions.undiscounted(forward, spread)
        return discount * self.positions.undiscounted(forward * np.exp(-variance), spread) * np.exp(variance) / forward


def _rule(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights of the expectation over a standard normal variable."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return nodes, weights / weights.sum()
