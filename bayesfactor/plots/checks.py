"""Whether a fit can be trusted, as pictures: ranks of chains, energy, and returns like those that were observed."""

from typing import TYPE_CHECKING, Literal, assert_never

import numpy as np
import xarray as xr

from bayesfactor.base.errors import FitError, SpecError, unknown
from bayesfactor.panel.panel import require_returns
from bayesfactor.panel.regressions import regressors
from bayesfactor.plots.style import styled
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.diagnostics import statistic
from bayesfactor.posterior.facts import require_fit, require_noise
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.residuals import residual_law, thin
from bayesfactor.posterior.schema import shared

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Picture = Literal["predictive", "rank", "energy"]
PICTURES = ("predictive", "rank", "energy")
WIDEST = 10.5  # inches
REPLICAS, MOST = 30, 20_000  # replicated panels; returns of each
SLASH = "\N{DIVISION SLASH}"  # a variable of a DataTree has no plain one in its name
PANELS, RANKED = 12, 1_000  # of ranks; draws of each


@styled
def plot_check(fit: Fit, what: Picture = "predictive") -> "Figure":
    """Draw one check of a fit, by ArviZ.

    Parameters
    ----------
    fit : Fit
    what : {"predictive", "rank", "energy"}
        ``predictive``: observed returns beside 30 replicated panels, each asset in units of its own standard deviation
        (at most 20,000 returns of the panel, evenly spaced). ``rank``: ranks of every chain among all draws (at most
        1,000, evenly spaced), for the 12 shared quantities on which chains agree least (by R-hat), with ArviZ's test
        that they agree (marked where it fails, at 1 %). ``energy``: energy of the sampler's steps.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    FitError, SpecError, DataError
        When it is no fit, there is no such picture, or the fit does not hold the returns, the noise law or the
        sample_stats that it needs.
    """
    import arviz_plots
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MaxNLocator

    require_fit(fit, "plot_check")
    match what:
        case "predictive":
            tree = _replicated(fit)
            count = tree["posterior_predictive"].sizes["draw"]
            drawn = arviz_plots.plot_ppc_dist(tree, num_samples=count, backend="matplotlib")
        case "rank":
            if fit.posterior.sizes["chain"] < 2:
                raise SpecError(
                    "plot_check: ranks compare chains, and the fit has one.",
                    place="plot_check.what",
                    found=what,
                    remedy="Sample 4 chains.",
                )
            tree = xr.DataTree.from_dict({"posterior": _least_agreed(fit)})
            drawn = arviz_plots.plot_rank(tree, backend="matplotlib")
        case "energy":
            stats = fit.data.children.get("sample_stats")
            if stats is None or "energy" not in stats:
                raise FitError(
                    "plot_check: the sampler's energy cannot be drawn: there is none in sample_stats.",
                    remedy="Give the draws with the sample_stats of a Hamiltonian sampler.",
                )
            drawn = arviz_plots.plot_energy(fit.data, backend="matplotlib")
            for axis in drawn.viz["figure"].item().axes:
                if axis.get_ylabel() == "Chain":
                    axis.yaxis.set_major_locator(MaxNLocator(integer=True))
        case _:
            if isinstance(what, str) and what in PICTURES:
                assert_never(what)
            raise unknown("picture", what, PICTURES, place="plot_check.what")
    figure = drawn.viz["figure"].item()
    plt.close(figure)
    width, height = figure.get_size_inches()
    figure.set_size_inches(min(width, WIDEST), height)
    figure.set_layout_engine("constrained")  # titles of one row run into the axis of that above without it
    return figure


def _least_agreed(fit: Fit) -> xr.Dataset:
    """Return draws of those quantities that assets share on which the chains agree least, each by its own name."""
    single: dict[str, xr.DataArray] = {}
    for name in shared(fit.posterior, fit.noise):
        array = fit.posterior[name]
        if "group" in array.dims:
            continue
        for label in array["factor"].values.tolist() if "factor" in array.dims else [None]:
            title = name if label is None else f"{name}[{label}]".replace("/", SLASH)
            single[title] = array if label is None else array.sel(factor=label, drop=True)
    together = xr.concat(list(single.values()), "quantity")
    apart = np.nan_to_num(statistic(together, "rhat", method="rank"), nan=-np.inf)
    worst = sorted(np.argsort(-apart, kind="stable")[:PANELS])
    every = max(1, -(-together.sizes["chain"] * together.sizes["draw"] // RANKED))
    names = list(single)
    return xr.Dataset({names[i]: single[names[i]].isel(draw=slice(None, None, every)).compute() for i in worst})


def _replicated(fit: Fit) -> xr.DataTree:
    """Return observed and replicated returns, each asset over its own standard deviation."""
    panel = require_returns(fit.panel, "A picture of replicated returns")
    law = require_noise(fit, "A picture of replicated returns")
    draws, rng = thin(fit, REPLICAS), np.random.default_rng(fit.seed)
    dated = Dated(fit, draws)
    if dated.unknown:
        raise FitError(
            f"plot_check: returns cannot be replicated: {dated.unknown}.",
            remedy="Fit the model with bf.fit, which keeps the path.",
        )
    coefficients, residuals = dated.coefficients, residual_law(law, draws)
    own = {name: values[:, None] for name, values in residuals.parameters.items()}
    step = max(1, -(-int(np.isfinite(panel.returns.values).sum()) // MOST))
    observed, replicated = [], []
    for i in range(len(panel.assets)):
        _, returns, x = regressors(panel, i)
        if len(returns) < 2:
            continue
        unit = returns.std() or 1.0
        fitted, told = coefficients[:, i] @ x[::step].T, residuals.of_asset(i)
        if not dated.still:
            _, residual, sd = dated.residuals(i)
            fitted, told = (returns - residual)[:, ::step], {"residual_sd": sd[:, ::step], **own}
        returns = returns[::step]
        errors = law.simulate(told, rng, (len(coefficients), len(returns)))
        observed.append(returns / unit)
        replicated.append((fitted + errors) / unit)
    y, new = np.concatenate(observed), np.concatenate(replicated, axis=1)[None]
    name, coords = "returns, in standard deviations of each asset", {"observation": np.arange(y.size)}
    return xr.DataTree.from_dict(
        {
            "observed_data": xr.Dataset({name: ("observation", y)}, coords),
            "posterior_predictive": xr.Dataset({name: (("chain", "draw", "observation"), new)}, coords),
        }
    )
