"""A book with options along simulated paths: repriced as time goes by, and paid out where options expire."""

from collections.abc import Mapping, Sequence

import numpy as np

from bayesfactor.analysis.portfolio.options.exposures import Positions
from bayesfactor.analysis.scenarios.growth_moments import GrowthMoments
from bayesfactor.analysis.scenarios.repriced_book import FLAT, PARTS, changes_of, moves_of
from bayesfactor.analysis.scenarios.simulation import Period, paths
from bayesfactor.posterior.predictive_law import PredictiveLaw

SAME = 1e-9  # years
NODES = 7  # of the Gauss-Hermite rule over the volatility factor
MORE = 16  # further paths of every draw, by which expectations are corrected
AWAY = ("corrections", "last corrections")  # names of the arrays of what these say


class HeldBook:
    """A book that is bought and held, at draws.

    An option that expires is paid at the end of the period in which it does, in its unit of account, and earns what
    cash does from then on.
    """

    def __init__(self, positions: Positions, law: PredictiveLaw, periods: int, rng: np.random.Generator) -> None:
        self.positions, self.law, self.years = positions, law, 0.0
        self.used, self.place = np.unique(positions.asset, return_inverse=True)
        self.moments = GrowthMoments(law, self.used, positions.volatility_factor)
        self.drawn = _Walk(positions, law)
        self.means = self.drawn.values
        own = law.of(self.used)
        self.others = [(_Walk(positions, law), paths(own, periods, each)) for each in rng.spawn(MORE)]
        self.corrections = np.zeros((len(law.sd), periods))

    def move(self, period: Period, growth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what 1 of capital has become, and is expected to be (sample, 1), with this period."""
        years, held = self.positions.contracts.years, len(self.positions.held)
        open_now = np.append(years > self.years + SAME, np.ones(held, dtype=bool))
        self.years = (self.moments.periods + 1) * self.positions.period
        self.moments.add(period.expected)
        self.drawn.move(growth, self.law.factor_mean + period.shocks, self.years, open_now)
        for walk, ahead in self.others:
            other = next(ahead)
            whole = walk.growth.copy()
            whole[:, self.used] *= 1 + np.maximum(other.returns, -1.0)
            walk.move(whole, self.law.factor_mean + other.shocks, self.years, open_now)
        self.means = np.where(open_now, self._expected(), self.means)
        self.corrections[:, self.moments.periods - 1] = self._correction.sum(axis=1)
        capital, now = self.positions.book.capital, self.positions.now
        drawn, mean = ((one - now).sum(axis=1, keepdims=True) / capital for one in (self.drawn.values, self.means))
        return 1 + drawn, 1 + mean

    @property
    def _correction(self) -> np.ndarray:
        """How far the mean value along the further paths is from the lognormal one (sample, option)."""
        options = len(self.positions.quantity)
        total = sum(walk.values[:, :options] for walk, _ in self.others)
        return total / MORE - self.means[:, :options]

    @property
    def parts(self) -> dict[str, np.ndarray]:
        """`PARTS` and `FLAT` of a book at the end of the periods so far, and corrections of its expectation."""
        now = self.positions.now
        moves = moves_of(self.positions, self.drawn.growth, self.drawn.factors)
        own = self.drawn.underlyings - 1
        found = dict(zip(PARTS, (self.drawn.values - now, self.means - now, moves, own), strict=True))
        return found | dict(zip((*AWAY, FLAT), (self.corrections, self._correction, self.drawn.flat), strict=True))

    def _expected(self) -> np.ndarray:
        r"""Return expected values (sample, position), with growth taken as lognormal (see `corrected`).

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


class _Walk:
    """A book along one path of every draw.

    Attributes
    ----------
    values : array (sample, position)
    growth : array (sample, asset)
    factors : array (sample, factor)
        Sums since the start.
    underlyings : array (sample, position)
        Growth since the start of what each position is on, to its end.
    flat : array (sample, option)
        Whether an implied volatility was taken as 0 at the end of a period.
    """

    def __init__(self, positions: Positions, law: PredictiveLaw) -> None:
        self.positions = positions
        self.factors, self.growth = np.zeros(law.premium.shape), np.ones(law.sd.shape)
        self.values = np.broadcast_to(positions.now, (len(law.sd), len(positions.names)))
        self.underlyings = np.ones(self.values.shape)
        self.flat = np.zeros((len(law.sd), len(positions.quantity)), dtype=bool)

    def move(self, growth: np.ndarray, moved: np.ndarray, years: float, still_open: np.ndarray) -> None:
        """Take the growth of the assets since the start, what the factors did in a period, and the time since."""
        self.growth, self.factors = growth.copy(), self.factors + moved
        changes = changes_of(self.positions, self.factors)
        self.flat = self.flat | self.positions.flat(changes[0], years)
        values = self.positions.values(growth, *changes, years)
        self.values = np.where(still_open, values, self.values)
        self.underlyings = np.where(still_open, growth[:, self.positions.asset], self.underlyings)


def corrected(found: Mapping[str, np.ndarray], capital: float, kept: Sequence[int]) -> dict[str, np.ndarray]:
    """Return arrays (chain, draw, ...) of a forecast, with expectations of options that are those of the law itself.

    The law of a draw is not lognormal: it has the tails of its residuals, of its volatility and of sums, and a return
    is not below -1. What further paths of every draw gain more, on average over all draws, is added in each. `kept`
    are the places of the book among the paths.
    """
    along, last = (found[name].mean(axis=(0, 1)) for name in AWAY)
    changed = {name: found[name].copy() for name in ("expected", "expected_paths", PARTS[1])}
    changed["expected"][..., -1] += along[-1] / capital
    changed["expected_paths"][..., kept] += along[:, None] / capital
    changed[PARTS[1]][..., : len(last)] += last
    return {**found, **changed}


def _rule(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights of the expectation over a standard normal variable."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return nodes, weights / weights.sum()
