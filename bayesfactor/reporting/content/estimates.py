"""The sections on risk, on loadings and on premia."""

from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any

import numpy as np

from bayesfactor.analysis.assessment.book_check import BOOK
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.wording import chance, observed, percent
from bayesfactor.plots.premia import premia_chart
from bayesfactor.plots.shrinkage import MANY, shrinkage_chart
from bayesfactor.posterior.residual_variance import COMMON
from bayesfactor.reporting.content.answer import OWN
from bayesfactor.reporting.content.causes import readings
from bayesfactor.reporting.content.contents import Contents
from bayesfactor.reporting.content.grids import (
    POSTERIOR_UNITS,
    Column,
    barred,
    beside,
    cell,
    folded,
    plain,
    spread,
    spread_loadings,
)
from bayesfactor.reporting.content.measurement import measured_with_error
from bayesfactor.reporting.content.parts import Cell, Fold, Grid, Head, Heading, Part, Picture, TablePart, Text

PREMIA_UNITS = {
    **POSTERIOR_UNITS,
    **dict.fromkeys(("data_mean", "data_se"), "data_se"),
    **dict.fromkeys(("prior_mean", "prior_sd"), "prior_sd"),
}
OF_PRIOR = ("prior_mean", "prior_sd", "posterior_contraction")
COMMON_RISK = f" What residual factors give of the risk, which assets share, is '{COMMON}'."
READ = " Under the name of a factor: what its loading may be read as (see What may be read as a cause)."
UNIT = (
    "A loading is the return that goes with one unit of the factor: a return of 100 % of a traded one; a step of 1 in "
    "the units of its own series, or of its logarithm, of one that is differenced so (its transform, under Data)."
)


AT_TODAYS_LEVEL = (
    "Volatilities and shares are at today's level, that of the period after the last row. Beside it stands the "
    "volatility in the long run: at long-run loadings and factor covariance, and the mean residual variance over the "
    "sample."
)


REALISED_SHARE = "realised residual share, sample"
REALISED = (
    "Realised residual share: what a regression of an entry's own returns on the factors leaves of their variance (1 - "
    "R-squared), and below it the volatility of that a year, on the dates on which all its members have returns. It is "
    "marked where the model's, on the same dates, is apart from it: residuals then go together otherwise than the "
    "model has it. Single assets are not marked: their variances have checks of their own."
)


def risk(contents: Contents) -> tuple[Part, ...]:
    """Return volatilities, and shares of variances: of the portfolio and what it holds, or of groups, first."""
    caption = f"Share of the variance of returns: posterior mean and {contents.interval}"
    every = TablePart(_shares(contents, "asset"), "risk-shares", f"{caption}.", "assets")
    parts: list[Part] = [*_of_portfolio(contents), *_realised_risk(contents)]
    assets = folded(every, contents.shown, contents.outside)
    groups: tuple[Part, ...] = ()
    if "group" in contents.shares:
        how = "The members of a group weigh equally, so that their idiosyncratic risks partly cancel."
        groups = (
            Heading("Groups"),
            TablePart(_shares(contents, "group"), "risk-groups", f"{caption}. {how}", "groups"),
        )
    first = (*groups, Heading("Assets"), *assets) if contents.weights is None else (*assets, *groups)
    about = (
        Text(
            "Shares of each asset's variance. A factor's share includes half of what it shares with each other factor; "
            "a negative one offsets others. Idiosyncratic risks are taken as independent across assets."
            f"{COMMON_RISK if 'residual_loading' in contents.fit.posterior else ''}"
        ),
        *([Text(AT_TODAYS_LEVEL)] if "long_run" in contents.volatility["asset"] else []),
        Text(REALISED),
    )
    return (*parts, *first, Fold("How these shares are counted", about))


def _of_portfolio(contents: Contents) -> tuple[Part, ...]:
    """Return the shares of the portfolio's variance, the largest first."""
    if contents.weights is None:
        return ()
    shares = contents.shares["asset"]
    mine = shares[(shares["asset"] == PORTFOLIO) & (shares["source"] != "total")].set_index("source")
    mine = mine.sort_values("mean", ascending=False, kind="stable")
    columns: list[Column] = [("mean", "mean", "percent"), ("lower", "lower", "percent"), ("upper", "upper", "percent")]
    grid = barred(plain(mine, "source", columns, POSTERIOR_UNITS), 1, mine["lower"], mine["upper"])
    caption = f"Share of the portfolio's variance: mean, ends of the {contents.interval}."
    return (TablePart(grid, "portfolio-risk", caption, "sources"),)


