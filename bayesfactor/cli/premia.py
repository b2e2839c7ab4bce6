"""Risk premia and pricing errors as the command line prints them."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.analysis.assessment.pricing import Pricing
from bayesfactor.analysis.assessment.verdicts import TRADED
from bayesfactor.cli.output import LINES, interval_name, number, percent, probability, say, show_rows
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.histories import factor_moments

LARGEST = 10
SHOWN = {
    "prior_sd": "prior sd",
    "data_mean": "data",
    "data_se": "se",
    "mean": "mean",
    "sd": "sd",
    "lower": "lower",
    "upper": "upper",
}  # columns of the table, and how they are headed


def show_premia(table: pd.DataFrame, panel: PanelBase, facts: pd.DataFrame) -> None:
    """Print the table of `identify`: premia as Sharpe ratios, verdicts and their reasons.

    `facts` are the numbers from which the table was made, with their Monte Carlo errors.
    """
    volatility = factor_moments(panel).sd * panel.periods_per_year**0.5
    say(f"Risk premium over the factor's volatility, an annual Sharpe ratio; interval: {interval_name(table)}.")
    say(
        "data and se: for a traded factor the mean of its own history, for others the estimate that the data imply "
        "given the other priors. %/year is for one unit of loading on a traded factor."
    )
    print()
    rows = []
    for row, unit in zip(table.reset_index().to_dict("records"), volatility, strict=True):
        errors = facts.loc[row["factor"]]
        sharpe = [_justified(row[name] / unit, errors.get(f"{name}_mcse", 0.0) / unit) for name in SHOWN]
        paid = percent(row["mean"]) if row["verdict"] == TRADED else ""
        rows.append([str(row["factor"]), *sharpe, probability(row["prob_positive"]), paid, row["verdict"]])
    show_rows(["factor", *SHOWN.values(), "P(> 0)", "%/year", "verdict"], rows, remarks=1)
    others = table[(table["verdict"] != TRADED) | table["conflict"]]
    say(*([""] if len(others) else []), *(f"{name}: {_reason(row)}." for name, row in others.iterrows()))
    moved = table.index[table["prior_mean"].fillna(0) != 0].tolist()
    if moved:
        say("", f"Priors whose mean is not 0: {', '.join(moved)}. All columns: --csv FILE.")


def _justified(value: float, error: float) -> str:
    """Write a number with two digits at most, and no more than its Monte Carlo error warrants."""
    return f"{value:.{max(0, int(np.floor(-np.log10(error))))}f}" if error > 0.01 else number(value)


def _reason(row: pd.Series) -> str:
    parts = [f"{row['verdict']}: {row['reason']}"]
    if not np.isnan(row["prob_above_noise"]):
        above = probability(row["prob_above_noise"])
        parts.append(f"strength of loadings {number(row['strength'])}, P(above noise) {above}")
    if not np.isnan(row["prior_sd"]):
        names = ("posterior_contraction", "max_contraction")
        contraction, most = (f"{100 * max(row[name], 0.0):.0f} %" for name in names)
        parts.append(f"posterior contraction {contraction}, of at most {most} if it were traded")
    if not np.isnan(row.get("inclusion", np.nan)):
        before, after = probability(row["prior_inclusion"]), probability(row["inclusion"])
        parts.append(f"inclusion probability {before} prior, {after} posterior")
    return "; ".join(parts)


def price_table(pricing: Pricing, ci: float) -> pd.DataFrame:
    """Return realised and predicted means beside the pricing errors, in the order of the assets."""
    table, errors = pricing.table(ci), pricing.errors(ci)
    named = {name: f"error_{name}" for name in ("mean", "sd", "lower", "upper")}
    joined = table.join(errors.rename(columns=named)[[*named.values(), "prob_positive", "prob_sign"]])
    joined.attrs = table.attrs
    return joined


def show_pricing(table: pd.DataFrame, fit: pd.DataFrame) -> None:
    """Print R-squared, the largest pricing errors, and realised beside predicted mean returns."""
    interval = interval_name(table)
    for row in fit.to_dict("records"):
        span = f"{interval}: {number(row['lower'])} to {number(row['upper'])}"
        say(f"Cross-sectional R-squared: {number(row['mean'])} ({span}).")
    if fit.empty:
        say("Too few assets for a cross-sectional R-squared.")
    unsure = table.attrs["not_identified"]
    if unsure:
        names = ", ".join(f"{name} ({verdict})" for name, verdict in unsure.items())
        say(f"Premia that are not identified, so that predictions depend on their priors: {names}.")
    _show_errors(table, interval)
    say("", f"Mean excess return, % a year: realised, and predicted by the factors; intervals: {interval}.")
    print()
    rows = []
    for row in table.head(LINES).reset_index().to_dict("records"):
        spans = [_with_span(row, name) for name in ("realised", "predicted")]
        rows.append([str(row["asset"]), str(row["periods"]), *(cell for span in spans for cell in span)])
    show_rows(["asset", "periods", "realised", "lower..upper", "predicted", "lower..upper"], rows)
    if len(table) > LINES:
        say("", f"{LINES} of {len(table)} assets shown. All of them: --csv FILE.")


def _show_errors(table: pd.DataFrame, interval: str) -> None:
    errors = table[table["prob_sign"].notna()]
    if errors.empty:
        say("The model has no pricing errors: alphas are fixed at zero.")
        return
    largest = errors.loc[errors["error_mean"].abs().sort_values(ascending=False, kind="stable").index[:LARGEST]]
    say("", f"The largest pricing errors (alpha), % a year; interval: {interval}.")
    print()
    names = [f"error_{name}" for name in ("mean", "sd", "lower", "upper")]
    rows = [
        [str(row["asset"]), *(percent(row[name]) for name in names), probability(row["prob_positive"])]
        for row in largest.reset_index().to_dict("records")
    ]
    show_rows(["asset", "mean", "sd", "lower", "upper", "P(> 0)"], rows)


def _with_span(row: Mapping[Hashable, Any], name: str) -> tuple[str, str]:
    value, low, high = (row[key] for key in (name, f"{name}_lower", f"{name}_upper"))
    return ("none", "") if np.isnan(value) else (percent(value), f"{percent(low)}..{percent(high)}")
