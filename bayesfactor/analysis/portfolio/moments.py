"""Mean and covariance of future returns, with the doubt about every parameter in them."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from bayesfactor.analysis.portfolio.horizon_sums import HorizonSums, common_covariance, horizon_sums, summed_covariance
from bayesfactor.base.arguments import require_periods
from bayesfactor.base.wording import periods_in_words
from bayesfactor.panel.panel import Panel
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.next_period import at_end_of
from bayesfactor.posterior.predictive_law import PredictiveLaw, laws


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean and covariance of the predictive law of excess returns, summed over the periods ahead.

    Attributes
    ----------
    periods : int
        How many periods of the panel.
    mean : Series (asset)
    covariance : DataFrame (asset, asset)
        ``from_factors`` + ``from_residuals`` + ``mean_covariance``.
    from_factors, from_residuals : DataFrame (asset, asset)
        Posterior means of the covariance that comes of the factors, and of residuals.
    mean_covariance : DataFrame (asset, asset)
        Posterior covariance of the expected returns: the doubt about them.
    problems : tuple of str
        Why the fit cannot be trusted.
    annual : Moments or None
        Of the sum over the year ahead; None of what is that already.
    """

    periods: int
    mean: pd.Series
    covariance: pd.DataFrame
    mean_covariance: pd.DataFrame
    from_factors: pd.DataFrame
    from_residuals: pd.DataFrame
    problems: tuple[str, ...] = ()
    annual: "Moments | None" = field(default=None, repr=False)

    def __repr__(self) -> str:
        many = f"{periods_in_words(self.periods)} ahead"
        return f"Moments({len(self.mean)} assets, {many}{', the fit has problems' * bool(self.problems)})"


def moments(fit: Fit, periods: int = 1, after: Panel | None = None) -> Moments:
    r"""Return the predictive mean and covariance of returns, as exact averages over the draws.

    Of one period, with loadings B, premia lambda, covariances Omega of factors and D of residuals in every draw:

    .. math:: m = \alpha + \lambda_0 + B \lambda, \quad S = B \Omega B' + D, \quad
              \mathrm{Cov}(r) = E[S] + \mathrm{Var}(m)

    Of a sum of h periods the mean and S are sums over the periods, so that the doubt about the mean grows with h^2.

    Parameters
    ----------
    fit : Fit
    periods : int
        h, in periods of the panel. Volatility, the factors' covariance and loadings that move revert to their long run.
    after : Panel, optional
        The fit's panel with newer rows: what moves is brought to the period after its last row, without sampling.

    Returns
    -------
    Moments
        Decimals, of simple excess returns that are summed and not compounded.

    Raises
    ------
    SpecError, DataError, FitError
        When it is no fit, `periods` is no positive integer, or `after` does not go on from the fit's panel.

    Notes
    -----
    The covariance is that of the predictive law, for whoever holds the portfolio: it contains the doubt about means.
    Residuals are independent across assets unless the draws have ``residual_loading``. Expectations over the paths of
    volatility and loadings are in closed form.
    """
    require_fit(fit, "moments")
    require_periods(periods, "moments")
    later = fit if after is None else at_end_of(fit, after, "moments")
    year = later.panel.periods_per_year
    assets, problems = later.panel.assets, fit.problems
    found = {h: _Totals(h, len(assets)) for h in {int(periods), year}}
    for _, law in laws(later, later.posterior):
        still = None if law.moves else _part(law, 1)  # of which that of more periods is a multiple
        for totals in found.values():
            totals.add(_part(law, totals.periods) if still is None else still.times(totals.periods))
    annual = found[year].moments(assets, problems)
    return annual if periods == year else found[int(periods)].moments(assets, problems, annual)


