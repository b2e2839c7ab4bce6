"""What each source added to a realised return, over time."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayesfactor.analysis.attribution.realised import realised_path
from bayesfactor.base.intervals import Interval, interval
from bayesfactor.base.wording import interval_name
from bayesfactor.panel.dates import Window
from bayesfactor.plots.chart import Chart, Panel
from bayesfactor.plots.marks import Band, Lines, Points
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.scales import Scale, dates, days, linear
from bayesfactor.plots.style import short
from bayesfactor.plots.table_rows import told
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_DATES, SPOTS = 300, 24  # of a figure; of a panel, that can be pointed at
COLUMNS, HEIGHT = 3, 150


def realised_chart(
    fit: Fit,
    name: str | None = None,
    *,
    portfolio: Mapping[str, float] | pd.Series | None = None,
    by_family: bool = True,
    window: Window | None = None,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> Chart:
    """Return what each source added to a realised return, summed over time: `plot_realised` has the arguments."""
    require_fit(fit, "plot_realised")
    path = realised_path(fit, name, portfolio, window, by_family=by_family)
    since = str(path["time"].values[0])[:10]
    every = -(-path.sizes["time"] // MOST_DATES)
    path = path.isel(time=slice((path.sizes["time"] - 1) % every, None, every))  # so that the last date is among them
    times = path["time"].values
    found = {}
    for source in ["total", *(s for s in path["source"].values.tolist() if s != "total")]:
        values = path.sel(source=source).transpose("sample", "time").values
        found[source] = (values.mean(axis=0), *interval(values, ci_prob, ci_kind))
    y = linear(*(curve for curves in found.values() for curve in curves), unit="percent")
    x = dates(times, 3)
    panels = tuple(_panel(source, times, curves, x, y) for source, curves in found.items())
    whose = "The portfolio" if portfolio is not None else short(name, 40)
    label = f"{whose}: excess return summed since {since}, mean and {interval_name(ci_prob, ci_kind)}"
    return Chart(label, panels, min(COLUMNS, len(panels)), notes=(f"{label}; above each, where it ended.",))


def _panel(source: str, times: np.ndarray, curves: tuple[np.ndarray, ...], x: Scale, y: Scale) -> Panel:
    """Return the mean and the band of one source, with the number it ends at."""
    mean, low, high = curves
    at = days(times)
    role = "ink" if source == "total" else "posterior"
    some = np.unique(np.linspace(0, len(at) - 1, min(SPOTS, len(at))).astype(int))
    said = told(mean[some], low[some], high[some], "percent")
    texts = tuple(f"{source}, up to {str(times[i])[:10]}: {number}." for i, number in zip(some, said, strict=True))
    marks = (
        Band(at, low, high, "posterior"),
        Lines(at, mean, role),
        Points(at[some], mean[some], role, texts, "none"),
    )
    return Panel(marks, x, y, f"{short(source, 24)}: {said[-1]}", HEIGHT)


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
    return render(
        realised_chart(
            fit, name, portfolio=portfolio, by_family=by_family, window=window, ci_prob=ci_prob, ci_kind=ci_kind
        )
    )
