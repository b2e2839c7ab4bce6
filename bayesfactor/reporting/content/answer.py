"""The sentences at the top of a report: how much, from what, and where the risk is from; what prior and data say."""

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.assessment.data_premia import OWN as HISTORY
from bayesfactor.analysis.assessment.verdicts import UNIDENTIFIED, WEAK
from bayesfactor.analysis.attribution.attribution import Attribution
from bayesfactor.analysis.attribution.contributions import OF_RESIDUALS
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import interval_name, percent
from bayesfactor.posterior.residual_variance import COMMON, OWN as OF_ASSET
from bayesfactor.reporting.content.measures import Top, typical
from bayesfactor.reporting.content.prose import LIKELY, Estimate, at_least, estimate, likelihood, sign_sentence

NUMBERS = ("prior_mean", "prior_sd", "data_mean", "data_se", "mean", "sd")  # of the table of `identify`
OWN = 0.5  # of the variance
HALF = 0.5  # probability below which what has the largest mean is not called the largest
VOLATILE = 0.4  # a year, from which compounding takes 8 % or more
AVERAGE = "the assets on average"
SPLIT = ": {own} {whose} own, {common} common to several assets"
UNWEIGHTED = f"{HISTORY}, each period alike; the model counts calm periods more"
PLAIN = {"alpha": "alpha (what the factors leave)", "zero_beta": "the zero-beta rate"}


def answer(premium: Attribution, variance: Attribution, top: Top, one: str | None, held: bool) -> tuple[str, ...]:
    """Return sentences: what it is expected to earn, from what, where the risk is from; compounded, if it is volatile.

    Of `one` entry, the portfolio where one is held; of the mean over assets otherwise. `premium` has it alone.
    """
    subject = "The assets' expected excess return, on average,"
    if one is not None:
        subject = f"The expected excess return of {'the portfolio' if held else one}"
    total = top.expected
    ends = f"{total.percent(total.lower)} to {total.percent(total.upper)}, {interval_name(top.prob, top.kind)}"
    return (
        f"{sign_sentence(f'{subject} is', total, f'{total.percent(total.mean)} a year ({ends})')}.",
        _sources(premium.draws[:, :, 0], top.prob, top.kind),
        _risk(variance, one, top),
        *compounding(total.mean, top.usual, "" if variance.long_run is None else "long-run "),
    )


def compounding(expected: float, volatility: float, which: str = "") -> tuple[str, ...]:
    r"""Say what a year is like when it is compounded, where its volatility makes a difference; else nothing.

    `which` volatility it is. The median of a lognormal year, e^(m - s^2 / 2) - 1, of mean m and volatility s.
    """
    if not np.isfinite([expected, volatility]).all() or volatility < VOLATILE:
        return ()
    middle = percent(float(np.expm1(expected - volatility**2 / 2)), 0.05)
    return (
        "The expected return is a mean, which a few very good years raise: compounded at the "
        f"{which}volatility of {percent(volatility, 0.05)}, half of all years end below about {middle}.",
    )


def whose(found: Attribution, held: bool) -> str | None:
    """Return the entry that the answer is about; None where it is about the mean of all assets."""
    assets = [str(name) for name in found.draws["asset"].values]
    return PORTFOLIO if held else assets[0] if len(assets) == 1 else None


def headline(premium: Attribution, held: bool) -> Attribution:
    """Return the contributions that the answer is about: of one entry, the mean of all assets where there is none."""
    one = whose(premium, held)
    if one is not None:
        return replace(premium, draws=premium.draws.sel(asset=[one]).compute())
    return replace(premium, draws=premium.draws.mean("asset").expand_dims(asset=[AVERAGE], axis=2).compute())


def unknown_sources(premium: Attribution) -> tuple[list[str], list[str]]:
    """Return which sources' premia are weakly known, and which cannot be told, of those that contribute anything."""
    parts = premium.draws
    used = [name for name in parts["source"].values.tolist() if (parts.sel(source=name) != 0).any()]
    weak, lost = (
        [name for name in used if premium.identification.get(name) == verdict] for verdict in (WEAK, UNIDENTIFIED)
    )
    return weak, lost


