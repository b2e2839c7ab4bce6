"""Marks of a figure as Matplotlib draws them."""

from typing import TYPE_CHECKING, assert_never

import numpy as np

from bayesfactor.plots.chart import Panel
from bayesfactor.plots.marks import Arrow, Band, Bars, Boxes, Intervals, Labels, Lines, Mark, Points, Rules, Zone
from bayesfactor.plots.matplotlib_boxes import draw_arrow, draw_boxes
from bayesfactor.plots.placing import placed
from bayesfactor.plots.style import COLOURS, DATA, FAINT, INK, POSTERIOR, PRIOR, QUIET, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROLES = {"posterior": POSTERIOR, "prior": PRIOR, "data": DATA, "ink": INK, "quiet": QUIET, "faint": FAINT}
ROLES |= {f"source {number + 1}": tone for number, tone in enumerate(2 * COLOURS)}
SECOND = {f"source {number + 1}" for number in range(len(COLOURS), 2 * len(COLOURS))}  # hollow or pale
OFF = {(0, -1): "<", (0, 1): ">", (1, -1): "v", (1, 1): "^"}  # markers of what lies beyond the ends, by axis and side


def colour(role: str) -> str:
    """Return the colour of a role."""
    return ROLES[role]


def draw_mark(axis: "Axes", mark: Mark, panel: Panel) -> None:
    """Draw one mark."""
    match mark:
        case Intervals():
            _intervals(axis, mark, panel)
        case Points():
            _points(axis, mark, panel)
        case Lines():
            style, width = "--" if mark.dashed else "-", 0.9 if mark.thin else 1.4
            how = "steps-post" if mark.step else "default"
            axis.plot(mark.x, mark.y, color=colour(mark.role), linestyle=style, linewidth=width, drawstyle=how)  # type: ignore[arg-type]
        case Band():
            tone = colour(mark.role)
            axis.fill_between(
                mark.x, mark.lower, mark.upper, step="post" if mark.step else None,
                color=tone, alpha=mark.strength, linewidth=0,
            )  # fmt: skip
        case Bars():
            _bars(axis, mark)
        case Rules():
            line = axis.axvline if mark.of == "x" else axis.axhline
            line(mark.value, color=colour(mark.role), linewidth=0.9, linestyle="--" if mark.dashed else "-", zorder=0.5)
        case Zone():
            span = axis.axvspan if mark.of == "x" else axis.axhspan
            span(mark.low, mark.high, color=colour(mark.role), alpha=0.6, linewidth=0, zorder=0)
        case Labels():
            _labels(axis, mark, panel)
        case Boxes():
            draw_boxes(axis, mark, colour(mark.role))
        case Arrow():
            draw_arrow(axis, mark, colour(mark.role))
        case _:
            assert_never(mark)


def _bars(axis: "Axes", mark: Bars) -> None:
    tone, size, alpha = colour(mark.role), mark.end - mark.start, 0.5 if mark.role in SECOND else 1.0
    if mark.along == "x":
        axis.barh(mark.at, size, mark.width, mark.start, color=tone, alpha=alpha, edgecolor="white", linewidth=0.4)
    else:
        axis.bar(mark.at, size, mark.width, mark.start, color=tone, alpha=alpha, edgecolor="white", linewidth=0.4)


def _intervals(axis: "Axes", mark: Intervals, panel: Panel) -> None:
    """Draw lines and their middles; an arrow at the end of the axis stands for what lies beyond it."""
    lines = axis.hlines if mark.along == "x" else axis.vlines
    tone = colour(mark.role)
    if mark.look == "bar":
        lines(mark.at, mark.lower, mark.upper, color=tone, linewidth=6, zorder=0.8)
        return
    thin = mark.look == "line"
    lines(mark.at, mark.lower, mark.upper, color=tone, linewidth=0.7 if thin else 1.4, zorder=1 if thin else 2)
    if thin:
        return
    hollow = mark.hollow if mark.hollow.size else np.zeros(len(mark.at), dtype=bool)
    shape = "o" if mark.look == "dot" else "|"
    size = 4 if mark.look == "dot" else 8
    for some, face in ((~hollow, tone), (hollow, "white")):
        if some.any():
            x, y = (mark.middle[some], mark.at[some]) if mark.along == "x" else (mark.at[some], mark.middle[some])
            axis.plot(x, y, shape, markersize=size, color=tone, markerfacecolor=face)
    for ends in (mark.lower, mark.upper):
        x, y = (ends, mark.at) if mark.along == "x" else (mark.at, ends)
        _arrows(axis, x, y, tone, panel)


def _points(axis: "Axes", mark: Points, panel: Panel) -> None:
    match mark.shape:
        case "dot":
            tone = colour(mark.role)
            face = "white" if mark.role in SECOND else tone
            axis.scatter(mark.x, mark.y, s=16, facecolor=face, edgecolor=tone, zorder=3)
        case "tick":
            axis.plot(mark.x, mark.y, "|", markersize=8, color=colour(mark.role))
        case "none":
            return
        case _:
            assert_never(mark.shape)
    _arrows(axis, mark.x, mark.y, colour(mark.role), panel)


def _arrows(axis: "Axes", x: np.ndarray, y: np.ndarray, tone: str, panel: Panel) -> None:
    """Mark points that lie beyond the ends of an axis, at its end."""
    places = [(x, panel.x), (y, panel.y)]
    for number, (values, scale) in enumerate(places):
        for side, beyond in ((-1, values < scale.low), (1, values > scale.high)):
            if (number == 1 and scale.names) or not beyond.any():
                continue
            at = [np.clip(v[beyond], s.low, s.high) for v, s in places]
            axis.plot(*at, OFF[number, side], markersize=5, color=tone, clip_on=False, linestyle="")


def _labels(axis: "Axes", mark: Labels, panel: Panel) -> None:
    """Write the labels that have room."""
    x, y = (np.clip(scale.shares(at), 0, 1) for scale, at in ((panel.x, mark.x), (panel.y, mark.y)))
    places = [np.clip(at, scale.low, scale.high) for scale, at in ((panel.x, mark.x), (panel.y, mark.y))]
    down = panel.pixels * (y if panel.y.names else 1 - y)
    for one in placed(x, down, mark.texts, mark.side, panel.pixels):
        to = {"right": (6, 0), "left": (-6, 0), "above": (0, 7), "below": (0, -7)}[one.side]
        across = {"right": "left", "left": "right"}.get(one.side, "center")
        up = {"above": "bottom", "below": "top"}.get(one.side, "center")
        axis.annotate(
            short(mark.texts[one.number]), (float(places[0][one.number]), float(places[1][one.number])), to,
            textcoords="offset points", ha=across, va=up, fontsize=8, color=colour(mark.role),
        )  # fmt: skip
