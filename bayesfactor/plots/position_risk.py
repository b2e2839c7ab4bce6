"""Weights of a portfolio beside what its holdings add to its volatility."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayesfactor.analysis.scenarios.position_risk import PositionRisk
from bayesfactor.base.intervals import Interval, interval
from bayesfactor.base.wording import interval_name, percent as written, periods_in_words
from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.marks import Bars, Intervals
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.scales import linear, rows
from bayesfactor.plots.style import chosen, require_result
from bayesfactor.plots.table_rows import all_numbers, part_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def position_risk_chart(
    risk: PositionRisk,
    *,
    names: Sequence[str] | None = None,
    level: float = 0.95,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> Chart:
    """Return weights beside what they add to volatility: `plot_position_risk` has the arguments."""
    require_result(risk, PositionRisk, "a PositionRisk", "plot_position_risk.risk", "bf.position_risk(fit, portfolio)")
    component = risk.draws.sel(measure="component")
    mean = component.mean(("chain", "draw")).to_series().sort_values(ascending=False, kind="stable")
    known = mean.index.tolist()
    held = [name for name in known if risk.weights[name] != 0] if names is None else names
    shown = chosen(held, known, "asset", "plot_position_risk.names")
    low, high = interval(component.sel(asset=shown).stack(sample=("chain", "draw")).values.T, ci_prob, ci_kind)
    weights, middle, place = risk.weights[shown].to_numpy(), mean[shown].to_numpy(), np.arange(len(shown))
    kind = interval_name(ci_prob, ci_kind)
    table = risk.table(ci_prob, ci_kind).set_index(["asset", "measure"])
    said = all_numbers(part_of(table, "component", "measure", shown), "percent")
    weighs = tuple(f"{name}: weight {written(w)}." for name, w in zip(shown, weights, strict=True))
    adds = tuple(f"{name} adds {number} to the volatility, {kind}." for name, number in zip(shown, said, strict=True))
    panels = (
        Panel(
            (Bars(place, np.zeros(len(shown)), weights, "faint", weighs),),
            linear(weights, unit="percent"),
            rows(shown),
            "Weight",
        ),
        Panel(
            (Intervals(place, low, middle, high, texts=adds),),
            linear(low, high, unit="percent"),
            rows(shown, said),
            "Adds to volatility, a year",
        ),
    )
    key = (Key(f"mean and {kind}", "posterior"),)
    label = "Weights, and what holdings add to the volatility of the portfolio"
    return Chart(label, panels, 2, True, key, _summary(risk, level, ci_prob, ci_kind))


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
    return render(position_risk_chart(risk, names=names, level=level, ci_prob=ci_prob, ci_kind=ci_kind))


def _summary(risk: PositionRisk, level: float, ci_prob: float, ci_kind: Interval) -> tuple[str, str]:
    """Return the volatility of the portfolio with its interval, and what it may lose."""
    volatility = risk.volatility.values.ravel()
    low, high = (float(end) for end in interval(volatility, ci_prob, ci_kind))
    sd = (high - low) / 3
    found = risk.tail(level)
    at_risk, shortfall = (written(loss, error) for loss, error in zip(found["loss"], found["mcse"], strict=True))
    return (
        f"The portfolio: volatility {written(float(volatility.mean()), sd)} a year ({written(low, sd)} to "
        f"{written(high, sd)}).",
        f"Losses over {periods_in_words(risk.periods)}, {100 * level:g} %: value at risk "
        f"{at_risk}, expected shortfall {shortfall}.",
    )
