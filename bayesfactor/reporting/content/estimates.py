"""The sections on risk, on what was earned, on loadings and on premia."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.analysis.assessment.book_check import BOOK
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.wording import chance, percent
from bayesfactor.panel.panel import Panel
from bayesfactor.plots.premia import premia_chart
from bayesfactor.plots.realised import realised_chart
from bayesfactor.plots.shrinkage import MANY, shrinkage_chart
from bayesfactor.posterior.residual_variance import COMMON
from bayesfactor.reporting.content.answer import OWN
from bayesfactor.reporting.content.causes import readings
from bayesfactor.reporting.content.contents import Contents
from bayesfactor.reporting.content.measurement import measured_with_error
from bayesfactor.reporting.content.parts import (
    POSTERIOR_UNITS,
    Cell,
    Column,
    Grid,
    Head,
    Heading,
    Part,
    Picture,
    TablePart,
    Text,
    cell,
    plain,
    spread,
    spread_loadings,
)

PREMIA_UNITS = {**POSTERIOR_UNITS, **dict.fromkeys(("data_mean", "data_se"), "data_se")}
OF_PRIOR = ("prior_mean", "prior_sd", "posterior_contraction")
COMMON_RISK = f" What residual factors give of the risk, which assets share, is '{COMMON}'."
READ = " Under the name of a factor: what its loading may be read as (see What may be read as a cause)."
LINKING = (
    "Every asset counts its own dates (column: periods), a portfolio those on which all of its assets were observed. "
    "Summed parts add up to the sum of the periods' returns. Compounded parts are scaled period by period so that they "
    "add up to the compounded excess return (linking of Carino 1999); a portfolio is rebalanced to its weights every "
    "period. The total is what happened, without uncertainty; how it divides is estimated. The part of a factor that "
    "is not traded holds what it moved, and what it is expected to pay for that risk less its mean; how well that is "
    "known stands under What factors pay."
)


UNIT = (
    "A loading is the return that goes with one unit of the factor: a return of 100 % of a traded one; a step of 1 in "
    "the units of its own series, or of its logarithm, of one that is differenced so (its transform, under The data)."
)


AT_TODAYS_LEVEL = (
    "Volatilities and shares are at today's level, that of the period after the last row. Beside it stands the "
    "volatility in the long run: at long-run loadings and factor covariance, and the mean residual variance over the "
    "sample."
)


REALISED = (
    "Realised residual: what a regression of an entry's own returns on the factors leaves of their variance (1 - "
    "R-squared), and the volatility of that a year, on the dates on which all its members have returns. It is marked "
    "where the model's, on the same dates, is apart from it: residuals then go together otherwise than the model has "
    "it. Single assets are not marked: their variances have checks of their own."
)


def risk(contents: Contents) -> tuple[Part, ...]:
    """Return volatilities, and shares of variances."""
    caption = f"Share of the variance of returns: posterior mean and {contents.interval}"
    parts: list[Part] = [
        Text(
            "Shares of each asset's variance. A factor's share includes half of what it shares with each other factor; "
            "a negative one offsets others. Idiosyncratic risks are taken as independent across assets."
            f"{COMMON_RISK if 'residual_loading' in contents.fit.posterior else ''}"
        ),
        *([Text(AT_TODAYS_LEVEL)] if "long_run" in contents.volatility["asset"] else []),
        *_realised_risk(contents),
        TablePart(_shares(contents, "asset"), "risk-shares", f"{caption}.", "assets"),
    ]
    if "group" in contents.shares:
        how = "The members of a group weigh equally, so that their idiosyncratic risks partly cancel."
        found = TablePart(_shares(contents, "group"), "risk-groups", f"{caption}. {how}", "groups")
        parts += [Heading("Groups"), found]
    return tuple(parts)


def _realised_risk(contents: Contents) -> list[Part]:
    """Return the line on the realised residual risk of the portfolio, or of the equal-weighted book."""
    book = "The equal-weighted book" if contents.weights is None else "The portfolio"
    parts: list[Part] = []
    for check in contents.checks.checks:
        if check.name.startswith(BOOK):
            held = f", {check.worst}" if check.worst else ""
            parts.append(Text(f"{book}{held}. {check.advice}", "caution" if check.exceeds_limit else ""))
    return [*parts, Text(REALISED)]


def _shares(contents: Contents, unit: str) -> Grid:
    """Return volatilities and shares of variances: the idiosyncratic one first, and how likely it is above a half."""
    table = contents.shares[unit]
    table = table[table["source"] != "total"]
    own = table[table["source"] == "idiosyncratic"].set_index(unit)["prob_above"].to_dict()
    common = [COMMON] if COMMON in set(table["source"]) else []
    grid = spread(table, ["idiosyncratic", *common])
    moved = contents.volatility[unit].set_index(unit).to_dict("index")
    realised = contents.residuals[unit].set_index(unit).to_dict("index")
    cells = []
    for name in (row[0].text for row in grid.rows):
        likely, volatility = own[name], moved[name]
        sd = volatility["sd"]
        ends = f"{percent(volatility['lower'], sd)} to {percent(volatility['upper'], sd)}"
        mean = Cell(percent(volatility["mean"], sd), volatility["mean"], ends)
        steady = [cell(volatility["long_run"], "percent", sd)] if "long_run" in volatility else []
        cells.append((_realised_cell(realised[name]), Cell(chance(likely), likely), mean, *steady))
    heads = [Head("realised residual"), Head(f"P(idiosyncratic > {100 * OWN:g} %)"), Head("volatility a year")]
    heads += [Head("in the long run")] if "long_run" in contents.volatility[unit] else []
    return _beside(grid, heads, cells)


def _realised_cell(row: Mapping[Hashable, Any]) -> Cell:
    """Return a realised residual share, and the residual volatility below it."""
    share, volatility = row["realised_share"], row["realised_volatility"]
    below = f"{percent(volatility, volatility / 20)} a year" if np.isfinite(volatility) else ""
    return Cell(percent(share, share / 20), float(share), below, mark="bad" if row["agrees"] is False else "")


def _beside(grid: Grid, heads: Sequence[Head], cells: Iterable[Sequence[Cell]]) -> Grid:
    """Return a table with more columns after its first number."""
    rows = tuple((*row[:2], *more, *row[2:]) for row, more in zip(grid.rows, cells, strict=True))
    return Grid((*grid.heads[:2], *heads, *grid.heads[2:]), rows, grid.more)


def realised(contents: Contents) -> tuple[Part, ...]:
    """Return what was earned, and from what."""
    parts: list[Part] = []
    for number, span in enumerate(contents.spans):
        parts.append(Heading(span.name))
        for how, table in (("summed", span.summed), ("compounded", span.compounded)):
            if isinstance(table, str):
                parts.append(Text(f"Cannot be computed, {how}: {table}"))
                continue
            parts += [Text(f"{note[:1].upper()}{note[1:]}.") for note in table.attrs["notes"]]
            if how in span.lost:
                parts.append(Text(f"Without the portfolio: {span.lost[how]}"))
            caption = f"Contribution to the realised excess return, {how}: mean and {contents.interval}. {span.name}."
            parts.append(TablePart(_dated(table, span.counted), f"realised-{number}-{how}", caption, "assets"))
    parts.append(Text(LINKING, "quiet"))
    if isinstance(contents.fit.panel, Panel) and PORTFOLIO in _entries(contents.spans[0].summed):
        figure = partial(
            realised_chart, contents.fit, portfolio=contents.weights, ci_prob=contents.ci_prob, ci_kind=contents.ci_kind
        )
        shown = "Contributions to the portfolio's realised excess return over time"
        parts.append(Picture(figure, shown, "The portfolio, over time."))
    return tuple(parts)


def _dated(table: pd.DataFrame, counted: pd.DataFrame | None) -> Grid:
    """Return a table of what was earned, with the periods that each entry counts."""
    grid = spread(table, ["total"])
    if counted is None:
        return grid
    periods = counted["periods"].to_dict()
    return _beside(grid, [Head("periods")], [[cell(periods[row[0].text], "count")] for row in grid.rows])


def _entries(table: pd.DataFrame | str) -> list[str]:
    return [] if isinstance(table, str) else table["asset"].tolist()


def loadings(contents: Contents) -> tuple[Part, ...]:
    """Return loadings, and their way from least squares to the posterior."""
    shown = len(contents.fit.panel.assets) <= MANY
    start = "the tick" if shown else "the line's other end"
    moved = f"From {start} (least squares on the asset's own returns; some lie outside) to the dot (posterior mean)."
    model = contents.fit.model
    pooling = "" if model is None else f" {model.loadings.pooling}"
    return (
        Picture(
            partial(shrinkage_chart, contents.fit),
            "Loadings by least squares and by the posterior, against the length of each asset's history",
            f"{moved}{pooling}",
        ),
        TablePart(
            spread_loadings(contents.loadings, readings(contents.causes)), "loading-table",
            f"Loadings: posterior mean and {contents.interval}; then least squares, and shrinkage from 0 (its own "
            f"returns speak) to 1 (the prior does).{READ if contents.causes is not None else ''}",
            "assets",
        ),
        *measured_with_error(contents),
    )  # fmt: skip


def premia(contents: Contents) -> tuple[Part, ...]:
    """Return what one unit of loading pays, before and after the data."""
    table = contents.identification.table(contents.ci_prob, contents.ci_kind)
    columns: list[Column] = [
        ("prior_mean", "prior mean", "percent"), ("prior_sd", "prior sd", "percent"),
        ("data_mean", "data mean", "percent"), ("data_se", "data se", "percent"),
        ("mean", "posterior mean", "percent"), ("sd", "posterior sd", "percent"),
        ("lower", "lower", "percent"), ("upper", "upper", "percent"), ("prob_positive", "P(> 0)", "chance"),
        ("posterior_contraction", "contraction", "number"), ("data_from", "data are", "text"),
        ("verdict", "verdict", "text"), ("reason", "reason", "text"),
    ]  # fmt: skip
    units = PREMIA_UNITS
    if table["prior_sd"].isna().all():
        columns = [(name, head, "text" if name in OF_PRIOR else form) for name, head, form in columns]
        table = table.assign(**dict.fromkeys(OF_PRIOR, "not known"))
        units = {column: unit for column, unit in units.items() if column not in OF_PRIOR}
    if "inclusion" in table:
        columns[9:9] = [("prior_inclusion", "prior P(priced)", "chance"), ("inclusion", "P(priced)", "chance")]
    return (
        Picture(
            partial(premia_chart, contents.identification, ci_prob=contents.ci_prob, ci_kind=contents.ci_kind),
            "Prior and posterior of each factor's premium",
            "What one unit of loading pays a year. Where the posterior is as wide as the prior, the data said nothing.",
        ),
        TablePart(
            plain(table, "factor", columns, units), "premia-table",
            f"Premium of one unit of loading a year: prior, data, both together; ends of the {contents.interval}. "
            "Data: of a traded factor the sample mean of its own history and its standard error; of another what the "
            "cross-section says, the prior divided out of the posterior. Contraction: share of the prior's variance "
            f"that the data took off. Identified: its size is estimated, and may be 0. {UNIT}",
            "factors",
        ),
    )  # fmt: skip
