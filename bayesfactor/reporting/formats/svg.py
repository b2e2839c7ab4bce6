"""A figure for a page: panels of SVG between names, ticks and numbers, legible at any width."""

import math
from collections.abc import Sequence
from typing import assert_never

import numpy as np

from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.scales import Scale
from bayesfactor.plots.style import short
from bayesfactor.plots.tick_widths import leaning, tick_widths
from bayesfactor.reporting.formats.svg_marks import drawn
from bayesfactor.reporting.formats.svg_places import Plot, escaped, percent, role

AXIS = 20  # pixels of the ticks below a panel
ANCHORS = {0.0: "start", 0.5: "middle", 1.0: "end"}
NAMES, NOTES, TICK = (4, 24), 30, 1.1  # letters beside a panel; its widest letter over a usual one


def svg(chart: Chart) -> str:
    """Return a figure as well-formed XML for a page; its looks are those of the page's style sheet."""
    plots = "".join(_panel(panel, number, chart) for number, panel in enumerate(chart.panels))
    key = "".join(_key(key) for key in chart.key)
    kind = "shared" if chart.shared else "panels"
    sizes = f"--columns:{chart.columns};--names:{_names(chart.panels)}ch;--notes:{_notes(chart.panels)}ch"
    return (
        f'<div class="chart" role="group" aria-label="{escaped(chart.label)}" style="{sizes}">'
        f"{f'<p class="chart-key">{key}</p>' if key else ''}"
        f'<div class="{kind}">{plots}</div>'
        f"{''.join(f'<p class="chart-note">{escaped(note)}</p>' for note in chart.notes)}</div>"
    )


def _names(panels: Sequence[Panel]) -> int:
    """Return the letters of the longest name, or tick, left of the panels."""
    longest = max((len(text) for panel in panels for text in _left(panel.y)), default=0)
    return min(max(math.ceil(TICK * longest), NAMES[0]), NAMES[1]) if longest else 0


def _notes(panels: Sequence[Panel]) -> int:
    return min(max((len(note) for panel in panels for note in panel.y.notes), default=0), NOTES)


def _left(scale: Scale) -> list[str]:
    return [short(name) for name in scale.names] or [text for _, text in scale.ticks]


def _panel(panel: Panel, number: int, chart: Chart) -> str:
    """Return a panel: its title, what stands left, what is drawn, what stands right, and ticks below."""
    plot = Plot(panel)
    marks = "".join(drawn(mark, plot) for mark in panel.marks)
    what = f"{chart.label}: {panel.title}" if panel.title else chart.label
    first = " first" if number % chart.columns == 0 else ""
    size = f'width="100%" height="{panel.pixels}"'
    body = (
        f'<div class="body">{_beside(panel, plot)}<div class="cell">'
        f'<svg class="plot" role="group" aria-label="{escaped(what)}" {size}>{_grid(panel, plot)}{marks}</svg>'
        f"{_ticks(panel)}</div>{_column('notes', panel.y.notes, panel)}</div>"
    )
    if panel.narrowest:
        scrolls = f'class="scroll" tabindex="0" role="region" aria-label="{escaped(what)}"'
        body = f'<div {scrolls}><div style="min-width:{panel.narrowest}px">{body}</div></div>'
    return (
        f'<div class="panel{first}{" noted" * bool(panel.y.notes)}">'
        f"{f'<p class="panel-title">{escaped(panel.title)}</p>' if panel.title else ''}"
        f"{f'<p class="axis-title">{escaped(panel.y.title)}</p>' if panel.y.title else ''}"
        f"{body}"
        f"{f'<p class="axis-title">{escaped(panel.x.title)}</p>' if panel.x.title else ''}</div>"
    )


def _beside(panel: Panel, plot: Plot) -> str:
    """Return names of rows, or ticks, left of a panel."""
    if panel.y.names:
        return _column("names", panel.y.names, panel)
    if not panel.y.ticks:
        return '<div class="names"></div>'
    texts = (f'<text x="100%" dx="-6" dy="4" y="{plot.y(at):g}">{escaped(text)}</text>' for at, text in panel.y.ticks)
    return f'<svg class="names" aria-hidden="true" height="{panel.pixels}">{"".join(texts)}</svg>'


def _column(kind: str, texts: Sequence[str], panel: Panel) -> str:
    """Return a text for each row, in a column."""
    if not texts:
        return ""
    spans = []
    for text in texts:
        cut = short(text) if kind == "names" else text
        spans.append(f"<span>{escaped(cut.replace(' %', '\N{NO-BREAK SPACE}%'))}</span>")
    return f'<div class="{kind}" style="--row:{panel.pixels / len(texts):g}px">{"".join(spans)}</div>'


def _grid(panel: Panel, plot: Plot) -> str:
    """Return faint lines at the ticks, and those at 0."""
    lines = [f'<line class="grid" x1="{plot.x(at)}" x2="{plot.x(at)}" y2="100%"/>' for at, _ in panel.x.ticks]
    lines += [f'<line class="grid" x2="100%" y1="{plot.y(at):g}" y2="{plot.y(at):g}"/>' for at, _ in panel.y.ticks]
    if panel.x.zero:
        lines.append(f'<line class="zero" x1="{plot.x(0.0)}" x2="{plot.x(0.0)}" y2="100%"/>')
    if panel.y.zero:
        lines.append(f'<line class="zero" x2="100%" y1="{plot.y(0.0):g}" y2="{plot.y(0.0):g}"/>')
    return "".join(lines)


def _ticks(panel: Panel) -> str:
    """Return the ticks below a panel; those without room on a narrow screen are marked."""
    scale = panel.x
    if not scale.ticks:
        return ""
    shares = scale.shares(np.array([at for at, _ in scale.ticks]))
    widths = tick_widths(scale)
    texts = []
    for number, (share, (_, text)) in enumerate(zip(shares, scale.ticks, strict=True)):
        anchor = ANCHORS[leaning(float(share))]
        wide = f' class="w{widths[number]}"' if widths[number] else ""
        texts.append(f'<text x="{percent(float(share))}" y="14" text-anchor="{anchor}"{wide}>{escaped(text)}</text>')
    return f'<svg class="ticks" aria-hidden="true" width="100%" height="{AXIS}">{"".join(texts)}</svg>'


def _key(key: Key) -> str:
    """Return what a mark means, beside one like it."""
    look = role(key.role)
    dot = f'<circle class="{look}{" hollow" * (key.look == "hollow")}" cx="14" cy="7" r="4"/>'
    match key.look:
        case "interval":
            sample = f'<line class="range {look}" x1="1" x2="27" y1="7" y2="7"/>{dot}'
        case "bar":
            sample = f'<line class="slab {look}" x1="1" x2="27" y1="7" y2="7"/>'
        case "band":
            sample = f'<rect class="band {look}" style="opacity:.35" x="1" y="1" width="26" height="12"/>'
        case "line" | "dashed":
            sample = f'<line class="line {look}{" dashed" * (key.look == "dashed")}" x1="1" x2="27" y1="7" y2="7"/>'
        case "tick":
            sample = f'<line class="middle {look}" x1="14" x2="14" y1="1" y2="13"/>'
        case "dot" | "hollow":
            sample = dot
        case "full" | "pale" | "hatched" | "outlined":
            return f'<span><i class="node {key.look} {look}"></i> {escaped(key.text)}</span> '
        case _:
            assert_never(key.look)
    icon = f'<svg class="sample" aria-hidden="true" width="28" height="14">{sample}</svg>'
    return f"<span>{icon} {escaped(key.text)}</span> "
