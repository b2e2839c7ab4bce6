"""Simulated returns of the periods ahead, one path for every draw."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from bayesfactor.analysis.portfolio.portfolio_weights import least_returns
from bayesfactor.posterior.predictive_law import PredictiveLaw

PERIOD = "a return of a period"


@dataclass(frozen=True, eq=False)
class Period:
    """One period of the simulated paths.

    Returns, and what they are expected to be given the draw (sample, asset); factors from their means (sample, factor).
    """

    returns: np.ndarray
    expected: np.ndarray
    shocks: np.ndarray


class HeldAlongPaths(Protocol):
    """What is held as it is and not brought back to weights, and prices itself."""

    def move(self, period: Period, growth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take the next period, and the growth of the assets since the start (sample, asset).

        Return its own growth since the start, and what that is expected to be given the draw (sample, entry).
        """


@dataclass(frozen=True, eq=False)
class Compounded:
    """Several periods: compounded returns, their expectation, and whether one was below -1 (sample, entry).

    Paths are of returns compounded from the first period to each, and of their expectation (sample, period, kept).
    """

    returns: np.ndarray
    expected: np.ndarray
    floored: np.ndarray
    paths: np.ndarray
    expected_paths: np.ndarray


def compounded(
    law: PredictiveLaw,
    periods: int,
    weights: np.ndarray,
    rng: np.random.Generator,
    kept: Sequence[int] = (),
    book: HeldAlongPaths | None = None,
) -> Compounded:
    """Return the compounded returns of assets, then of portfolios of constant weights (portfolio, asset), then a book.

    The return of a period is not below -1, but of a portfolio without capital. Paths are those of the entries `kept`.
    A book is held as it is, and says itself what it returns.
    """
    places = np.array(kept, dtype=int)
    assets = law.sd.shape[1]
    least = least_returns(weights)
    outcome, expected = np.ones((2, len(law.sd), assets + len(weights)))
    bound = np.zeros(outcome.shape, dtype=bool)
    walked, expected_walk = np.empty((2, len(law.sd), periods, len(places)))
    for j, period in enumerate(paths(law, periods, rng)):
        returns = np.concatenate([period.returns, np.maximum(period.returns, -1.0) @ weights.T], axis=1)
        bound |= returns < least
        outcome *= 1 + np.maximum(returns, least)
        expected *= 1 + np.concatenate([period.expected, period.expected @ weights.T], axis=1)
        ends = outcome, expected
        if book is not None:
            own = book.move(period, outcome[:, :assets])
            ends = np.concatenate([outcome, own[0]], axis=1), np.concatenate([expected, own[1]], axis=1)
        walked[:, j], expected_walk[:, j] = (one[:, places] - 1 for one in ends)
    floored = np.pad(bound, ((0, 0), (0, ends[0].shape[1] - bound.shape[1])))
    return Compounded(ends[0] - 1, ends[1] - 1, floored, walked, expected_walk)


def paths(
    law: PredictiveLaw, periods: int, rng: np.random.Generator, shocks: Iterator[np.ndarray] | None = None
) -> Iterator[Period]:
    """Yield the periods ahead, from the next one on: volatility and loadings wander, and all revert.

    `shocks` are those of the factors, from their means (sample, factor); drawn from their law where they are not given.
    """
    drawn = _factor_shocks(law, periods, rng) if shocks is None else shocks
    volatility = law.log_volatility
    own = None if law.wander is None else np.zeros_like(law.loading)  # of a loading, around its reverting mean
    for j in range(periods):
        if j:
            volatility = _moved(volatility, law.volatility_phi, law.size, rng)
            if own is not None and law.wander is not None:
                own = _moved(own, law.loading_phi[:, None, None], law.wander, rng)
        centre = reverted(law.loading, law.long_run, law.loading_phi, j)
        loading = centre if own is None else centre + own
        growth = np.exp(volatility - law.log_volatility)[:, None] * law.drift_at(j)
        away = next(drawn)
        yield Period(
            law.intercept + np.einsum("sik,sk->si", loading, law.premium + away) + growth * _residuals(law, rng),
            law.intercept + np.einsum("sik,sk->si", centre, law.premium),
            away,
        )


def floor_note_of(what: str, shares: pd.Series, among: str = "all") -> tuple[str, ...]:
    """Say in which share of draws the floor bound, of the entry of which it was most; nothing where it never did.

    `among` says what the entries are.
    """
    return floor_note(what, shares.max(), f" of '{shares.idxmax()}', the most of {among}") if len(shares) else ()


def floor_note(what: str, share: float, whose: str = "") -> tuple[str, ...]:
    """Say in which share of draws the floor of -1 bound; nothing where it never did."""
    if not share > 0:
        return ()
    return (f"{what} below -100 % was taken as -100 %: in {100 * share:.3g} % of draws{whose}",)


def factor_covariance(law: PredictiveLaw, j: int) -> np.ndarray:
    """Return the factors' covariance (sample, factor, factor) j periods after the next."""
    return reverted(law.cov, law.long_run_cov, law.cov_phi, j)


def _factor_shocks(law: PredictiveLaw, periods: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield draws of the factors from their means (sample, factor), of independent periods."""
    still = law.long_run_cov is law.cov
    for j in range(periods):
        root = law.root if still or not j else np.linalg.cholesky(factor_covariance(law, j))
        yield np.einsum("skl,sl->sk", root, rng.standard_normal(law.premium.shape))


def _moved(value: np.ndarray, phi: np.ndarray, size: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the next value of a first-order autoregression whose long-run standard deviation is `size`."""
    return phi * value + size * np.sqrt(1 - phi**2) * rng.standard_normal(value.shape)


def reverted(now: np.ndarray, long_run: np.ndarray, phi: np.ndarray, j: int) -> np.ndarray:
    """Return what is between the next period's value and the long run's, j periods after the next."""
    if long_run is now or not j:
        return now
    return long_run + (phi**j)[:, None, None] * (now - long_run)


def _residuals(law: PredictiveLaw, rng: np.random.Generator) -> np.ndarray:
    """Return residuals (sample, asset) at the volatility of the next period."""
    own = law.sd * rng.standard_normal(law.sd.shape) * np.sqrt(law.tail_scales(law.sd.shape[1:], rng))
    if not law.common.shape[2]:
        return own
    z = rng.standard_normal((len(own), law.common.shape[2]))
    return own + np.einsum("sik,sk->si", law.common, z)
