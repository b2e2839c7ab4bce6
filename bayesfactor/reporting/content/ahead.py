"""Where returns may go over the periods ahead."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO, own_assets
from bayesfactor.analysis.scenarios.forecast import Forecast, forecast
from bayesfactor.analysis.scenarios.simulation import PERIOD, floor_note_of
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import chance, interval_name, join, percent, periods_in_words
from bayesfactor.plots.forecast import forecast_chart
from bayesfactor.posterior.diagnostics import said
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.summaries import summarise
from bayesfactor.reporting.content.grids import folded
from bayesfactor.reporting.content.parts import Cell, Grid, Head, Heading, Part, Picture, TablePart, Text
from bayesfactor.reporting.content.prose import HELD, Estimate, estimate, likelihood
from bayesfactor.reporting.content.realised_spans import Portfolio

EXPECTED = ("expected_lower", "expected", "expected_upper")
FLOORED = 0.05  # of the draws of an entry, above which the lower end of its return is the bound's
UNUSABLE = (
    "Do not use the intervals of {}: in more than a twentieth of the draws a return below -100 % was taken as -100 %, "
    "so that an end is this bound's, and not the model's."
)
DRAWN = 6  # assets of a figure without a portfolio
HOW = (
    "At every draw of the posterior one path of returns is simulated and compounded, a portfolio brought back to its "
    "weights every period. Two intervals: of the expected return, how well it is known; of the return, where it may "
    "fall. The first closes with more data, the second never does."
)


@dataclass(frozen=True, eq=False)
class Ahead:
    """A forecast, as a table; the draws of all assets are not kept.

    Attributes
    ----------
    periods : int
    period : str
        What one is called.
    expected, outcome : Estimate
        Of the portfolio, or of the mean over assets.
    median : float
        Of its return.
    loss : float
        The probability that its return is below 0.
    notes : tuple of str
        What a reader should know; of returns that were kept from below -100 %, those of the portfolio and its assets.
    floored : tuple of str
        Entries whose simulated returns were kept from below -100 % in more than `FLOORED` of the draws.
    table : DataFrame
        As `Forecast.table` has it, with ``expected_sd`` and ``prob_loss``, by asset.
    drawn : Forecast
        The entries that the figure holds.
    whole : bool
        Whether these are all of whom one could be drawn.
    ci_prob, ci_kind
        Of every interval.
    """

    periods: int
    period: str
    expected: Estimate
    outcome: Estimate
    median: float
    loss: float
    notes: tuple[str, ...]
    floored: tuple[str, ...]
    table: pd.DataFrame
    drawn: Forecast
    whole: bool
    ci_prob: float
    ci_kind: Interval


def find_ahead(fit: Fit, portfolio: Portfolio, periods: int, ci_prob: float, ci_kind: Interval) -> Ahead:
    """Return a forecast over some periods.

    Raises
    ------
    SpecError, DataError
        As `forecast` does.
    """
    held = portfolio is not None
    found = forecast(fit, periods, portfolio)
    drawn = [PORTFOLIO] if held else _furthest(found)
    kept = found if held else forecast(fit, periods, paths=drawn)

    def whose(draws: xr.DataArray) -> xr.DataArray:
        return draws.sel(asset=PORTFOLIO, drop=True) if held else draws.mean("asset")

    outcome = whose(found.draws)
    table = found.table(ci_prob, ci_kind).set_index("asset")
    table["expected_sd"] = summarise(found.expected, ci_prob, ci_kind).set_index("asset")["sd"]
    table["prob_loss"] = found.prob_below(0.0)
    return Ahead(
        found.periods,
        fit.panel.calendar.period,
        estimate(whose(found.expected), ci_prob, ci_kind),
        estimate(outcome, ci_prob, ci_kind),
        float(outcome.median()),
        float((outcome < 0).mean()),
        _notes(found, portfolio),
        tuple(str(name) for name in found.floored.index[found.floored > FLOORED]),
        table,
        replace(kept, draws=kept.draws.sel(asset=drawn), expected=kept.expected.sel(asset=drawn)),
        held or len(drawn) == len(table),
        ci_prob,
        ci_kind,
    )


def _notes(found: Forecast, portfolio: Portfolio) -> tuple[str, ...]:
    """Return the notes of a forecast; on returns below -100 %, of the portfolio and what it holds, if there is one."""
    if portfolio is None:
        return found.notes
    own = found.floored[[*own_assets(portfolio), PORTFOLIO]]
    return (
        *floor_note_of(PERIOD, own, HELD),
        *(note for note in found.notes if note not in floor_note_of(PERIOD, found.floored)),
    )


def look_ahead(found: Ahead, held: bool, shown: tuple[str, ...] | None, outside: str) -> tuple[Part, ...]:
    """Return a sentence, a figure and a table of a forecast, of which entries that are not `shown` are folded.

    `held` says whether there is a portfolio; `outside`, what the others are.
    """
    over = f"the next {found.period if found.periods == 1 else periods_in_words(found.periods, found.period)}"
    problems, interval = found.drawn.problems, interval_name(found.ci_prob, found.ci_kind)
    failed = [f"Caution. The fit behind this forecast failed its checks: {said(problems)}."] if problems else []
    low, high = (found.outcome.percent(end) for end in (found.outcome.lower, found.outcome.upper))
    drawn = "." if found.whole else f"; the {DRAWN} assets whose expected return is furthest from 0."
    return (
        Heading(f"Forecast of {over}"),
        *(Text(text, "caution") for text in failed),
        Text(
            f"Over {over}, the excess return of {'the portfolio' if held else 'the mean of all assets'} is expected to "
            f"be {found.expected.text}; {100 * found.ci_prob:g} % of simulated returns lie between {low} and {high} "
            f"({interval}), half of them below {percent(found.median, found.outcome.sd / 10)}. It is "
            f"{likelihood(found.loss)} to be below zero."
        ),
        Text(HOW),
        *(Text(f"Note: {note}.") for note in found.notes),
        *_unusable(name for name in found.floored if not shown or name in shown),
        Picture(
            partial(forecast_chart, found.drawn, ci_prob=found.ci_prob, ci_kind=found.ci_kind),
            f"Fan of returns over {over}, and the expected return with its interval",
            f"Blue, where the return compounded up to each period may fall; orange, what it is expected to be{drawn}",
        ),
        *_table(found, over, interval, shown, outside),
    )


def _table(found: Ahead, over: str, interval: str, shown: tuple[str, ...] | None, outside: str) -> tuple[Part, ...]:
    """Return the table of a forecast, with what cannot be used of the entries that are folded beside them."""
    caption = (
        f"Excess return over {over}{'' if found.periods == 1 else ', compounded'}: what it is expected to be, with "
        f"the {interval}; between which ends the return itself may fall ({interval}); probability of a loss, which "
        "is an excess return below 0."
    )
    lost = _unusable(name for name in found.floored if shown and name not in shown)
    return folded(TablePart(_grid(found.table), "forecast", caption, "assets"), shown, outside, lost)


def _unusable(names: Iterable[str]) -> tuple[Text, ...]:
    """Return a caution on entries whose intervals end at the bound of -100 %."""
    listed = _first(tuple(names))
    return (Text(f"Caution. {UNUSABLE.format(join(listed))}", "caution"),) if listed else ()


def _grid(table: pd.DataFrame) -> Grid:
    """Return the table of a forecast; the return by the ends of its interval, as its mean is the expectation's."""
    rows = []
    for name, row in zip(table.index, table.to_dict("records"), strict=True):
        low, mean, high = (percent(row[key], row["expected_sd"]) for key in EXPECTED)
        expected = Cell(mean, float(row["expected"]), f"{low} to {high}")
        ends = (Cell(percent(row[end], row["sd"]), float(row[end])) for end in ("lower", "upper"))
        rows.append((Cell(str(name)), expected, *ends, Cell(chance(row["prob_loss"]), float(row["prob_loss"]))))
    heads = (Head("expected"), Head("return, lower"), Head("return, upper"), Head("P(loss)"))
    return Grid((Head("asset", False), *heads), tuple(rows))


def _first(names: tuple[str, ...]) -> list[str]:
    """Return names, of many the first and how many more there are."""
    return [*names[:DRAWN], *([f"{len(names) - DRAWN} more"] if len(names) > DRAWN else [])]


def _furthest(found: Forecast) -> list[str]:
    """Return the assets whose expected return is furthest from 0, in their order, as many as a figure holds."""
    size = np.abs(found.expected.mean(("chain", "draw")).values)
    kept = np.sort(np.argsort(-size, kind="stable")[:DRAWN])
    return [str(name) for name in found.draws["asset"].values[kept]]
