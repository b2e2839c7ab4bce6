"""A causal graph, and what the loading on each factor in it may be read as."""

from typing import TYPE_CHECKING, Any

from bayesfactor.analysis.causes.causal_reading import CausalReading
from bayesfactor.plots.causal_layout import Layout, lay_out
from bayesfactor.plots.style import DATA, FAINT, INK, POSTERIOR, QUIET, canvas, require_result, short, styled
from bayesfactor.spec.causal_graph import ASSET

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS, UP = 1.9, 0.6  # inches from layer to layer, and from node to node
WIDE, HIGH, LONGEST = 1.15, 0.36, 20  # inches of a box, and letters of a name in it
SIZE, FILLED = (
    8.0,
    0.82,
)  # points of a name, and the part of the width of a box that it may fill; small letters are rounded up
UNSEEN = "no factor"
LOOKS: dict[str, dict[str, Any]] = {
    "total effect": {"facecolor": POSTERIOR, "edgecolor": POSTERIOR, "color": "white"},
    "direct effect": {"facecolor": FAINT, "edgecolor": POSTERIOR, "color": INK, "linewidth": 1.6},
    "not causal": {"facecolor": "white", "edgecolor": DATA, "color": INK, "linewidth": 1.6, "hatch": "///"},
    UNSEEN: {"facecolor": "white", "edgecolor": QUIET, "color": QUIET, "linestyle": "--"},
    ASSET: {"facecolor": INK, "edgecolor": INK, "color": "white"},
}  # told apart without colours: full, grey, hatched, dashed, black


@styled
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
    from matplotlib.patches import Patch

    require_result(reading, CausalReading, "a CausalReading", "plot_causes.reading", "bf.causal_reading(fit, graph)")
    layout = lay_out(reading.graph)
    kinds = {one.factor: str(one.reading) for one in reading.readings}
    width, height = ACROSS * layout.layers, UP * layout.height
    figure, axes = canvas(1, 1, max(width, 3.6) + 0.2, height + 0.7)
    axis = axes[0, 0]
    _draw_arrows(axis, layout)
    for node, place in layout.nodes.items():
        _draw_node(axis, node, place, LOOKS[kinds.get(node, ASSET if node == ASSET else UNSEEN)])
    axis.set_xlim(-ACROSS / 2, width - ACROSS / 2)
    axis.set_ylim(-height / 2, height / 2)
    axis.set_aspect("equal")
    axis.set_axis_off()
    found = {*kinds.values(), *([UNSEEN] if len(kinds) + 1 < len(layout.nodes) else [])}
    there = [name for name in LOOKS if name in found]
    handles = [Patch(**_box(LOOKS[name]), label=name) for name in there]
    figure.legend(handles=handles, loc="outside lower left", ncols=len(handles), fontsize=8)
    return figure


def _draw_node(axis: "Axes", node: str, place: tuple[float, float], look: dict[str, Any]) -> None:
    """Draw a node: its name in a box."""
    from matplotlib.patches import FancyBboxPatch
    from matplotlib.textpath import TextPath

    x, y = place[0] * ACROSS, place[1] * UP
    corner = (x - WIDE / 2, y - HIGH / 2)
    axis.add_patch(
        FancyBboxPatch(corner, WIDE, HIGH, boxstyle="round,pad=0,rounding_size=0.08", zorder=3, **_box(look))
    )
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 1.5} if "hatch" in look else None
    name = short(node, LONGEST)
    written = TextPath((0, 0), name.replace("$", "S"), size=SIZE)  # as text, and not as a formula
    size = SIZE * min(1.0, FILLED * WIDE * 72 / max(written.get_extents().width, 1.0))
    axis.text(x, y, name, ha="center", va="center", color=look["color"], fontsize=size, zorder=4, bbox=behind)


def _box(look: dict[str, Any]) -> dict[str, Any]:
    """Return how a box looks, without its text."""
    return {key: value for key, value in look.items() if key != "color"}


def _draw_arrows(axis: "Axes", layout: Layout) -> None:
    """Draw the arrows as smooth curves, each to its own place on the edge of its box."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    starts, ends = _ports(layout, 0), _ports(layout, -1)
    for edge, points in layout.arrows.items():
        heights = [y * UP for _, y in points]
        heights[0] += starts[edge]
        heights[-1] += ends[edge]
        vertices, codes = [(points[0][0] * ACROSS + WIDE / 2, heights[0])], [Path.MOVETO]
        for (x, _), y0, y1 in zip(points[1:], heights, heights[1:], strict=False):
            left, right = x * ACROSS - WIDE / 2, x * ACROSS + WIDE / 2  # level beside the boxes, curved between them
            middle = left - (ACROSS - WIDE) / 2
            vertices += [(middle, y0), (middle, y1), (left, y1), (right, y1)]
            codes += [Path.CURVE4] * 3 + [Path.LINETO]
        vertices, codes = vertices[:-1], codes[:-1]
        arrow = FancyArrowPatch(
            path=Path(vertices, codes), arrowstyle="-|>", mutation_scale=9, color=QUIET, linewidth=1.1, zorder=2
        )
        axis.add_patch(arrow)


def _ports(layout: Layout, end: int) -> dict[tuple[str, str], float]:
    """Return how far from the middle of a box each arrow starts (end 0) or ends (end -1), by where it leads."""
    beside: dict[str, list[tuple[float, tuple[str, str]]]] = {}
    for edge, points in layout.arrows.items():
        beside.setdefault(edge[end], []).append((points[1 if end == 0 else -2][1], edge))
    ports: dict[tuple[str, str], float] = {}
    for found in beside.values():
        found.sort()
        step = 0.7 * HIGH / max(len(found), 3)
        ports |= {edge: step * (rank - (len(found) - 1) / 2) for rank, (_, edge) in enumerate(found)}
    return ports
