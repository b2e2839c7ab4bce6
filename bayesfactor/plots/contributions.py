"""Contributions of every source to every asset, with their intervals."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayesfactor.analysis.assessment.verdicts import UNIDENTIFIED
from bayesfactor.analysis.attribution.attribution import Attribution
from bayesfactor.base.errors import SpecError
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import chance, interval_name
from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.marks import Intervals
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.off_scale import beyond, numbered, robust, together
from bayesfactor.plots.scales import Unit, linear, rows
from bayesfactor.plots.style import chosen, left_out, on_one_axis, short
from bayesfactor.plots.table_rows import all_numbers, ends_of, part_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_COLUMNS = 6  # sources beside each other
TITLES = {
    "premium": "Contribution to the expected excess return, a year",
    "return": "Contribution to the realised excess return, {}",
    "variance": "Contribution to the variance of returns, a year",
}


def require_attribution(given: object, verb: str, kind: str | None = None) -> Attribution:
    """Return the attribution, or raise a SpecError."""
    if not isinstance(given, Attribution):
        raise SpecError(
            f"{verb}: expected an Attribution, found {type(given).__name__}.",
            place=f"{verb}.attribution",
            found=given,
            remedy=f"Pass what bf.attribute(fit, '{kind or 'premium'}') returned.",
        )
    if kind is not None and given.kind != kind:
        raise SpecError(
            f"{verb}: expected the attribution of a {kind}, found that of a {given.kind}.",
            place=f"{verb}.attribution",
            found=given.kind,
            allowed=(kind,),
        )
    return given


def asset_contributions_chart(
    attribution: Attribution,
    *,
    names: Sequence[str] | None = None,
    sources: Sequence[str] | None = None,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> Chart:
    """Return contributions, a row per entry and a panel per source, on one scale: see `plot_contributions`."""
    found = require_attribution(attribution, "plot_contributions")
    unit_of = str(found.draws.dims[2])
    every = ["total", *(name for name in found.draws["source"].values.tolist() if name != "total")]
    columns = chosen(sources, every, "source", "plot_contributions.sources")
    table = found.table(ci_prob, ci_kind, rounded=False).set_index([unit_of, "source"])
    rounded = found.table(ci_prob, ci_kind).set_index([unit_of, "source"])
    order = table.xs("total", level="source")["mean"].sort_values(ascending=False, kind="stable").index.tolist()
    shown, money = on_one_axis(names, order, unit_of, "plot_contributions.names", in_money=found.in_money)
    unit: Unit = "money" if money else "number" if found.kind == "variance" else "percent"
    parts = {source: part_of(table, source, "source", shown) for source in columns}
    ends = together([robust(*ends_of(part)[::2]) for part in parts.values()])
    interval = interval_name(ci_prob, ci_kind)
    hollow = {source for source in columns if found.identification.get(source, "").endswith(UNIDENTIFIED)}
    panels, off = [], list[str]()
    for source, part in parts.items():
        said = part_of(rounded, source, "source", shown)
        told, positive = all_numbers(said, unit), [chance(float(p)) for p in said["prob_positive"]]
        texts = tuple(
            f"{name}, {source}: {number}, {interval}; above zero with probability {likely}."
            for name, number, likely in zip(shown, told, positive, strict=True)
        )
        lower, middle, upper = ends_of(part)
        unknown = np.full(len(shown), source in hollow)
        marks = (Intervals(np.arange(len(shown)), lower, middle, upper, texts=texts, hollow=unknown),)
        panels.append(Panel(marks, linear(unit=unit, ends=ends), rows(shown), short(source, 20)))
        off += beyond(f"Beyond the scale, {short(source, 20)}", ends, lower, upper, numbered(shown, told))
    title = TITLES[found.kind].format("compounded" if found.units.startswith("decimal, compounded") else "summed")
    title += ", in money" if money else ""
    title += ", at today's level" if found.long_run is not None else ""
    key = [Key(f"mean and {interval}", "posterior")]
    if hollow:
        key.append(Key("what it pays is unidentified", "posterior", "hollow"))
    across = min(len(panels), MOST_COLUMNS)
    return Chart(
        title, tuple(panels), across, True, tuple(key), (f"{title}.", *left_out(shown, in_money=found.in_money), *off)
    )


def plot_contributions(
    attribution: Attribution,
    *,
    names: Sequence[str] | None = None,
    sources: Sequence[str] | None = None,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> "Figure":
    """Draw the posterior mean and interval of every contribution: a row per asset, a column per source.

    Parameters
    ----------
    attribution : Attribution
        As `attribute` returns it, of any kind; its units are those of the axis.
    names, sources : sequence of str, optional
        Assets (or groups) and sources to draw, in this order. By default all: the total first, and the asset with the
        largest total on top. A portfolio whose gains are in money is drawn by ``names=["portfolio"]`` alone.
    ci_prob, ci_kind
        The interval.

    Returns
    -------
    matplotlib Figure
        A hollow dot marks a source whose premium is unidentified: it comes from the prior. All panels have one
        scale; an arrow at its end stands for what lies beyond, which the note below names.

    Raises
    ------
    SpecError
        When it is no attribution, or a name is not in it.
    """
    return render(
        asset_contributions_chart(attribution, names=names, sources=sources, ci_prob=ci_prob, ci_kind=ci_kind)
    )
