"""How good the forecasts of models were."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayesfactor.analysis.comparison.benchmark import EWMA, LAW
from bayesfactor.analysis.comparison.judged import ALL
from bayesfactor.analysis.comparison.score_summaries import COVERS
from bayesfactor.analysis.comparison.scores import Scores
from bayesfactor.base.wording import percent
from bayesfactor.plots.chart import Chart, Panel
from bayesfactor.plots.marks import Bars, Intervals, Rules
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.scales import Scale, Unit, linear, rows, written
from bayesfactor.plots.style import chosen, require_result, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ERRORS = 2  # standard errors each way
BENCHMARKS = {"mean": "the mean", "zero": "zero"}  # as `Scores.table` calls them, and in words
HEIGHT = 80
Row = Mapping[Hashable, Any]


def scores_chart(
    scores: Scores, *, models: Sequence[str] | None = None, over: str | None = None, asset: str = ALL
) -> Chart:
    """Return how good the forecasts of each model were: `plot_scores` has the arguments."""
    require_result(scores, Scores, "Scores", "plot_scores.scores", "bf.score(fits, panel)")
    table, tenths, gained = scores.table(), scores.pit_table(asset), scores.gains_table(over, asset)
    gains, means = _by_model(gained), _by_model(table[table["asset"] == asset])
    shown = chosen(models, gains, "model", "plot_scores.models")
    compared = len(gains) > 1 and bool(gained["gain"].notna().any())
    first = short(next(iter(gains)) if over is None else over, 16)
    squared = {m: [(means[m][f"r2_{name}"], means[m][f"se_r2_{name}"]) for name in BENCHMARKS] for m in shown}
    scored = {m: [(gains[m]["gain"], gains[m]["se"])] for m in shown}
    x, across = _scale(squared, "percent"), _scale(scored, "number")
    panels = []
    for model in shown:
        title = f"{short(model, 20)}: R-squared against"
        panels.append(_errors(title, list(BENCHMARKS.values()), squared[model], x, "percent"))
        if compared:
            panels.append(_errors(f"Log score less {first}'s", ["gain"], scored[model], across, "number"))
        panels.append(_calibration(tenths[tenths["model"] == model], means[model]))
    label = "How good forecasts were"
    return Chart(label, tuple(panels), 3 if compared else 2, notes=_notes(scores, shown, asset, compared))


def _by_model(table: pd.DataFrame) -> dict[str, dict[Hashable, Any]]:
    return {row["model"]: row for row in table.to_dict("records")}


def _scale(found: Mapping[str, Sequence[tuple[float, float]]], unit: Unit) -> Scale:
    """Return one axis for the numbers of all models."""
    ends = [value + side * ERRORS * error for pairs in found.values() for value, error in pairs for side in (-1, 1)]
    return linear(np.array(ends), unit=unit)


def _errors(title: str, names: list[str], pairs: Sequence[tuple[float, float]], x: Scale, unit: Unit) -> Panel:
    """Return numbers with their standard errors."""
    value, error = np.array(pairs, dtype=float).T
    texts = tuple(
        f"{title}, {name}: {written(v, unit, s)}, standard error {written(s, unit, s / 3)}."
        for name, (v, s) in zip(names, pairs, strict=True)
    )
    told = [written(v, unit, s) if np.isfinite(v) else "" for v, s in pairs]
    mark = Intervals(np.arange(len(names)), value - ERRORS * error, value, value + ERRORS * error, texts=texts)
    return Panel((mark,), x, rows(names, told), title)


def _calibration(tenths: pd.DataFrame, row: Row) -> Panel:
    """Return the shares of returns by tenths of their forecast, and how often intervals held them."""
    middle, share = ((tenths["from"] + tenths["to"]) / 2).to_numpy(), tenths["share"].to_numpy()
    far = ERRORS * tenths["se"].to_numpy()
    held = " / ".join(f"{100 * row[f'cover_{round(100 * prob)}']:.0f}" for prob in COVERS)
    width = 1 / max(len(tenths), 1)
    texts = tuple(
        f"{percent(s)} of returns in the part from {a:.1f} to {b:.1f} of their forecast, standard error {percent(e)}."
        for s, a, b, e in zip(share.round(3), tenths["from"], tenths["to"], (far / ERRORS).round(3), strict=True)
    )
    marks = (
        Bars(middle, np.zeros(len(share)), share, "faint", texts, "y", 0.94 * width),
        Intervals(middle, np.maximum(share - far, 0.0), share, share + far, "quiet", along="y", look="line"),
        Rules(width, of="y", role="ink", dashed=True),
    )
    x = Scale(0.0, 1.0, ((0.0, "0"), (0.5, "0.5"), (1.0, "1")))
    return Panel(marks, x, linear(share + far, unit="percent"), f"Held: {held} %", HEIGHT)


def plot_scores(
    scores: Scores, *, models: Sequence[str] | None = None, over: str | None = None, asset: str = ALL
) -> "Figure":
    """Draw how good the forecasts of each model were: against benchmarks, and whether their intervals are right.

    Parameters
    ----------
    scores : Scores
        As `score` returns it.
    models : sequence of str, optional
        In this order, and the benchmark, ``"EWMA"``; by default all, and it last.
    over : str, optional
        The model that log scores are compared with; by default the first that was scored.
    asset : str
        An asset or a portfolio; by default all assets together.

    Returns
    -------
    matplotlib Figure
        A row per model. Left: R-squared out of sample, against the mean of all earlier returns and against 0. Middle,
        where several models have log scores: the gain over `over` in nats per return. Right: shares of returns by
        tenths of their forecast, flat where it is right, high at both ends where it is too narrow; above them how often
        the intervals of 50, 90 and 99 % held the return. Lines are two standard errors each way, from blocks of dates.

    Raises
    ------
    SpecError
        When these are no scores, or there is no such model, asset or portfolio.
    """
    return render(scores_chart(scores, models=models, over=over, asset=asset))


def _notes(scores: Scores, rows: Sequence[str], asset: str, compared: bool) -> tuple[str, ...]:
    """Say what is drawn, and which fits have problems."""
    lines = [
        f"{asset[:1].upper()}{asset[1:]}, {scores.joint['date'].nunique()} dates",
        "R-squared out of sample: against the mean of earlier returns, and against 0",
        *(["Log score: gain in nats per return; above 0 is better"] if compared else []),
        "Bars: where returns fell in their forecast (PIT); dashed: where forecasts are right",
        f"Held: share of returns within the intervals of {' / '.join(f'{100 * prob:g}' for prob in COVERS)} %",
        f"Lines: {ERRORS} standard errors each way, from blocks of dates",
        *([f"{EWMA}: {LAW}"] if EWMA in rows else []),
    ]
    failed = [short(model) for model in rows if scores.problems.get(model)]
    return (*lines, *([f"With problems of their fits: {', '.join(failed)}"] if failed else []))
