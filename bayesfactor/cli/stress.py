"""Scenarios as the command line reads them, and what they do as it prints them."""

import math
import re
from pathlib import Path

import pandas as pd

from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.analysis.scenarios.plausibility import waiting_words
from bayesfactor.analysis.scenarios.repriced_book import beside, in_money
from bayesfactor.analysis.scenarios.scenario import Scenario, Sigmas
from bayesfactor.analysis.scenarios.scenario_files import read_scenarios
from bayesfactor.analysis.scenarios.stress import Stress
from bayesfactor.base.errors import SpecError
from bayesfactor.base.wording import periods_in_words
from bayesfactor.cli.books import show_positions
from bayesfactor.cli.output import LINES, interval_name, number, probability, say, share_or_money, show_rows, under

WRITE = "Write --shock market=-0.2, or --shock market=-4sd for four standard deviations."
SD = re.compile(r"\s*(sd|sigmas?)\s*$", re.IGNORECASE)


def read_shocks(shocks: list[str], file: Path | None, periods: int) -> tuple[Scenario, ...]:
    """Return the scenario of the shocks given one by one, and those of a file.

    Raises
    ------
    SpecError
        When a shock is not written as factor=value, a factor is given twice, or there is no scenario.
    """
    given: dict[str, float | Sigmas] = {}
    for text in shocks:
        name, _, value = text.rpartition("=")
        if not name.strip():
            raise SpecError(f"--shock {text}: it is not factor=value.", place="--shock", found=text, remedy=WRITE)
        if name.strip() in given:
            raise SpecError(f"--shock: '{name.strip()}' is given twice.", place="--shock", found=text, remedy=WRITE)
        given[name.strip()] = _value(value, text)
    if periods != 1 and not given:
        raise SpecError(
            "--periods goes with --shock, and there is none.",
            place="--periods",
            found=periods,
            remedy="A file says the periods of each scenario: periods = 3.",
        )
    named = () if file is None else read_scenarios(file)
    if not given and not named:
        raise SpecError("There is no scenario.", place="--shock", remedy=f"{WRITE} Or give --scenarios FILE.toml.")
    return (*([Scenario(given, periods=periods)] if given else []), *named)


def _value(value: str, text: str) -> float | Sigmas:
    bare = SD.sub("", value)
    try:
        found = float(bare)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        remedy = "Write 20 % as 0.2." if "%" in value else WRITE
        raise SpecError(f"--shock {text}: '{value}' is no number.", place="--shock", found=text, remedy=remedy)
    return found if bare == value else Sigmas(found)


def show_stress(stressed: Stress, ci: float, below: float | None) -> None:
    """Print a scenario: what the factors do, how plausible it is, and what it does to assets and the portfolio."""
    outcome = stressed.outcome_table(below, ci)
    table = stressed.table(ci)
    scenario = stressed.scenario
    say(f"{scenario.name}: over {periods_in_words(scenario.periods)}.")
    say(*(f"Note: {note}." for note in outcome.attrs["notes"]))
    print()
    _show_factors(stressed.factors_table(ci))
    say("", _plausible(stressed), "")
    money = in_money(stressed.book)
    of_book = f"; of the {PORTFOLIO}, the gain in money" * money
    say(
        f"Excess return, %{of_book}: expected, and where it may fall; interval: {interval_name(table)}. The first is "
        "how well the expectation is known, the second where the return itself may be."
    )
    print()
    total = table[table["source"] == "total"].set_index("asset")
    rows = []
    for row in outcome.head(LINES).to_dict("records"):
        expected = total.loc[row["asset"]]
        own = money and row["asset"] == PORTFOLIO
        ends = [share_or_money(one[end], in_money=own) for one in (expected, row) for end in ("lower", "upper")]
        beyond = [] if below is None else [probability(row["prob_below"])]
        rows.append([str(row["asset"]), share_or_money(expected["mean"], in_money=own), *ends, *beyond])
    last = [] if below is None else [under(below, in_money=money and abs(below) >= 1)]
    show_rows(["asset", "expected", "lower", "upper", "return lower", "upper", *last], rows)
    if len(outcome) > LINES:
        say("", f"{LINES} of {len(outcome)} entries shown. All of them, by source: --csv FILE.")
    show_positions(stressed.book, ci)


def _show_factors(table: pd.DataFrame) -> None:
    rows = []
    for row in table.to_dict("records"):
        as_far = "" if pd.isna(row["as_far"]) else str(row["as_far"])
        numbers = [f"{row[name]:.3g}" for name in ("mean", "lower", "upper", "spread")]
        rows.append([str(row["factor"]), "yes" if row["shocked"] else "", *numbers, as_far, row["unit"]])
    show_rows(
        ["factor", "shocked", "expected", "lower", "upper", "sd around it", "as far", "unit"], rows, words=2, remarks=1
    )


def _plausible(stressed: Stress) -> str:
    """Return how plausible a scenario is, in a sentence."""
    found = stressed.plausibility
    table = found.table().set_index("volatility")
    parts = []
    for name, row in table.iterrows():
        law = f" at the volatility of the {name}" if len(table) > 1 else ""
        parts.append(
            f"{number(row['distance'])} standard deviations away{law}, by a normal law {waiting_words(row['years'])}"
        )
    rank = f"rank {found.rank} among {found.windows} windows of the panel" if found.windows else "no window is as long"
    return f"Plausibility: {'; '.join(parts)} (probabilities averaged over the uncertainty of volatility); {rank}."


def whole_table(found: list[Stress], ci: float) -> pd.DataFrame:
    """Return the tables of several scenarios as one, with a column for the scenario; outcomes are a source `return`."""
    tables, firsts = [], [one.table(ci) for one in found]
    for one, expected in zip(found, firsts, strict=True):
        table = pd.concat([expected, one.outcome_table(None, ci).assign(source="return")], ignore_index=True)
        table.insert(0, "scenario", one.scenario.name)
        tables.append(table)
    whole = pd.concat(tables, ignore_index=True)
    whole.attrs = {**firsts[0].attrs, "units": f"decimal over the periods of the scenario{beside(found[0].book)}"}
    return whole
