"""Risk by position: what each holding adds to a portfolio's volatility, and how much the portfolio may lose."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.attribution.entries import portfolio_first
from bayesfactor.analysis.attribution.variances import notes_on_level
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO, holdings, leverage_note, without_capital
from bayesfactor.analysis.portfolio.residual_risk_words import notes_on_residual_risk
from bayesfactor.analysis.scenarios.losses import require_level, tail
from bayesfactor.analysis.scenarios.simulation import floor_note, paths
from bayesfactor.base.arguments import require_periods
from bayesfactor.base.intervals import Interval
from bayesfactor.base.records import FrozenResult
from bayesfactor.base.wording import periods_in_words
from bayesfactor.panel.panel import Panel
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.next_period import at_end_of
from bayesfactor.posterior.predictive_law import PredictiveLaw, laws
from bayesfactor.posterior.summaries import finished, summarise

HOLDING = "a holding's or the portfolio's return of a period"
MEASURES = ("component", "share", "marginal")
SUMMED = "the net weight is 0: returns of several periods are summed, as there is no capital in which they compound"


@dataclass(frozen=True, eq=False)
class PositionRisk(FrozenResult):
    """What each holding adds to the volatility of a portfolio, and the predictive law of its losses, as draws.

    Attributes
    ----------
    draws : DataArray (chain, draw, asset, measure)
        ``component``: what the holding adds to the volatility a year; those of all holdings add up to it in every draw.
        ``share``: the same over the volatility. ``marginal``: what one unit of weight more would add, also of an asset
        that is not held. Negative where the holding offsets the others.
    volatility : DataArray (chain, draw)
        Of the portfolio, a year, at the level of the next period.
    losses : DataArray (chain, draw)
        One simulated loss over all the periods at every draw of the posterior, decimal; a loss is positive.
    weights : Series (asset)
    periods : int
        The horizon of the losses, in periods of the panel.
    problems : tuple of str
        Why the fit cannot be trusted.
    notes : tuple of str
    """

    draws: xr.DataArray
    volatility: xr.DataArray
    losses: xr.DataArray
    weights: pd.Series
    periods: int
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def table(self, ci_prob: float = 0.9, ci_kind: Interval = "eti", *, rounded: bool = True) -> pd.DataFrame:
        """Return the contributions of every asset, and before them the portfolio's volatility.

        Parameters
        ----------
        ci_prob : float
            Probability of the intervals.
        ci_kind : {"eti", "hdi"}
            Equal-tailed, or of highest density.
        rounded : bool
            Whether to drop the digits that Monte Carlo error does not justify.

        Returns
        -------
        DataFrame
            Columns asset, measure, weight, mean, sd, lower, upper, prob_positive, mcse; ``warning`` when the fit failed
            a check. ``attrs`` hold ci_kind, ci_prob, units, notes and problems.
        """
        whole = xr.concat([self.volatility, xr.ones_like(self.volatility), self.volatility], "measure")
        whole = whole.assign_coords(measure=list(MEASURES), asset=PORTFOLIO)
        every = xr.concat([self.draws, whole.expand_dims("asset").transpose(*self.draws.dims)], "asset")
        table = summarise(every, ci_prob, ci_kind, rounded)
        attrs = {**table.attrs, "units": "decimal, per year; shares of 1", "notes": self.notes}
        weights = {**self.weights, PORTFOLIO: self.weights.sum()}
        table.insert(2, "weight", table["asset"].map(weights))
        table = portfolio_first(table).drop(index=len(MEASURES) - 1).reset_index(drop=True)
        return finished(table, attrs, self.problems)

    def tail(self, level: float = 0.95) -> pd.DataFrame:
        """Return value at risk and expected shortfall of the portfolio over the periods.

        Parameters
        ----------
        level : float
            Value at risk is the loss that is not exceeded with this probability; expected shortfall is the mean loss
            beyond it.

        Returns
        -------
        DataFrame (measure)
            Columns loss, mcse (its Monte Carlo standard error); ``warning`` when the fit failed a check. A loss is
            positive; a negative one is a gain. ``attrs`` hold level, periods, units, notes and problems.

        Raises
        ------
        SpecError
            When the level is not between 0.5 and 1, or no draw is beyond it.

        Notes
        -----
        Quantiles of the predictive law, parameter uncertainty included. Of n draws,
        (1 - level) n are beyond the level.
        """
        require_level(level, self.losses.size, "PositionRisk.tail")
        table = tail(self.losses, float(level))
        units = f"decimal over {periods_in_words(self.periods)}; a loss is positive"
        attrs = {"level": level, "periods": self.periods, "units": units, "notes": self.notes}
        return finished(table, attrs, self.problems)

    def __repr__(self) -> str:
        found, many = self.tail(), periods_in_words(self.periods)
        held = int((self.weights != 0).sum())
        volatility = 100 * float(self.volatility.mean())
        at_risk, shortfall = 100 * found["loss"]
        return (
            f"PositionRisk({held} holding{'s' * (held > 1)}: volatility {volatility:.3g} % a year; over {many}, "
            f"value at risk (95 %) {at_risk:.3g} %, expected shortfall {shortfall:.3g} %"
            f"{', the fit has problems' * bool(self.problems)})"
        )


def position_risk(
    fit: Fit, portfolio: Mapping[str, float] | pd.Series, periods: int = 1, after: Panel | None = None
) -> PositionRisk:
    r"""Return what each holding adds to a portfolio's volatility, and draws of what the portfolio may lose.

    With weights w, loadings B and covariances Omega of factors and D of residuals in every draw:

    .. math:: \sigma = \sqrt{w'(B \Omega B' + D) w}, \qquad
              \frac{\partial \sigma}{\partial w_i} = \frac{(B \Omega B' w + D w)_i}{\sigma}, \qquad
              \sigma = \sum_i w_i \frac{\partial \sigma}{\partial w_i}

    Losses are simulated as `forecast` simulates returns.

    Parameters
    ----------
    fit : Fit
    portfolio : mapping or Series of asset to weight
        Long and short; the net weight may be 0. A book with options is refused: it is no list of weights.
    periods : int
        Horizon of the losses, in periods of the panel; the portfolio is brought back to its weights every period.
    after : Panel, optional
        The fit's panel with newer rows: what moves is brought to the period after its last row, without sampling.

    Returns
    -------
    PositionRisk

    Raises
    ------
    SpecError, DataError, FitError
        When it is no fit, `periods` is no positive integer, a weight is not one that can be used, or `after` does not
        go on from the fit's panel.

    Notes
    -----
    Volatility is that of the next period, a year, given the parameters: its square is the total of
    ``attribute(fit, "variance", portfolio=...)`` in every draw. The losses, not it, have the uncertainty of the mean. A
    return of a period is not below -1, but of a portfolio whose net weight is 0: it has no capital to lose. The seed is
    the fit's, so that the same call gives the same draws.
    """
    require_fit(fit, "position_risk")
    require_periods(periods, "position_risk")
    later = fit if after is None else at_end_of(fit, after, "position_risk")
    held = holdings(later.panel, "asset", {} if portfolio is None else portfolio)
    weights = held.values[-1]
    summed = without_capital(weights)
    draws, rng, year = later.posterior, np.random.default_rng(fit.seed), later.panel.periods_per_year
    shape = draws.sizes["chain"], draws.sizes["draw"]
    volatility, loss, bound = np.empty(shape), np.empty(shape), np.empty(shape, dtype=bool)
    marginal = np.empty((*shape, weights.size))
    for own, law in laws(later, draws):
        sd, slope = _volatility(law, weights)
        found = _book(law, int(periods), weights, rng, summed)
        part = shape[0], -1
        volatility[:, own], loss[:, own] = sd.reshape(part), -found.returns.reshape(part)
        bound[:, own] = found.floored.reshape(part)
        marginal[:, own] = slope.reshape(*part, weights.size)
    volatility, marginal = volatility * np.sqrt(year), marginal * np.sqrt(year)
    component = marginal * weights
    parts = np.stack([component, component / volatility[:, :, None], marginal], axis=-1)
    index = {"chain": draws["chain"].values, "draw": draws["draw"].values}
    labels = {**index, "asset": list(later.panel.assets), "measure": list(MEASURES)}
    return PositionRisk(
        xr.DataArray(parts, labels, tuple(labels), name="contribution to volatility"),
        xr.DataArray(volatility, index, tuple(index), name="volatility"),
        xr.DataArray(loss, index, tuple(index), name="loss"),
        pd.Series(weights, pd.Index(later.panel.assets, name="asset"), name="weight"),
        int(periods),
        fit.problems,
        (
            *notes_on_level(later),
            *(SUMMED,) * (summed and periods > 1),
            *floor_note(HOLDING, bound.mean()),
            *leverage_note(held),
            *notes_on_residual_risk(later, weights, PORTFOLIO),
        ),
    )


def _volatility(law: PredictiveLaw, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the volatility of a period (sample) and its slope by weight (sample, asset)."""
    exposure = np.einsum("skl,sl->sk", law.cov, weights @ law.loading)
    moved = (law.loading @ exposure[:, :, None])[:, :, 0] + law.sd**2 * weights
    if law.common.shape[2]:
        moved += (law.common @ (weights @ law.common)[:, :, None])[:, :, 0]
    sd = np.sqrt(moved @ weights)
    return sd, moved / sd[:, None]


class _Book(NamedTuple):
    """Returns of a portfolio, and whether one of a period was below -1 (sample)."""

    returns: np.ndarray
    floored: np.ndarray


def _book(law: PredictiveLaw, periods: int, weights: np.ndarray, rng: np.random.Generator, summed: bool) -> _Book:
    """Return simulated returns over the periods: compounded, or summed."""
    whole, floored = np.zeros(len(law.sd)) if summed else np.ones(len(law.sd)), np.zeros(len(law.sd), dtype=bool)
    for period in paths(law, periods, rng):
        floored |= (period.returns[:, weights != 0] < -1).any(axis=1)
        each = np.maximum(period.returns, -1.0) @ weights
        if summed:
            whole += each
        else:
            floored |= each < -1
            whole *= 1 + np.maximum(each, -1.0)
    return _Book(whole if summed else whole - 1, floored)
