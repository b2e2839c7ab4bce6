"""The section on what may be read as a cause."""

from collections.abc import Mapping
from functools import partial

from bayesfactor.analysis.causes.causal_reading import CausalReading
from bayesfactor.plots.causes import causes_chart
from bayesfactor.reporting.content.grids import Column, plain
from bayesfactor.reporting.content.parts import Part, Picture, TablePart, Text

WHAT = (
    "What a loading may be read as, if the graph is right. Total effect: how far the return moves when the factor is "
    "moved, by whatever way. Direct effect: what is left of that while the other factors are held. Not causal: the "
    "loading predicts, and says nothing of what happens when the factor is moved."
)
CAPTION = (
    "What each loading may be read as. Of the total effect: which factors a regression must hold (adjust for), what is "
    "no factor and must become one (missing), and which factors it must not hold (leave out)."
)
FIGURE = "The graph: causes to the left of their effects; why a loading is read so stands in the table."
COLUMNS: list[Column] = [
    ("reading", "reading", "text"), ("adjust_for", "adjust for", "text"), ("missing", "missing", "text"),
    ("harmful", "leave out", "text"), ("because", "because", "text"),
]  # fmt: skip


def causes(found: CausalReading) -> tuple[Part, ...]:
    """Return the parts of the section."""
    return (
        Text(WHAT),
        Picture(partial(causes_chart, found), "Causal graph of the factors and the return", FIGURE),
        TablePart(plain(found.table().set_index("factor"), "factor", COLUMNS), "causes-table", CAPTION, "factors"),
        *(Text(f"Note: {note}.") for note in found.notes),
    )


def readings(found: CausalReading | None) -> Mapping[str, str]:
    """Return the reading of each factor; nothing where no graph was given."""
    return {} if found is None else {one.factor: one.reading for one in found.readings}
