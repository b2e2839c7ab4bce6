"""Whether a fit can be trusted, as pictures: ranks of chains, energy, and returns like those that were observed."""

from typing import TYPE_CHECKING, Literal, assert_never

from bayesfactor.base.errors import unknown
from bayesfactor.plots.chart import Chart
from bayesfactor.plots.energy_chart import energy_chart
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.rank_chart import rank_chart
from bayesfactor.plots.replicated_chart import replicated_chart
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Picture = Literal["predictive", "rank", "energy"]
PICTURES = ("predictive", "rank", "energy")


def check_chart(fit: Fit, what: Picture = "predictive") -> Chart:
    """Return one check of a fit: `plot_check` has the arguments."""
    require_fit(fit, "plot_check")
    match what:
        case "predictive":
            return replicated_chart(fit)
        case "rank":
            return rank_chart(fit)
        case "energy":
            return energy_chart(fit)
        case _:
            if isinstance(what, str) and what in PICTURES:
                assert_never(what)
            raise unknown("picture", what, PICTURES, place="plot_check.what")


def plot_check(fit: Fit, what: Picture = "predictive") -> "Figure":
    """Draw one check of a fit.

    Parameters
    ----------
    fit : Fit
    what : {"predictive", "rank", "energy"}
        ``predictive``: shares of observed returns by size, beside the least and the most of 30 replicated panels, each
        asset in units of its own standard deviation (at most 20,000 returns of the panel, evenly spaced). ``rank``:
        ranks of every chain among all draws (at most 1,000, evenly spaced), for the 12 shared quantities on which
        chains agree least (by R-hat), with ArviZ's test that they agree (marked where it fails, at 1 %). ``energy``:
        the sampler's energy, and its changes from step to step; where these are far narrower, chains are slow.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    FitError, SpecError, DataError
        When it is no fit, there is no such picture, or the fit does not hold the returns, the noise law or the
        sample_stats that it needs.
    """
    return render(check_chart(fit, what))
