"""The section on what was earned: one table, of the dates and the way of adding up that are chosen."""

from functools import partial

import pandas as pd

from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.panel.panel import Panel
from bayesfactor.plots.realised import realised_chart
from bayesfactor.posterior.residual_variance import COMMON
from bayesfactor.reporting.content.contents import Contents
from bayesfactor.reporting.content.grids import beside, cell, folded, spread
from bayesfactor.reporting.content.parts import Fold, Grid, Head, Part, Picture, Switch, TablePart, Text
from bayesfactor.reporting.content.realised_spans import YEAR_BY_YEAR, Span

HOW = ("summed", "compounded")
LINKING = (
    "Every asset counts its own dates (column: periods), a portfolio those on which all of its assets were observed. "
    "Summed parts add up to the sum of the periods' returns. Compounded parts are scaled period by period so that they "
    "add up to the compounded excess return (linking of Carino 1999); a portfolio is rebalanced to its weights every "
    "period. The total is what happened, without uncertainty; how it divides is estimated. The part of a factor that "
    "is not traded holds what it moved, and what it is expected to pay for that risk less its mean; how well that is "
    "known stands under Premia."
)


def realised(contents: Contents) -> tuple[Part, ...]:
    """Return what was earned, and from what."""
    spans = [*contents.spans, *([contents.years] if contents.years is not None else [])]
    names = tuple(span.title for span in spans)
    ids = [*map(str, range(len(contents.spans))), "years"]
    options = tuple(
        ((name, how), _earned(contents, span, how, f"realised-{id}-{how}"))
        for id, name, span in zip(ids, names, spans, strict=False)
        for how in HOW
    )
    parts: list[Part] = [Switch("earned", (("Dates", names), ("Returns", HOW)), options)]
    if isinstance(contents.fit.panel, Panel) and PORTFOLIO in _entries(spans[0].summed):
        figure = partial(
            realised_chart, contents.fit, portfolio=contents.weights, ci_prob=contents.ci_prob, ci_kind=contents.ci_kind
        )
        shown = "Contributions to the portfolio's realised excess return over time"
        parts.append(
            Picture(
                figure,
                shown,
                "The portfolio, over time, from fewer draws of the posterior than the table, "
                "from which its numbers differ a little.",
            )
        )
    return (*parts, Fold("How returns are counted and linked", (Text(LINKING),)))


def _earned(contents: Contents, span: Span, how: str, id: str) -> tuple[Part, ...]:
    """Return the table of one span, or why there is none."""
    table = span.summed if how == HOW[0] else span.compounded
    if isinstance(table, str):
        return (Text(f"Cannot be computed, {how}: {table}"),)
    by_year = span.title == YEAR_BY_YEAR
    caption = f"Contribution to the realised excess return, {how}: mean and {contents.interval}. {span.name}."
    part = TablePart(_dated(table, span.counted), id, caption, "years" if by_year else "assets")
    return (
        *(Text(f"{note[:1].upper()}{note[1:]}.") for note in table.attrs.get("notes", ())),
        *([Text(f"Without the portfolio: {span.lost[how]}")] if how in span.lost else []),
        *((part,) if by_year else folded(part, contents.shown, contents.outside)),
    )


def _dated(table: pd.DataFrame, counted: pd.DataFrame | None) -> Grid:
    """Return a table of what was earned, residuals next to the total, with the periods that each entry counts."""
    sources = set(table["source"])
    grid = spread(table, [name for name in ("total", "residual", COMMON) if name in sources])
    if counted is None:
        return grid
    periods = counted["periods"].to_dict()
    return beside(grid, [Head("periods")], [[cell(periods[row[0].text], "count")] for row in grid.rows])


def _entries(table: pd.DataFrame | str) -> list[str]:
    return [] if isinstance(table, str) else table["asset"].tolist()
