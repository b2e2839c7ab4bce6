"""Premia of factors: what the prior, the data and the posterior say."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from scipy.stats import norm

from bayesfactor.analysis.assessment.identification import Identification
from bayesfactor.analysis.assessment.verdicts import UNIDENTIFIED
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import interval_name
from bayesfactor.plots.chart import Chart, Panel
from bayesfactor.plots.marks import Band, Mark
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.off_scale import reach
from bayesfactor.plots.scales import linear, rows, span, with_interval
from bayesfactor.plots.style import chosen, require_result, short
from bayesfactor.plots.table_rows import Row, numbers, single

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS, HEIGHT = 2, 28  # panels beside each other; pixels of a row
DENSE = 0.8  # of a row, the height of a density


def premia_chart(
    identification: Identification,
    *,
    factors: Sequence[str] | None = None,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> Chart:
    """Return a panel per factor with prior, data and posterior: `plot_premia` has the arguments."""
    require_result(
        identification, Identification, "an Identification", "plot_premia.identification", "bf.identify(fit)"
    )
    table = identification.table(ci_prob, ci_kind)
    names = chosen(factors, table.index.tolist(), "factor", "plot_premia.factors")
    given = bool(table["prior_sd"].notna().all())
    records = {str(name): row for name, row in zip(table.index, table.to_dict("records"), strict=True)}
    kind = interval_name(ci_prob, ci_kind)
    panels = tuple(_panel(identification, name, records[name], ci_prob, kind) for name in names)
    label = f"Premium of one unit of loading, a year: means and {kind}s"
    notes = (f"{label}; above the posterior's its density.", *([] if given else ["The prior is not known."]))
    return Chart(label, panels, min(COLUMNS, len(panels)), notes=notes)


def _panel(found: Identification, name: str, row: Row, prob: float, interval: str) -> Panel:
    """Return prior, data and posterior of one factor, each in a row where it is known."""
    from arviz_stats import kde

    wide = norm.ppf((1 + prob) / 2)
    kinds = [("prior", "prior_mean", "prior_sd", "quiet"), ("data", "data_mean", "data_se", "data")]
    known = [(kind, float(row[mean]), wide * float(row[sd]), role) for kind, mean, sd, role in kinds]
    known = [one for one in known if np.isfinite(one[1]) and np.isfinite(one[2])]
    last = len(known)
    told, marks = [], list[Mark]()
    ends = span(np.array([row["lower"], row["upper"]]))
    for place, (kind, mean, far, role) in enumerate(known):
        told.append(with_interval(mean, mean - far, mean + far, "percent", far / wide))
        text = f"{name}, {kind}: {told[-1]} a year, {100 * prob:g} % interval of a normal law."
        marks.append(single(place, (mean - far, mean, mean + far), role, text))
        ends = reach(ends, np.array([mean - far, mean + far]), most=1.0)
    draws = found.premium.sel(factor=name, drop=True).rename("premium")
    density = kde(xr.Dataset({"premium": draws}))["premium"]
    x, y = density.sel(plot_axis="x").values[::4], density.sel(plot_axis="y").values[::4]
    top = last - DENSE * y / float(y.max())
    marks.append(Band(x, np.full(len(x), float(last)), top, strength=0.15 if row["verdict"] == UNIDENTIFIED else 0.35))
    told.append(numbers(row, "percent"))
    text = f"{name}, posterior: {told[-1]} a year, {interval}; {row['verdict']}."
    marks.append(single(last, (row["lower"], row["mean"], row["upper"]), "posterior", text))
    y_axis = rows([*(kind for kind, *_ in known), "posterior"], told)
    title = f"{short(name, 20)}: {row['verdict']}"
    return Panel(tuple(marks), linear(unit="percent", ends=ends), y_axis, title, HEIGHT * (last + 1))


def plot_premia(
    identification: Identification,
    *,
    factors: Sequence[str] | None = None,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> "Figure":
    """Draw what each factor pays for one unit of loading: prior, data and posterior.

    Parameters
    ----------
    identification : Identification
        As `identify` returns it.
    factors : sequence of str, optional
        By default all.
    ci_prob, ci_kind
        The interval of each; of prior and data by normal laws.

    Returns
    -------
    matplotlib Figure
        A panel per factor: the posterior's density (ArviZ's kernel estimate), its mean and interval; above it what the
        data alone say, where they do, and the prior's mean and interval, where it is known (of a spike and slab, those
        of a normal law with its standard deviation). The axis may be too short for a prior that is far wider. The title
        holds the verdict.

    Raises
    ------
    SpecError
        When it is no identification, or a factor is not in it.
    """
    return render(premia_chart(identification, factors=factors, ci_prob=ci_prob, ci_kind=ci_kind))
