"""What share of each asset's variance comes from each source."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayesfactor.analysis.attribution.attribution import Attribution
from bayesfactor.analysis.attribution.contributions import OF_RESIDUALS
from bayesfactor.analysis.attribution.kinds import require_share
from bayesfactor.base.intervals import Interval, interval
from bayesfactor.base.wording import chance, interval_name, percent
from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.contributions import require_attribution
from bayesfactor.plots.marks import Bars, Intervals, Mark, source_role
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.scales import linear, rows
from bayesfactor.plots.style import chosen, short
from bayesfactor.plots.table_rows import told
from bayesfactor.posterior.residual_variance import COMMON, OWN

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROLES = {OWN: "faint", COMMON: "quiet"}  # sources that are no factors


def risk_chart(
    attribution: Attribution,
    *,
    names: Sequence[str] | None = None,
    above: float = 0.5,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> Chart:
    """Return shares of variance as stacked bars, a row per entry, with the interval of the idiosyncratic share."""
    found = require_attribution(attribution, "plot_risk", "variance")
    require_share(above, "plot_risk")
    unit = str(found.draws.dims[2])
    every = found.draws["source"].values.tolist()
    sources = [OWN, *(s for s in every if s in OF_RESIDUALS and s != OWN)]
    sources += [s for s in every if s not in (*sources, "total")]
    shares = found.shares.sel(source=sources).transpose("chain", "draw", unit, "source")
    mean = shares.mean(("chain", "draw")).to_pandas()
    order = mean[OWN].sort_values(ascending=False, kind="stable").index.tolist()
    shown = chosen(names, order, unit, "plot_risk.names")
    own = shares.sel({"source": OWN, unit: shown}).stack(sample=("chain", "draw")).transpose("sample", ...).values
    low, high = interval(own, ci_prob, ci_kind)
    marks, key, (left, right) = _bars(pd.DataFrame(mean.loc[shown]), shown)
    said = interval_name(ci_prob, ci_kind)
    likely = [chance(float(p)) for p in (own > above).mean(axis=0)]
    texts = tuple(
        f"{name}: {number} idiosyncratic, {said}; above {100 * above:g} % with probability {p}."
        for name, number, p in zip(shown, told(own.mean(axis=0), low, high, "percent"), likely, strict=True)
    )
    marks.append(Intervals(np.arange(len(shown)), low, own.mean(axis=0), high, "ink", texts, look="tick"))
    key.append(Key(f"idiosyncratic share: mean and {said}", "ink", "interval"))
    x = linear(unit="percent", ends=(min(0.0, left), max(1.0, right)), title="Share of the variance of returns")
    panel = Panel(tuple(marks), x, rows(shown, tuple(likely)))
    note = f"Right of each bar: the probability that more than {100 * above:g} % of the variance is idiosyncratic."
    return Chart("Shares of the variance of returns, posterior means", (panel,), key=tuple(key), notes=(note,))


def _bars(mean: pd.DataFrame, names: list[str]) -> tuple[list[Mark], list[Key], tuple[float, float]]:
    """Return a mark for each source, what its colour means, and how far the bars reach left and right of 0."""
    place, factor = np.arange(len(names)), 0
    left, right = np.zeros(len(names)), np.zeros(len(names))
    marks: list[Mark] = []
    key = []
    for source in mean.columns:
        value = mean[source].to_numpy()
        role = ROLES.get(source, source_role(factor))
        factor += source not in ROLES
        start = np.where(value < 0, left, right)
        said = zip(names, value, strict=True)
        texts = tuple(f"{name}, {source}: {percent(round(share, 3))} of the variance." for name, share in said)
        marks.append(Bars(place, start, start + value, role, texts))
        key.append(Key(short(source, 20), role, "bar"))
        left, right = left + np.minimum(value, 0), right + np.maximum(value, 0)
    return marks, key, (float(left.min()), float(right.max()))


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
    return render(risk_chart(attribution, names=names, above=above))
