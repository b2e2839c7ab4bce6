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
from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.marks import Intervals, Mark
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.off_scale import beyond, numbered, robust, together
from bayesfactor.plots.scales import Unit, linear, rows, written
from bayesfactor.plots.style import left_out, on_one_axis, require_result, short
from bayesfactor.plots.table_rows import all_numbers, ends_of, part_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_COLUMNS = 8  # sources beside each other
SMALL = 0.05  # of the scale: sources that nowhere reach further are named, and not drawn


def stress_chart(
    stress: Stress, *, names: Sequence[str] | None = None, ci_prob: float = 0.9, ci_kind: Interval = "eti"
) -> Chart:
    """Return what a scenario does: `plot_stress` has the arguments."""
    require_result(stress, Stress, "a Stress", "plot_stress.stress", "bf.stress(fit, scenario)")
    table = stress.table(ci_prob, ci_kind, rounded=False).set_index(["asset", "source"])
    rounded = stress.table(ci_prob, ci_kind).set_index(["asset", "source"])
    outcome = stress.outcome_table(None, ci_prob, ci_kind, rounded=False).set_index("asset")
    priced = in_money(stress.book)
    shown, money = on_one_axis(names, _order(table), "asset", "plot_stress.names", in_money=priced)
    unit: Unit = "money" if money else "percent"
    sources = [name for name in stress.draws["source"].values.tolist() if name != "total"]
    kind = interval_name(ci_prob, ci_kind)
    wide = outcome.loc[shown]
    parts = {name: part_of(table, name, "source", shown) for name in ["total", *sources]}
    each = {name: robust(*ends_of(part)[::2]) for name, part in parts.items()}
    common = together([each[name] for name in sources]) if sources else each["total"]
    small = [name for name in sources if _reach(parts[name]) < SMALL * (common[1] - common[0])]
    panels, off = [], list[str]()
    for source, part in parts.items():
        if source in small:
            continue
        lower, _, upper = ends_of(part)
        marks: list[Mark] = []
        ends, title = common, short(source, 20)
        if source == "total":
            marks, ends, title = [_outcomes(wide)], _ends(wide, each["total"]), "return"
            lower, upper = np.minimum(lower, wide["lower"].to_numpy()), np.maximum(upper, wide["upper"].to_numpy())
        numbers = all_numbers(part_of(rounded, source, "source", shown), unit)
        told = _may(wide, unit) if source == "total" else numbers
        falls = [f"; it may fall {where}" for where in told] if source == "total" else [""] * len(shown)
        said = zip(shown, numbers, falls, strict=True)
        texts = tuple(f"{name}, {title}: {number} expected{fall}; {kind}." for name, number, fall in said)
        marks.append(_expected(part, texts))
        off += beyond(f"Beyond the scale, {title}", ends, lower, upper, numbered(shown, told))
        panels.append(Panel(tuple(marks), linear(unit=unit, ends=ends), rows(shown), title))
    key = (
        Key(f"what is expected: mean and {kind}", "posterior"),
        Key(f"where the return may fall: {kind}", "prior", "bar"),
    )
    label = f"{short(stress.scenario.name, 60)}{', in money' * money}"
    across = min(len(panels), MOST_COLUMNS)
    return Chart(
        label,
        tuple(panels),
        across,
        True,
        key,
        (f"{label}. All sources have one scale.", *_too_small(small), *left_out(shown, in_money=priced), *off),
    )


def _reach(part: pd.DataFrame) -> float:
    """Return how far the intervals of a source reach from 0."""
    lower, _, upper = ends_of(part)
    return float(np.abs([lower, upper]).max())


def _too_small(names: Sequence[str]) -> tuple[str, ...]:
    """Say which sources would be seen as a line at 0."""
    listed = ", ".join(short(name, 20) for name in names)
    return (f"Not drawn, as they give less than {100 * SMALL:g} % of the scale: {listed}.",) if names else ()


def _ends(wide: pd.DataFrame, of_mean: tuple[float, float]) -> tuple[float, float]:
    """Return ends that hold outcomes, but for outliers, and what is expected."""
    return together([robust(wide["lower"].to_numpy(), wide["upper"].to_numpy()), of_mean])


def _may(wide: pd.DataFrame, unit: Unit) -> list[str]:
    """Return between which ends each return may fall."""
    ends = zip(wide["lower"].tolist(), wide["upper"].tolist(), strict=True)
    return [f"from {written(a, unit, (b - a) / 3)} to {written(b, unit, (b - a) / 3)}" for a, b in ends]


def _outcomes(wide: pd.DataFrame) -> Intervals:
    """Return where returns may fall, behind what is expected."""
    lower, upper = wide["lower"].to_numpy(), wide["upper"].to_numpy()
    return Intervals(np.arange(len(wide)), lower, (lower + upper) / 2, upper, "prior", look="bar")


def _expected(part: pd.DataFrame, texts: tuple[str, ...]) -> Intervals:
    lower, middle, upper = ends_of(part)
    return Intervals(np.arange(len(part)), lower, middle, upper, texts=texts)


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
        In the first column the grey bar is where the return may fall; the blue line is what is known of its
        expectation. The columns of sources have one scale; a source that nowhere reaches 5 % of it is not drawn, and
        named below.

    Raises
    ------
    SpecError
        When it is no stress, or a name is not in it.
    """
    return render(stress_chart(stress, names=names, ci_prob=ci_prob, ci_kind=ci_kind))


def _order(table: pd.DataFrame) -> list[str]:
    """Return the entries: the portfolio, then by what is expected, from the top."""
    mean = table.xs("total", level="source")["mean"]
    first = mean.index[mean.index == PORTFOLIO].tolist()
    return [*first, *mean.drop(first).sort_values(ascending=False, kind="stable").index.tolist()]
