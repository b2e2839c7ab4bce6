"""How good the forecasts of models were."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayesfactor.analysis.comparison.benchmark import EWMA, LAW
from bayesfactor.analysis.comparison.judged import ALL
from bayesfactor.analysis.comparison.score_summaries import COVERS
from bayesfactor.analysis.comparison.scores import Scores
from bayesfactor.plots.style import (
    DATA,
    FAINT,
    INK,
    POSTERIOR,
    QUIET,
    canvas,
    chosen,
    percent,
    require_result,
    short,
    styled,
    zero,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ERRORS = 2  # standard errors each way
BENCHMARKS = {"mean": POSTERIOR, "zero": DATA}  # as `Scores.table` calls them


@styled
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
    require_result(scores, Scores, "Scores", "plot_scores.scores", "bf.score(fits, panel)")
    table, tenths, gained = scores.table(), scores.pit_table(asset), scores.gains_table(over, asset)
    gains, means = _by_model(gained), _by_model(table[table["asset"] == asset])
    rows = chosen(models, gains, "model", "plot_scores.models")
    compared = len(gains) > 1 and bool(gained["gain"].notna().any())
    size = (8.6 if compared else 6.4, 1.1 + 1.2 * len(rows))
    figure, axes = canvas(len(rows), 3 if compared else 2, *size, sharex="col")
    axes[0, 0].set_title("R-squared out of sample", loc="left")
    if compared:
        axes[0, 1].set_title(f"Log score less {short(next(iter(gains)) if over is None else over, 16)}'s", loc="left")
    for model, line in zip(rows, axes, strict=True):
        row, gain = means[model], gains[model]
        for place, (name, colour) in enumerate(BENCHMARKS.items()):
            _error_bar(line[0], place, row[f"r2_{name}"], row[f"se_r2_{name}"], colour)
        percent(line[0].xaxis)
        line[0].set_ylabel(short(model, 20), rotation=0, ha="right", va="center")
        if compared:
            _error_bar(line[1], 0.5, gain["gain"], gain["se"], POSTERIOR)
        for axis in line[:-1]:
            axis.set_ylim(1.7, -0.7)
            axis.set_yticks([])
            zero(axis)
        _calibration(line[-1], tenths[tenths["model"] == model], row)
    figure.supxlabel(_note(scores, rows, asset, compared), fontsize=8, x=0.01, ha="left")
    return figure


def _by_model(table: pd.DataFrame) -> dict[str, dict[Hashable, Any]]:
    return {row["model"]: row for row in table.to_dict("records")}


def _error_bar(axis: "Axes", place: float, value: float, error: float, colour: str) -> None:
    """Draw a number with its standard errors."""
    axis.hlines(place, value - ERRORS * error, value + ERRORS * error, color=colour, linewidth=1.4)
    axis.plot([value], [place], "o", markersize=4, color=colour)


def _calibration(axis: "Axes", tenths: pd.DataFrame, row: dict[Hashable, Any]) -> None:
    """Draw the shares of returns by tenths of their forecast, and write how often intervals held them."""
    middle, share, reach = (tenths["from"] + tenths["to"]) / 2, tenths["share"], ERRORS * tenths["se"]
    axis.bar(middle, share, width=0.094, color=FAINT)
    axis.vlines(middle, (share - reach).clip(lower=0.0), share + reach, color=QUIET, linewidth=1)
    axis.axhline(1 / len(tenths), color=INK, linewidth=0.8, linestyle="--")
    axis.set_xlim(0, 1)
    axis.set_xticks([0, 0.5, 1])
    percent(axis.yaxis)
    held = " / ".join(f"{100 * row[f'cover_{round(100 * prob)}']:.0f}" for prob in COVERS)
    axis.set_title(f"Held: {held} %", loc="left")


def _note(scores: Scores, rows: Sequence[str], asset: str, compared: bool) -> str:
    """Say what is drawn, and which fits have problems."""
    lines = [
        f"{asset[:1].upper()}{asset[1:]}, {scores.joint['date'].nunique()} dates",
        "R-squared: against the mean of earlier returns (blue) and against 0 (orange)",
        *(["Log score: gain in nats per return; above 0 is better"] if compared else []),
        "Bars: where returns fell in their forecast (PIT); dashed: where forecasts are right",
        f"Held: share of returns within the intervals of {' / '.join(f'{100 * prob:g}' for prob in COVERS)} %",
        f"Lines: {ERRORS} standard errors each way, from blocks of dates",
        *([f"{EWMA}: {LAW}"] if EWMA in rows else []),
    ]
    failed = [short(model) for model in rows if scores.problems.get(model)]
    return "\n".join([*lines, *([f"With problems of their fits: {', '.join(failed)}"] if failed else [])])
