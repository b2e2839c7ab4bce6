"""The sentence of the first screen on what changed since an earlier fit."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from bayesfactor.analysis.comparison.revised_estimates import ONE_ONLY, OUTSIDE, SAME, Revisions
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.wording import join, percent
from bayesfactor.posterior.fit import Fit
from bayesfactor.reporting.content.previous import LARGEST, RISKS, in_sd, of_portfolio, periods_of

WORDS = {"volatility": "the volatility", "residual share": "the residual share of the variance"}
INDICATIVE = "{} failed the checks: comparisons are indicative only."


def since_sentence(found: Revisions, held: bool, failed: str = "") -> str:
    """Return what changed: first what is outside its earlier interval, and last which fits `failed` their checks."""
    (row,) = of_portfolio(found, "premium").loc[["total"]].to_dict("records")
    whose = "the portfolio" if held else f"the {len(found.weights)} assets of both fits, on average,"
    premium = f"the expected excess return of {whose} {_premium_change(row)}"
    told = [_risk_changes(found), premium, _counts(found)]
    if row["verdict"] == OUTSIDE:
        told = [premium, _risk_changes(found), _counts(found)]
    text = "; ".join(part for part in told if part)
    model = " Data and model changed." if found.between.model_changed else ""
    then = found.between
    return (
        f"Since the earlier fit, which ended on {then.last} ({periods_of(then.new, 'new period')}), {text}.{model}"
        f"{f' {INDICATIVE.format(failed)}' if failed else ''}"
    )


def failed_fits(fit: Fit, previous: Fit) -> str:
    """Return which of two fits failed its checks; nothing where none did."""
    now, then = bool(fit.problems), bool(previous.problems)
    return "Both fits" if now and then else "This fit" if now else "The earlier fit" if then else ""


def _premium_change(row: Mapping[Hashable, Any]) -> str:
    """Return from what to what the premium went, and whether that is more than chance."""
    told = f"went from {_told(row, 'previous')} to {_told(row, 'mean')} a year"
    if row["verdict"] == SAME:
        return f"{told}, a change within Monte Carlo error"
    if not np.isfinite(row["change_in_sd"]):
        return told
    where = "outside" if row["verdict"] == OUTSIDE else "within"
    return f"{told}, {where} the earlier interval ({in_sd(row['change_in_sd'])} of its earlier standard deviations)"


def _risk_changes(found: Revisions) -> str:
    """Return which risks of the portfolio are outside their earlier intervals."""
    told = []
    for quantity in RISKS:
        (row,) = of_portfolio(found, quantity).loc[["total"]].to_dict("records")
        if row["verdict"] == OUTSIDE:
            told.append(f"{WORDS[quantity]} went from {_told(row, 'previous')} to {_told(row, 'mean')}")
    return f"{join(told)}, outside the earlier interval{'s' * (len(told) > 1)}" if told else ""


def _counts(found: Revisions) -> str:
    """Return how many loadings, premia and volatilities of assets are outside their earlier intervals."""
    told = []
    for quantity, _, what in LARGEST:
        table = found.table(quantity)
        table = table[(table["asset"] != PORTFOLIO) & (table["verdict"] != ONE_ONLY)]
        told.append(f"{(table['verdict'] == OUTSIDE).sum() or 'none'} of {len(table)} {what.lower()}")
    return f"of the assets' estimates {join(told)} are outside their earlier intervals"


def _told(row: Mapping[Hashable, Any], name: str) -> str:
    return percent(row[name], row["sd" if name == "mean" else "previous_sd"])
