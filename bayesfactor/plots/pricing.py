"""What the factors predict each asset earns beside what it earned."""

from typing import TYPE_CHECKING

import numpy as np

from bayesfactor.analysis.assessment.pricing import Pricing
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import interval_name
from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.marks import Intervals, Labels, Lines, Mark, Points
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.off_scale import beyond, fences, numbered
from bayesfactor.plots.scales import linear, span
from bayesfactor.plots.style import require_result, short
from bayesfactor.plots.table_rows import told

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEIGHT = 420  # pixels
MOST_NAMES, MOST_TOLD = 24, 100  # assets whose names are written, and whose numbers are told, the worst predicted first


def pricing_chart(pricing: Pricing, *, ci_prob: float = 0.9, ci_kind: Interval = "eti") -> Chart:
    """Return what was predicted and earned: `plot_pricing` has the arguments."""
    require_result(pricing, Pricing, "a Pricing", "plot_pricing.pricing", "bf.price(fit)")
    table = pricing.table(ci_prob, ci_kind)
    seen = table.dropna(subset=["realised", "realised_lower", "realised_upper"])
    x, y = seen["predicted"].to_numpy(), seen["realised"].to_numpy()
    x_ends = (seen["predicted_lower"].to_numpy(), seen["predicted_upper"].to_numpy())
    y_ends = (seen["realised_lower"].to_numpy(), seen["realised_upper"].to_numpy())
    kind, t = interval_name(ci_prob, ci_kind), f"{100 * ci_prob:g} % t interval"
    predicted, earned = told(x, *x_ends, "percent"), told(y, *y_ends, "percent")
    texts = tuple(
        f"{name}: predicted {a} a year, {kind}; earned {b} a year on average, {t}."
        for name, a, b in zip(seen.index, predicted, earned, strict=True)
    )
    across = linear(unit="percent", title="Predicted by the factors, a year", ends=_ends(x, *x_ends))
    up = linear(unit="percent", title="Earned on average, a year", ends=_ends(y, *y_ends))
    ends = np.array([max(across.low, up.low), min(across.high, up.high)])
    order = np.argsort(-np.abs(y - x), kind="stable")[:MOST_NAMES]
    marks: list[Mark] = [
        Intervals(x, y_ends[0], y, y_ends[1], "quiet", along="y", look="line"),
        Intervals(y, x_ends[0], x, x_ends[1], "posterior", look="line"),
        *([Lines(ends, ends, "data", dashed=True)] if ends[0] < ends[1] else []),
        *_dots(x, y, texts, np.argsort(-np.abs(y - x), kind="stable")),
        Labels(x[order], y[order], tuple(short(seen.index[i], 16) for i in order)),
    ]
    key = [
        Key(f"predicted: mean and {kind}", "posterior"),
        Key(f"earned: {t}", "quiet", "line"),
        Key("prediction = mean earned", "data", "dashed"),
    ]
    missing = len(table) - len(seen)
    said = numbered(seen.index.tolist(), [f"predicted {a}, earned {b}" for a, b in zip(predicted, earned, strict=True)])
    off = beyond("Off the scale", (across.low, across.high), x, x, said)
    off += beyond("Off the scale", (up.low, up.high), y, y, said)
    off += ("Lines that reach the edge go on beyond it.",)
    if len(seen) > MOST_TOLD:
        off += (f"Numbers are told of the {MOST_TOLD} assets that were predicted worst.",)
    left = [f"{missing} without two returns left out."] if missing else []
    panel = Panel(tuple(marks), across, up, height=HEIGHT)
    return Chart("Predicted and earned, a year", (panel,), key=tuple(key), notes=(*off, *left))


def _dots(x: np.ndarray, y: np.ndarray, texts: tuple[str, ...], order: np.ndarray) -> list[Points]:
    """Return the dots; of many assets, those that were predicted worst apart, with their numbers."""
    told, rest = np.sort(order[:MOST_TOLD]), np.sort(order[MOST_TOLD:])
    first = Points(x[told], y[told], "posterior", tuple(texts[i] for i in told))
    return [Points(x[rest], y[rest], "posterior"), first] if len(rest) else [first]


def _ends(middle: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> tuple[float, float]:
    """Return the ends of an axis: they hold all means but outliers, and what there is room for of the intervals."""
    typical = float(np.median(upper - lower)) if len(middle) else 0.0
    fence, wide = fences(middle, typical), span(lower, upper)
    low, high = span(middle[(middle >= fence[0]) & (middle <= fence[1])])
    return max(low - typical / 4, min(low, wide[0])), min(high + typical / 4, max(high, wide[1]))


def plot_pricing(pricing: Pricing, *, ci_prob: float = 0.9, ci_kind: Interval = "eti") -> "Figure":
    """Draw what the factors predict each asset earns against what it earned, a year.

    Parameters
    ----------
    pricing : Pricing
        As `price` returns it.
    ci_prob, ci_kind
        The intervals: of the prediction as said; of the realised mean by Student's t.

    Returns
    -------
    matplotlib Figure
        On the diagonal a prediction came true. Assets without two returns are left out, with a note. The axes
        hold all but outliers, which the note names with their numbers; the names written are of those that were
        predicted worst, as far as there is room.

    Raises
    ------
    SpecError
        When it is no pricing.
    """
    return render(pricing_chart(pricing, ci_prob=ci_prob, ci_kind=ci_kind))
