"""The sentences at the top of a report: how much, from what, what prior and data say, and where the risk is from."""

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.assessment.verdicts import UNIDENTIFIED, WEAK
from bayesfactor.analysis.attribution.attribution import Attribution
from bayesfactor.analysis.attribution.contributions import OF_RESIDUALS
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import interval_name, join, percent
from bayesfactor.posterior.residual_variance import COMMON
from bayesfactor.reporting.content.prose import LIKELY, Estimate, at_least, estimate, likelihood, sign_sentence

NUMBERS = ("prior_mean", "prior_sd", "data_mean", "data_se", "mean", "sd")  # of the table of `identify`
OWN = 0.5  # of the variance
MANY = 0.9  # probability at which an asset is counted
SHARED = "{} comes from residual factors, which move several assets' residuals together, "
PLAIN = {"alpha": "alpha (what the factors leave)", "zero_beta": "the zero-beta rate"}


def answer(
    premium: Attribution,
    variance: Attribution,
    held: bool,
    prob: float,
    kind: Interval,
    known: pd.DataFrame | None = None,
) -> tuple[str, ...]:
    """Return sentences: what it is expected to earn, from what, and where the risk comes from.

    Of the portfolio, where one is held; of the asset, where there is one only; of the mean over assets otherwise. With
    the table of `identify`, `known`, one more before the last: what prior and data say of the factor that pays most.
    """
    assets = premium.draws["asset"].values.tolist()
    one = PORTFOLIO if held else assets[0] if len(assets) == 1 else None
    draws = (premium.draws.mean("asset") if one is None else premium.draws.sel(asset=one)).compute()
    subject = "The assets' expected excess return, on average,"
    if one is not None:
        subject = f"The expected excess return of {'the portfolio' if held else one}"
    total = estimate(draws.sel(source="total", drop=True), prob, kind)
    ends = f"{total.percent(total.lower)} to {total.percent(total.upper)}, {interval_name(prob, kind)}"
    return (
        f"{sign_sentence(f'{subject} is', total, f'{total.percent(total.mean)} a year ({ends})')}.",
        _sources(premium, draws, prob, kind),
        *([] if known is None else [_told(draws, known)]),
        _risk(variance, one, prob, kind),
    )


def _sources(premium: Attribution, draws: xr.DataArray, prob: float, kind: Interval) -> str:
    """Say which source contributes most, how sure that is, what works against it, and what is not known."""
    names = [name for name in draws["source"].values.tolist() if name != "total"]
    parts = draws.sel(source=[name for name in names if (draws.sel(source=name) != 0).any()])
    names = parts["source"].values.tolist()
    if not names:
        return "No source contributes anything."
    found = {name: estimate(parts.sel(source=name, drop=True), prob, kind) for name in names}
    main = max(found, key=lambda name: abs(found[name].mean))
    text = f"The source with the largest contribution, in either direction, is {PLAIN.get(main, main)}: "
    text = sign_sentence(text.rstrip(), found[main])
    if len(names) > 1:
        largest = float((abs(parts).idxmax("source") == main).mean())
        text += f", and {likelihood(largest)} to be the largest of {len(names)} sources"
    against = [name for name in names if _opposed(found[main], found[name])]
    if against:
        other = max(against, key=lambda name: abs(found[name].mean))
        text += f"; most against it works {PLAIN.get(other, other)}, {found[other].text}"
    if premium.identification.get(main) == WEAK:
        text += f"; what {PLAIN.get(main, main)} pays is weakly known"
    unknown = [s for s, verdict in premium.identification.items() if verdict == UNIDENTIFIED and s in found]
    if unknown:
        one = len(unknown) == 1
        text += (
            f"; what {join(unknown)} pay{'s' if one else ''} cannot be told from these data, and "
            f"{'its part comes' if one else 'their parts come'} from the prior"
        )
    return f"{text}."


def _told(draws: xr.DataArray, known: pd.DataFrame) -> str:
    """Say what prior, data and both together say of the factor with the largest contribution."""
    size = abs(draws.sel(source=known.index.tolist()).mean(("chain", "draw")))
    name = str(size.idxmax("source").item())
    row = known.loc[name]
    numbers = {column: float(str(row[column])) for column in NUMBERS}

    def with_sd(mean: str, sd: str) -> str:
        value, spread = numbers[mean], numbers[sd]
        return f"{percent(value, spread)} \N{PLUS-MINUS SIGN} {percent(spread, spread / 3)}"

    own = str(row["data_from"])
    if np.isfinite(numbers["data_mean"]):
        own = f"data {with_sd('data_mean', 'data_se')} ({own})"
    else:
        own = f"the data alone do not tell it ({own.removeprefix('not told: ')})"
    given = np.isfinite(numbers["prior_sd"])
    prior = f"prior {with_sd('prior_mean', 'prior_sd')}" if given else "its prior is not known"
    text = (
        f"What one unit of loading on {name} pays a year: {prior}; {own}; "
        f"{'both together' if given else 'the posterior'} {with_sd('mean', 'sd')} "
        "(\N{PLUS-MINUS SIGN} one standard deviation)"
    )
    return f"{text}; prior and data are in conflict." if row["conflict"] else f"{text}."


def _opposed(main: Estimate, other: Estimate) -> bool:
    """Whether the other is likely to be on the side of zero on which the main one is not."""
    against = 1 - other.prob_positive if main.mean > 0 else other.prob_positive
    return at_least(against, LIKELY) and main.mean * other.mean < 0


def _risk(variance: Attribution, one: str | None, prob: float, kind: Interval) -> str:
    """Say how much of the variance is idiosyncratic, and which factor has most of the rest."""
    every = variance.draws["source"].values.tolist()
    factors = [name for name in every if name not in (*OF_RESIDUALS, "total")]
    common = [COMMON] if COMMON in every else []
    if one is not None:
        mine = replace(variance, draws=variance.draws.sel(asset=one)).shares  # of one only: draws of all are large
        own = mine.sel(source="idiosyncratic", drop=True)
        largest = {name: estimate(mine.sel(source=name, drop=True), prob, kind) for name in factors}
        main = max(largest, key=lambda name: largest[name].mean)
        shared = [SHARED.format(estimate(mine.sel(source=name, drop=True), prob, kind).text) for name in common]
        return (
            f"Of the variance of its returns, {estimate(own, prob, kind).text} is idiosyncratic, {''.join(shared)}and "
            f"the rest comes from factors, of which {main} has the largest share, {largest[main].text}; that more than "
            f"half is idiosyncratic is {likelihood(float((own > OWN).mean()))}."
        )
    shares = variance.shares
    mean = shares.mean(("chain", "draw")).median("asset")
    middle = {name: float(mean.sel(source=name)) for name in ("idiosyncratic", *common, *factors)}
    main = max(factors, key=lambda name: middle[name])
    above = (shares.sel(source="idiosyncratic") > OWN).mean(("chain", "draw")).values
    alone, most = (percent(round(middle[name], 2)) for name in ("idiosyncratic", main))
    shared = [SHARED.format(percent(round(middle[name], 2))) for name in common]
    many = int((np.round(above, 2) >= MANY).sum())
    return (
        f"Of the variance of a typical asset's returns, {alone} is idiosyncratic (posterior mean, median over assets), "
        f"{''.join(shared)}and the rest comes from factors, of which {main} has the largest share, {most}; for "
        f"{many or 'none'} of {above.size} assets it is very likely "
        f"({100 * MANY:g} % or more) that more than half is idiosyncratic."
    )