def _realised_risk(contents: Contents) -> list[Part]:
    """Return the line on the realised residual risk of the portfolio, or of the equal-weighted book."""
    book = "The equal-weighted book" if contents.weights is None else "The portfolio"
    parts: list[Part] = []
    for check in contents.checks.checks:
        if check.name.startswith(BOOK):
            held = f", {check.worst}" if check.worst else ""
            parts.append(Text(f"{book}{held}. {check.advice}", "caution" if check.exceeds_limit else ""))
    return parts


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
        cells.append((realised_cell(realised[name]), Cell(chance(likely), likely), mean, *steady))
    heads = [Head(REALISED_SHARE), Head(f"P(idiosyncratic > {100 * OWN:g} %)"), Head("volatility a year")]
    heads += [Head("in the long run")] if "long_run" in contents.volatility[unit] else []
    return beside(grid, heads, cells)


def realised_cell(row: Mapping[Hashable, Any]) -> Cell:
    """Return a realised residual share, and the residual volatility below it."""
    share, volatility = row["realised_share"], row["realised_volatility"]
    below = f"residual volatility {observed(volatility)} a year" if np.isfinite(volatility) else ""
    return Cell(observed(share), float(share), below, mark="bad" if row["agrees"] is False else "")


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
        *_exposure(contents),
        *folded(
            TablePart(
                spread_loadings(contents.loadings, readings(contents.causes)), "loading-table",
                f"Loadings: posterior mean and {contents.interval}; then least squares, and shrinkage from 0 (its own "
                f"returns speak) to 1 (the prior does).{READ if contents.causes is not None else ''}",
                "assets",
            ),
            contents.shown, contents.outside,
        ),
        *measured_with_error(contents),
    )  # fmt: skip


def _exposure(contents: Contents) -> tuple[Part, ...]:
    """Return the loadings of the portfolio, with what they may be read as where that is known."""
    if contents.exposure is None:
        return ()
    table = contents.exposure.set_index("factor")
    columns: list[Column] = [("mean", "mean", "number"), ("lower", "lower", "number"), ("upper", "upper", "number")]
    if contents.causes is not None:
        table = table.assign(reading=table.index.map(readings(contents.causes)))
        columns.append(("reading", "may be read as", "text"))
    caption = f"Loadings of the portfolio: mean, ends of the {contents.interval}."
    return (TablePart(plain(table, "factor", columns, POSTERIOR_UNITS), "portfolio-loadings", caption, "factors"),)


def premia(contents: Contents) -> tuple[Part, ...]:
    """Return what one unit of loading pays, before and after the data."""
    table = contents.identification.table(contents.ci_prob, contents.ci_kind)
    columns: list[Column] = [
        ("verdict", "verdict", "text"), ("prior_mean", "prior mean", "percent"), ("prior_sd", "prior sd", "percent"),
        ("data_mean", "data mean", "percent"), ("data_se", "data se", "percent"),
        ("mean", "posterior mean", "percent"), ("sd", "posterior sd", "percent"),
        ("lower", "lower", "percent"), ("upper", "upper", "percent"), ("prob_positive", "P(> 0)", "chance"),
        ("posterior_contraction", "contraction", "number"), ("data_from", "data are", "text"),
        ("reason", "reason", "text"),
    ]  # fmt: skip
    units = PREMIA_UNITS
    if table["prior_sd"].isna().all():
        columns = [(name, head, "text" if name in OF_PRIOR else form) for name, head, form in columns]
        table = table.assign(**dict.fromkeys(OF_PRIOR, "not known"))
        units = {column: unit for column, unit in units.items() if column not in OF_PRIOR}
    if "inclusion" in table:
        columns[10:10] = [("prior_inclusion", "prior P(priced)", "chance"), ("inclusion", "P(priced)", "chance")]
    return (
        Picture(
            partial(premia_chart, contents.identification, ci_prob=contents.ci_prob, ci_kind=contents.ci_kind),
            "Prior and posterior of each factor's premium",
            "What one unit of loading pays a year. Where the posterior is as wide as the prior, the data said nothing.",
        ),
        TablePart(
            plain(table, "factor", columns, units), "premia-table",
            f"Premium of one unit of loading a year: prior, data, posterior; ends of the {contents.interval}. "
            "Data: of a traded factor the sample mean of its own history, each period alike, and its error; of "
            "another what the cross-section says, the prior divided out of the posterior. Contraction: share of the "
            f"prior's variance that the data took off. Identified: its size is estimated, and may be 0. {UNIT}",
            "factors",
        ),
    )  # fmt: skip
