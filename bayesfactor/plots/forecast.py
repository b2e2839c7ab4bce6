"""Where returns may go over the periods ahead."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.analysis.scenarios.forecast import Forecast
from bayesfactor.analysis.scenarios.repriced_book import in_money
from bayesfactor.base.errors import SpecError
from bayesfactor.base.intervals import Interval, interval
from bayesfactor.base.wording import interval_name
from bayesfactor.plots.style import DATA, INK, POSTERIOR, canvas, chosen, percent, require_result, short, styled, zero
from bayesfactor.posterior.diagnostics import warning_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INNER, ALPHA = 0.5, 0.25  # probability of the inner band; of one band over the other
COLUMNS = 3


@styled
def plot_forecast(
    forecast: Forecast, *, names: Sequence[str] | None = None, ci_prob: float = 0.9, ci_kind: Interval = "eti"
) -> "Figure":
    """Draw a fan of the returns over one period, two, and so on to the end of a forecast.

    Parameters
    ----------
    forecast : Forecast
        As `forecast` returns it, with paths of what is to be drawn.
    names : sequence of str, optional
        Assets, or ``"portfolio"``, in this order; by default all whose paths were kept.
    ci_prob, ci_kind
        The outer band, and the interval of the expected return.

    Returns
    -------
    matplotlib Figure
        A panel per entry. Blue: where the return compounded up to a period may fall, in bands of 50 % and `ci_prob`,
        and its median. Orange: the expected return up to it, its mean over draws, and between dashes its interval: how
        well it is known, which is another question than where a return may fall.

    Raises
    ------
    SpecError
        When it is no forecast, it has no paths, or there is none of a name.
    """
    require_result(forecast, Forecast, "a Forecast", "plot_forecast.forecast", "bf.forecast(fit, periods, portfolio)")
    kept = forecast.paths["asset"].values.tolist()
    if not kept:
        first = str(forecast.draws["asset"].values[0])
        raise SpecError(
            "plot_forecast: the forecast has no paths, only returns at its end.",
            place="plot_forecast.forecast",
            remedy=f"Say whose to keep: bf.forecast(fit, {forecast.periods}, paths=['{first}']).",
        )
    rows = chosen(names, kept, "path", "plot_forecast.names")
    columns = min(COLUMNS, len(rows))
    high = -(-len(rows) // columns)
    figure, axes = canvas(high, columns, 6.4 if columns < COLUMNS else 8.4, 0.9 + 2.3 * high)
    for place, axis in enumerate(axes.ravel()):
        if place < len(rows):
            _fan(axis, forecast, rows[place], ci_prob, ci_kind)
        else:
            axis.set_axis_off()
    figure.supxlabel(_note(forecast, ci_prob, ci_kind), fontsize=8, x=0.01, ha="left")
    return figure


def _fan(axis: "Axes", forecast: Forecast, name: str, ci_prob: float, ci_kind: Interval) -> None:
    """Draw returns and expected returns of one entry, from nothing now on."""
    from matplotlib.ticker import MaxNLocator

    ahead = np.arange(forecast.periods + 1)
    returns, expected = (
        np.pad(path.sel(asset=name).values.reshape(-1, forecast.periods), ((0, 0), (1, 0)))
        for path in (forecast.paths, forecast.expected_paths)
    )
    for prob in sorted({INNER, ci_prob}, reverse=True):
        axis.fill_between(ahead, *interval(returns, prob, ci_kind), color=POSTERIOR, alpha=ALPHA, linewidth=0)
    axis.plot(ahead, np.median(returns, axis=0), color=INK, linewidth=1.2)
    for end in interval(expected, ci_prob, ci_kind):
        axis.plot(ahead, end, color=DATA, linewidth=0.9, linestyle="--")
    axis.plot(ahead, expected.mean(axis=0), color=DATA, linewidth=1.4)
    zero(axis, vertical=False)
    money = name == PORTFOLIO and in_money(forecast.book)
    if not money:
        percent(axis.yaxis)
    axis.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axis.set_xlim(0, forecast.periods)
    axis.set_title(f"{short(name)}{', in money' * money}", loc="left")


def _note(forecast: Forecast, ci_prob: float, ci_kind: Interval) -> str:
    """Say what bands and lines are, and whether the fit can be trusted."""
    bands = " and ".join(f"{100 * prob:g} %" for prob in sorted({INNER, ci_prob}))
    kind = interval_name(ci_prob, ci_kind)
    lines = [
        "Excess return compounded over the periods ahead (across)",
        f"Blue: bands that hold it with probability {bands}; black: its median",
        f"Orange: the expected return, its mean and (dashed) {kind}, of the same kind as the bands",
    ]
    if forecast.problems:
        lines.append(f"The fit: {warning_of(forecast.problems)}")
    return "\n".join(lines)
