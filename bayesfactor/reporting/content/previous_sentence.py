"""The sentence of the first screen on what changed since an earlier fit."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.analysis.comparison.revised_estimates import ONE_ONLY, OUTSIDE, SAME, Revisions
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.wording import join, percent
from bayesfactor.plots.style import short
from bayesfactor.posterior.fit import Fit
from bayesfactor.reporting.content.previous import LARGEST, RISKS, in_sd, of_portfolio, periods_of

WORDS = {"volatility": "the volatility", "residual share": "the residual share of the variance"}
NAMED, LONGEST = 2, 16  # assets of the book that changed; letters of a name
INDICATIVE = "{} failed the checks: comparisons are indicative only."


def since_sentence(found: Revisions, held: bool, failed: str = "") -> str:
    """Return what changed: first what is outside its earlier interval; `failed`, which fits failed their checks."""
    (row,) = of_portfolio(found, "premium").loc[["total"]].to_dict("records")
    whose = "the portfolio" if held else f"the {len(found.weights)} assets of both fits, on average,"
    premium = f"the expected excess return of {whose} {_premium_change(row)}"
    told = [_risk_changes(found, held), premium, _counts(found, held)]
    if row["verdict"] == OUTSIDE:
        told = [premium, _risk_changes(found, held), _counts(found, held)]
    text = "; ".join(part for part in told if part)
    then = found.between
    aside = [periods_of(then.new, "new period")]
    aside += ["data and model changed"] if then.model_changed else []
    aside += ["indicative only"] if failed else []
    return f"Since the earlier fit, to {then.last} ({', '.join(aside)}): {text}."


def failed_fits(fit: Fit, previous: Fit) -> str:
    """Return which of two fits failed its checks; nothing where none did."""
    now, then = bool(fit.problems), bool(previous.problems)
    return "Both fits" if now and then else "This fit" if now else "The earlier fit" if then else ""


def _premium_change(row: Mapping[Hashable, Any]) -> str:
    """Return from what to what the premium went, and whether that is more than chance."""
    if row["verdict"] == SAME:
        return f"is as it was, {_told(row, 'mean')} a year, within Monte Carlo error"
    told = f"went from {_told(row, 'previous')} to {_told(row, 'mean')} a year"
    if not np.isfinite(row["change_in_sd"]):
        return told
    where = "outside" if row["verdict"] == OUTSIDE else "within"
    return f"{told}, {where} the earlier interval ({in_sd(row['change_in_sd'])} of its earlier standard deviations)"


def _risk_changes(found: Revisions, held: bool) -> str:
    """Return which risks of the portfolio are outside their earlier intervals."""
    told = []
    for quantity in RISKS:
        (row,) = of_portfolio(found, quantity).loc[["total"]].to_dict("records")
        if row["verdict"] == OUTSIDE:
            told.append(f"{WORDS[quantity]} went from {_told(row, 'previous')} to {_told(row, 'mean')}")
    whose = "" if held else " of their equal-weighted book"
    return f"{join(told)}{whose}, outside the earlier interval{'s' * (len(told) > 1)}" if told else ""


def _counts(found: Revisions, held: bool) -> str:
    """Return how many loadings, premia and volatilities of assets are outside earlier intervals; of a book, whose."""
    told, outside, every = [], 0, 0
    for quantity, _, what in LARGEST:
        table = found.table(quantity)
        table = table[(table["asset"] != PORTFOLIO) & (table["verdict"] != ONE_ONLY)]
        beyond = table[table["verdict"] == OUTSIDE]
        many, own = len(beyond), _of_book(found, beyond) if held else []
        told.append(f"{many or 'none'} of {len(table)} {what.lower()}{f' ({join(own)} of the book)' if own else ''}")
        outside, every = outside + many, every + len(table)
    if not outside:
        what = "loadings, expected excess returns and volatilities of assets"
        return f"of {every} {what}, none is outside its earlier interval"
    return f"outside their earlier intervals are {join(told)} of assets"


def _of_book(found: Revisions, beyond: pd.DataFrame) -> list[str]:
    """Return the assets of the book among those that changed, the largest change first, and how many more there are."""
    weights = found.weights[found.weights != 0]
    order = beyond.sort_values("change_in_sd", key=abs, ascending=False, kind="stable")["asset"].drop_duplicates()
    names = [short(name, LONGEST) for name in order if name in weights.index]
    return names[:NAMED] + ([f"{len(names) - NAMED} more"] if len(names) > NAMED else [])


def _told(row: Mapping[Hashable, Any], name: str) -> str:
    return percent(row[name], row["sd" if name == "mean" else "previous_sd"])
