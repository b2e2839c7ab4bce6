"""What a report states, worked out once."""

from dataclasses import dataclass

import pandas as pd
import xarray as xr

from bayesfactor.analysis.assessment.checks import CheckReport, check
from bayesfactor.analysis.assessment.identification import cached_identification
from bayesfactor.analysis.assessment.loading_inclusion import has_inclusion, inclusion
from bayesfactor.analysis.assessment.pricing import price
from bayesfactor.analysis.attribution.attribution import Attribution
from bayesfactor.analysis.attribution.decomposition import attribute, split_again
from bayesfactor.analysis.attribution.prior_premium import prior_premium
from bayesfactor.analysis.comparison.revised_estimates import revisions
from bayesfactor.analysis.portfolio.portfolio_exposures import exposures
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO, holdings
from bayesfactor.analysis.scenarios.position_risk import position_risk
from bayesfactor.base.intervals import Interval
from bayesfactor.panel.regressions import least_squares_loadings
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.summaries import summarise
from bayesfactor.reporting.content.ahead import find_ahead
from bayesfactor.reporting.content.answer import OWN, answer, headline, told, whose
from bayesfactor.reporting.content.book import find_book
from bayesfactor.reporting.content.changes import find_changes
from bayesfactor.reporting.content.contents import Asked, Contents
from bayesfactor.reporting.content.measures import find_top, measures
from bayesfactor.reporting.content.parts import Measure
from bayesfactor.reporting.content.realised_spans import Portfolio, find_spans, find_years
from bayesfactor.reporting.content.scenarios import find_consequences
from bayesfactor.reporting.content.several_fits import ask_several

type Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True, eq=False)
class _Entries:
    """What is said of premia and variances: see `Contents`; `one` is the entry that the answer is about, if any."""

    one: str | None
    answer: tuple[str, ...]
    measures: tuple[Measure, ...]
    headline: Attribution
    premia: Tables
    added: pd.DataFrame | None
    risk: tuple[Tables, Tables, Tables]


def gather(fit: Fit, portfolio: Portfolio, title: str, ci_prob: float, ci_kind: Interval, asked: Asked) -> Contents:
    """Work out what a report states, of assets and a portfolio, and of a book with options.

    Raises
    ------
    SpecError, DataError
        When a weight or an interval is not one that can be used.
    """
    changed = None
    if asked.previous is not None:
        changed = revisions(fit, asked.previous, portfolio=portfolio, ci_prob=ci_prob, ci_kind=ci_kind)
    consequences = find_consequences(fit, portfolio, asked.scenarios, ci_prob, ci_kind)  # first: they may be refused
    ahead = None if asked.forecast is None else find_ahead(fit, portfolio, asked.forecast, ci_prob, ci_kind)
    checks = check(fit, portfolio)
    weights = None if portfolio is None else pd.Series(dict(portfolio.items()), name="weight", dtype=float)
    found = _entries(fit, weights, checks, ci_prob, ci_kind)
    known, held = cached_identification(fit), portfolio is not None
    moves = fit.movement is not None and fit.movement.factors is not None
    shares, volatility, residuals = found.risk
    return Contents(
        fit=fit,
        title=title or ("What pays the portfolio" if held else "What pays each asset"),
        ci_prob=ci_prob,
        ci_kind=ci_kind,
        weights=weights,
        answer=found.answer,
        told=told(found.headline, known.table(ci_prob, ci_kind), moves),
        measures=found.measures,
        headline=found.headline,
        prior=prior_premium(fit, found.one, portfolio=portfolio),
        premia=found.premia,
        shares=shares,
        volatility=volatility,
        residuals=residuals,
        spans=find_spans(fit, portfolio, ci_prob, ci_kind, asked.years),
        years=find_years(fit, portfolio, ci_prob, ci_kind),
        pricing=price(fit),
        loadings=_loadings(fit, checks, ci_prob, ci_kind),
        inclusion=inclusion(fit, ci_prob=ci_prob, ci_kind=ci_kind) if has_inclusion(fit) else None,
        exposure=_exposure(fit, portfolio, ci_prob, ci_kind),
        positions=None if portfolio is None else position_risk(fit, portfolio),
        added=found.added,
        identification=known,
        description=fit.describe(),
        checks=checks,
        changes=find_changes(fit, ci_prob, ci_kind),
        scenarios=consequences,
        ahead=ahead,
        models=ask_several(fit, asked.others, portfolio, ci_prob, ci_kind),
        causes=asked.causes,
        book=find_book(fit, asked.book, asked.scenarios, asked.forecast, ci_prob, ci_kind),
        revisions=changed,
        previous=asked.previous,
        chosen=asked.years,
    )


