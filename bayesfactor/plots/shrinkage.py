"""How far loadings moved from least squares, against the length of histories."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayesfactor.panel.regressions import least_squares_loadings
from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.marks import Lines, Mark, Points, source_role
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.off_scale import fences
from bayesfactor.plots.scales import Scale, linear, logarithmic, span
from bayesfactor.plots.style import chosen, short
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ALIKE = 1.25  # ratio of the longest history to the shortest below which heights would tell nothing apart
MANY = 100  # assets; of more, lines without ticks and dots without names
COLUMNS, HEIGHT = 3, 240


def shrinkage_chart(fit: Fit, *, factors: Sequence[str] | None = None) -> Chart:
    """Return how far loadings moved: `plot_shrinkage` has the arguments."""
    require_fit(fit, "plot_shrinkage")
    panel = fit.panel
    names = chosen(factors, panel.factor_names, "factor", "plot_shrinkage.factors")
    own = least_squares_loadings(panel, fit.design.sample)
    mean = fit.posterior["loading"].mean(("chain", "draw"), skipna=False)
    periods = np.maximum(panel.moments.count, 1)
    least, most = f"{periods.min():,.0f}", f"{periods.max():,.0f}"
    alike = bool(periods.max() < ALIKE * periods.min())
    unit = f"{panel.calendar.period}s"
    title = f"Assets by group and size, {least if least == most else f'{least} to {most}'} {unit} each"
    y = (
        Scale(0.0, len(periods) + 1.0, title=title)
        if alike
        else logarithmic(periods, f"{unit.capitalize()} of returns")
    )
    panels = []
    for name in names:
        value, start = mean.sel(factor=name).values, own[name].to_numpy(dtype=float)
        place = np.argsort(np.lexsort((value, panel.groups.values))) + 1.0 if alike else periods
        marks = [mark for group in panel.group_names for mark in _moves(fit, group, start, value, place)]
        low, high = fences(start)
        ends = span(value, start[(start >= low) & (start <= high)])
        panels.append(Panel(tuple(marks), linear(ends=ends), y, short(name, 20), HEIGHT))
    other = "the line's other end" if len(panel.assets) > MANY else "tick"
    groups = panel.group_names if len(panel.group_names) > 1 else ()
    key = tuple(Key(short(group, 20), source_role(i), "dot") for i, group in enumerate(groups))
    note = f"Loading. Dot: posterior mean; {other}: least squares on its own returns (arrows: beyond the scale)."
    return Chart("How far loadings moved", tuple(panels), min(COLUMNS, len(panels)), key=key, notes=(note,))


def _moves(fit: Fit, group: str, start: np.ndarray, end: np.ndarray, height: np.ndarray) -> list[Mark]:
    """Return the loadings of one group: lines from least squares to dots, in one colour."""
    panel = fit.panel
    place, some = panel.group_names.index(group), panel.groups.values == group
    periods = np.maximum(panel.moments.count, 1)[some]
    start, end, height, role = start[some], end[some], height[some], source_role(place)
    gaps = np.full(len(start), np.nan)  # one line with gaps is far smaller in a file than many lines
    x, y = np.column_stack([start, end, gaps]).ravel(), np.repeat(height, 3)
    said = zip(panel.groups["asset"].values[some], end, start, periods, strict=True)
    texts = tuple(f"{a}: {b:.3g}, least squares {own:.3g}, {n:,.0f} {panel.calendar.period}s" for a, b, own, n in said)
    many = len(panel.assets) > MANY
    lines = Lines(x, y, role, thin=True)
    if many:
        return [lines, Points(end, height, role)]
    return [lines, Points(start, height, role, shape="tick"), Points(end, height, role, texts)]


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
        a dot only. A tick beyond an axis is an arrow at its end.

    Raises
    ------
    FitError, SpecError
        When it is no fit, or a factor is not in it.
    """
    return render(shrinkage_chart(fit, factors=factors))
