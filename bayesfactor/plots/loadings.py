"""Loadings with their intervals, and how far they moved from least squares."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import interval_name
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.regressions import least_squares_loadings
from bayesfactor.plots.style import (
    COLOURS,
    DATA,
    MARKERS,
    POSTERIOR,
    QUIET,
    ROW,
    by_group,
    canvas,
    chosen,
    hover,
    name_rows,
    short,
    styled,
    zero,
)
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.summaries import summarise

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.figure import Figure

ALIKE = 1.25  # ratio of the longest history to the shortest below which heights would tell nothing apart
MANY = 100  # assets; of more, lines without ticks and dots without names


@styled
def plot_loadings(
    fit: Fit,
    *,
    names: Sequence[str] | None = None,
    factors: Sequence[str] | None = None,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> "Figure":
    """Draw the loadings of assets on factors: posterior mean and interval, and a tick where least squares had it.

    Parameters
    ----------
    fit : Fit
    names, factors : sequence of str, optional
        Assets and factors, in this order; by default all, assets group by group.
    ci_prob, ci_kind
        The interval.

    Returns
    -------
    matplotlib Figure
        A row per asset and a column per factor; units are those of the factor's own returns or innovations. A tick that
        lies off the panel's edge is not drawn to scale: the axis follows the posterior.

    Raises
    ------
    FitError, SpecError
        When it is no fit, or a name is not in it.
    """
    require_fit(fit, "plot_loadings")
    panel = fit.panel
    rows = chosen(names, by_group(panel), "asset", "plot_loadings.names")
    columns = chosen(factors, panel.factor_names, "factor", "plot_loadings.factors")
    draws = fit.posterior["loading"].sel(asset=rows, factor=columns)
    table = summarise(draws, ci_prob, ci_kind, rounded=False).set_index(["asset", "factor"])
    own = least_squares_loadings(fit.panel, fit.design.sample)
    figure, axes = canvas(1, len(columns), 1.8 + 1.5 * len(columns), 1.1 + ROW * len(rows), sharey=True)
    place = np.arange(len(rows))
    for axis, factor in zip(axes[0], columns, strict=True):
        part = table.xs(factor, level="factor").loc[rows]
        axis.hlines(place, part["lower"], part["upper"], color=POSTERIOR, linewidth=1.4)
        axis.plot(part["mean"], place, "o", markersize=3.5, color=POSTERIOR)
        low, high = axis.get_xlim()
        reach = 0.5 * (high - low)
        axis.plot(own.loc[rows, factor], place, "|", markersize=8, color=DATA)
        ends = own.loc[rows, factor].clip(low - reach, high + reach).dropna()
        axis.set_xlim(min(low, 0.0, *ends), max(high, 0.0, *ends))
        zero(axis)
        axis.set_title(short(factor, 18), loc="left")
    name_rows(axes[0, 0], rows)
    label = (
        f"Loading. Dot: mean; line: {interval_name(ci_prob, ci_kind)}; orange tick: least squares on its own returns"
    )
    figure.supxlabel(label, fontsize=8, x=0.01, ha="left")
    return figure


@styled
def plot_shrinkage(fit: Fit, *, factors: Sequence[str] | None = None) -> "Figure":
    """Draw how far each loading moved from least squares to its posterior mean, against the length of its history.

    Parameters
    ----------
    fit : Fit
    factors : sequence of str, optional
        By default all.

    Returns
    -------
    matplotlib Figure
        A panel per factor, a line per asset: from the tick (least squares; not drawn for more than 100 assets) to the
        dot (posterior mean), coloured by group. Young assets move far, old ones hardly. Where histories are alike in
        length, assets stand in the order of their loadings within each group. An asset too young for least squares has
        a dot only. An axis may be too short for a tick that is far off.

    Raises
    ------
    FitError, SpecError
        When it is no fit, or a factor is not in it.
    """
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    require_fit(fit, "plot_shrinkage")
    panel = fit.panel
    names = chosen(factors, panel.factor_names, "factor", "plot_shrinkage.factors")
    own, mean = least_squares_loadings(fit.panel, fit.design.sample), fit.posterior["loading"].mean(("chain", "draw"))
    periods = np.maximum(panel.moments.count, 1)
    alike = periods.max() < ALIKE * periods.min()
    columns = min(4, len(names))
    rows = -(-len(names) // columns)
    figure, axes = canvas(rows, columns, 2.2 * columns, 0.9 + 2.0 * rows, sharey=True)
    for number, axis in enumerate(axes.ravel()):
        if number >= len(names):
            axis.set_axis_off()
            continue
        value, start = mean.sel(factor=names[number]).values, own[names[number]].to_numpy()
        place = np.argsort(np.lexsort((value, panel.groups.values))) + 1.0 if alike else periods
        dots = [_moves(axis, panel, group, start, value, place, periods) for group in panel.group_names]
        known = np.concatenate([value, start[np.isfinite(start)]])
        low, high = np.quantile(known, [0.01, 0.99])
        room = 0.15 * max(high - low, 1e-12)
        axis.set_xlim(min(low, value.min()) - room, max(high, value.max()) + room)
        if alike:
            axis.set_yticks([])
        else:
            axis.set_yscale("log")
            axis.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axis.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
            axis.yaxis.set_minor_locator(NullLocator())
        zero(axis)
        axis.set_title(short(names[number], 20), loc="left")
    figure.legend(
        dots, [short(group, 20) for group in panel.group_names], loc="outside upper left", ncols=5, fontsize=8
    )
    least, most = f"{periods.min():,.0f}", f"{periods.max():,.0f}"
    span = most if least == most else f"{least} to {most}"
    figure.supylabel(f"Assets by group and size, {span} periods each" if alike else "Periods observed", fontsize=8)
    other = "the line's other end" if len(panel.assets) > MANY else "tick"
    note = f"Loading. Dot: posterior mean; {other}: least squares on its own returns (some lie outside)"
    figure.supxlabel(note, fontsize=8, x=0.01, ha="left", color=QUIET)
    return figure


def _moves(
    axis: "Axes",
    panel: PanelBase,
    group: str,
    start: np.ndarray,
    end: np.ndarray,
    height: np.ndarray,
    periods: np.ndarray,
) -> "PathCollection":
    """Draw the loadings of one group from their ticks to their dots, and return the dots."""
    place, some = panel.group_names.index(group), panel.groups.values == group
    start, end, height, periods = start[some], end[some], height[some], periods[some]
    colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place // len(COLOURS) % len(MARKERS)]
    gaps = np.full(len(start), np.nan)  # one line with gaps is far smaller in a file than many lines
    lines = np.column_stack([start, end, gaps]).ravel()
    axis.plot(lines, np.repeat(height, 3), color=colour, linewidth=0.9, alpha=0.7)
    dots = axis.scatter(end, height, s=9, marker=marker, color=colour, zorder=3)
    if len(panel.assets) > MANY:
        return dots
    axis.plot(start, height, "|", markersize=6, color=colour)
    said = zip(panel.groups["asset"].values[some], end, start, periods, strict=True)
    return hover(dots, [f"{a}: {b:.3g}, least squares {own:.3g}, {n:,.0f} periods" for a, b, own, n in said])