def _entries(fit: Fit, weights: pd.Series | None, checks: CheckReport, ci_prob: float, ci_kind: Interval) -> _Entries:
    """Return what is said of premia and variances; their draws, which are large of many assets, are not kept."""
    held, several = weights is not None, len(fit.panel.group_names) > 1
    paid = attribute(fit, portfolio=weights)
    premia = _premia(fit, paid, weights, ci_prob, ci_kind)
    added = None if weights is None else _added(paid, weights[weights != 0], ci_prob, ci_kind)
    variance = attribute(fit, "variance", portfolio=weights)
    risk = {"asset": _risk(variance, ci_prob, ci_kind)}
    main, one = headline(paid, held), whose(paid, held)
    top = find_top(main, variance, one, ci_prob, ci_kind)
    numbers = measures(top, variance, one, checks, fit.panel.calendar.period)
    sentences = answer(main, variance, top, one, held)
    del paid, variance
    if several:
        premia["group"] = attribute(fit, by="family", per="group").table(ci_prob, ci_kind)
        risk["group"] = _risk(attribute(fit, "variance", per="group"), ci_prob, ci_kind)
    shares, volatility, residuals = ({name: each[place] for name, each in risk.items()} for place in range(3))
    return _Entries(one, sentences, numbers, main, premia, added, (shares, volatility, residuals))


def _premia(fit: Fit, paid: Attribution, weights: pd.Series | None, ci_prob: float, ci_kind: Interval) -> Tables:
    """Return contributions to premia by factor, by family and, where loadings share a mean, by level."""
    premia, held = {"factor": paid.table(ci_prob, ci_kind)}, exposures(fit.panel, "asset", weights)
    premia["family"] = split_again(fit, paid, held, "family").table(ci_prob, ci_kind)
    if "loading_mean" in fit.posterior:
        premia["level"] = split_again(fit, paid, held, "level").table(ci_prob, ci_kind)
    return premia


def _loadings(fit: Fit, checks: CheckReport, ci_prob: float, ci_kind: Interval) -> pd.DataFrame:
    table = summarise(fit.posterior["loading"], ci_prob, ci_kind)
    own = least_squares_loadings(fit.panel, fit.design.sample)
    table["least_squares"] = own.to_numpy().ravel()  # the order of the draws: asset, factor
    table["shrinkage"] = checks.shrinkage.to_numpy().ravel()
    return table


def _added(premium: Attribution, weights: pd.Series, ci_prob: float, ci_kind: Interval) -> pd.DataFrame:
    """Return what each position adds to the premium of the portfolio."""
    own = premium.draws.sel(asset=list(weights.index), source="total", drop=True)
    return summarise(own * xr.DataArray(weights.to_numpy(), dims="asset"), ci_prob, ci_kind)


def _risk(variance: Attribution, ci_prob: float, ci_kind: Interval) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return shares of variances, volatilities, and residual risks."""
    table = _total_volatility(variance.draws, ci_prob, ci_kind)
    if variance.long_run is not None:
        table["long_run"] = _total_volatility(variance.long_run, ci_prob, ci_kind)["mean"]
    return variance.share_table(OWN, ci_prob, ci_kind), table, variance.residual_table(ci_prob, ci_kind)


def _total_volatility(draws: xr.DataArray, ci_prob: float, ci_kind: Interval) -> pd.DataFrame:
    return summarise(draws.sel(source="total", drop=True) ** 0.5, ci_prob, ci_kind)


def _exposure(fit: Fit, portfolio: Portfolio, ci_prob: float, ci_kind: Interval) -> pd.DataFrame | None:
    if portfolio is None:
        return None
    held = holdings(fit.panel, "asset", portfolio).sel(asset=PORTFOLIO, drop=True).rename(member="asset")
    used = held["asset"][held.values != 0]
    loading = xr.dot(held.sel(asset=used), fit.posterior["loading"].sel(asset=used), dim="asset")
    return summarise(loading, ci_prob, ci_kind)
