"""Loadings with their intervals, beside least squares."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import chance, interval_name
from bayesfactor.panel.regressions import least_squares_loadings
from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.marks import Intervals, Points
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.off_scale import beyond, numbered, reach, robust
from bayesfactor.plots.scales import linear, rows, written
from bayesfactor.plots.style import by_group, chosen, short
from bayesfactor.plots.table_rows import all_numbers, ends_of, part_of
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.summaries import summarise

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_COLUMNS = 6  # factors beside each other
UNIT = "Loading: the return that goes with one unit of the factor, all others held."


def loadings_chart(
    fit: Fit,
    *,
    names: Sequence[str] | None = None,
    factors: Sequence[str] | None = None,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> Chart:
    """Return loadings as intervals, a row per asset and a panel per factor: `plot_loadings` has the arguments."""
    require_fit(fit, "plot_loadings")
    shown = chosen(names, by_group(fit.panel), "asset", "plot_loadings.names")
    columns = chosen(factors, fit.panel.factor_names, "factor", "plot_loadings.factors")
    draws = fit.posterior["loading"].sel(asset=shown, factor=columns)
    table = summarise(draws, ci_prob, ci_kind, rounded=False).set_index(["asset", "factor"])
    rounded = summarise(draws, ci_prob, ci_kind).set_index(["asset", "factor"])
    own = least_squares_loadings(fit.panel, fit.design.sample)
    interval = interval_name(ci_prob, ci_kind)
    panels, off = [], list[str]()
    for factor in columns:
        part = part_of(table, factor, "factor", shown)
        said = part_of(rounded, factor, "factor", shown)
        panel, notes = _panel(factor, part, said, own.loc[shown, factor].to_numpy(dtype=float), interval)
        panels.append(panel)
        off += notes
    key = (Key(f"mean and {interval}", "posterior"), Key("least squares on its own returns", "data", "tick"))
    return Chart("Loadings", tuple(panels), min(len(panels), MOST_COLUMNS), True, key, (UNIT, *off))


def _panel(
    factor: str, part: pd.DataFrame, said: pd.DataFrame, own: np.ndarray, interval: str
) -> tuple[Panel, tuple[str, ...]]:
    """Return the loadings on one factor, as they are and as they are told, and what lies beyond its scale."""
    lower, middle, upper = ends_of(part)
    squares = [written(value, "number") if np.isfinite(value) else "none" for value in own]
    told, positive = all_numbers(said, "number"), [chance(float(p)) for p in said["prob_positive"]]
    texts = tuple(
        f"{name}, loading on {factor}: {number}, {interval}; above zero with probability {likely}; least squares {ols}."
        for name, number, likely, ols in zip(part.index, told, positive, squares, strict=True)
    )
    ends = robust(lower, upper)
    known = own[np.isfinite(own)]
    ends = reach(ends, known) if known.size else ends
    place = np.arange(len(part))
    marks = (Intervals(place, lower, middle, upper, texts=texts), Points(own, place, "data", shape="tick"))
    panel = Panel(marks, linear(ends=ends), rows(part.index.tolist()), short(factor, 18))
    about = short(factor, 18)
    names = part.index.tolist()
    off = beyond(f"Beyond the scale, loading on {about}", ends, lower, upper, numbered(names, told))
    return panel, off + beyond(f"Beyond the scale, least squares on {about}", ends, own, own, numbered(names, squares))


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
        lies beyond an axis, which follows the posterior, is an arrow at its end.

    Raises
    ------
    FitError, SpecError
        When it is no fit, or a name is not in it.
    """
    return render(loadings_chart(fit, names=names, factors=factors, ci_prob=ci_prob, ci_kind=ci_kind))
