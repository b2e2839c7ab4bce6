"""Weights of a portfolio beside what its holdings add to its volatility."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayesfactor.analysis.scenarios.position_risk import PositionRisk
from bayesfactor.base.intervals import Interval, interval
from bayesfactor.base.wording import interval_name, percent as written, periods_in_words
from bayesfactor.plots.style import (
    FAINT,
    POSTERIOR,
    ROW,
    canvas,
    chosen,
    name_rows,
    percent,
    require_result,
    styled,
    zero,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def plot_position_risk(
    risk: PositionRisk,
    *,
    names: Sequence[str] | None = None,
    level: float = 0.95,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> "Figure":
    """Draw the weight of each holding beside what it adds to the portfolio's volatility.

    Parameters
    ----------
    risk : PositionRisk
        As `position_risk` returns it.
    names : sequence of str, optional
        Assets, in this order; by default those that are held, the one that adds most on top.
    level : float
        Of value at risk and expected shortfall, which the line below the figure states.
    ci_prob, ci_kind
        The interval of the contributions and of the volatility.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    SpecError
        When it is no risk by position, a name is not in it, or the level is not one that `PositionRisk.tail` takes.
    """
    require_result(risk, PositionRisk, "a PositionRisk", "plot_position_risk.risk", "bf.position_risk(fit, portfolio)")
    component = risk.draws.sel(measure="component")
    mean = component.mean(("chain", "draw")).to_series().sort_values(ascending=False, kind="stable")
    known = mean.index.tolist()
    held = [name for name in known if risk.weights[name] != 0] if names is None else names
    rows = chosen(held, known, "asset", "plot_position_risk.names")
    low, high = interval(component.sel(asset=rows).stack(sample=("chain", "draw")).values.T, ci_prob, ci_kind)
    figure, axes = canvas(1, 2, 6.4, 1.5 + ROW * len(rows), sharey=True)
    place = np.arange(len(rows))
    axes[0, 0].barh(place, risk.weights[rows], height=0.7, color=FAINT)
    axes[0, 1].hlines(place, low, high, color=POSTERIOR, linewidth=1.4)
    axes[0, 1].plot(mean[rows], place, "o", markersize=4, color=POSTERIOR)
    for axis, title in zip(axes[0], ("Weight", "Adds to volatility, a year"), strict=True):
        zero(axis)
        percent(axis.xaxis)
        axis.set_title(title, loc="left")
    name_rows(axes[0, 0], rows)
    note = f"Dot: mean; line: {interval_name(ci_prob, ci_kind)}\n{_summary(risk, level, ci_prob, ci_kind)}"
    figure.supxlabel(note, fontsize=8, x=0.01, ha="left")
    return figure


def _summary(risk: PositionRisk, level: float, ci_prob: float, ci_kind: Interval) -> str:
    """Return the volatility of the portfolio with its interval, and what it may lose."""
    volatility = risk.volatility.values.ravel()
    low, high = (float(end) for end in interval(volatility, ci_prob, ci_kind))
    sd = (high - low) / 3
    found = risk.tail(level)
    at_risk, shortfall = (written(loss, error) for loss, error in zip(found["loss"], found["mcse"], strict=True))
    return (
        f"The portfolio: volatility {written(float(volatility.mean()), sd)} a year ({written(low, sd)} to "
        f"{written(high, sd)})\nLosses over {periods_in_words(risk.periods)}, {100 * level:g} %: value at risk "
        f"{at_risk}, expected shortfall {shortfall}"
    )
