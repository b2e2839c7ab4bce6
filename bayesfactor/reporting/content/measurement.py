"""Which factors are measured with error, within the section on loadings."""

import numpy as np

from bayesfactor.analysis.assessment.measurement import has_noisy_factors, reliability
from bayesfactor.base.wording import percent
from bayesfactor.reporting.content.contents import Contents
from bayesfactor.reporting.content.grids import number
from bayesfactor.reporting.content.parts import Cell, Grid, Head, Heading, Part, TablePart, Text

HOW = (
    "The reliability of a factor is the share of its series' variance that is signal. Least squares on the series "
    "finds loadings that are too near 0; what the factor would load without noise stands beside it. All loadings and "
    "premia in this report are those without noise. A loading times what the factor pays is known better than either."
)
HEADS = ("reliability before", "reliability after", "mean loading without noise", "by least squares")
UNKNOWN = Cell("not known")


def measured_with_error(contents: Contents) -> tuple[Part, ...]:
    """Return the reliability of factors before and after the data; nothing where none is measured with error."""
    if not has_noisy_factors(contents.fit):
        return ()
    table = reliability(contents.fit, ci_prob=contents.ci_prob, ci_kind=contents.ci_kind)
    rows = []
    for row in table.to_dict("records"):
        before, after = (_share(row, *names) for names in (("prior", "prior_"), ("mean", "")))
        rows.append((Cell(str(row["factor"])), before, after, *_loadings(row)))
    caption = f"Factors that are measured with error: mean and {contents.interval}. Loadings are means over assets."
    grid = Grid((Head("factor", False), *(Head(head) for head in HEADS)), tuple(rows))
    return Heading("Measured with error"), Text(HOW), TablePart(grid, "reliability-table", caption, "factors")


def _share(row: dict, mean: str, ends: str) -> Cell:
    """Return a reliability with its interval; without one where it is known."""
    value, lower, upper = row[mean], row[f"{ends}lower"], row[f"{ends}upper"]
    if not np.isfinite(value):
        return UNKNOWN
    width = f"{percent(lower)} to {percent(upper)}" if upper > lower else "given"
    return Cell(percent(value), value, width)


def _loadings(row: dict) -> tuple[Cell, Cell]:
    """Return mean loadings, without noise and by least squares."""
    loading, own = row["loading"], row["least_squares"]
    if not np.isfinite(loading):
        return UNKNOWN, UNKNOWN
    ends = f"{number(row['loading_lower'])} to {number(row['loading_upper'])}"
    return Cell(number(loading), loading, ends), Cell(number(own), own)
