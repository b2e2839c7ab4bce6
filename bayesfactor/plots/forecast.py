"""Where returns may go over the periods ahead."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.analysis.scenarios.forecast import Forecast
from bayesfactor.analysis.scenarios.repriced_book import in_money
from bayesfactor.base.errors import SpecError
from bayesfactor.base.intervals import Interval, interval
from bayesfactor.base.wording import interval_name, periods_in_words
from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.marks import Band, Lines, Mark, Points
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.scales import Unit, linear, periods
from bayesfactor.plots.style import chosen, require_result, short
from bayesfactor.plots.table_rows import told
from bayesfactor.posterior.diagnostics import warning_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INNER, ALPHA = 0.5, 0.25  # probability of the inner band; of one band over the other
COLUMNS, SPOTS = 3, 24


def forecast_chart(
    forecast: Forecast, *, names: Sequence[str] | None = None, ci_prob: float = 0.9, ci_kind: Interval = "eti"
) -> Chart:
    """Return a fan of returns for each entry: `plot_forecast` has the arguments."""
    require_result(forecast, Forecast, "a Forecast", "plot_forecast.forecast", "bf.forecast(fit, periods, portfolio)")
    kept = forecast.paths["asset"].values.tolist()
    if not kept:
        first = str(forecast.draws["asset"].values[0])
        raise SpecError(
            "plot_forecast: the forecast has no paths, only returns at its end.",
            place="plot_forecast.forecast",
            remedy=f"Say whose to keep: bf.forecast(fit, {forecast.periods}, paths=['{first}']).",
        )
    shown = chosen(names, kept, "path", "plot_forecast.names")
    panels = tuple(_fan(forecast, name, ci_prob, ci_kind) for name in shown)
    probs = " and ".join(f"{100 * prob:g} %" for prob in sorted({INNER, ci_prob}))
    key = (
        Key(f"bands that hold the return with probability {probs}", "posterior", "band"),
        Key("its median", "ink", "line"),
        Key("expected return: mean", "data", "line"),
        Key(f"its {interval_name(ci_prob, ci_kind)}", "data", "dashed"),
    )
    label = _label(shown, forecast.period, money=in_money(forecast.book) and PORTFOLIO in shown)
    return Chart(label, panels, min(COLUMNS, len(panels)), key=key, notes=_notes(forecast, label))


def _label(shown: Sequence[str], period: str, *, money: bool) -> str:
    """Return what is drawn: returns, the money that a portfolio gains, or both."""
    returns = f"Excess return compounded over the {period}s ahead"
    if not money:
        return returns
    gain = f"in excess of cash, in money, over the {period}s ahead"
    return f"Gain {gain}" if len(shown) == 1 else f"{returns}; of the {PORTFOLIO}, the gain {gain}"


def _fan(forecast: Forecast, name: str, ci_prob: float, ci_kind: Interval) -> Panel:
    """Return the bands and lines of one entry, from nothing now on."""
    ahead = np.arange(forecast.periods + 1)
    returns, expected = (
        np.pad(path.sel(asset=name).values.reshape(-1, forecast.periods), ((0, 0), (1, 0)))
        for path in (forecast.paths, forecast.expected_paths)
    )
    money = name == PORTFOLIO and in_money(forecast.book)
    unit: Unit = "money" if money else "percent"
    probs = sorted({INNER, ci_prob}, reverse=True)
    bands = [Band(ahead, *interval(returns, prob, ci_kind), strength=ALPHA) for prob in probs]
    wide = interval(returns, ci_prob, ci_kind)
    low, high = interval(expected, ci_prob, ci_kind)
    median, mean = np.median(returns, axis=0), expected.mean(axis=0)
    some = np.unique(np.linspace(1, forecast.periods, min(SPOTS, forecast.periods)).astype(int))
    kind = interval_name(ci_prob, ci_kind)
    outcomes = told(median[some], wide[0][some], wide[1][some], unit)
    means = told(mean[some], low[some], high[some], unit)
    texts = tuple(
        f"{name} after {periods_in_words(int(i), forecast.period)}: median {where}, expected {known}; {kind}s."
        for i, where, known in zip(some, outcomes, means, strict=True)
    )
    marks: tuple[Mark, ...] = (
        *bands,
        Lines(ahead, median, "ink"),
        Lines(ahead, low, "data", dashed=True, thin=True),
        Lines(ahead, high, "data", dashed=True, thin=True),
        Lines(ahead, mean, "data"),
        Points(ahead[some], median[some], "ink", texts, "none"),
    )
    y = linear(*(curve for band in bands for curve in (band.lower, band.upper)), low, high, unit=unit)
    title = f"{short(name)}{', in money' * money}"
    return Panel(marks, periods(forecast.periods, f"{forecast.period.capitalize()}s ahead"), y, title)


def _notes(forecast: Forecast, label: str) -> tuple[str, ...]:
    """Say what is drawn, and whether the fit can be trusted."""
    expected = "How well the expected return is known is another question than where a return may fall."
    said = [f"The fit: {warning_of(forecast.problems)}."] if forecast.problems else []
    return (f"{label} (across). {expected}", *said)


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
    return render(forecast_chart(forecast, names=names, ci_prob=ci_prob, ci_kind=ci_kind))
