"""Marks of a figure as SVG: across in per cent of the panel's width, so that text keeps its size at any width."""

from typing import assert_never

import numpy as np

from bayesfactor.plots.marks import Arrow, Band, Bars, Boxes, Intervals, Labels, Lines, Mark, Points, Rules, Side, Zone
from bayesfactor.plots.placing import BOTH, placed
from bayesfactor.reporting.formats.svg_boxes import boxes
from bayesfactor.reporting.formats.svg_paths import arrow, band, dots, line, strokes
from bayesfactor.reporting.formats.svg_places import Plot, escaped, percent, role

LOOKS = {"dot": "range", "tick": "range", "line": "range thin", "bar": "slab"}


def drawn(mark: Mark, plot: Plot) -> str:
    """Return a mark as SVG."""
    match mark:
        case Intervals():
            return _intervals(mark, plot)
        case Points():
            return _points(mark, plot)
        case Lines():
            return line(mark, plot)
        case Band():
            return band(mark, plot)
        case Bars():
            return _bars(mark, plot)
        case Rules():
            return _rule(mark, plot)
        case Zone():
            return _zone(mark, plot)
        case Labels():
            return _labels(mark, plot)
        case Boxes():
            found = zip(mark.texts, boxes(mark, plot), strict=True)
            return "".join(_item(text, box, number) for number, (text, box) in enumerate(found))
        case Arrow():
            return arrow(mark, plot)
        case _:
            assert_never(mark)


def _item(text: str, inside: str, number: int) -> str:
    """Return what can be pointed at and reached by keyboard: the arrows go from one to the next."""
    return f'<g class="i" tabindex="{-1 if number else 0}" role="img"><title>{escaped(text)}</title>{inside}</g>'


def _intervals(mark: Intervals, plot: Plot) -> str:
    if mark.look == "line" and not mark.texts:
        return strokes(mark, plot)
    parts, across = [], plot.panel.y if mark.along == "x" else plot.panel.x
    named, look = bool(plot.panel.y.names), f"{LOOKS[mark.look]} {role(mark.role)}"
    for number, (at, low, middle, high) in enumerate(zip(mark.at, mark.lower, mark.middle, mark.upper, strict=True)):
        if not (np.isfinite(middle) and across.holds(at)):
            continue
        ends = [(low, at), (middle, at), (high, at)]
        if mark.along == "y":
            ends = [(y, x) for x, y in ends]
        (x1, y1), (x, y), (x2, y2) = ends
        inside = ""
        if np.isfinite(low) and np.isfinite(high):
            ends_at = f'x1="{plot.x(x1)}" x2="{plot.x(x2)}" y1="{plot.y(y1):g}" y2="{plot.y(y2):g}"'
            inside = f'<line class="{look}" {ends_at}/>'
            if mark.look != "line":  # which is seen to go on beyond the edge
                inside += plot.off(x1, y1, mark.role) + plot.off(x2, y2, mark.role)
            hit = "" if named else f'<line class="h" {ends_at}/>'
        else:
            hit = ""
        if mark.look in ("dot", "tick"):
            inside += plot.off(x, y, mark.role) or _middle(mark, number, plot.x(x), plot.y(y))
        if not mark.texts:
            parts.append(inside)
            continue
        if named:
            row = plot.panel.pixels / len(plot.panel.y.names)
            hit = f'<rect class="h" y="{plot.y(at) - row / 2:g}" width="100%" height="{row:g}"/>'
        parts.append(_item(mark.texts[number], hit + inside, number))
    return "".join(parts)


def _middle(mark: Intervals, number: int, x: str, y: float) -> str:
    if mark.look == "tick":
        return f'<line class="middle {role(mark.role)}" x1="{x}" x2="{x}" y1="{y - 5:g}" y2="{y + 5:g}"/>'
    hollow = " hollow" if mark.hollow.size and mark.hollow[number] else ""
    return f'<circle class="{role(mark.role)}{hollow}" cx="{x}" cy="{y:g}" r="4"/>'


