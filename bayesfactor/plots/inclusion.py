"""Which loadings are in: probabilities before and after the data."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayesfactor.analysis.assessment.loading_inclusion import inclusion
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import chance, interval_name
from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.marks import Intervals, Mark, Rules, Zone
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.scales import Scale, rows
from bayesfactor.plots.style import by_group, chosen, short
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_COLUMNS = 4  # factors beside each other
SHARES = Scale(-0.03, 1.03, ((0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")))


def inclusion_chart(
    fit: Fit,
    *,
    names: Sequence[str] | None = None,
    factors: Sequence[str] | None = None,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> Chart:
    """Return the probability that each loading is in: `plot_inclusion` has the arguments."""
    require_fit(fit, "plot_inclusion")
    table = inclusion(fit, ci_prob=ci_prob, ci_kind=ci_kind)
    shown = chosen(names, by_group(fit.panel), "asset", "plot_inclusion.names")
    free = table["factor"].drop_duplicates().tolist()
    columns = chosen(factors, free, "factor", "plot_inclusion.factors")
    panels = tuple(_panel(factor, table[table["factor"] == factor].set_index("asset").loc[shown]) for factor in columns)
    key = (
        Key("after the data", "posterior"),
        Key("before", "quiet", "line"),
        Key(f"share of assets whose loading is in: {interval_name(ci_prob, ci_kind)}", "faint", "bar"),
    )
    label = "Probability that a loading is in"
    return Chart(label, panels, min(len(panels), MOST_COLUMNS), True, key, (f"{label}, before and after the data.",))


def _panel(factor: str, part: pd.DataFrame) -> Panel:
    """Return the probabilities of the loadings on one factor."""
    value, first = part["probability"].to_numpy(), part.iloc[0]
    before, known = float(first["prior"]), bool(np.isfinite(first["prior"]))
    told = [chance(float(p)) for p in value]
    was = f", before the data {chance(before)}" if known else ""
    said = zip(part.index, told, strict=True)
    texts = tuple(f"{name}, loading on {factor}: in with probability {p}{was}." for name, p in said)
    marks: list[Mark] = []
    if np.isfinite(first["rate"]):
        marks.append(Zone(float(first["rate_lower"]), float(first["rate_upper"])))
    if known:
        marks.append(Rules(before))
    ends = [np.minimum(before, value), np.maximum(before, value)] if known else [value, value]
    marks.append(Intervals(np.arange(len(part)), ends[0], value, ends[1], texts=texts))
    return Panel(tuple(marks), SHARES, rows(part.index.tolist(), told), short(factor, 18))


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
        dot, with its number on the right. The band is the interval of the rate, the share of assets whose loading is
        in.

    Raises
    ------
    FitError, SpecError
        When it is no fit, every loading is in, or a name is not in it.
    """
    return render(inclusion_chart(fit, names=names, factors=factors, ci_prob=ci_prob, ci_kind=ci_kind))
