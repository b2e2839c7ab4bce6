"""A causal graph, and what the loading on each factor in it may be read as."""

from typing import TYPE_CHECKING

import numpy as np

from bayesfactor.analysis.causes.causal_reading import CausalReading
from bayesfactor.plots.causal_layout import Layout, lay_out
from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.marks import Arrow, Boxes, BoxLook, Mark
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.scales import Scale
from bayesfactor.plots.style import require_result
from bayesfactor.spec.causal_graph import ASSET

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDE, HIGH = 0.7, 0.64  # of a box, over the distance from layer to layer, and from node to node
ACROSS, UP = 120, 68  # pixels from layer to layer at least, and from node to node
PORTS, HEADS = 0.7, 5  # of the height of a box at which arrows begin and end; heads beside each other: more are one
UNSEEN = "no factor"
LOOKS: dict[str, tuple[str, BoxLook]] = {
    "total effect": ("posterior", "full"),
    "direct effect": ("posterior", "pale"),
    "not causal": ("data", "hatched"),
    UNSEEN: ("quiet", "outlined"),
    ASSET: ("ink", "full"),
}  # told apart without colours: full, grey, hatched, dashed, black
Edge = tuple[str, str]


def causes_chart(reading: CausalReading) -> Chart:
    """Return a causal graph with its readings: `plot_causes` has the arguments."""
    require_result(reading, CausalReading, "a CausalReading", "plot_causes.reading", "bf.causal_reading(fit, graph)")
    layout = lay_out(reading.graph)
    kinds = {node: ASSET if node == ASSET else UNSEEN for node in layout.nodes}
    kinds |= {one.factor: str(one.reading) for one in reading.readings}
    said = {node: f"{node}: {kind}" if kind == UNSEEN else node for node, kind in kinds.items()}
    said |= {one.factor: f"{one.factor}: {one.reading}. {one.because}" for one in reading.readings}
    marks: list[Mark] = _arrows(layout)
    for kind, (role, look) in LOOKS.items():
        nodes = tuple(node for node in layout.nodes if kinds[node] == kind)
        if nodes:
            x, y = np.array([layout.nodes[node] for node in nodes]).T
            marks.append(Boxes(x, y, nodes, tuple(said[node] for node in nodes), role, look, WIDE, HIGH))
    across, up = Scale(-0.5, layout.layers - 0.5), Scale(-layout.height / 2, layout.height / 2)
    panel = Panel(tuple(marks), across, up, height=UP * layout.height, narrowest=ACROSS * layout.layers)
    found = set(kinds.values())
    key = tuple(Key(kind, *look) for kind, look in LOOKS.items() if kind in found and kind != ASSET)
    return Chart("Causal graph: causes to the left of their effects", (panel,), key=key)


def _arrows(layout: Layout) -> list[Mark]:
    """Return the arrows, each from and to its own place on the edge of a box; level beside the boxes they pass."""
    starts, ends = _ports(layout, 0), _ports(layout, -1)
    arrows: list[Mark] = []
    for edge, points in layout.arrows.items():
        x, y = np.repeat(np.array(points), 2, axis=0).T
        x = x + WIDE / 2 * np.tile([-1.0, 1.0], len(points))
        y[:2] += starts[edge]
        y[-2:] += ends[edge]
        arrows.append(Arrow(x[1:-1], y[1:-1]))
    return arrows


def _ports(layout: Layout, end: int) -> dict[Edge, float]:
    """Return how far from the middle of a box each arrow starts (end 0) or ends (end -1), by where it leads."""
    beside: dict[str, list[tuple[float, Edge]]] = {}
    for edge, points in layout.arrows.items():
        beside.setdefault(edge[end], []).append((points[1 if end == 0 else -2][1], edge))
    ports: dict[Edge, float] = {}
    for found in beside.values():
        found.sort()
        step = 0.0 if end and len(found) > HEADS else PORTS * HIGH / max(len(found), 3)
        ports |= {edge: step * (rank - (len(found) - 1) / 2) for rank, (_, edge) in enumerate(found)}
    return ports


def plot_causes(reading: CausalReading) -> "Figure":
    """Draw a causal graph, each factor marked by what its loading may be read as.

    Parameters
    ----------
    reading : CausalReading
        As `causal_reading` returns it.

    Returns
    -------
    matplotlib Figure
        Causes stand to the left of their effects. A box is full where the loading is a total effect, grey where it is a
        direct effect, hatched where it is not causal; nodes that are no factors are dashed, the asset is black.

    Raises
    ------
    SpecError
        When it is no causal reading.
    """
    return render(causes_chart(reading))
