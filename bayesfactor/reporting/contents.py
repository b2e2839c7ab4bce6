"""Everything that a report states, worked out once, whatever it is set in."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.attribution import Attribution, attribute
from bayesfactor.checks import CheckReport, check
from bayesfactor.description import Description, describe_panel
from bayesfactor.errors import DataError, SpecError
from bayesfactor.holdings import PORTFOLIO
from bayesfactor.identification import UNIDENTIFIED, Identification, identify
from bayesfactor.intervals import Interval
from bayesfactor.panel import Panel
from bayesfactor.plots.leaning import least_squares_loadings
from bayesfactor.plots.style import interval_name
from bayesfactor.posterior import Fit
from bayesfactor.pricing import Pricing, price
from bayesfactor.realised import Window
from bayesfactor.reporting.prose import estimate, join, likelihood, percent, sign_sentence
from bayesfactor.tables import summarise

OWN = 0.5  # of the variance


@dataclass(frozen=True, eq=False)
class Span:
    """A realised return over some dates: summed parts, and the compounded total with its linked parts.

    Where one of them cannot be computed, the reason.
    """

    name: str
    summed: Attribution | str
    compounded: Attribution | str


@dataclass(frozen=True, eq=False)
class Contents:
    """What a report states of a fit.

    Attributes
    ----------
    fit : Fit
    ci_prob, ci_kind
        Of every interval.
    weights : Series or None
        Of the portfolio.
    checks : CheckReport
    identification : Identification
    pricing : Pricing
    by_factor, by_family : Attribution
        Of premia; the portfolio is the last entry, if there is one.
    variance : Attribution
    spans : tuple of Span
        Empty where the panel does not hold the returns.
    loadings : DataFrame
        Per asset and factor: mean, lower, upper, least squares, shrinkage.
    description : Description
    answer : tuple of str
        The three sentences.
    """

    fit: Fit
    ci_prob: float
    ci_kind: Interval
    weights: pd.Series | None
    checks: CheckReport
    identification: Identification
    pricing: Pricing
    by_factor: Attribution
    by_family: Attribution
    variance: Attribution
    spans: tuple[Span, ...]
    loadings: pd.DataFrame
    description: Description
    answer: tuple[str, ...]

    @property
    def interval(self) -> str:
        """Kind and probability of every interval, in words."""
        return interval_name(self.ci_prob, self.ci_kind)


def gather(fit: Fit, portfolio: Mapping[str, float] | pd.Series | None, ci_prob: float, ci_kind: Interval) -> Contents:
    """Work out what a report states.

    Raises
    ------
    SpecError, DataError
        When a weight or an interval is not one that can be used.
    """
    premium = attribute(fit, "premium", portfolio=portfolio)
    variance = attribute(fit, "variance", portfolio=portfolio)
    checks = check(fit)
    return Contents(
        fit,
        ci_prob,
        ci_kind,
        None if portfolio is None else pd.Series(dict(portfolio.items()), name="weight", dtype=float),
        checks,
        identify(fit),
        price(fit),
        premium,
        attribute(fit, "premium", by="family", portfolio=portfolio),
        variance,
        _spans(fit, portfolio),
        _loadings(fit, checks, ci_prob, ci_kind),
        describe_panel(fit.panel),
        _answer(premium, variance, portfolio is not None, ci_prob, ci_kind),
    )


def _spans(fit: Fit, portfolio: Mapping[str, float] | pd.Series | None) -> tuple[Span, ...]:
    """Return the whole sample and the last year of it."""
    if not isinstance(fit.panel, Panel):
        return ()
    times = pd.DatetimeIndex(fit.panel.times)
    year = (times[-1] - pd.DateOffset(years=1) + pd.Timedelta(1, "ns"), times[-1])
    spans = []
    for name, window in (("The whole sample", None), ("The last year", year)):
        spans.append(Span(name, *(_earned(fit, portfolio, window, compounded) for compounded in (False, True))))
    return tuple(spans)


def _earned(
    fit: Fit, portfolio: Mapping[str, float] | pd.Series | None, window: Window | None, compounded: bool
) -> Attribution | str:
    """Return the realised returns, or why there are none."""
    try:
        return attribute(fit, "return", by="family", portfolio=portfolio, window=window, compounded=compounded)
    except (DataError, SpecError) as error:
        return str(error)


def _loadings(fit: Fit, checks: CheckReport, ci_prob: float, ci_kind: Interval) -> pd.DataFrame:
    table = summarise(fit.posterior["loading"], ci_prob, ci_kind).drop(columns=["sd", "mcse"])
    table["least_squares"] = least_squares_loadings(fit).to_numpy().ravel()  # the order of the draws: asset, factor
    table["shrinkage"] = checks.shrinkage.to_numpy().ravel()
    return table


def _whole(found: Attribution, held: bool) -> xr.DataArray:
    """Return draws (chain, draw, source) of the portfolio, or of the mean over assets."""
    draws = found.draws
    return draws.sel(asset=PORTFOLIO) if held else draws.mean("asset")


def _answer(premium: Attribution, variance: Attribution, held: bool, prob: float, kind: Interval) -> tuple[str, ...]:
    """Return three sentences: what it is expected to earn, from what, and where the risk comes from."""
    draws = _whole(premium, held)
    subject = "The portfolio's expected excess return" if held else "The assets' expected excess return, on average,"
    total = estimate(draws.sel(source="total", drop=True), prob, kind)
    name = interval_name(prob, kind)
    first = sign_sentence(f"{subject} is, a year,", total)
    first = first.replace(")", f", {name})", 1) + "."
    sources = [s for s in draws["source"].values.tolist() if s != "total"]
    parts = {s: estimate(draws.sel(source=s, drop=True), prob, kind) for s in sources}
    main = max(parts, key=lambda s: abs(parts[s].mean))
    second = sign_sentence(f"The source with the largest contribution, in either direction, is {main}:", parts[main])
    unknown = [s for s, verdict in premium.identification.items() if verdict == UNIDENTIFIED and s in parts]
    if unknown:
        one = len(unknown) == 1
        second += (
            f"; what {join(unknown)} pay{'s' if one else ''} cannot be told from these data, and "
            f"{'its part comes' if one else 'their parts come'} from the prior"
        )
    return first, f"{second}.", _risk(variance, held, prob, kind)


def _risk(variance: Attribution, held: bool, prob: float, kind: Interval) -> str:
    shares = variance.shares
    if held:
        own = estimate(shares.sel(asset=PORTFOLIO, source="idiosyncratic", drop=True), prob, kind)
        above = float((shares.sel(asset=PORTFOLIO, source="idiosyncratic") > OWN).mean())
        return (
            f"Of the variance of its returns, {own.text} is idiosyncratic, and the rest comes from factors; that more "
            f"than half is idiosyncratic is {likelihood(above)}."
        )
    own_share = shares.sel(source="idiosyncratic")
    middle = float(np.median(own_share.mean(("chain", "draw"))))
    above = (own_share > OWN).mean(("chain", "draw")).values
    many = f"{int((above.round(2) >= 0.9).sum())} of {above.size} assets"
    return (
        f"Of the variance of a typical asset's returns, {percent(round(middle, 2))} is idiosyncratic (posterior mean, "
        f"median over assets), and the rest comes from factors; for {many} it is very "
        "likely (90 % or more) that more than half is idiosyncratic."
    )
