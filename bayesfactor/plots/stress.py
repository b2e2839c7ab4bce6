"""What a scenario does: where returns may fall, what is expected, and what each source gives of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.analysis.scenarios.repriced_book import in_money
from bayesfactor.analysis.scenarios.stress import Stress
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import interval_name
from bayesfactor.plots.style import (
    FAINT,
    POSTERIOR,
    ROW,
    canvas,
    name_rows,
    on_one_axis,
    percent,
    require_result,
    short,
    styled,
    zero,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def plot_stress(
    stress: Stress, *, names: Sequence[str] | None = None, ci_prob: float = 0.9, ci_kind: Interval = "eti"
) -> "Figure":
    """Draw a scenario: a row per asset; a column for the return, and one for what each source is expected to give.

    Parameters
    ----------
    stress : Stress
        As `stress` returns it.
    names : sequence of str, optional
        Assets to draw, in this order. By default all: the portfolio on top, then the one that loses least. A portfolio
        whose gains are in money is drawn by ``names=["portfolio"]`` alone.
    ci_prob, ci_kind
        The intervals.

    Returns
    -------
    matplotlib Figure
        In the first column the grey line is where the return may fall; the blue one is what is known of its
        expectation.

    Raises
    ------
    SpecError
        When it is no stress, or a name is not in it.
    """
    require_result(stress, Stress, "a Stress", "plot_stress.stress", "bf.stress(fit, scenario)")
    table = stress.table(ci_prob, ci_kind, rounded=False).set_index(["asset", "source"])
    outcome = stress.outcome_table(None, ci_prob, ci_kind, rounded=False).set_index("asset")
    order, priced = _order(table), in_money(stress.book)
    rows, money = on_one_axis(names, order, "asset", "plot_stress.names", in_money=priced)
    every = ["total", *(name for name in stress.draws["source"].values.tolist() if name != "total")]
    figure, axes = canvas(1, len(every), 1.8 + 1.6 * len(every), 1.1 + ROW * len(rows), sharey=True)
    place = np.arange(len(rows))
    wide = outcome.loc[rows]
    axes[0, 0].hlines(place, wide["lower"], wide["upper"], color=FAINT, linewidth=5)
    for axis, source in zip(axes[0], every, strict=True):
        part = table.xs(source, level="source").loc[rows]
        axis.hlines(place, part["lower"], part["upper"], color=POSTERIOR, linewidth=1.4)
        axis.plot(part["mean"], place, "o", markersize=4, color=POSTERIOR)
        zero(axis)
        axis.set_title("return" if source == "total" else short(source, 20), loc="left")
        if not money:
            percent(axis.xaxis)
    name_rows(axes[0, 0], rows)
    name = f"{short(stress.scenario.name, 60)}{', in money' * money}"
    label = f"{name}: blue, what is expected; grey, where the return may fall; mean and "
    figure.supxlabel(f"{label}{interval_name(ci_prob, ci_kind)}", fontsize=8, x=0.01, ha="left")
    return figure


def _order(table: pd.DataFrame) -> list[str]:
    """Return the entries: the portfolio, then by what is expected, from the top."""
    mean = table.xs("total", level="source")["mean"]
    first = mean.index[mean.index == PORTFOLIO].tolist()
    return [*first, *mean.drop(first).sort_values(ascending=False, kind="stable").index.tolist()]
