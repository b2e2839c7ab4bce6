"""The section on what changed since an earlier fit: premium, risk, loadings, and what came between the two."""

from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.analysis.comparison.revised_estimates import ONE_ONLY, OUTSIDE, SAME, Revisions
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.wording import join, percent
from bayesfactor.plots.revisions_chart import revisions_chart
from bayesfactor.posterior.diagnostics import said
from bayesfactor.posterior.fit import Fit
from bayesfactor.reporting.content.grids import Form, number
from bayesfactor.reporting.content.parts import Cell, Fold, Grid, Head, Heading, Listing, Part, Picture, TablePart, Text

ENDS = ("sd", "lower", "upper")
RISKS = ("volatility", "residual share")
WORDS = {"volatility": "the volatility", "residual share": "the residual share of the variance"}
INDICATIVE = "{} failed the checks: comparisons are indicative only."
LARGEST = (
    ("loading", "Loadings", "Loadings"),
    ("premium", "Premia of assets", "Expected excess returns"),
    ("volatility", "Volatilities of assets", "Volatilities"),
)
MOST = 20  # rows of a table of the largest changes
HOW = (
    "A change is the posterior mean of this fit less that of the earlier one, beside the earlier posterior: in its "
    "standard deviations (sd), and whether the mean now lies outside the earlier interval. Both fits have seen the "
    "earlier data, so that their posteriors are not independent, and their standard deviations are not added up. What "
    "is within 2 Monte Carlo standard errors cannot be told from chance in the draws. Each number is rounded by itself."
)
EXPECTED = (
    "If the earlier fit and the model are right, {new} beside {periods} move an estimate by about {expected} of its "
    "earlier standard deviation (as a standard deviation, of what only the data tell), and by less where the prior "
    "says much."
)
MIXED = (
    "Caution. {what}: changes are those of data and model together. A factor's contribution depends on which others "
    "are in the model."
)
REVISED = "Caution. Values that both fits have seen are not the same in both (the first date of each): {}."


