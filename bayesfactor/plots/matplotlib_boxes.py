"""Boxes with names, and the arrows between them, as Matplotlib draws them."""

from typing import TYPE_CHECKING, Any, assert_never

from bayesfactor.plots.marks import Arrow, Boxes, BoxLook
from bayesfactor.plots.style import FAINT, INK, QUIET, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE, FILLED = 8.0, 0.8  # points of a name; the part of the width of a box that it may fill
HATCH = "///"
HEAD, LONG = ((-1.0, -0.45), (0.0, 0.0), (-1.0, 0.45), (-1.0, -0.45)), 7  # of an arrow: its shape, and its points


def boxed(look: BoxLook, tone: str) -> dict[str, Any]:
    """Return how a box looks."""
    match look:
        case "full":
            return {"facecolor": tone, "edgecolor": tone}
        case "pale":
            return {"facecolor": FAINT, "edgecolor": tone, "linewidth": 1.6}
        case "hatched":
            return {"facecolor": "white", "edgecolor": tone, "linewidth": 1.6, "hatch": HATCH}
        case "outlined":
            return {"facecolor": "white", "edgecolor": tone, "linestyle": "--"}
        case _:
            assert_never(look)


def draw_boxes(axis: "Axes", mark: Boxes, tone: str) -> None:
    """Draw boxes, each with its name, smaller where it is long."""
    from matplotlib.patches import Rectangle

    look = boxed(mark.look, tone)
    ink = "white" if mark.look == "full" else QUIET if mark.look == "outlined" else INK
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 1.5} if mark.look == "hatched" else None
    for x, y, name in zip(mark.x, mark.y, mark.names, strict=True):
        corner = (float(x - mark.width / 2), float(y - mark.height / 2))
        axis.add_patch(Rectangle(corner, mark.width, mark.height, zorder=3, **look))
        text = short(name)
        size = _fitting(axis, text, mark.width)
        axis.text(float(x), float(y), text, ha="center", va="center", color=ink, fontsize=size, zorder=4, bbox=behind)


def _fitting(axis: "Axes", name: str, width: float) -> float:
    """Return the size, in points, at which a name stays in a box that is so many units of the x-axis wide."""
    from matplotlib.textpath import TextPath

    low, high = axis.get_xlim()
    figure = axis.get_figure(root=True)
    assert figure is not None  # it was made by `canvas`
    points = 72 * figure.get_figwidth() * FILLED * width / (high - low)
    written = TextPath((0, 0), name.replace("$", "S"), size=SIZE)  # as text, and not as a formula
    return SIZE * min(1.0, points / max(written.get_extents().width, 1.0))


def draw_arrow(axis: "Axes", mark: Arrow, tone: str) -> None:
    """Draw an arrow along a smooth curve."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    vertices, codes = [(float(mark.x[0]), float(mark.y[0]))], [Path.MOVETO]
    for x0, x1, y0, y1 in zip(mark.x, mark.x[1:], mark.y, mark.y[1:], strict=False):
        middle = float(x0 + x1) / 2
        vertices += [(middle, float(y0)), (middle, float(y1)), (float(x1), float(y1))]
        codes += [Path.CURVE4] * 3
    axis.add_patch(PathPatch(Path(vertices, codes), facecolor="none", edgecolor=tone, linewidth=1.1, zorder=2))
    axis.plot(mark.x[-1:], mark.y[-1:], marker=Path(HEAD), markersize=2 * LONG, color=tone, linestyle="")
