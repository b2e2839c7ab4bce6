"""How estimates changed from one fit to a later one: premia, loadings and risk."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.attribution.decomposition import attribute
from bayesfactor.analysis.attribution.variances import moves
from bayesfactor.analysis.comparison.consecutive_fits import Between, between
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO, holdings
from bayesfactor.base.errors import SpecError, unknown
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import percent
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.residual_variance import COMMON, OWN
from bayesfactor.posterior.summaries import finished, justified, summarise

SAME, WITHIN, OUTSIDE, ONE_ONLY = (
    "within Monte Carlo error", "within the earlier interval", "outside the earlier interval", "not in both fits",
)  # fmt: skip
ROUNDING = 1e-12  # of a number, within which two are the same
DIGIT = 10  # by which a change has a finer unit than the estimates, of which it is a small part
ERRORS = 2  # Monte Carlo standard errors within which a change is none
QUANTITIES = ("premium", "risk premium", "loading", "volatility", "residual share")
UNITS = "decimal, per year; loadings per unit of the factor"
NUMBERS = ["mean", "sd", "lower", "upper"]


@dataclass(frozen=True, eq=False)
class Revisions:
    """What changed between two fits; see `revisions`.

    Attributes
    ----------
    between : Between
        Periods, assets, factors and choices of the model that came or left.
    weights : Series
        Of the portfolio that was compared, of assets that both fits have.
    expected : float
        By how much the new periods are expected to move an estimate that only the data tell, as a standard deviation,
        in posterior standard deviations of the earlier fit; NaN where more than data came between the fits.
    notes : tuple of str
        What a reader of the table should know.
    problems : tuple of str
        Why either fit cannot be trusted.
    estimates : DataFrame
        As `table` returns them.
    """

    between: Between
    weights: pd.Series
    expected: float
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    estimates: pd.DataFrame

    def table(self, quantity: str | None = None) -> pd.DataFrame:
        """Return every estimate as it was and as it is.

        Parameters
        ----------
        quantity : {"premium", "risk premium", "loading", "volatility", "residual share"}, optional
            By default all.

        Returns
        -------
        DataFrame
            Columns ``quantity``; ``asset``, of which the portfolio is one, empty of a factor's risk premium;
            ``source``: a source of the portfolio's premium, or ``total``; a factor; ``previous``, ``previous_sd``,
            ``previous_lower``, ``previous_upper`` and ``mean``, ``sd``, ``lower``, ``upper``: posterior mean, standard
            deviation and interval of both fits; ``change``; ``change_in_sd``: in ``previous_sd``; ``mcse``: the Monte
            Carlo standard error of the change; and ``verdict``.

        Raises
        ------
        SpecError
            When there is no such quantity.
        """
        if quantity is None:
            table = self.estimates.copy()
        elif quantity in QUANTITIES:
            table = self.estimates[self.estimates["quantity"] == quantity].reset_index(drop=True)
        else:
            raise unknown("quantity", quantity, QUANTITIES, place="Revisions.table")
        return finished(table, {**self.estimates.attrs, "notes": self.notes}, self.problems)


def revisions(
    fit: Fit,
    previous: Fit,
    *,
    portfolio: Mapping[str, float] | pd.Series | None = None,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> Revisions:
    r"""Return how estimates changed from an earlier fit to a later one: premia, loadings and risk.

    Of an estimate with posterior mean m and standard deviation s in each fit, 0 the earlier and 1 the later one,

    .. math:: m_1 - m_0, \qquad (m_1 - m_0) / s_0

    and where :math:`m_1` lies: outside the earlier interval, within it, or so near to :math:`m_0` that the two cannot
    be told apart by as many draws (within 2 Monte Carlo standard errors).

    Parameters
    ----------
    fit, previous : Fit
        The later and the earlier one: on one calendar, with assets in common. Any models.
    portfolio : mapping or Series of asset to weight, optional
        By default all assets that both fits have, equally weighted. Assets that one of the fits lacks are left out, and
        a note says so.
    ci_prob, ci_kind
        The interval of both fits.

    Returns
    -------
    Revisions

    Raises
    ------
    FitError, SpecError
        When one is no fit; when they have no asset in common, other calendars or series in other units, or are given
        in the wrong order; when both lack assets of the portfolio so that nothing is left of it.

    Notes
    -----
    Two fits of overlapping data are not independent: :math:`\sqrt{s_0^2 + s_1^2}` is not the standard deviation of the
    change. Under the model and the earlier fit, by the law of total variance, that is
    :math:`\sqrt{s_0^2 - E[s_1^2]}`: new data are expected to move a mean by less than :math:`s_0`, and n new periods
    beside N by :math:`s_0 \sqrt{n / (N + n)}` where the prior says little, and by less where it says much
    (``expected``; Hausman 1978 has the same variance of a difference). Where the model, assets or factors changed, a
    change is that of data and model together: a factor's contribution depends on which others are there.
    """
    require_fit(fit, "revisions")
    found = between(fit, previous, "revisions.previous")
    weights, notes = _held(fit, found, portfolio)
    now, then = (_estimates(one, found, weights, (ci_prob, ci_kind)) for one in (fit, previous))
    table = pd.concat([_beside(now[name], then[name], name) for name in QUANTITIES], ignore_index=True)
    table.attrs = {
        "ci_kind": ci_kind,
        "ci_prob": ci_prob,
        "units": UNITS,
    }
    problems = (*fit.problems, *(f"the earlier fit: {problem}" for problem in previous.problems))
    steady = not any(moves(one.posterior) or one.design.weight is not None for one in (fit, previous))
    return Revisions(
        found,
        weights,
        (found.new / (found.periods + found.new)) ** 0.5 if found.only_data and steady else np.nan,
        notes,
        problems,
        table,
    )


def _held(
    fit: Fit, found: Between, portfolio: Mapping[str, float] | pd.Series | None
) -> tuple[pd.Series, tuple[str, ...]]:
    """Return weights of assets that both fits have, and notes on what is left out."""
    if portfolio is None:
        count = len(found.assets)
        return pd.Series(1 / count, index=list(found.assets), name="weight"), (
            f"the {PORTFOLIO} is the {count} assets of both fits, equally weighted",
        )
    given = holdings(fit.panel, "asset", portfolio).sel(asset=PORTFOLIO).to_series().rename("weight")
    given = given[given != 0]
    kept, lost = given[given.index.isin(found.assets)], given[~given.index.isin(found.assets)]
    if kept.empty:
        raise SpecError(
            f"revisions: no asset of the {PORTFOLIO} is in the earlier fit.",
            place="revisions.portfolio",
            found=tuple(given.index),
            allowed=found.assets,
            remedy="Leave the portfolio out: all assets of both fits are then compared, equally weighted.",
        )
    if lost.empty:
        return kept, ()
    names = ", ".join(f"{name} ({percent(weight)})" for name, weight in lost.items())
    return kept, (f"the {PORTFOLIO} is compared without what the earlier fit lacks: {names}",)


def _estimates(fit: Fit, found: Between, weights: pd.Series, asked: tuple[float, Interval]) -> dict[str, pd.DataFrame]:
    """Return the estimates of a fit by quantity, each by asset and source."""
    entries, posterior = [PORTFOLIO, *found.assets], fit.posterior
    premium = attribute(fit, "premium", portfolio=weights).draws.sel(asset=entries)
    variance = attribute(fit, "variance", portfolio=weights)
    total = variance.draws.sel(source=["total"], asset=entries)
    assets, factors = list(found.assets), list(fit.panel.factor_names)
    loading = posterior["loading"].sel(asset=assets).rename(factor="source")
    paid = (posterior["risk_premium"] * fit.panel.periods_per_year).rename(factor="source")
    drawn = {
        "premium": [premium.sel(asset=[PORTFOLIO]), premium.sel(source=["total"], asset=assets)],
        "risk premium": [paid.expand_dims(asset=[""])],
        "loading": [loading.sel(source=[name for name in factors if name in found.factors])],
        "volatility": [total**0.5],
        "residual share": [residual_share(variance.draws.sel(asset=entries)).expand_dims(source=["total"])],
    }
    return {name: pd.concat([_summary(one, *asked) for one in parts]) for name, parts in drawn.items()}


def residual_share(variance: xr.DataArray) -> xr.DataArray:
    """Return the share of variances (..., source) that comes from residuals, common ones included."""
    of_residuals = [name for name in (COMMON, OWN) if name in variance["source"].values]
    return variance.sel(source=of_residuals).sum("source") / variance.sel(source="total", drop=True)


def _summary(draws: xr.DataArray, prob: float, kind: Interval) -> pd.DataFrame:
    """Return mean, sd, interval, Monte Carlo error, and mean and sd with all their digits, by asset and source."""
    draws = draws.transpose("chain", "draw", "asset", "source")
    if not draws.sizes["source"]:
        index = pd.MultiIndex.from_arrays([[], []], names=["asset", "source"])
        return pd.DataFrame(columns=[*NUMBERS, "mcse", "exact", "exact_sd"], index=index, dtype=float)
    table = summarise(draws, prob, kind).set_index(["asset", "source"])[[*NUMBERS, "mcse"]]
    flat = draws.values.reshape(-1, *draws.shape[2:])
    return table.assign(exact=flat.mean(axis=0).ravel(), exact_sd=flat.std(axis=0, ddof=1).ravel())


def _beside(now: pd.DataFrame, then: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """Return the estimates of both fits, their changes, and what is to be made of these."""
    index = _ordered(list(now.index), list(then.index))
    now, then = (one.reindex(index) for one in (now, then))
    table = pd.concat([then[NUMBERS].add_prefix("previous_"), now[NUMBERS]], axis=1)
    table = table.rename(columns={"previous_mean": "previous"})
    error = np.hypot(now["mcse"], then["mcse"])
    change = now["exact"] - then["exact"]
    table["change"] = justified(change, error / DIGIT)
    table["change_in_sd"] = change / then["exact_sd"].where(then["sd"] > 0)
    table["mcse"] = error
    outside = (table["mean"] < table["previous_lower"]) | (table["mean"] > table["previous_upper"])
    alike = change.abs() <= np.maximum(ERRORS * error, ROUNDING * then["exact"].abs())
    table["verdict"] = np.select([change.isna(), alike, outside], [ONE_ONLY, SAME, OUTSIDE], WITHIN)
    return table.reset_index().assign(quantity=quantity)[["quantity", *index.names, *table.columns]]


def _ordered(now: list[tuple[str, str]], then: list[tuple[str, str]]) -> pd.MultiIndex:
    """Return the labels of either, in the order of the first, with those that left before the total."""
    left = [label for label in then if label not in now]
    end = next((place for place, label in enumerate(now) if label[1] == "total"), len(now))
    return pd.MultiIndex.from_tuples([*now[:end], *left, *now[end:]], names=["asset", "source"])
