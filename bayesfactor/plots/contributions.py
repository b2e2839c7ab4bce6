"""Contributions with their intervals, shares of variance, and realised contributions over time."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayesfactor.analysis.assessment.verdicts import UNIDENTIFIED
from bayesfactor.analysis.attribution.attribution import Attribution
from bayesfactor.analysis.attribution.contributions import OF_RESIDUALS
from bayesfactor.analysis.attribution.kinds import require_share
from bayesfactor.analysis.attribution.realised import realised_path
from bayesfactor.base.errors import SpecError
from bayesfactor.base.intervals import Interval, interval
from bayesfactor.base.wording import chance, interval_name
from bayesfactor.panel.dates import Window
from bayesfactor.plots.style import (
    COLOURS,
    FAINT,
    HATCHES,
    INK,
    POSTERIOR,
    ROW,
    canvas,
    chosen,
    dates,
    name_rows,
    on_one_axis,
    percent,
    short,
    styled,
    zero,
)
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.residual_variance import COMMON

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_DATES = 300  # of a figure
TITLES = {
    "premium": "Contribution to the expected excess return, a year",
    "return": "Contribution to the realised excess return, {}",
    "variance": "Contribution to the variance of returns, a year",
}


def require_attribution(given: object, verb: str, kind: str | None = None) -> Attribution:
    """Return the attribution, or raise a SpecError."""
    if not isinstance(given, Attribution):
        raise SpecError(
            f"{verb}: expected an Attribution, found {type(given).__name__}.",
            place=f"{verb}.attribution",
            found=given,
            remedy=f"Pass what bf.attribute(fit, '{kind or 'premium'}') returned.",
        )
    if kind is not None and given.kind != kind:
        raise SpecError(
            f"{verb}: expected the attribution of a {kind}, found that of a {given.kind}.",
            place=f"{verb}.attribution",
            found=given.kind,
            allowed=(kind,),
        )
    return given


@styled
def plot_contributions(
    attribution: Attribution,
    *,
    names: Sequence[str] | None = None,
    sources: Sequence[str] | None = None,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> "Figure":
    """Draw the posterior mean and interval of every contribution: a row per asset, a column per source.

    Parameters
    ----------
    attribution : Attribution
        As `attribute` returns it, of any kind; its units are those of the axis.
    names, sources : sequence of str, optional
        Assets (or groups) and sources to draw, in this order. By default all: the total first, and the asset with the
        largest total on top. A portfolio whose gains are in money is drawn by ``names=["portfolio"]`` alone.
    ci_prob, ci_kind
        The interval.

    Returns
    -------
    matplotlib Figure
        A hollow dot marks a source whose premium is unidentified: it comes from the prior.

    Raises
    ------
    SpecError
        When it is no attribution, or a name is not in it.
    """
    found = require_attribution(attribution, "plot_contributions")
    unit = str(found.draws.dims[2])
    every = ["total", *(name for name in found.draws["source"].values.tolist() if name != "total")]
    columns = chosen(sources, every, "source", "plot_contributions.sources")
    table = found.table(ci_prob, ci_kind, rounded=False).set_index([unit, "source"])
    order = table.xs("total", level="source")["mean"].sort_values(ascending=False, kind="stable").index.tolist()
    rows, money = on_one_axis(names, order, unit, "plot_contributions.names", in_money=found.in_money)
    prior = {source for source in columns if found.identification.get(source, "").endswith(UNIDENTIFIED)}
    hollow = " (hollow: what it pays is unidentified)" if prior else ""
    height = 1.1 + ROW * len(rows)
    figure, axes = canvas(1, len(columns), 1.8 + 1.6 * len(columns), height, sharey=True)
    for axis, source in zip(axes[0], columns, strict=True):
        part = table.xs(source, level="source").loc[rows]
        unknown = source in prior
        place = np.arange(len(rows))
        axis.hlines(place, part["lower"], part["upper"], color=POSTERIOR, linewidth=1.4)
        face = "white" if unknown else POSTERIOR
        axis.plot(part["mean"], place, "o", markersize=4, color=POSTERIOR, markerfacecolor=face)
        zero(axis)
        axis.set_title(short(source, 20), loc="left")
        if found.kind == "variance":
            axis.ticklabel_format(axis="x", style="sci", scilimits=(-3, 3))
        elif not money:
            percent(axis.xaxis)
    name_rows(axes[0, 0], rows)
    title = TITLES[found.kind].format("compounded" if found.units.startswith("decimal, compounded") else "summed")
    title += ", in money" if money else ""
    title += ", at today's level" if found.long_run is not None else ""
    note = f"{title}. Dot: mean{hollow}; line: {interval_name(ci_prob, ci_kind)}"
    figure.supxlabel(note, fontsize=8, x=0.01, ha="left")
    return figure


@styled
def plot_risk(attribution: Attribution, *, names: Sequence[str] | None = None, above: float = 0.5) -> "Figure":
    """Draw what share of each asset's variance comes from each source, on average over the posterior.

    Parameters
    ----------
    attribution : Attribution
        Of a variance. With many factors, ``by="family"`` reads better.
    names : sequence of str, optional
        Assets (or groups), in this order; by default all, the most idiosyncratic on top.
    above : float
        The probability beside each bar is that of an idiosyncratic share above it.

    Returns
    -------
    matplotlib Figure
        A source that offsets others (a negative share) stands left of 0.

    Raises
    ------
    SpecError
        When it is no attribution of a variance, a name is not in it, or `above` is no share.
    """
    found = require_attribution(attribution, "plot_risk", "variance")
    require_share(above, "plot_risk")
    unit = str(found.draws.dims[2])
    shares = found.shares.sel(source=[s for s in found.draws["source"].values.tolist() if s != "total"])
    mean = shares.mean(("chain", "draw")).to_pandas()
    mean = mean if mean.index.name == unit else mean.T
    alone = (shares.sel(source="idiosyncratic") > above).mean(("chain", "draw")).to_series()
    rows = chosen(
        names,
        mean["idiosyncratic"].sort_values(ascending=False, kind="stable").index.tolist(),
        unit,
        "plot_risk.names",
    )
    figure, axes = canvas(1, 1, 7.0, 1.4 + 1.2 * ROW * len(rows))
    axis, place = axes[0, 0], np.arange(len(rows))
    left, right = np.zeros(len(rows)), np.zeros(len(rows))
    for number, source in enumerate(mean.columns):
        value = mean.loc[rows, source].to_numpy()
        start = np.where(value < 0, left, right)
        colour, hatch = COLOURS[number % len(COLOURS)], HATCHES[number // len(COLOURS) % len(HATCHES)]
        if source in OF_RESIDUALS:
            colour, hatch = FAINT, HATCHES[1] if source == COMMON else ""
        axis.barh(
            place, value, left=start, height=0.75, color=colour, hatch=hatch, edgecolor="white", linewidth=0.4,
        )  # fmt: skip
        left, right = left + np.minimum(value, 0), right + np.maximum(value, 0)
    for row, name in enumerate(rows):
        axis.text(1.02, row, chance(alone[name]), va="center", fontsize=8, transform=axis.get_yaxis_transform())
    axis.text(
        1.02, 1.0, f"P(idiosyncratic > {100 * above:g} %)", va="bottom", fontsize=8, color=INK, transform=axis.transAxes
    )
    zero(axis)
    percent(axis.xaxis)
    axis.set_xlim(min(0.0, left.min()), max(1.0, right.max()))
    name_rows(axis, rows)
    axis.set_xlabel("Share of the variance of returns, posterior mean")
    names = [short(source, 20) for source in mean.columns]
    figure.legend(axis.containers, names, loc="outside lower left", ncols=4, fontsize=8)
    return figure


@styled
def plot_realised(
    fit: Fit,
    name: str | None = None,
    *,
    portfolio: Mapping[str, float] | pd.Series | None = None,
    by_family: bool = True,
    window: Window | None = None,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> "Figure":
    """Draw what each source added to the realised excess return of one asset or portfolio, summed over time.

    Parameters
    ----------
    fit : Fit
    name : str, optional
        An asset. Either this or `portfolio`.
    portfolio : mapping or Series of asset to weight, optional
    by_family : bool
        Families of factors rather than factors.
    window : (start, end), optional
        Dates, as in `attribute`.
    ci_prob, ci_kind
        The band; around the posterior mean of the sum up to each date.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    FitError, SpecError, DataError
        When it is no fit, the asset is not in it, or no date is left.
    """
    require_fit(fit, "plot_realised")
    path = realised_path(fit, name, portfolio, window, by_family=by_family)
    since = str(path["time"].values[0])[:10]
    every = -(-path.sizes["time"] // MOST_DATES)
    path = path.isel(time=slice((path.sizes["time"] - 1) % every, None, every))  # so that the last date is among them
    sources = path["source"].values.tolist()
    columns = min(3, len(sources))
    rows = -(-len(sources) // columns)
    figure, axes = canvas(rows, columns, 2.9 * columns, 0.7 + 1.7 * rows, sharex=True, sharey=True)
    for number, axis in enumerate(axes.ravel()):
        if number >= len(sources):
            axis.set_axis_off()
            continue
        values = path.isel(source=number).transpose("sample", "time").values
        low, high = interval(values, ci_prob, ci_kind)
        times = path["time"].values
        axis.fill_between(times, low, high, color=POSTERIOR, alpha=0.25, linewidth=0)
        axis.plot(times, values.mean(axis=0), color=INK if sources[number] == "total" else POSTERIOR, linewidth=1.2)
        zero(axis, vertical=False)
        axis.set_title(short(sources[number], 24), loc="left")
        percent(axis.yaxis)
        dates(axis.xaxis)
    whose = "The portfolio" if portfolio is not None else short(name, 40)
    label = f"{whose}: excess return summed since {since}, mean and {interval_name(ci_prob, ci_kind)}"
    figure.supxlabel(label, fontsize=8, x=0.01, ha="left")
    return figure
