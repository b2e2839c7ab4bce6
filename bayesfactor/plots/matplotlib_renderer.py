"""A figure for a notebook: the record drawn by Matplotlib."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, assert_never

from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.matplotlib_boxes import boxed
from bayesfactor.plots.matplotlib_marks import SECOND, colour, draw_mark
from bayesfactor.plots.scales import Scale
from bayesfactor.plots.style import QUIET, canvas, short, styled
from bayesfactor.plots.tick_widths import shown

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INCH = 100.0  # pixels of a record
SINGLE, WIDE, SIDES = 7.0, 10.0, 1.4  # inches: of a figure; of that beside the panels
LETTERS = 14  # of an inch of small text
AROUND, LINE = 0.55, 0.17  # inches: of ticks and a title around a panel; of a line of text below


@styled
def render(chart: Chart) -> "Figure":
    """Draw a figure; texts of single marks are not shown."""
    count = len(chart.panels)
    columns = min(chart.columns, count)
    lines = -(-count // columns)
    heights = [max(p.pixels for p in chart.panels[i * columns : (i + 1) * columns]) for i in range(lines)]
    words = len(chart.notes) + 2 + bool(chart.key)
    high = sum(heights) / INCH + AROUND * lines + LINE * words
    width = SINGLE if columns == 1 else min(WIDE, 2.2 + 2.4 * columns)
    figure, axes = canvas(lines, columns, width, high, height_ratios=heights, sharey=chart.shared)
    for place, axis in enumerate(axes.ravel()):
        if place >= count:
            axis.set_axis_off()
            continue
        named = not chart.shared or place % columns == 0
        draw_panel(axis, chart.panels[place], names=named, width=INCH * (width - SIDES) / columns)
    if chart.key:
        handles = [_handle(key) for key in chart.key]
        figure.legend(handles=handles, loc="outside upper left", ncols=beside(chart.key, width), fontsize=8)
    titles = list(dict.fromkeys(panel.x.title for panel in chart.panels if panel.x.title))
    together = titles[0] if len(titles) == 1 and count > 1 else ""
    if not together:
        for axis, panel in zip(axes.ravel(), chart.panels, strict=False):
            axis.set_xlabel(panel.x.title)
    said = [*([together] if together else []), *(wrapped(note, width) for note in chart.notes)]
    if said:
        figure.supxlabel("\n".join(said), fontsize=8, x=0.01, ha="left")
    return figure


def beside(key: Sequence[Key], width: float) -> int:
    """Return how many columns of a key have room beside each other."""
    for columns in range(len(key), 1, -1):
        lines = -(-len(key) // columns)
        longest = [max(len(one.text) + 6 for one in key[i : i + lines]) for i in range(0, len(key), lines)]
        if sum(longest) <= LETTERS * width:
            return columns
    return 1


def wrapped(text: str, width: float) -> str:
    """Return text in lines of a figure's width."""
    from textwrap import fill

    return fill(text, int(LETTERS * width))


def draw_panel(axis: "Axes", panel: Panel, *, names: bool, width: float) -> None:
    """Draw the marks, ticks and words of one panel on axes that are about so many pixels wide."""
    axis.set_xlim(panel.x.low, panel.x.high)  # by which names in boxes are fitted
    for mark in panel.marks:
        draw_mark(axis, mark, panel)
    if panel.bare:
        axis.set_axis_off()
    _scale(axis, panel.x, "x", shown(panel.x, width))
    if panel.y.names:
        _rows(axis, panel.y, names)
    else:
        _scale(axis, panel.y, "y", [True] * len(panel.y.ticks))
        axis.set_ylabel(panel.y.title)
    axis.set_title(panel.title, loc="left")


def _scale(axis: "Axes", scale: Scale, along: str, said: Sequence[bool]) -> None:
    """Set ends, ticks and the line at 0 of one axis."""
    if scale.log:
        getattr(axis, f"set_{along}scale")("log")
    getattr(axis, f"set_{along}lim")(scale.low, scale.high)
    texts = [text if one else "" for (_, text), one in zip(scale.ticks, said, strict=True)]
    getattr(axis, f"set_{along}ticks")([at for at, _ in scale.ticks], texts, minor=False)
    getattr(axis, f"set_{along}ticks")([], minor=True)
    if scale.zero:
        line = axis.axvline if along == "x" else axis.axhline
        line(0.0, color=QUIET, linewidth=0.8, zorder=0)


def _rows(axis: "Axes", scale: Scale, names: bool) -> None:
    """Write names left of the rows, and notes right of them."""
    places = range(len(scale.names))
    axis.set_ylim(scale.high, scale.low)
    axis.tick_params(axis="y", length=0, labelleft=names)
    axis.set_yticks(places, [short(name) for name in scale.names])
    for place, note in zip(places, scale.notes, strict=False):
        axis.text(1.02, place, note, va="center", fontsize=8, transform=axis.get_yaxis_transform())


def _handle(key: Key) -> "Artist":
    """Return what stands for a mark in a legend."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    tone: Any = colour(key.role)
    match key.look:
        case "interval":
            return Line2D([], [], color=tone, marker="o", markersize=4, linewidth=1.4, label=key.text)
        case "bar" | "band":
            return Patch(color=tone, alpha=0.35 if key.look == "band" or key.role in SECOND else 1.0, label=key.text)
        case "line" | "dashed":
            return Line2D([], [], color=tone, linestyle="--" if key.look == "dashed" else "-", label=key.text)
        case "tick":
            return Line2D([], [], color=tone, marker="|", markersize=8, linestyle="", label=key.text)
        case "dot" | "hollow":
            face = "white" if key.look == "hollow" or key.role in SECOND else tone
            return Line2D([], [], color=tone, marker="o", markersize=4, ls="", markerfacecolor=face, label=key.text)
        case "full" | "pale" | "hatched" | "outlined":
            return Patch(**boxed(key.look, tone), label=key.text)
        case _:
            assert_never(key.look)
