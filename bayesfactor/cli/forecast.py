"""Forecasts as the command line prints them."""

import pandas as pd

from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.analysis.scenarios.forecast import Forecast
from bayesfactor.cli.output import LINES, interval_name, probability, say, share_or_money, show_rows, under

BELOW = "prob_below"


def forecast_table(found: Forecast, below: float | None, ci: float) -> pd.DataFrame:
    """Return the table of a forecast, with the probability of a return below a value where one is given."""
    table = found.table(ci)
    if below is None:
        return table
    column = found.prob_below(below)
    whole = table.assign(**{BELOW: column[table["asset"]].to_numpy()}).rename(columns={BELOW: str(column.name)})
    whole.attrs = {**table.attrs, "notes": (*table.attrs["notes"], *column.attrs["notes"])}
    return whole


def show_forecast(table: pd.DataFrame, below: float | None, *, in_money: bool = False) -> None:
    """Print what returns are expected to be, and where they may fall, the portfolio first, perhaps in money."""
    periods = table.attrs["periods"]
    over = "the next period" if periods == 1 else f"the next {periods} periods, compounded"
    of_book = f"; of the {PORTFOLIO}, the gain in money" * in_money
    say(f"Excess return over {over}, %{of_book}; interval: {interval_name(table)}.")
    say(
        "expected: how well the expectation is known; return: where the return itself may fall. MC error: of the mean "
        "of the simulated returns."
    )
    say(*(f"Note: {note}." for note in table.attrs["notes"]))
    print()
    names = ("expected", "expected_lower", "expected_upper", "mean", "sd", "lower", "upper")
    rows = []
    for row in table.head(LINES).to_dict("records"):
        own = in_money and row["asset"] == PORTFOLIO
        chances = [probability(row["prob_positive"])]
        if below is not None:
            chances.append(probability(row[f"{BELOW}_{below:g}"]))
        numbers = [*(share_or_money(row[name], in_money=own) for name in names), *chances]
        numbers.append(f"{(1 if own else 100) * row['mcse']:.2g}")
        rows.append([str(row["asset"]), *numbers])
    last = [] if below is None else [under(below, in_money=in_money and abs(below) >= 1)]
    shown = ["expected", "lower", "upper", "return", "sd", "lower", "upper", "P(> 0)", *last, "MC error"]
    show_rows(["asset", *shown], rows)
    if len(table) > LINES:
        say("", f"{LINES} of {len(table)} entries shown. All of them: --csv FILE.")
