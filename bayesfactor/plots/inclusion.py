"""Which loadings are in: probabilities before and after the data."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayesfactor.analysis.assessment.loading_inclusion import inclusion
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import chance, interval_name
from bayesfactor.plots.style import (
    FAINT,
    INK,
    POSTERIOR,
    QUIET,
    ROW,
    by_group,
    canvas,
    chosen,
    name_rows,
    short,
    styled,
)
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROOM = 0.36  # of an axis from 0 to 1, for the number beside a dot


@styled
def plot_inclusion(
    fit: Fit,
    *,
    names: Sequence[str] | None = None,
    factors: Sequence[str] | None = None,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> "Figure":
    """Draw the probability that each loading is in, from its prior to its posterior.

    Parameters
    ----------
    fit : Fit
        Of a model in which loadings may be out.
    names, factors : sequence of str, optional
        Assets and factors, in this order; by default all assets, group by group, and all factors whose loadings may be
        out.
    ci_prob, ci_kind
        The interval of rates.

    Returns
    -------
    matplotlib Figure
        A row per asset and a column per factor: from the prior (grey line; none where the model is not known) to the
        dot, with its number. The band is the interval of the rate, the share of assets whose loading is in.

    Raises
    ------
    FitError, SpecError
        When it is no fit, every loading is in, or a name is not in it.
    """
    require_fit(fit, "plot_inclusion")
    table = inclusion(fit, ci_prob=ci_prob, ci_kind=ci_kind)
    rows = chosen(names, by_group(fit.panel), "asset", "plot_inclusion.names")
    free = table["factor"].drop_duplicates().tolist()
    columns = chosen(factors, free, "factor", "plot_inclusion.factors")
    figure, axes = canvas(1, len(columns), 1.8 + 1.7 * len(columns), 1.3 + ROW * len(rows), sharey=True)
    for axis, factor in zip(axes[0], columns, strict=True):
        _draw_factor(axis, table[table["factor"] == factor].set_index("asset").loc[rows])
        axis.set_title(short(factor, 18), loc="left")
    name_rows(axes[0, 0], rows)
    label = (
        "Probability that a loading is in. Dot: after the data; grey line: before;\n"
        f"band: {interval_name(ci_prob, ci_kind)} of the rate, the share of assets whose loading is in"
    )
    figure.supxlabel(label, fontsize=8, x=0.01, ha="left")
    return figure


def _draw_factor(axis: "Axes", part: "pd.DataFrame") -> None:
    """Draw the probabilities of the loadings on one factor."""
    from matplotlib.ticker import FixedLocator, FuncFormatter

    place, value = np.arange(len(part)), part["probability"].to_numpy()
    before, first = float(part["prior"].iloc[0]), part.iloc[0]
    if np.isfinite(first["rate"]):
        axis.axvspan(first["rate_lower"], first["rate_upper"], color=FAINT, alpha=0.6, linewidth=0, zorder=0)
    if np.isfinite(before):
        axis.axvline(before, color=QUIET, linewidth=0.9, zorder=1)
        axis.hlines(place, np.minimum(before, value), np.maximum(before, value), color=POSTERIOR, linewidth=1.4)
    axis.plot(value, place, "o", markersize=3.5, color=POSTERIOR)
    for y, x in zip(place, value, strict=True):
        right = not x < before  # away from the line
        axis.annotate(
            chance(float(x)), (x, y), (5 if right else -5, 0), textcoords="offset points",
            ha="left" if right else "right", va="center", fontsize=7, color=INK,
        )  # fmt: skip
    axis.set_xlim(-ROOM, 1 + ROOM)
    axis.xaxis.set_major_locator(FixedLocator([0.0, 0.5, 1.0]))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:g} %"))
