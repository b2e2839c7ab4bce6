"""Mean and covariance of future returns, parameter uncertainty included."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from bayesfactor.analysis.portfolio.book_words import notes_on_book
from bayesfactor.analysis.portfolio.horizon_sums import HorizonSums, common_covariance, horizon_sums, summed_covariance
from bayesfactor.analysis.portfolio.portfolio_exposures import Exposures, exposures
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO, Portfolio
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
        Posterior covariance of the expected returns: how uncertain they are.
    problems : tuple of str
        Why the fit cannot be trusted.
    notes : tuple of str
        What to know of a portfolio.
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
    notes: tuple[str, ...] = ()
    annual: "Moments | None" = field(default=None, repr=False)

    def __repr__(self) -> str:
        many = f"{periods_in_words(self.periods)} ahead"
        of = f"{(self.mean.index != PORTFOLIO).sum()} assets{' and a portfolio' * (PORTFOLIO in self.mean.index)}"
        return f"Moments({of}, {many}{', the fit has problems' * bool(self.problems)})"


def moments(fit: Fit, periods: int = 1, portfolio: Portfolio | None = None, after: Panel | None = None) -> Moments:
    r"""Return the predictive mean and covariance of returns, as exact averages over the draws.

    Of one period, with loadings B, premia lambda, covariances Omega of factors and D of residuals in every draw:

    .. math:: m = \alpha + \lambda_0 + B \lambda, \quad S = B \Omega B' + D, \quad
              \mathrm{Cov}(r) = E[S] + \mathrm{Var}(m)

    Of a sum of h periods the mean and S are sums over the periods, so that the uncertainty of the mean grows with h^2.

    Parameters
    ----------
    fit : Fit
    periods : int
        h, in periods of the panel. Volatility, the factors' covariance and loadings that move revert to their long run.
    portfolio : mapping or Series of asset to weight, or Book, optional
        Adds one more entry, ``"portfolio"``, beside the assets. A book with options has the moments of its exposures at
        this instant, by delta, vega and rho: what it may lose is for `stress` and `forecast`, which reprice it.
    after : Panel, optional
        The fit's panel with newer rows: what moves is brought to the period after its last row, without sampling.

    Returns
    -------
    Moments
        Decimals, of simple excess returns that are summed and not compounded; money, of a book that is counted in it.

    Raises
    ------
    SpecError, DataError, FitError
        When it is no fit, `periods` is no positive integer, a weight is not one that can be used, or `after` does not
        go on from the fit's panel.

    Notes
    -----
    The covariance is that of the predictive law, for whoever holds the portfolio: it includes the uncertainty of means.
    Residuals are independent across assets unless the draws have ``residual_loading``. Expectations over the paths of
    volatility and loadings are in closed form.
    """
    require_fit(fit, "moments")
    require_periods(periods, "moments")
    later = fit if after is None else at_end_of(fit, after, "moments")
    year = later.panel.periods_per_year
    held = exposures(later.panel, "asset", portfolio)
    mixed = held.weights.ndim > 1
    found = {h: _Totals(h, len(later.panel.assets) + mixed) for h in {int(periods), year}}
    for _, of_assets in laws(later, later.posterior):
        law = _with_direct(of_assets, held) if mixed else of_assets
        still = None if law.moves else _part(law, 1)  # of which that of more periods is a multiple
        for totals in found.values():
            totals.add(_part(law, totals.periods) if still is None else still.times(totals.periods))
    annual = found[year].moments(held, fit.problems)
    return annual if periods == year else found[int(periods)].moments(held, fit.problems, annual)


def _with_direct(law: PredictiveLaw, held: Exposures) -> PredictiveLaw:
    """Return the law with one more entry after the assets: the direct loadings of a portfolio, without residual."""
    size, factors = len(law.sd), law.premium.shape[1]
    own = np.zeros(factors) if held.direct is None else held.direct.values[-1]

    def entry(array: np.ndarray, value: np.ndarray | float = 0.0) -> np.ndarray:
        added = np.broadcast_to(value, (size, 1, *array.shape[2:]))
        return np.concatenate([array, added], axis=1)

    loading = entry(law.loading, own)
    return replace(
        law,
        intercept=entry(law.intercept),
        sd=entry(law.sd),
        loading=loading,
        long_run=loading if law.long_run is law.loading else entry(law.long_run, own),
        common=entry(law.common),
        wander=None if law.wander is None else entry(law.wander),
        log_drift=np.append(law.log_drift, 0.0),
    )


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

    def moments(self, held: Exposures, problems: tuple[str, ...], annual: Moments | None = None) -> Moments:
        """Return the averages over the draws: of assets, and of a portfolio by its weights and its direct loadings."""
        index = pd.Index(held.weights["asset"].values, name="asset")
        entries = _entries(held)

        def matrix(values: np.ndarray) -> pd.DataFrame:
            own = entries @ values @ entries.T
            return pd.DataFrame((own + own.T) / 2, index, index)

        means = np.concatenate(self.means)
        mean = means.mean(axis=0)
        away = means - mean
        of_means = away.T @ away / self.draws
        factors, residuals = self.factors / self.draws, self.residuals / self.draws
        return Moments(
            periods=self.periods,
            mean=pd.Series(entries @ mean, index, name="mean"),
            covariance=matrix(factors + residuals + of_means),
            mean_covariance=matrix(of_means),
            from_factors=matrix(factors),
            from_residuals=matrix(residuals),
            problems=problems,
            notes=(*held.notes, *notes_on_book(held.positions, "moments")),
            annual=annual,
        )


def _entries(held: Exposures) -> np.ndarray:
    """Return what entries are made of (entry, asset): of a portfolio, assets and then its direct loadings."""
    rows = held.weights.values
    if rows.ndim == 1:
        return np.eye(len(rows))
    return np.column_stack([rows, np.arange(len(rows)) == len(rows) - 1])


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
