"""The three numbers of the first screen, each beside what the data did."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.stats import chi2

from bayesfactor.analysis.assessment.checks import CheckReport
from bayesfactor.analysis.attribution.attribution import Attribution
from bayesfactor.analysis.comparison.revised_estimates import residual_share
from bayesfactor.analysis.portfolio.residual_risk import ERROR, JUDGED, ResidualRisk
from bayesfactor.analysis.portfolio.residual_risk_words import model_ends
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import observed, percent, periods_in_words
from bayesfactor.posterior.misfit import FEWEST, MEDIAN, PREMIUM
from bayesfactor.posterior.summaries import summarise
from bayesfactor.reporting.content.parts import Measure
from bayesfactor.reporting.content.prose import Estimate, estimate

ERRORS = 2  # standard errors of a sample mean beyond which an expected return and it disagree


@dataclass(frozen=True)
class Top:
    """The three numbers, of one entry or of all assets, worked out once for tiles and sentences; their interval."""

    expected: Estimate
    volatility: Estimate
    residual: Estimate
    usual: float  # volatility of the long run, where it moves
    prob: float
    kind: Interval


def find_top(premium: Attribution, variance: Attribution, one: str | None, prob: float, kind: Interval) -> Top:
    """Return the three numbers of one entry; without one the mean of premia and the medians of the others over assets.

    `premium` has the entry, or the mean, alone.
    """
    whole = variance.draws.sel(source="total", drop=True)
    long_run = whole if variance.long_run is None else variance.long_run.sel(source="total", drop=True)
    expected = premium.draws[:, :, 0].sel(source="total", drop=True)
    return Top(
        estimate(expected, prob, kind),
        estimate(typical(whole**0.5, one), prob, kind),
        estimate(typical(residual_share(variance.draws), one), prob, kind),
        float(typical(long_run, one).mean()) ** 0.5,
        prob,
        kind,
    )


def typical(draws: xr.DataArray, one: str | None) -> xr.DataArray:
    """Return draws (chain, draw, asset) of one entry, or their median over assets."""
    return draws.median("asset") if one is None else draws.sel(asset=one, drop=True)


def measures(top: Top, variance: Attribution, one: str | None, checks: CheckReport, period: str) -> tuple[Measure, ...]:
    """Return expected return, volatility and residual share, of one entry or, where `one` is None, of all assets.

    Of one entry the model's own, on the dates of what was realised, stand beside that; `period` is what one is called.
    Realised are, on the dates on which all members have returns, the mean, the volatility and 1 - R-squared of the
    entry's own regression on the factors; of all assets, the mean of means and the medians of the others.
    """
    risk = variance.residuals
    assert risk is not None  # of a variance
    expected, volatility, share = top.expected, top.volatility, top.residual
    realised = risk.realised if one is None else risk.realised.loc[[one]]
    mean, total = (realised[name].to_numpy(dtype=float) * risk.periods_per_year for name in ("mean", "total"))
    error = realised["error"].to_numpy(dtype=float) * risk.periods_per_year
    sd, left = (_median(values) for values in (np.sqrt(total), realised["share"].to_numpy(dtype=float)))
    earned = _mean(mean)
    if one is None:
        se, gap = _error_of_all(checks)
        apart = gap > ERRORS, _beyond(checks, MEDIAN), _beyond(checks, MEDIAN)
        about = f" \N{PLUS-MINUS SIGN} {percent(se, se / 3)} (1 se)" if np.isfinite(se) else ""
    else:
        se = float(error[0])
        apart = (
            bool(abs(earned - expected.mean) > ERRORS * se),
            _volatility_apart(risk, one),
            _residuals_apart(risk, checks, one),
        )
        periods = periods_in_words(int(realised["periods"].iloc[0]), period)
        about = f" \N{PLUS-MINUS SIGN} {percent(se, se / 3)} (1 se, {periods})"
    own_mean = f"{percent(earned, se) if se > 0 else observed(earned)}{about}"
    then = ["", ""]
    if one is not None:
        then = [f"; the model on the same dates {text}" for text in _on_these_dates(risk, one, top)]
    names = ("Volatility a year", "Residual share of the variance")
    if variance.long_run is not None:
        names = (f"Volatility next {period}, a year", f"Residual share of the variance, next {period}")
    return (
        _measure("Expected excess return a year", expected, f"sample mean {own_mean}", earned, apart[0]),
        _measure(names[0], volatility, f"realised {observed(sd)}{then[0]}", sd, apart[1]),
        _measure(names[1], share, f"realised {observed(left)}{then[1]}", left, apart[2]),
    )


def _on_these_dates(risk: ResidualRisk, one: str, top: Top) -> tuple[str, str]:
    """Return the model's volatility a year and residual share on the dates of what was realised."""
    mine = risk.of([one])
    whole = ((mine.residual + mine.factors) * risk.periods_per_year) ** 0.5
    row = mine.table(top.prob, top.kind).iloc[0]
    return estimate(whole.sel({risk.unit: one}, drop=True), top.prob, top.kind).text, model_ends(row, "share")


def _measure(name: str, found: Estimate, beside: str, realised: float, apart: bool) -> Measure:
    ends = f"{found.percent(found.lower)} to {found.percent(found.upper)}"
    known = bool(np.isfinite(realised))
    told = beside if known else "what the data did cannot be computed"
    return Measure(name, found.percent(found.mean), ends, told, apart and known, found.mean, realised)


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _median(values: np.ndarray) -> float:
    return float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan")


def _error_of_all(checks: CheckReport) -> tuple[float, float]:
    """Return the standard error of the mean over assets of sample means, and how many of it premia are from it.

    NaN where the check cannot be computed, or leaves assets out: as too few of their returns are known, say.
    """
    gap = next((check.value for check in checks.checks if check.name.startswith(f"means: {PREMIUM}")), float("nan"))
    away = checks.assets["sample_mean"] - checks.assets["premium"]
    judged = (checks.assets["periods"] >= FEWEST) & (checks.assets["effective"] >= FEWEST / 2)
    whole = bool((judged & checks.assets["implied_gap"].notna()).all()) and gap > 0
    return abs(float(away.mean())) / gap if whole else float("nan"), gap


def _beyond(checks: CheckReport, name: str) -> bool:
    return any(check.exceeds_limit for check in checks.checks if check.name.startswith(name))


def _volatility_apart(risk: ResidualRisk, one: str) -> bool:
    """Whether the realised variance, give or take its sampling error, is beyond the model's on the same dates.

    Two intervals are held to each other as `ResidualRisk.books` does for residuals, with their degrees of freedom.
    """
    total, spare = (float(risk.realised[name].to_dict()[one]) for name in ("total", "spare"))
    if not np.isfinite([total, spare]).all():
        return False
    whole = (risk.residual + risk.factors).sel({risk.unit: one}, drop=True)
    ends = summarise(whole, JUDGED, "eti", rounded=False).iloc[0]
    low, high = (chi2.isf(tail, spare) / spare for tail in (1 - ERROR / 2, ERROR / 2))
    return bool(total > ends["upper"] * high or total < ends["lower"] * low)


def _residuals_apart(risk: ResidualRisk, checks: CheckReport, one: str) -> bool:
    """Whether the residual risk is not what was realised: of a book by its intervals, of an asset by its check."""
    if one in risk.books.index:
        return bool(risk.books["apart"].to_dict()[one])
    known: dict[object, float] = checks.assets["prob_variance"].to_dict()
    return known.get(one, 1.0) < ERROR
