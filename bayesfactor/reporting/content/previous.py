"""The section on what changed since an earlier fit: premium, risk, loadings, and what came between the two."""

from functools import partial

import numpy as np
import pandas as pd

from bayesfactor.analysis.comparison.revised_estimates import ONE_ONLY, OUTSIDE, Revisions
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.wording import percent, sensible
from bayesfactor.plots.revisions_chart import revisions_chart
from bayesfactor.posterior.diagnostics import said
from bayesfactor.posterior.fit import Fit
from bayesfactor.reporting.content.grids import Form, number
from bayesfactor.reporting.content.parts import Cell, Fold, Grid, Head, Heading, Listing, Part, Picture, TablePart, Text

ENDS = ("sd", "lower", "upper")
RISKS = ("volatility", "residual share")
LARGEST = (
    ("loading", "Loadings", "Loadings"),
    ("premium", "Premia of assets", "Expected excess returns"),
    ("volatility", "Volatilities of assets", "Volatilities"),
)
FINER = 10  # of a mean's standard deviation, for a change to be seen
MOST = 20  # rows of a table of the largest changes
HOW = (
    "A change is the posterior mean of this fit less that of the earlier one, beside the earlier posterior: in its "
    "standard deviations (sd), and whether the mean now lies outside the earlier interval. Both fits have seen the "
    "earlier data, so that their posteriors are not independent, and their standard deviations are not added up. What "
    "is within 2 Monte Carlo standard errors cannot be told from chance in the draws. Means have a digit more "
    "than elsewhere."
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


def since(found: Revisions, previous: Fit, held: bool, interval: str) -> tuple[Part, ...]:
    """Return the parts of the section."""
    then, caption = found.between, f"mean then and now, each with its {interval}"
    lost = f", and lacks {periods_of(then.lost, 'period')} that the earlier one has" if then.lost else ""
    parts: list[Part] = [
        Text(
            f"The earlier fit has {periods_of(then.periods, 'period')} and ended on {then.last}; this one has "
            f"{periods_of(then.new, 'new period')}{lost}. {HOW}"
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
        new = periods_of(then.new, "new period")
        told = EXPECTED.format(new=new, periods=then.periods, expected=in_sd(found.expected))
        parts.append(Text(told, "quiet"))
    whose = "the portfolio" if held else "the equal-weighted book of the assets of both fits"
    premium = of_portfolio(found, "premium")
    premium = pd.concat([premium.loc[["total"]], premium.drop(index="total")])
    risk = pd.concat([of_portfolio(found, name).rename(index={"total": name}) for name in RISKS])
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
        fine = _digits(row)
        told = [_estimate(row, form, *names, fine) for names in (("previous", "previous_"), ("mean", ""))]
        size = "" if not np.isfinite(row["change_in_sd"]) else in_sd(row["change_in_sd"])
        change = Cell(_difference(row, form, fine), float(row["change"]))
        verdict = Cell(row["verdict"], mark="bad" if row["verdict"] == OUTSIDE else "")
        label = [Cell(str(name)), *([Cell(str(row["source"]))] if second else [])]
        rows.append((*label, *told, change, Cell(size, float(row["change_in_sd"])), verdict))
    return Grid(tuple(heads), tuple(rows))


def _digits(row: pd.Series) -> float:
    """Return the standard deviation by which both means of a row are said: finer than either, as changes are small."""
    return min((row[name] for name in ("previous_sd", "sd") if row[name] > 0), default=0.0) / FINER


def _difference(row: pd.Series, form: Form, fine: float) -> str:
    """Return the change of the two numbers beside it as they are said; of per cent in points."""
    if not np.isfinite(row["change"]):
        return ""
    apart = sensible(row["mean"], fine) - sensible(row["previous"], fine)
    if form == "number":
        return number(apart, fine)
    return f"{percent(apart, fine).removesuffix(' %')} points"


def _estimate(row: pd.Series, form: Form, mean: str, prefix: str, fine: float) -> Cell:
    """Return a mean with its interval; what is fixed has none."""
    value, sd, lower, upper = (float(row[name]) for name in (mean, *(f"{prefix}{end}" for end in ENDS)))
    if not np.isfinite(value):
        return Cell("", value)
    below = f"{_said(lower, form, sd)} to {_said(upper, form, sd)}" if upper > lower else ""
    return Cell(_said(value, form, fine), value, below)


def _said(value: float, form: Form, sd: float) -> str:
    return percent(value, sd) if form == "percent" else number(value, sd)


def in_sd(value: float) -> str:
    """Return a number of standard deviations, to a tenth, small ones to a hundredth."""
    return number(round(float(value), 1 if abs(value) >= 0.1 else 2))


def of_portfolio(found: Revisions, quantity: str) -> pd.DataFrame:
    """Return the estimates of one quantity of the portfolio, by source."""
    table = found.table(quantity)
    return table[table["asset"] == PORTFOLIO].set_index("source")


def _named(names: tuple[str, ...]) -> str:
    """Return names as one would say them, of many the first."""
    more = len(names) - MOST
    return ", ".join(names[:MOST]) + (f" and {more} more" if more > 0 else "")


def periods_of(count: int, word: str) -> str:
    """Return a number of periods: "1 new period", "no new periods"."""
    return f"{count or 'no'} {word}{'s' * (count != 1)}"
