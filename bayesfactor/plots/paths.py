"""How a loading has moved."""

from typing import TYPE_CHECKING

import numpy as np

from bayesfactor.analysis.attribution.loading_history import asset_paths, dated_blocks, first_blocks
from bayesfactor.base.errors import unknown
from bayesfactor.base.intervals import Interval, interval
from bayesfactor.base.wording import interval_name
from bayesfactor.plots.style import FAINT, INK, POSTERIOR, QUIET, canvas, dates, short, styled, zero
from bayesfactor.posterior.fit import Fit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INNER, OUTER = 0.5, 0.9  # probabilities of the bands


@styled
def plot_paths(fit: Fit, asset: str, factor: str, *, ci_kind: Interval = "eti") -> "Figure":
    """Draw how the loading of an asset on a factor has moved.

    Parameters
    ----------
    fit : Fit
        Of a model whose loadings move.
    asset, factor : str
    ci_kind : {"eti", "hdi"}
        Of the bands.

    Returns
    -------
    matplotlib Figure
        From the asset's first return on, in steps of the blocks within which a loading is constant: the median, and
        bands of 50 and 90 %. The dot with its line is the loading of the next period. The grey band is the 90 %
        interval of the long-run loading, which the path moves around.

    Raises
    ------
    FitError, SpecError
        When it is no fit, its loadings do not move, or there is no such asset or factor.
    """
    dated, blocks = dated_blocks(fit, "plot_paths")
    if factor not in fit.panel.factor_names:
        raise unknown("factor", factor, fit.panel.factor_names, place="plot_paths.factor")
    paths = asset_paths(dated, asset, blocks, "plot_paths.asset").sel(factor=factor)
    start = first_blocks(dated)[fit.panel.assets.index(asset)]
    values = paths.values.reshape(-1, paths.sizes["block"])[:, start:]
    now, centre = (
        fit.posterior[name].sel(asset=asset, factor=factor).values for name in ("loading", "loading_long_run")
    )
    edges = np.append(blocks["first"].to_numpy()[start:], blocks["last"].to_numpy()[-1])
    figure, axes = canvas(1, 1, 6.4, 3.2)
    axis = axes[0, 0]
    low, high = interval(centre.ravel(), OUTER, ci_kind)
    axis.axhspan(float(low), float(high), color=FAINT, alpha=0.6, linewidth=0, zorder=0)
    axis.axhline(float(np.median(centre)), color=QUIET, linewidth=0.8, linestyle="--", zorder=0)
    for prob, alpha in ((OUTER, 0.2), (INNER, 0.35)):
        low, high = (np.append(end, end[-1]) for end in interval(values, prob, ci_kind))
        axis.fill_between(edges, low, high, step="post", color=POSTERIOR, alpha=alpha, linewidth=0)
    middle = np.median(values, axis=0)
    axis.step(edges, np.append(middle, middle[-1]), where="post", color=INK, linewidth=1.2)
    after = edges[-1] + (edges[-1] - edges[0]) / 40  # beside the last block, where it can be told from it
    low, high = interval(now.ravel(), OUTER, ci_kind)
    axis.vlines(after, low, high, color=POSTERIOR, linewidth=1.4)
    axis.plot([after], [np.median(now)], "o", markersize=4, color=POSTERIOR)
    zero(axis, vertical=False)
    dates(axis.xaxis)
    axis.set_title(f"{short(asset)}: loading on {short(factor)}", loc="left")
    label = (
        f"Line: median of each block; bands: {100 * INNER:g} % and {interval_name(OUTER, ci_kind)};\n"
        "dot: next period; grey: the long-run loading"
    )
    figure.supxlabel(label, fontsize=8, x=0.01, ha="left")
    return figure
