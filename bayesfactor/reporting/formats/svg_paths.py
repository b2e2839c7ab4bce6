"""Lines, bands and the many marks that nobody points at: each one path, on a canvas stretched across its panel."""

import numpy as np

from bayesfactor.plots.marks import Arrow, Band, Intervals, Lines, Points
from bayesfactor.reporting.formats.svg_places import Plot, percent, role

ACROSS = 1000  # units of a path across
HEAD = "M-9 -4L0 0L-9 4z"  # of an arrow, in pixels


def line(mark: Lines, plot: Plot) -> str:
    """Return a line through points, with gaps."""
    x, y = steps(mark.x, mark.y) if mark.step else (mark.x, mark.y)
    look = f"line {role(mark.role)}{' dashed' * mark.dashed}{' thin' * mark.thin}"
    return _canvas(f'<path class="{look}" d="{_path(x, y, plot)}"/>', plot)


def band(mark: Band, plot: Plot) -> str:
    """Return what lies between two curves."""
    x, low, high = steps(mark.x, mark.lower, mark.upper) if mark.step else (mark.x, mark.lower, mark.upper)
    d = _path(np.append(x, x[::-1]), np.append(low, high[::-1]), plot)
    look = f'class="band {role(mark.role)}" style="opacity:{mark.strength:g}"'
    return _canvas(f'<path {look} d="{d}Z"/>', plot)


def dots(mark: Points, plot: Plot) -> str:
    """Return dots that say nothing, and the arrows of those that lie beyond the ends."""
    known = np.isfinite(mark.x) & np.isfinite(mark.y)
    inside = known & plot.panel.x.holds(mark.x) & plot.panel.y.holds(mark.y)
    across, down = _places(mark.x[inside], mark.y[inside], plot)
    d = "".join(f"M{_short(a)} {_short(b)}h0" for a, b in zip(across, down, strict=True))
    off = zip(mark.x[known & ~inside], mark.y[known & ~inside], strict=True)
    arrows = "".join(plot.off(x, y, mark.role) for x, y in off)
    return _canvas(f'<path class="dots {role(mark.role)}" d="{d}"/>', plot, " open") + arrows


def strokes(mark: Intervals, plot: Plot) -> str:
    """Return intervals without middles that say nothing, as far as the panel's edges."""
    ends = [_places(end, mark.at, plot) if mark.along == "x" else _places(mark.at, end, plot)
            for end in (mark.lower, mark.upper)]  # fmt: skip
    ends = [(np.clip(across, 0, ACROSS), np.clip(down, 0, plot.panel.pixels)) for across, down in ends]
    held = (plot.panel.y if mark.along == "x" else plot.panel.x).holds(mark.at)
    parts = []
    for there, *places in zip(held, *ends[0], *ends[1], strict=True):
        if there and np.isfinite(places).all():
            x1, y1, x2, y2 = map(_short, places)
            parts.append(f"M{x1} {y1}{f'H{x2}' if mark.along == 'x' else f'V{y2}'}")
    return _canvas(f'<path class="line thin pale {role(mark.role)}" d="{"".join(parts)}"/>', plot)


def steps(x: np.ndarray, *values: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return points of curves that hold each value until the next place."""
    return np.repeat(x, 2)[1:], *(np.repeat(value, 2)[:-1] for value in values)


def _canvas(inside: str, plot: Plot, kind: str = "") -> str:
    """Return paths, which know no per cent, on a canvas that is stretched across."""
    high = plot.panel.pixels
    return (
        f'<svg class="stretched{kind}" width="100%" height="{high}" viewBox="0 0 {ACROSS} {high}" '
        f'preserveAspectRatio="none">{inside}</svg>'
    )


def _places(x: np.ndarray, y: np.ndarray, plot: Plot) -> tuple[np.ndarray, np.ndarray]:
    """Return where points are on the canvas; beyond the ends of the scales too, where it cuts them off."""
    up, high = plot.panel.y.shares(y), plot.panel.pixels
    across = np.clip(ACROSS * plot.panel.x.shares(x), -ACROSS, 2 * ACROSS)
    return across, np.clip(high * (up if plot.panel.y.names else 1 - up), -high, 2 * high)


def _path(x: np.ndarray, y: np.ndarray, plot: Plot) -> str:
    """Return the points of a path, from gap to gap."""
    text, pen = [], "M"
    for a, b in zip(*_places(x, y, plot), strict=True):
        if not (np.isfinite(a) and np.isfinite(b)):
            pen = "M"
            continue
        text.append(f"{pen}{a:.0f} {_short(b)}")
        pen = "L" if pen == "M" else " "
    return "".join(text)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def arrow(mark: Arrow, plot: Plot) -> str:
    """Return an arrow: a curve on a stretched canvas, and its head, which is not stretched."""
    across, down = _places(mark.x, mark.y, plot)
    d = f"M{across[0]:.0f} {_short(down[0])}"
    for x0, x1, y0, y1 in zip(across, across[1:], down, down[1:], strict=False):
        middle = (x0 + x1) / 2
        d += f"C{middle:.0f} {_short(y0)} {middle:.0f} {_short(y1)} {x1:.0f} {_short(y1)}"
    curve = _canvas(f'<path class="line thin {role(mark.role)}" d="{d}"/>', plot)
    at = f'x="{percent(float(across[-1]) / ACROSS)}" y="{_short(down[-1])}"'
    return f'{curve}<svg {at}><path class="head {role(mark.role)}" d="{HEAD}"/></svg>'
