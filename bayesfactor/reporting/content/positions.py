"""What is said of the positions of a portfolio: what each is expected to earn, its risk, and what it may lose."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.analysis.scenarios.position_risk import PositionRisk
from bayesfactor.base.errors import SpecError
from bayesfactor.base.wording import percent
from bayesfactor.posterior.residual_variance import COMMON, OWN
from bayesfactor.posterior.summaries import justified
from bayesfactor.reporting.content.contents import Contents
from bayesfactor.reporting.content.estimates import REALISED_SHARE, realised_cell
from bayesfactor.reporting.content.grids import barred, folded
from bayesfactor.reporting.content.parts import Cell, Fold, Grid, Head, Part, TablePart, Text

LEVEL = 0.95
Row = Mapping[Hashable, Any]
HEADS = ("weight", "adds to return", "expected return", "adds to volatility", "share of risk", "volatility")
SHARES = {OWN: "idiosyncratic share", COMMON: "common residual share"}
HOW = (
    "Weight times expected return is what a holding adds to the portfolio's. What it adds to the volatility is its "
    "weight times its marginal risk, that of one unit of weight more; below 0 it offsets the others. Volatility and "
    "residual shares are the asset's own, of the next period where volatility moves. The realised share is of the "
    "sample: what a regression of its own returns leaves, idiosyncratic and common together, and below it the "
    "volatility of that."
)


def positions(contents: Contents) -> tuple[Part, ...]:
    """Return what is held with its return and risk, and what is not held, folded; losses of the next period."""
    risk, weights = contents.positions, contents.weights
    assert risk is not None
    assert weights is not None
    held = weights[weights != 0]
    order = [PORTFOLIO, *held.abs().sort_values(ascending=False, kind="stable").index]
    rest = [name for name in contents.fit.panel.assets if name not in held.index]
    grid, lower, upper = _table(contents, risk, {**held, PORTFOLIO: weights.sum()}, [*order, *rest])
    caption = f"Positions, a year: mean and {contents.interval}."
    part = TablePart(barred(grid, 2, lower, upper), "positions", caption, "assets")
    losses = _losses(risk, contents.fit.panel.calendar.period)
    return (
        Text(f"Weights add up to {percent(float(weights.sum()))}; they are taken as given, every period. {losses}"),
        *folded(part, [str(name) for name in order], contents.outside),
        Fold("What these numbers are", (Text(HOW),)),
    )


def _table(
    contents: Contents, risk: PositionRisk, weights: Mapping[Any, float], names: list[Any]
) -> tuple[Grid, pd.Series, pd.Series]:
    """Return the table of some entries, and the ends of what each adds to the return."""
    measured = risk.table(contents.ci_prob, contents.ci_kind)
    by = {measure: rows.set_index("asset").to_dict("index") for measure, rows in measured.groupby("measure")}
    premium = contents.premia["factor"]
    total = premium[premium["source"] == "total"].set_index("asset").to_dict("index")
    volatility = contents.volatility["asset"].set_index("asset").to_dict("index")
    shares = contents.shares["asset"]
    sources = [source for source in SHARES if (shares["source"] == source).any()]
    own = [shares[shares["source"] == source].set_index("asset").to_dict("index") for source in sources]
    assert contents.added is not None
    added = contents.added.set_index("asset").to_dict("index")
    realised = contents.residuals["asset"].set_index("asset").to_dict("index")
    rows, ends = [], []
    for name in names:
        weight = weights.get(name)
        paid = total[name] if name == PORTFOLIO else added.get(name)
        component, share = (None if weight is None else by[measure][name] for measure in ("component", "share"))
        told = (paid, total[name], component, share, volatility[name], *(table[name] for table in own))
        cells = [_cell(row) for row in told]
        marginal = Cell("") if name == PORTFOLIO else _cell(by["marginal"][name])
        first = Cell("") if weight is None else Cell(percent(weight), float(weight))
        rows.append((Cell(str(name)), first, *cells, realised_cell(realised[name]), marginal))
        ends.append((np.nan, np.nan) if paid is None else (paid["lower"], paid["upper"]))
    lower, upper = (pd.Series(side, dtype=float) for side in zip(*ends, strict=True))
    when = f", next {contents.fit.panel.calendar.period}" if "long_run" in contents.volatility["asset"] else ""
    heads = (*HEADS, *(f"{SHARES[source]}{when}" for source in sources), REALISED_SHARE, "marginal risk")
    return Grid((Head("asset", False), *(Head(text) for text in heads)), tuple(rows)), lower, upper


def _cell(row: Row | None) -> Cell:
    """Return a mean with its interval; what is fixed has none."""
    if row is None:
        return Cell("")
    mean, lower, upper, sd = (float(row[name]) for name in ("mean", "lower", "upper", "sd"))
    return Cell(percent(mean, sd), mean, f"{percent(lower, sd)} to {percent(upper, sd)}" if upper > lower else "")


def _losses(risk: PositionRisk, period: str) -> str:
    try:
        found = risk.tail(LEVEL)
    except SpecError as error:  # of too few draws
        return f"What the portfolio may lose cannot be computed: {error.message}"
    at_risk, shortfall = (percent(loss) for loss in justified(found["loss"], found["mcse"]))
    return (
        f"Losses of the next {period}, at {100 * LEVEL:g} %: value at risk {at_risk}, expected shortfall {shortfall}, "
        "parameter uncertainty included; a loss is positive."
    )