class _Totals:
    """Sums over draws of the covariance given the parameters, and every draw's mean."""

    def __init__(self, periods: int, assets: int) -> None:
        self.periods, self.means, self.draws = periods, list[np.ndarray](), 0
        self.factors, self.residuals = np.zeros((assets, assets)), np.zeros((assets, assets))

    def add(self, part: "_Part") -> None:
        """Add the law at some draws."""
        self.means.append(part.means)
        self.draws += len(part.means)
        self.factors += part.factors
        self.residuals += part.residuals

    def moments(self, names: tuple[str, ...], problems: tuple[str, ...], annual: Moments | None = None) -> Moments:
        """Return the averages over the draws."""
        index = pd.Index(names, name="asset")

        def matrix(values: np.ndarray) -> pd.DataFrame:
            return pd.DataFrame((values + values.T) / 2, index, index)

        means = np.concatenate(self.means)
        mean = means.mean(axis=0)
        away = means - mean
        of_means = away.T @ away / self.draws
        factors, residuals = self.factors / self.draws, self.residuals / self.draws
        return Moments(
            periods=self.periods,
            mean=pd.Series(mean, index, name="mean"),
            covariance=matrix(factors + residuals + of_means),
            mean_covariance=matrix(of_means),
            from_factors=matrix(factors),
            from_residuals=matrix(residuals),
            problems=problems,
            annual=annual,
        )


class _Part(NamedTuple):
    """Means of the sum of periods at some draws (sample, asset); its covariance given them, summed over draws."""

    means: np.ndarray
    factors: np.ndarray
    residuals: np.ndarray

    def times(self, periods: int) -> "_Part":
        """Return that of so many periods of one law."""
        return _Part(*(periods * values for values in self))


def _part(law: PredictiveLaw, periods: int) -> _Part:
    sums, assets = horizon_sums(law, periods), np.arange(law.sd.shape[1])
    constant = law.long_run is law.loading
    gap = np.zeros((*law.sd.shape, 0)) if constant else law.loading - law.long_run
    means = periods * (law.intercept + np.einsum("sik,sk->si", law.long_run, law.premium))
    if not constant:
        means = means + sums.a[:, None] * np.einsum("sik,sk->si", gap, law.premium)
    root = _root(_between(law, sums, periods, constant), constant)
    columns = (np.concatenate([law.long_run, gap], axis=2) @ root).transpose(1, 0, 2).reshape(assets.size, -1)
    factors = columns @ columns.T
    if law.wander is not None:
        squares = law.wander**2 * _own_moves(law, sums)[:, None, :]
        factors[assets, assets] += squares.sum(axis=(0, 2))
    residuals = common_covariance(law, sums, periods)
    residuals[assets, assets] += (law.sd**2 * sums.own).sum(axis=0)
    return _Part(means, factors, residuals)


def _root(between: np.ndarray, regular: bool) -> np.ndarray:
    """Return L with L L' = C (sample, k, k); what lies between loadings and gaps of one period is singular."""
    if regular:
        return np.linalg.cholesky(between)
    values, vectors = np.linalg.eigh(between)
    return vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]


def _between(law: PredictiveLaw, sums: HorizonSums, periods: int, constant: bool) -> np.ndarray:
    """Return what is between long-run loadings and gaps: sums over periods of Omega_j, a_j Omega_j, a_j^2 Omega_j."""
    first = summed_covariance(law, float(periods), sums.c)
    if constant:
        return first
    once, twice = summed_covariance(law, sums.a, sums.ac), summed_covariance(law, sums.aa, sums.aac)
    return np.block([[first, once], [once, twice]])


def _own_moves(law: PredictiveLaw, sums: HorizonSums) -> np.ndarray:
    """Return (sample, factor) what one unit of a loading's long-run variance adds to the variance of a return."""
    own = np.einsum("skk->sk", law.cov), np.einsum("skk->sk", law.long_run_cov)
    squares = own[1] * (sums.s - sums.sc)[:, None] + own[0] * sums.sc[:, None]
    return squares + law.premium**2 * sums.ss[:, None]