def _sources(draws: xr.DataArray, prob: float, kind: Interval) -> str:
    """Say which source contributes most, how sure that is, and what works against it."""
    names = [name for name in draws["source"].values.tolist() if name != "total"]
    parts = draws.sel(source=[name for name in names if (draws.sel(source=name) != 0).any()])
    names = parts["source"].values.tolist()
    if not names:
        return "No source contributes anything."
    found = {name: estimate(parts.sel(source=name, drop=True), prob, kind) for name in names}
    main = str(abs(parts.mean(("chain", "draw"))).idxmax("source").item())
    largest = float((abs(parts).idxmax("source") == main).mean())
    what = "Its largest part" if largest >= HALF else "The part with the largest mean"
    text = sign_sentence(f"{what} is {PLAIN.get(main, main)}:", found[main])
    if largest < HALF:
        text += f"; another of the {len(names)} sources is {likelihood(1 - largest)} to be larger in size"
    elif len(names) > 1:
        text += f", and {likelihood(largest)} to be the largest of {len(names)} sources in size"
    against = [name for name in names if _opposed(found[main], found[name])]
    if against:
        other = max(against, key=lambda name: abs(found[name].mean))
        text += f"; the largest part against it is {PLAIN.get(other, other)}, {found[other].text}"
    return f"{text}."


def told(premium: Attribution, known: pd.DataFrame, weighted: bool = False) -> str:
    """Say what prior, data and both together say of the factor with the largest contribution, of one entry.

    `known` is the table of `identify`; `weighted`, whether the model counts calm periods more, so that the plain mean
    of a traded factor's history is not what is put together with the prior.
    """
    draws = premium.draws[:, :, 0]
    size = abs(draws.sel(source=known.index.tolist()).mean(("chain", "draw")))
    name = str(size.idxmax("source").item())
    row = known.loc[name]
    numbers = {column: float(str(row[column])) for column in NUMBERS}

    def with_sd(mean: str, sd: str) -> str:
        value, spread = numbers[mean], numbers[sd]
        return f"{percent(value, spread)} \N{PLUS-MINUS SIGN} {percent(spread, spread / 3)}"

    own = str(row["data_from"])
    apart = weighted and own.startswith(HISTORY)
    if np.isfinite(numbers["data_mean"]):
        own = f"data {with_sd('data_mean', 'data_se')} ({UNWEIGHTED if apart else own})"
    else:
        own = f"the data alone do not tell it ({own.removeprefix('not told: ')})"
    given = np.isfinite(numbers["prior_sd"])
    prior = f"prior {with_sd('prior_mean', 'prior_sd')}" if given else "its prior is not known"
    text = (
        f"What one unit of loading on {name} pays a year: {prior}; {own}; "
        f"{'both together' if given and not apart else 'the posterior'} {with_sd('mean', 'sd')} "
        "(\N{PLUS-MINUS SIGN} one standard deviation)"
    )
    return f"{text}; prior and data are in conflict." if row["conflict"] else f"{text}."


def _opposed(main: Estimate, other: Estimate) -> bool:
    """Whether the other is likely to be on the side of zero on which the main one is not."""
    against = 1 - other.prob_positive if main.mean > 0 else other.prob_positive
    return at_least(against, LIKELY) and main.mean * other.mean < 0


def _risk(variance: Attribution, one: str | None, top: Top) -> str:
    """Say how much of the variance is residual, and which factor has most of the rest; of a typical asset."""
    every = variance.draws["source"].values.tolist()
    factors = [name for name in every if name not in (*OF_RESIDUALS, "total")]
    whole = variance.draws.sel(source="total", drop=True)

    def share(name: str) -> str:
        return estimate(typical(variance.draws.sel(source=name, drop=True) / whole, one), top.prob, top.kind).text

    inverse = 1 / whole  # of the mean share of every factor: draws of all of them, of many assets, are large
    mean = xr.dot(variance.draws.sel(source=factors), inverse, dim=("chain", "draw")).compute()
    mean = mean.median("asset") if one is None else mean.sel(asset=one)
    main = str(mean.idxmax("source").item())
    subject = "its returns" if one is not None else "a typical asset's returns (the median over assets)"
    split = "."
    if COMMON in every:
        whose = "the assets'" if one == PORTFOLIO else "its"
        split = f"{SPLIT.format(own=share(OF_ASSET), whose=whose, common=share(COMMON))}."
    return (
        f"Of the variance of {subject}, {top.residual.text} is residual{split} The rest comes from factors; {main} has "
        f"the largest share, {share(main)} of the whole."
    )
