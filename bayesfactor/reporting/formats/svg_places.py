"""Where values of a panel stand on a page: across in per cent of its width, down in pixels."""

import html
import re
from dataclasses import dataclass

import numpy as np

from bayesfactor.plots.chart import Panel
from bayesfactor.plots.marks import SOURCES

NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
OFF = {"left": "\N{BLACK LEFT-POINTING SMALL TRIANGLE}", "right": "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}"}
OFF |= {"above": "\N{BLACK UP-POINTING SMALL TRIANGLE}", "below": "\N{BLACK DOWN-POINTING SMALL TRIANGLE}"}


def escaped(text: str) -> str:
    """Return text for XML, without what no XML may hold."""
    return html.escape(NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))


@dataclass(frozen=True)
class Plot:
    """Where values of a panel stand: across in per cent, down in pixels."""

    panel: Panel

    def x(self, value: float) -> str:
        """Return where a value stands across, cut off at the ends."""
        return percent(min(max(float(self.panel.x.shares(np.array(value))), 0.0), 1.0))

    def y(self, value: float) -> float:
        """Return where a value stands from the top, cut off at the ends."""
        share = min(max(float(self.panel.y.shares(np.array(value))), 0.0), 1.0)
        return round(self.panel.pixels * (share if self.panel.y.names else 1 - share), 1)

    def off(self, x: float, y: float, role_of: str) -> str:
        """Return the arrow where a point lies beyond the ends; nothing where it does not."""
        across, up = float(self.panel.x.shares(np.array(x))), float(self.panel.y.shares(np.array(y)))
        side = "left" if across < 0 else "right" if across > 1 else "below" if up < 0 else "above" if up > 1 else ""
        if not side or (self.panel.y.names and side in ("above", "below")):
            return ""
        return f'<text class="off {role(role_of)}" x="{self.x(x)}" y="{self.y(y):g}">{OFF[side]}</text>'


def percent(share: float) -> str:
    """Return a share as a length."""
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + "%"


def role(name: str) -> str:
    """Return the class of a role; colours come a second time in another look."""
    kind, _, number = name.partition(" ")
    if not number:
        return kind
    return f"{kind}-{(int(number) - 1) % SOURCES + 1}{' second' * (int(number) > SOURCES)}"
