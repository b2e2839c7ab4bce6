"""How a loading has moved."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bayesfactor.analysis.attribution.loading_history import asset_paths, dated_blocks, first_blocks
from bayesfactor.base.errors import unknown
from bayesfactor.base.intervals import Interval, interval
from bayesfactor.base.wording import interval_name
from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.marks import Band, Lines, Mark, Points, Rules, Zone, held
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.scales import dates, days, linear, with_interval
from bayesfactor.plots.style import short
from bayesfactor.plots.table_rows import single, told
from bayesfactor.posterior.fit import Fit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INNER, OUTER = 0.5, 0.9  # probabilities of the bands
ROOM, SPOTS = 0.025, 24  # of the axis after the last block; blocks that can be pointed at


def paths_chart(fit: Fit, asset: str, factor: str, *, ci_kind: Interval = "eti") -> Chart:
    """Return how the loading of an asset on a factor has moved: `plot_paths` has the arguments."""
    dated, blocks = dated_blocks(fit, "plot_paths")
    if factor not in fit.panel.factor_names:
        raise unknown("factor", factor, fit.panel.factor_names, place="plot_paths.factor")
    paths = asset_paths(dated, asset, blocks, "plot_paths.asset").sel(factor=factor)
    start = first_blocks(dated)[fit.panel.assets.index(asset)]
    values = paths.values.reshape(-1, paths.sizes["block"])[:, start:]
    now, centre = (
        fit.posterior[name].sel(asset=asset, factor=factor).values.ravel() for name in ("loading", "loading_long_run")
    )
    times = np.append(blocks["first"].to_numpy()[start:], blocks["last"].to_numpy()[-1])
    edges, middle, kind = days(times), np.median(values, axis=0), interval_name(OUTER, ci_kind)
    wide, inner = (interval(values, prob, ci_kind) for prob in (OUTER, INNER))
    long_run, ahead = ([float(end) for end in interval(each, OUTER, ci_kind)] for each in (centre, now))
    some = np.unique(np.linspace(0, len(middle) - 1, min(SPOTS, len(middle))).astype(int))
    said = zip(some, told(middle[some], wide[0][some], wide[1][some], "number"), strict=True)
    texts = tuple(f"{asset} on {factor}, from {str(times[i])[:10]}: {number}, median and {kind}." for i, number in said)
    after = edges[-1] + ROOM * (edges[-1] - edges[0])  # beside the last block, where it can be told from it
    next_one = with_interval(float(np.median(now)), ahead[0], ahead[1], "number")
    said_ahead = f"{asset} on {factor}, next period: {next_one}, {kind}."
    marks: tuple[Mark, ...] = (
        Zone(long_run[0], long_run[1], of="y"),
        Rules(float(np.median(centre)), of="y", dashed=True),
        Band(edges, held(wide[0]), held(wide[1]), strength=0.2, step=True),
        Band(edges, held(inner[0]), held(inner[1]), strength=0.35, step=True),
        Lines(edges, held(middle), "ink", step=True),
        Points((edges[some] + edges[some + 1]) / 2, middle[some], "ink", texts, "none"),
        single(after, (ahead[0], float(np.median(now)), ahead[1]), "posterior", said_ahead, "y"),
    )
    across = dates(times)
    x = replace(across, high=float(after + ROOM * (edges[-1] - edges[0])))
    y = linear(*wide, np.array([*long_run, *ahead]))
    title = f"{short(asset)}: loading on {short(factor)}"
    key = (
        Key("median of each block", "ink", "line"),
        Key(f"{100 * INNER:g} % and {kind}", "posterior", "band"),
        Key("next period", "posterior"),
        Key("the long-run loading", "faint", "bar"),
    )
    return Chart(title, (Panel(marks, x, y, title),), key=key)


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
    return render(paths_chart(fit, asset, factor, ci_kind=ci_kind))
