"""What scenarios do, and how plausible they are."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.analysis.scenarios.plausibility import NOTE, waiting_words
from bayesfactor.analysis.scenarios.stress import Stress
from bayesfactor.base.wording import chance, percent
from bayesfactor.plots.stress import plot_stress
from bayesfactor.posterior.summaries import summarise
from bayesfactor.reporting.content.contents import Contents
from bayesfactor.reporting.content.parts import (
    POSTERIOR_UNITS,
    Cell,
    Grid,
    Head,
    Heading,
    Part,
    Picture,
    TablePart,
    Text,
    number,
    plain,
    spread,
)

DRAWN = 25  # entries of a figure
HOW = (
    "Each scenario sets some factors; the others are expected where they usually are when these do that, and returns "
    "follow by the loadings. Two intervals: of what is expected, how well that is known; of the return, where it may "
    "fall, with the other factors and residuals drawn. The model is linear: what it says of a fall far beyond history "
    "is an extrapolation."
)
HEADS = ("periods", "expected", "return", "P(return > 0)", "distance", "how often", "rank in history")


def could_happen(contents: Contents) -> tuple[Part, ...]:
    """Return what the scenarios do, first side by side and then one by one."""
    whose = "the portfolio" if contents.weights is not None else "the mean of all assets"
    caption = (
        f"Scenarios: excess return of {whose} over all the periods of each, with the {contents.interval} of the "
        "expectation and of the return; distance of the shocked factors in standard deviations, and how often a normal "
        f"law has them as far; {NOTE.partition(':')[0]}."
    )
    rows = tuple(_row(one, contents) for one in contents.stresses)
    grid = Grid((Head("scenario", False), *(Head(head) for head in HEADS)), rows)
    each = (part for i, one in enumerate(contents.stresses) for part in _scenario(one, f"scenario-{i}", contents))
    return Text(HOW), TablePart(grid, "scenarios-table", caption, "scenarios"), *each


def _row(one: Stress, contents: Contents) -> tuple[Cell, ...]:
    """Return the row of a scenario among all: of the portfolio, or of the mean over assets."""
    held = contents.weights is not None
    total = one.draws.sel(source="total", drop=True)
    cells = []
    for draws in (total, one.outcome):
        own = draws.sel(asset=PORTFOLIO, drop=True) if held else draws.mean("asset")
        row = summarise(own, contents.ci_prob, contents.ci_kind).iloc[0]
        mean, sd, lower, upper = (float(row[name]) for name in ("mean", "sd", "lower", "upper"))
        cells.append(Cell(percent(mean, sd), mean, f"{percent(lower, sd)} to {percent(upper, sd)}"))
    positive = float(row["prob_positive"])
    found = one.plausibility
    table = found.table(contents.ci_prob, contents.ci_kind).iloc[0]
    ends = f"{number(table['lower'])} to {number(table['upper'])}"
    years, ranked = float(found.years.iloc[0]), f"{found.rank} of {found.windows}" if found.windows else "not known"
    return (
        Cell(one.scenario.name),
        Cell(str(one.scenario.periods), one.scenario.periods),
        *cells,
        Cell(chance(positive), positive),
        Cell(number(table["distance"]), float(table["distance"]), ends),
        Cell(waiting_words(years), years),
        Cell(ranked, found.rank),
    )


def _scenario(one: Stress, id: str, contents: Contents) -> tuple[Part, ...]:
    """Return what a scenario does to factors and to every entry, by source."""
    interval, some = (contents.ci_prob, contents.ci_kind), _largest(one)
    factors = one.factors_table(*interval)
    values: list = [
        ("shocked", "shocked", "text"), ("mean", "expected", "number"), ("lower", "lower", "number"),
        ("upper", "upper", "number"), ("spread", "sd around it", "number"), ("unit", "unit", "text"),
    ]  # fmt: skip
    ends: list = [("mean", "mean", "percent"), ("lower", "lower", "percent"), ("upper", "upper", "percent")]
    outcome = one.outcome_table(None, *interval).set_index("asset")
    caption = f"{one.scenario.name}: contribution of each source to the expected excess return: mean and"
    return (
        Heading(one.scenario.name),
        *(Text(f"Note: {note}.") for note in one.notes),
        Picture(
            partial(plot_stress, some, ci_prob=contents.ci_prob, ci_kind=contents.ci_kind),
            f"Returns in the scenario {one.scenario.name}, and what each source is expected to give",
            f"{one.scenario.name}: blue, what is expected; grey, where the return may fall"
            + (f"; the {DRAWN} that move most." if some is not one else "."),
        ),
        TablePart(
            plain(factors.set_index("factor"), "factor", values), f"{id}-factors",
            f"{one.scenario.name}: what factors do, with the {contents.interval} of what is expected.", "factors",
        ),
        TablePart(
            spread(one.table(*interval), ["total"]), f"{id}-sources", f"{caption} {contents.interval}.", "assets"
        ),
        TablePart(
            plain(outcome, "asset", [*ends, ("prob_positive", "P(> 0)", "chance")], POSTERIOR_UNITS), f"{id}-returns",
            f"{one.scenario.name}: where the return itself may fall: mean and {contents.interval}.", "assets",
        ),
    )  # fmt: skip


def _largest(one: Stress) -> Stress:
    """Return the portfolio and the entries that move most, as many as a figure holds."""
    names = one.draws["asset"].values
    if len(names) <= DRAWN:
        return one
    total = one.draws.sel(source="total").mean(("chain", "draw")).values
    size = np.where(names == PORTFOLIO, np.inf, np.abs(total))
    kept = names[np.sort(np.argsort(-size, kind="stable")[:DRAWN])]
    return replace(
        one,
        draws=one.draws.sel(asset=kept),
        outcome=one.outcome.sel(asset=kept),
        floored=pd.Series(one.floored[kept], name="floored"),
    )
