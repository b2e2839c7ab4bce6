"""Which factors are in, within the section on loadings."""

from functools import partial

import numpy as np
import pandas as pd

from bayesfactor.base.wording import chance
from bayesfactor.plots.inclusion import inclusion_chart
from bayesfactor.plots.shrinkage import MANY
from bayesfactor.reporting.content.contents import Contents
from bayesfactor.reporting.content.parts import Cell, Grid, Head, Heading, Part, Picture, TablePart, Text

HOW = (
    "The model lets loadings be out. With short histories most probabilities stay near those before the data: that "
    "does not say that a loading is out, only that the data do not tell."
)
RATES = (
    "The rate of a factor is the share of assets whose loading on it is in. It stands on the same returns, and on how "
    "large loadings are that are in: never read it alone."
)


def which_are_in(contents: Contents) -> tuple[Part, ...]:
    """Return the probability that each loading is in, before and after the data; nothing where all are in."""
    table = contents.inclusion
    if table is None:
        return ()
    draw = partial(inclusion_chart, contents.fit, ci_prob=contents.ci_prob, ci_kind=contents.ci_kind)
    what = "Probability that each loading is in"
    picture = Picture(draw, f"{what}, before and after the data", f"{what}. Dot: after the data; grey line: before.")
    caption = f"{what}, after the data; below it, before them."
    return (
        Heading("Which factors are in"),
        Text(HOW),
        *((picture,) if table["asset"].nunique() <= MANY else ()),
        TablePart(_spread(table), "inclusion-table", caption, "assets"),
        TablePart(_rates(table), "inclusion-rates", f"Rates: mean and {contents.interval}. {RATES}", "factors"),
    )


def _spread(table: pd.DataFrame) -> Grid:
    """Return a row for each asset and a column for each factor."""
    factors = table["factor"].drop_duplicates().tolist()
    rows = []
    for asset, part in table.groupby("asset", sort=False):
        found = part.set_index("factor").loc[factors]
        pairs = zip(found["probability"].astype(float), found["prior"].astype(float), strict=True)
        rows.append((Cell(str(asset)), *(Cell(chance(after), after, _before(before)) for after, before in pairs)))
    return Grid((Head("asset", False), *(Head(str(name)) for name in factors)), tuple(rows))


def _before(prior: float) -> str:
    return f"before: {chance(prior)}" if np.isfinite(prior) else ""


def _rates(table: pd.DataFrame) -> Grid:
    """Return a row for each factor: its rate before and after the data."""
    rows = []
    for row in table.drop_duplicates("factor").to_dict("records"):
        known = np.isfinite(row["rate"])
        ends = f"{chance(row['rate_lower'])} to {chance(row['rate_upper'])}" if known else ""
        before = Cell(chance(row["prior"]), row["prior"]) if np.isfinite(row["prior"]) else Cell("not known")
        after = Cell(chance(row["rate"]), row["rate"], ends) if known else Cell("not known")
        rows.append((Cell(str(row["factor"])), before, after))
    return Grid((Head("factor", False), Head("rate before"), Head("rate after")), tuple(rows))