def _points(mark: Points, plot: Plot) -> str:
    if mark.shape == "dot" and not mark.texts:
        return dots(mark, plot)
    parts = []
    for number, (x, y) in enumerate(zip(mark.x, mark.y, strict=True)):
        if not (np.isfinite(x) and np.isfinite(y)):
            continue
        left, down = plot.x(x), plot.y(y)
        match mark.shape:
            case "dot":
                inside = (
                    plot.off(x, y, mark.role) or f'<circle class="{role(mark.role)}" cx="{left}" cy="{down:g}" r="4"/>'
                )
            case "tick":
                tick = f'x1="{left}" x2="{left}" y1="{down - 5:g}" y2="{down + 5:g}"'
                inside = plot.off(x, y, mark.role) or f'<line class="middle {role(mark.role)}" {tick}/>'
            case "none":
                inside = f'<circle class="spot {role(mark.role)}" cx="{left}" cy="{down:g}" r="4"/>'
            case _:
                assert_never(mark.shape)
        hit = f'<circle class="h" cx="{left}" cy="{down:g}" r="10"/>'
        parts.append(_item(mark.texts[number], hit + inside, number) if mark.texts else inside)
    return "".join(parts)


def _bars(mark: Bars, plot: Plot) -> str:
    parts = []
    for number, (at, start, end) in enumerate(zip(mark.at, mark.start, mark.end, strict=True)):
        if not (np.isfinite(start) and np.isfinite(end)):
            continue
        low, high = sorted((start, end))
        if mark.along == "x":
            left, right = (float(plot.x(value).removesuffix("%")) for value in (low, high))
            ends = sorted(plot.y(at + side * mark.width / 2) for side in (-1, 1))
            place = f'x="{left:g}%" width="{right - left:.2f}%" y="{ends[0]:g}" height="{ends[1] - ends[0]:g}"'
        else:
            sides = [float(plot.x(at + side * mark.width / 2).removesuffix("%")) for side in (-1, 1)]
            top, bottom = plot.y(high), plot.y(low)
            place = f'x="{sides[0]:g}%" width="{sides[1] - sides[0]:.2f}%" y="{top:g}" height="{bottom - top:.1f}"'
        inside = f'<rect class="block {role(mark.role)}" {place}/>'
        parts.append(_item(mark.texts[number], inside, number) if mark.texts else inside)
    return "".join(parts)


def _rule(mark: Rules, plot: Plot) -> str:
    share = float((plot.panel.x if mark.of == "x" else plot.panel.y).shares(np.array(mark.value)))
    if not 0 <= share <= 1:
        return ""
    x, y = plot.x(mark.value), plot.y(mark.value)
    place = f'x1="{x}" x2="{x}" y2="100%"' if mark.of == "x" else f'x2="100%" y1="{y:g}" y2="{y:g}"'
    return f'<line class="rule {role(mark.role)}{" dashed" * mark.dashed}" {place}/>'


def _zone(mark: Zone, plot: Plot) -> str:
    if mark.of == "x":
        left, right = (float(plot.x(value).removesuffix("%")) for value in (mark.low, mark.high))
        place = f'x="{left:g}%" width="{right - left:.2f}%" height="100%"'
    else:
        ends = sorted((plot.y(mark.low), plot.y(mark.high)))
        place = f'y="{ends[0]:g}" width="100%" height="{ends[1] - ends[0]:.1f}"'
    return f'<rect class="zone {role(mark.role)}" {place}/>'


def _labels(mark: Labels, plot: Plot) -> str:
    places = ((plot.panel.x, mark.x), (plot.panel.y, mark.y))
    x, y = (np.clip(scale.shares(values), 0, 1) for scale, values in places)
    down = plot.panel.pixels * (y if plot.panel.y.names else 1 - y)
    found = placed(x, down, mark.texts, mark.side, plot.panel.pixels)
    parts = []
    for one in found:
        dx, dy, anchor = _beside(one.side)
        wide = "" if one.at == BOTH else " w"
        place = f'x="{percent(float(x[one.number]))}" y="{down[one.number]:.1f}" dx="{dx}" dy="{dy}"'
        words = escaped(mark.texts[one.number])
        parts.append(f'<text class="label {role(mark.role)}{wide}" {place} text-anchor="{anchor}">{words}</text>')
    return "".join(parts)


def _beside(side: Side) -> tuple[str, str, str]:
    """Return how far from its point a label stands, and where it is anchored."""
    match side:
        case "right":
            return "8", "4", "start"
        case "left":
            return "-8", "4", "end"
        case "above":
            return "0", "-9", "middle"
        case "below":
            return "0", "17", "middle"
        case _:
            assert_never(side)
