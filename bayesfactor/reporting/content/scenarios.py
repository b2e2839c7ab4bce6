"""What scenarios do, and how plausible they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.portfolio.portfolio_exposures import exposures
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO, own_assets
from bayesfactor.analysis.scenarios.plausibility import NORMAL, Plausibility, waiting_words
from bayesfactor.analysis.scenarios.scenario import Scenario
from bayesfactor.analysis.scenarios.stress import Stress, stress
from bayesfactor.analysis.scenarios.stress_notes import floor_notes
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import chance, interval_name
from bayesfactor.plots.stress import stress_chart
from bayesfactor.posterior.fit import Fit
from bayesfactor.reporting.content.grids import POSTERIOR_UNITS, Column, folded, number, plain, spread
from bayesfactor.reporting.content.parts import Cell, Grid, Head, Heading, Part, Picture, TablePart, Text
from bayesfactor.reporting.content.prose import HELD, Estimate, estimate, likelihood

DRAWN = 25  # entries of a figure
HOW = (
    "Each scenario sets some factors; the others are expected where they usually are when these do that, and returns "
    "follow by the loadings. Two intervals: of what is expected, how well that is known; of the return, where it may "
    "fall, with the other factors and residuals drawn. The model is linear: what it says of a fall far beyond history "
    "is an extrapolation."
)
HEADS = (
    "periods",
    "expected",
    "return",
    "P(return > 0)",
    "distance",
    "how often as far, either way",
    "rank in history",
)


@dataclass(frozen=True, eq=False)
class Consequences:
    """What a scenario does, as tables; the draws of all assets are not kept.

    Attributes
    ----------
    scenario : Scenario
    notes : tuple of str
    outside : tuple of str
        Notes on what a portfolio does not hold.
    expected, outcome : Estimate
        Of the portfolio, or of the mean over assets.
    table, outcome_table, factors_table : DataFrame
        As `Stress` has them.
    plausibility : Plausibility
    distance : Series
        Its table's row of the next period.
    drawn : Stress
        The entries that a figure holds.
    whole : bool
        Whether these are all.
    ci_prob, ci_kind
        Of every interval.
    """

    scenario: Scenario
    notes: tuple[str, ...]
    outside: tuple[str, ...]
    expected: Estimate
    outcome: Estimate
    table: pd.DataFrame
    outcome_table: pd.DataFrame
    factors_table: pd.DataFrame
    plausibility: Plausibility
    distance: pd.Series
    drawn: Stress
    whole: bool
    ci_prob: float
    ci_kind: Interval

    @property
    def interval(self) -> str:
        """Kind and probability of every interval, in words."""
        return interval_name(self.ci_prob, self.ci_kind)


def find_consequences(
    fit: Fit,
    portfolio: Mapping[str, float] | pd.Series | None,
    scenarios: Sequence[Scenario],
    ci_prob: float,
    ci_kind: Interval,
) -> tuple[Consequences, ...]:
    """Return what each scenario does."""

    def found(scenario: Scenario) -> Consequences:
        one = stress(fit, scenario, portfolio=portfolio)
        kept = _largest(one)

        def own(draws: xr.DataArray) -> Estimate:
            whose = draws.mean("asset") if portfolio is None else draws.sel(asset=PORTFOLIO, drop=True)
            return estimate(whose, ci_prob, ci_kind)

        return Consequences(
            scenario,
            *_notes(one, fit, portfolio),
            own(one.draws.sel(source="total", drop=True)),
            own(one.outcome),
            one.table(ci_prob, ci_kind),
            one.outcome_table(None, ci_prob, ci_kind).set_index("asset"),
            one.factors_table(ci_prob, ci_kind).set_index("factor"),
            one.plausibility,
            one.plausibility.table(ci_prob, ci_kind).iloc[0],
            kept,
            kept is one,
            ci_prob,
            ci_kind,
        )

    return tuple(found(scenario) for scenario in scenarios)


def _notes(
    one: Stress, fit: Fit, portfolio: Mapping[str, float] | pd.Series | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the notes of a stress, and those on returns below -100 % of what a portfolio does not hold."""
    if portfolio is None:
        return one.notes, ()
    total, least = one.draws.sel(source="total", drop=True), exposures(fit.panel, "asset", portfolio).least
    inside = one.floored.index.isin([*own_assets(portfolio), PORTFOLIO])

    def of(which: np.ndarray, among: str) -> tuple[str, ...]:
        return floor_notes(total.isel(asset=which), one.floored[which], least[which], among) if which.any() else ()

    every = floor_notes(total, one.floored, least)
    return (*of(inside, HELD), *(note for note in one.notes if note not in every)), of(~inside, "these")


