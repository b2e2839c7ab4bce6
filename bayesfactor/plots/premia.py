"""Premia of factors before and after the data, and predicted beside realised mean returns."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import xarray as xr
from scipy.stats import norm

from bayesfactor.analysis.assessment.identification import Identification
from bayesfactor.analysis.assessment.pricing import Pricing
from bayesfactor.analysis.assessment.verdicts import UNIDENTIFIED
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import interval_name
from bayesfactor.plots.style import (
    DATA,
    FAINT,
    INK,
    POSTERIOR,
    QUIET,
    canvas,
    chosen,
    hover,
    percent,
    require_result,
    short,
    styled,
    zero,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_NAMES = 20  # assets whose names are written into a scatter


@styled
def plot_premia(
    identification: Identification,
    *,
    factors: Sequence[str] | None = None,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> "Figure":
    """Draw what each factor pays for one unit of loading: the prior below, the posterior above it.

    Parameters
    ----------
    identification : Identification
        As `identify` returns it.
    factors : sequence of str, optional
        By default all.
    ci_prob, ci_kind
        The interval of the posterior.

    Returns
    -------
    matplotlib Figure
        A panel per factor: the posterior's density (ArviZ's kernel estimate), its mean and interval, and, where the
        prior is known, as a grey bar its mean and interval (of a spike and slab, those of a normal law with its
        standard deviation). The axis may be too short for a prior that is far wider. The title holds the verdict.

    Raises
    ------
    SpecError
        When it is no identification, or a factor is not in it.
    """
    from arviz_stats import kde

    require_result(
        identification, Identification, "an Identification", "plot_premia.identification", "bf.identify(fit)"
    )
    table = identification.table(ci_prob, ci_kind)
    names = chosen(factors, table.index.tolist(), "factor", "plot_premia.factors")
    given = bool(table["prior_sd"].notna().all())
    columns = min(4, len(names))
    rows = -(-len(names) // columns)
    figure, axes = canvas(rows, columns, 2.2 * columns, 0.6 + 1.75 * rows)
    for number, axis in enumerate(axes.ravel()):
        axis.set_yticks([])
        axis.spines["left"].set_visible(False)
        if number >= len(names):
            axis.set_axis_off()
            continue
        row = table.loc[names[number]]
        draws = identification.premium.sel(factor=names[number], drop=True).rename("premium")
        density = kde(xr.Dataset({"premium": draws}))["premium"]
        x, y = density.sel(plot_axis="x").values[::4], density.sel(plot_axis="y").values[::4]
        height = float(y.max())
        weak = row["verdict"] == UNIDENTIFIED
        axis.fill_between(x, 0, y, color=POSTERIOR, alpha=0.15 if weak else 0.4, linewidth=0)
        axis.plot(x, y, color=POSTERIOR, linewidth=1)
        axis.hlines(-0.14 * height, row["lower"], row["upper"], color=POSTERIOR, linewidth=2)
        axis.plot(row["mean"], -0.14 * height, "o", markersize=4, color=POSTERIOR)
        low, high = row["lower"], row["upper"]
        if given:
            reach = norm.ppf((1 + ci_prob) / 2) * row["prior_sd"]
            low, high = row["prior_mean"] - reach, row["prior_mean"] + reach
            axis.hlines(-0.34 * height, low, high, color=QUIET, linewidth=2)
            axis.plot(row["prior_mean"], -0.34 * height, "|", markersize=8, color=INK)
        zero(axis)
        axis.set_ylim(-0.5 * height, 1.08 * height)
        left, right = min(row["lower"], low, x.min()), max(row["upper"], high, x.max())
        across = max(abs(x.min() - row["mean"]), abs(x.max() - row["mean"]))
        axis.set_xlim(max(left, row["mean"] - 3 * across), min(right, row["mean"] + 3 * across))
        axis.set_title(f"{short(names[number], 20)}\n{row['verdict']}", loc="left")
        percent(axis.xaxis)
    label = f"Premium of one unit of loading, a year. Blue: posterior, mean and {interval_name(ci_prob, ci_kind)}; "
    prior = "grey: the prior, likewise" if given else "the prior is not known"
    figure.supxlabel(f"{label}{prior}", fontsize=8, x=0.01, ha="left")
    return figure


@styled
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
        On the diagonal a prediction came true. Assets without two returns are left out, with a note.

    Raises
    ------
    SpecError
        When it is no pricing.
    """
    require_result(pricing, Pricing, "a Pricing", "plot_pricing.pricing", "bf.price(fit)")
    table = pricing.table(ci_prob, ci_kind)
    seen = table.dropna(subset=["realised", "realised_lower", "realised_upper"])
    figure, axes = canvas(1, 1, 5.6, 5.2)
    axis = axes[0, 0]
    axis.hlines(seen["realised"], seen["predicted_lower"], seen["predicted_upper"], color=POSTERIOR, linewidth=0.7)
    axis.vlines(seen["predicted"], seen["realised_lower"], seen["realised_upper"], color=FAINT, linewidth=0.7, zorder=0)
    dots = axis.scatter(seen["predicted"], seen["realised"], s=16, color=POSTERIOR, zorder=3)
    said = seen[["predicted", "realised"]].itertuples()
    hover(dots, [f"{row.Index}: predicted {row.predicted:.1%}, earned {row.realised:.1%}" for row in said])
    ends = [axis.get_xlim(), axis.get_ylim()]
    low, high = max(end[0] for end in ends), min(end[1] for end in ends)
    if low < high:
        axis.plot([low, high], [low, high], color=DATA, linewidth=1, linestyle="--", label="prediction = mean earned")
        axis.legend(loc="upper left", fontsize=8)
    if len(seen) <= MOST_NAMES:
        for name, row in seen.iterrows():
            place = (row["predicted"], row["realised"])
            axis.annotate(short(name, 16), place, xytext=(4, 3), textcoords="offset points", fontsize=7)
    zero(axis)
    zero(axis, vertical=False)
    percent(axis.xaxis)
    percent(axis.yaxis)
    missing = len(table) - len(seen)
    axis.set_xlabel("Predicted by the factors, a year")
    axis.set_ylabel("Earned on average, a year")
    note = (
        f"Lines: {interval_name(ci_prob, ci_kind)} of the prediction, {100 * ci_prob:g} % t interval of the mean earned"
    )
    figure.supxlabel(
        note + (f"; {missing} without two returns left out" if missing else ""), fontsize=8, x=0.01, ha="left"
    )
    return figure
