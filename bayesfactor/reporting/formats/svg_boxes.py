"""Boxes with names as SVG; the page breaks the names into lines."""

import numpy as np

from bayesfactor.plots.marks import Boxes
from bayesfactor.plots.style import short
from bayesfactor.reporting.formats.svg_places import Plot, escaped, percent, role


def boxes(mark: Boxes, plot: Plot) -> list[str]:
    """Return each box with its name."""
    scale, high = plot.panel.y, plot.panel.pixels
    tall = high * mark.height / (scale.high - scale.low)
    found = []
    for x, y, name in zip(mark.x, mark.y, mark.names, strict=True):
        left, right = (float(plot.panel.x.shares(np.array(x + side * mark.width / 2))) for side in (-1, 1))
        words = escaped(short(name)).replace("_", "_<wbr/>")
        found.append(
            f'<foreignObject x="{percent(left)}" width="{percent(right - left)}" y="{plot.y(y) - tall / 2:.1f}" '
            f'height="{tall:.1f}"><div class="node {mark.look} {role(mark.role)}"><span>{words}</span></div>'
            "</foreignObject>"
        )
    return found