def could_happen(
    found: tuple[Consequences, ...], held: bool, shown: tuple[str, ...] | None, outside: str
) -> tuple[Part, ...]:
    """Return what the scenarios do, first side by side and then one by one; `held` says whether to a portfolio.

    Entries that are not `shown` are folded; `outside`, what they are.
    """
    moves = "at the volatility of the next period, " if len(found[0].plausibility.years) > 1 else ""
    caption = (
        f"Scenarios: excess return of {'the portfolio' if held else 'the mean of all assets'} over all the periods of "
        f"each, with the {found[0].interval} of the expectation and of the return; {moves}distance of the shocked "
        f"factors in standard deviations, and how often a normal law has a move as large in either direction, its "
        f"probability averaged over the uncertainty of volatility; {NORMAL}. The rank is among windows of the sample "
        "by distance, in either direction; below it, in how many the factor moved as far in the scenario's direction."
    )
    grid = Grid((Head("scenario", False), *(Head(head) for head in HEADS)), tuple(_row(one) for one in found))
    each = (part for i, one in enumerate(found) for part in _scenario(one, f"scenario-{i}", held, shown, outside))
    return Text(HOW), TablePart(grid, "scenarios-table", caption, "scenarios"), *each


def _row(one: Consequences) -> tuple[Cell, ...]:
    """Return the row of a scenario among all."""

    def told(of: Estimate) -> Cell:
        return Cell(of.percent(of.mean), of.mean, f"{of.percent(of.lower)} to {of.percent(of.upper)}")

    known, row = one.plausibility, one.distance
    years, ranked = float(known.years.iloc[0]), f"{known.rank} of {known.windows}" if known.windows else "not known"
    return (
        Cell(one.scenario.name),
        Cell(str(one.scenario.periods), one.scenario.periods),
        told(one.expected),
        told(one.outcome),
        Cell(chance(one.outcome.prob_positive), one.outcome.prob_positive),
        Cell(number(row["distance"]), float(row["distance"]), f"{number(row['lower'])} to {number(row['upper'])}"),
        Cell(waiting_words(years), years),
        Cell(ranked, known.rank, _same_direction(one)),
    )


def _same_direction(one: Consequences) -> str:
    """Return in how many windows each shocked factor moved as far in the direction of its shock."""
    known = one.plausibility
    if not known.windows:
        return ""
    told = [f"{name} {count}" if len(known.as_far) > 1 else f"{count}" for name, count in known.as_far.items()]
    return f"in its direction: {', '.join(told)}"


def _sentence(one: Consequences, held: bool) -> str:
    """Return what the portfolio is expected to return, and on which side of zero and between which ends it may fall."""
    expected, outcome = one.expected, one.outcome
    low, high = (outcome.percent(end) for end in (outcome.lower, outcome.upper))
    up = outcome.mean >= 0
    likely = likelihood(outcome.prob_positive if up else 1 - outcome.prob_positive)
    return (
        f"Then the excess return of {'the portfolio' if held else 'the mean of all assets'} is expected to be "
        f"{expected.text}; {100 * one.ci_prob:g} % of simulated returns lie between {low} and {high} "
        f"({one.interval}). It is {likely} to be {'above' if up else 'below'} zero."
    )


def _scenario(one: Consequences, id: str, held: bool, shown: tuple[str, ...] | None, outside: str) -> tuple[Part, ...]:
    """Return what a scenario does to factors and to every entry, by source."""
    name, interval = one.scenario.name, one.interval
    values: list[Column] = [
        ("shocked", "shocked", "text"), ("mean", "expected", "number"), ("lower", "lower", "number"),
        ("upper", "upper", "number"), ("spread", "sd around it", "number"), ("unit", "unit", "text"),
    ]  # fmt: skip
    ends: list[Column] = [("mean", "mean", "percent"), ("lower", "lower", "percent"), ("upper", "upper", "percent")]
    tables = (
        TablePart(
            spread(one.table, ["total"]), f"{id}-sources",
            f"{name}: contribution of each source to the expected excess return: mean and {interval}.", "assets",
        ),
        TablePart(
            plain(one.outcome_table, "asset", [*ends, ("prob_positive", "P(> 0)", "chance")], POSTERIOR_UNITS),
            f"{id}-returns", f"{name}: where the return itself may fall: mean and {interval}.", "assets",
        ),
    )  # fmt: skip
    others = tuple(Text(f"Note: {note}.") for note in one.outside)
    return (
        Heading(name),
        Text(_sentence(one, held)),
        *(Text(f"Note: {note}.") for note in one.notes),
        Picture(
            partial(stress_chart, one.drawn, ci_prob=one.ci_prob, ci_kind=one.ci_kind),
            f"Returns in the scenario {name}, and what each source is expected to give",
            f"{name}: blue, what is expected; grey, where the return may fall"
            + ("." if one.whole else f"; the {DRAWN} that move most."),
        ),
        TablePart(
            plain(one.factors_table, "factor", values), f"{id}-factors",
            f"{name}: what factors do, with the {interval} of what is expected.", "factors",
        ),
        *(part for table in tables for part in folded(table, shown, outside, others)),
    )  # fmt: skip


def _largest(one: Stress) -> Stress:
    """Return the portfolio and the entries that move most, as many as a figure holds."""
    names = one.draws["asset"].values
    if len(names) <= DRAWN:
        return one
    total = one.draws.sel(source="total").mean(("chain", "draw")).values
    size = np.where(names == PORTFOLIO, np.inf, np.abs(total))
    kept = names[np.sort(np.argsort(-size, kind="stable")[:DRAWN])]
    return replace(
        one,
        draws=one.draws.sel(asset=kept),
        outcome=one.outcome.sel(asset=kept),
        floored=pd.Series(one.floored[kept], name="floored"),
    )
