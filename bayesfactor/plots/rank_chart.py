"""Whether chains agree: ranks of the draws of each among those of all."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayesfactor.base.errors import SpecError
from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.marks import Lines, Mark, Points, source_role
from bayesfactor.plots.scales import Scale, linear, written
from bayesfactor.plots.style import short
from bayesfactor.posterior.diagnostics import statistic
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.schema import shared

PANELS, RANKED = 12, 1_000  # quantities; draws of each
COLUMNS, HEIGHT, POINTS = 3, 130, 48  # pixels; points of a line
ALPHA = 0.01  # of the test that chains agree
LONGEST = 30  # letters of a title


def rank_chart(fit: Fit) -> Chart:
    """Return ranks of each chain: `plot_check` has the words."""
    if fit.posterior.sizes["chain"] < 2:
        raise SpecError(
            "plot_check: ranks compare chains, and the fit has one.",
            place="plot_check.what",
            found="rank",
            remedy="Sample 4 chains.",
        )
    draws = _least_agreed(fit)
    found = {str(name): _differences(draws.sel(quantity=name)) for name in draws["quantity"].values}
    ends = max(float(np.abs(differences).max()) for differences, _, _ in found.values()) or 1.0
    y = linear(ends=(-1.04 * ends, 1.04 * ends), unit="percent")
    chains = [str(chain) for chain in draws["chain"].values]
    panels = tuple(_panel(name, chains, *one, y) for name, one in found.items())
    key = [Key(f"chain {name}", source_role(place), "line") for place, name in enumerate(chains)]
    if any(marked.any() for _, marked, _ in found.values()):
        key.append(Key("too far apart, by the test", "ink", "dot"))
    notes = ("Across: rank among the draws of all chains, from 0 to 1. Up: share of the chain's draws up to that rank, "
             "less the rank; flat where chains agree.",)  # fmt: skip
    return Chart("Ranks of each chain", panels, min(COLUMNS, len(panels)), key=tuple(key), notes=notes)


def _panel(name: str, chains: Sequence[str], differences: np.ndarray, marked: np.ndarray, p: float, y: Scale) -> Panel:
    """Return the lines of all chains, by what these are called, for one quantity."""
    count = differences.shape[1]
    z = np.arange(1, count + 1) / (count + 1)
    some = np.unique(np.linspace(0, count - 1, min(POINTS, count)).astype(int))
    marks: list[Mark] = []
    for chain, (own, line) in enumerate(zip(chains, differences, strict=True)):
        role, far = source_role(chain), int(np.argmax(np.abs(line)))
        text = f"{name}, chain {own}: furthest at rank {z[far]:.2f}, by {written(line[far], 'percent')} of its draws."
        marks += [Lines(z[some], line[some], role, thin=True), Points(z[[far]], line[[far]], role, (text,), "none")]
        if (there := some[marked[chain, some]]).size:
            marks.append(Points(z[there], line[there], "ink"))
    x = Scale(0.0, 1.0, ((0.0, "0"), (0.5, "0.5"), (1.0, "1")))
    return Panel(tuple(marks), x, y, f"{short(name, LONGEST)}: p = {p:.2g}", HEIGHT)


def _differences(draws: xr.DataArray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return (chain, rank) shares of draws (chain, draw) less ranks, where chains are too far apart, and the test's p.

    The test is ArviZ's, of all chains at once: at each rank the counts of a chain are hypergeometric if chains agree.
    """
    import arviz_stats  # noqa: F401 # whose accessor computes what is below

    if bool((draws == draws[0, 0]).all()):  # fixed: nothing has a rank, and chains agree
        return np.zeros(draws.shape), np.zeros(draws.shape, dtype=bool), 1.0
    ranks = draws.to_dataset(name="draws").azstats.compute_ranks(dim=["chain", "draw"], relative=True)
    p, between, along = (one["draws"].values for one in ranks.azstats.mchain_uniformity_test(dim=["chain", "draw"]))
    values = np.sort(ranks["draws"].transpose("chain", "draw").values, axis=1)
    count = values.shape[1]
    z = np.arange(1, count + 1) / (count + 1)
    shares = np.array([np.searchsorted(one, z, side="right") for one in values]) / count
    marked = (between.T > 0) & (along > 0) & (float(p) < ALPHA)
    return shares - z, marked, float(p)


def _least_agreed(fit: Fit) -> xr.DataArray:
    """Return draws (quantity, chain, draw) of what assets share on which the chains agree least."""
    single: dict[str, xr.DataArray] = {}
    for name in shared(fit.posterior, fit.noise):
        array = fit.posterior[name]
        if "group" in array.dims:
            continue
        for label in array["factor"].values.tolist() if "factor" in array.dims else [None]:
            title = name if label is None else f"{name}[{label}]"
            single[title] = array if label is None else array.sel(factor=label, drop=True)
    together = xr.concat(list(single.values()), "quantity").assign_coords(quantity=list(single))
    apart = np.nan_to_num(statistic(together, "rhat", method="rank"), nan=-np.inf)
    worst = sorted(np.argsort(-apart, kind="stable")[:PANELS])
    every = max(1, -(-together.sizes["chain"] * together.sizes["draw"] // RANKED))
    return together.isel(quantity=worst, draw=slice(None, None, every)).compute()