def since_sentence(found: Revisions, held: bool, failed: str = "") -> str:
    """Return what changed: first what is outside its earlier interval, and last which fits `failed` their checks."""
    (row,) = _of_portfolio(found, "premium").loc[["total"]].to_dict("records")
    whose = "the portfolio" if held else f"the {len(found.weights)} assets of both fits, on average,"
    premium = f"the expected excess return of {whose} {_premium_change(row)}"
    told = [_risk_changes(found), premium, _counts(found)]
    if row["verdict"] == OUTSIDE:
        told = [premium, _risk_changes(found), _counts(found)]
    text = "; ".join(part for part in told if part)
    model = " Data and model changed." if found.between.model_changed else ""
    then = found.between
    return (
        f"Since the earlier fit, which ended on {then.last} ({_periods(then.new, 'new period')}), {text}.{model}"
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
    return f"{told}, {where} the earlier interval ({_in_sd(row['change_in_sd'])} of its earlier standard deviations)"


def _risk_changes(found: Revisions) -> str:
    """Return which risks of the portfolio are outside their earlier intervals."""
    told = []
    for quantity in RISKS:
        (row,) = _of_portfolio(found, quantity).loc[["total"]].to_dict("records")
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


def since(found: Revisions, previous: Fit, held: bool, interval: str) -> tuple[Part, ...]:
    """Return the parts of the section."""
    then, caption = found.between, f"mean then and now, each with its {interval}"
    lost = f", and lacks {_periods(then.lost, 'period')} that the earlier one has" if then.lost else ""
    parts: list[Part] = [
        Text(
            f"The earlier fit has {_periods(then.periods, 'period')} and ended on {then.last}; this one has "
            f"{_periods(then.new, 'new period')}{lost}. {HOW}"
        ),
        *_cautions(found, previous),
        *(Text(f"Note: {note}.") for note in found.notes),
        *(
            Text(f"{word}: {_named(names)}.")
            for word, names in (
                ("New assets", then.new_assets),
                ("Gone assets", then.gone_assets),
                ("New factors", then.new_factors),
                ("Gone factors", then.gone_factors),
            )
            if names
        ),
    ]
    if np.isfinite(found.expected) and then.new:
        parts.append(
            Text(
                EXPECTED.format(
                    new=_periods(then.new, "new period"), periods=then.periods, expected=_in_sd(found.expected)
                ),
                "quiet",
            )
        )
    whose = "the portfolio" if held else "the equal-weighted book of the assets of both fits"
    premium = _of_portfolio(found, "premium")
    premium = pd.concat([premium.loc[["total"]], premium.drop(index="total")])
    risk = pd.concat([_of_portfolio(found, name).rename(index={"total": name}) for name in RISKS])
    paid = found.table("risk premium").set_index("source")
    parts += [
        Heading("Premium"),
        Picture(partial(revisions_chart, found), f"Contributions to the premium of {whose}, then and now", ""),
        _table(
            premium,
            "since-premium",
            f"Contributions to the expected excess return of {whose} a year",
            caption,
            "source",
        ),
        Heading("Risk"),
        _table(
            risk, "since-risk", f"Volatility of {whose} a year, and residual share of its variance", caption, "measure"
        ),
        Heading("What factors pay"),
        _table(paid, "since-factors", "Premium of one unit of loading a year", caption, "factor"),
        *_largest(found, caption),
    ]
    return tuple(parts)


def _cautions(found: Revisions, previous: Fit) -> list[Part]:
    """Return why changes may not be those of the data alone, and that the earlier fit failed."""
    then, parts = found.between, list[Part]()
    if previous.problems:
        why = f"The earlier fit failed its checks: {said(previous.problems)}. Comparisons are indicative only."
        parts.append(Text(f"Caution. {why}", "caution"))
    if then.model_changed:
        what = "The model of a fit is not known" if then.unknown_model else "The model changed, too"
        parts.append(Text(MIXED.format(what=what), "caution"))
        parts += [Listing(then.model)] if then.model else []
    if then.revised:
        parts.append(Text(REVISED.format(_named(then.revised)), "caution"))
    return parts


def _largest(found: Revisions, caption: str) -> list[Part]:
    """Return the largest changes of loadings, and of assets' premia and volatilities."""
    parts: list[Part] = []
    for quantity, title, what in LARGEST:
        form: Form = "number" if quantity == "loading" else "percent"
        table = found.table(quantity)
        table = table[(table["asset"] != PORTFOLIO) & (table["verdict"] != ONE_ONLY)]
        if table.empty:
            continue
        outside = table["verdict"] == OUTSIDE
        order = table.assign(outside=outside, size=table["change_in_sd"].abs())
        shown = order.sort_values(["outside", "size"], ascending=False, kind="stable").head(MOST).set_index("asset")
        count = f"{outside.sum() or 'none'} of {len(table)}"
        how = f"{what}, {count} outside the earlier interval"
        how += f"; the {len(shown)} largest changes in sd, those outside first" if len(shown) < len(table) else ""
        grid = _grid(shown, "asset", form, "factor" if quantity == "loading" else "")
        part = TablePart(grid, f"since-{quantity}-largest", f"{how}: {caption}.", "changes")
        parts += [Heading(title), part] if quantity == "loading" else [Fold(title, (part,))]
    return parts


def _table(table: pd.DataFrame, id: str, what: str, caption: str, first: str) -> TablePart:
    return TablePart(_grid(table, first, "percent"), id, f"{what}: {caption}.", f"{first}s")


def _grid(table: pd.DataFrame, first: str, form: Form, second: str = "") -> Grid:
    """Return estimates then and now, with intervals below them, and their change."""
    heads = [Head(first, False), *([Head(second, False)] if second else []), Head("then"), Head("now")]
    heads += [Head("change"), Head("change, sd"), Head("how large", False)]
    rows = []
    for name, row in table.iterrows():
        told = [_estimate(row, form, *names) for names in (("previous", "previous_"), ("mean", ""))]
        size = "" if not np.isfinite(row["change_in_sd"]) else _in_sd(row["change_in_sd"])
        change = Cell(_said(row["change"], form, row["previous_sd"]), float(row["change"]))
        verdict = Cell(row["verdict"], mark="bad" if row["verdict"] == OUTSIDE else "")
        label = [Cell(str(name)), *([Cell(str(row["source"]))] if second else [])]
        rows.append((*label, *told, change, Cell(size, float(row["change_in_sd"])), verdict))
    return Grid(tuple(heads), tuple(rows))


def _estimate(row: pd.Series, form: Form, mean: str, prefix: str) -> Cell:
    """Return a mean with its interval; what is fixed has none."""
    value, sd, lower, upper = (float(row[name]) for name in (mean, *(f"{prefix}{end}" for end in ENDS)))
    if not np.isfinite(value):
        return Cell("", value)
    below = f"{_said(lower, form, sd)} to {_said(upper, form, sd)}" if upper > lower else ""
    return Cell(_said(value, form, sd), value, below)


def _said(value: float, form: Form, sd: float) -> str:
    return percent(value, sd) if form == "percent" else number(value)


def _told(row: Mapping[Hashable, Any], name: str) -> str:
    return percent(row[name], row["sd" if name == "mean" else "previous_sd"])


def _in_sd(value: float) -> str:
    """Return a number of standard deviations, to a tenth, small ones to a hundredth."""
    return number(round(float(value), 1 if abs(value) >= 0.1 else 2))


def _of_portfolio(found: Revisions, quantity: str) -> pd.DataFrame:
    table = found.table(quantity)
    return table[table["asset"] == PORTFOLIO].set_index("source")


def _named(names: tuple[str, ...]) -> str:
    """Return names as one would say them, of many the first."""
    more = len(names) - MOST
    return ", ".join(names[:MOST]) + (f" and {more} more" if more > 0 else "")


def _periods(count: int, word: str) -> str:
    """Return a number of periods: "1 new period", "no new periods"."""
    return f"{count or 'no'} {word}{'s' * (count != 1)}"
