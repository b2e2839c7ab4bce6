"""What is said of several fits: how much of the answer depends on the model, and which predicts best."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bayesfactor.analysis.comparison.model_comparison import Comparison
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.wording import join, percent
from bayesfactor.posterior.diagnostics import said
from bayesfactor.reporting.content.grids import Column, cell, plain
from bayesfactor.reporting.content.parts import Cell, Grid, Head, Heading, Part, TablePart, Text
from bayesfactor.reporting.content.several_fits import EQUAL, THIS, SeveralFits

HOW = (
    "The same questions, asked of each model. Where intervals do not overlap, or the answer changes sign, it depends "
    "on the model more than any one interval says. All models have seen the same returns, so that their agreement is "
    "no second look."
)
NEXT = "Where volatility or loadings move, volatilities and shares are those of the next period: in {}."
APART, SIGN, ALIKE = "intervals do not overlap", "changes sign", "intervals overlap"
LISTED = 5  # names in a sentence
DIGITS = 0.05  # shares between models are said to 1 %
WEIGHED = (
    "Each of the {} models counts the same; " + EQUAL + " are no evidence for any of them. Of the posterior variance "
)
COMPARED = (
    "Log density of each period's returns given its factors, by a model that has seen all other periods; in nats, "
    "summed over periods; the best first."
)
COLUMNS: list[Column] = [
    ("elpd", "log density", "count"), ("se", "se", "number"), ("difference", "difference", "number"),
    ("difference_se", "se of it", "number"), ("weight", "weight", "number"), ("parameters", "parameters", "number"),
    ("high_k", "Pareto k > 0.7", "count"),
]  # fmt: skip


def which_model(found: SeveralFits, interval: str) -> tuple[Part, ...]:
    """Return how much depends on the model, by measure, and the comparison of those that can be compared."""
    moving = (Text(NEXT.format(join(list(found.moving)))),) if found.moving else ()
    failed = ((name, fit.problems) for name, fit in found.fits.items() if name != THIS and fit.problems)
    return (
        Text(HOW),
        *(
            Text(f"Caution. The fit '{name}' failed its checks: {said(problems)}.", "caution")
            for name, problems in failed
        ),
        *moving,
        Heading("How much depends on the model"),
        *_measure(found, found.premium, "premium", "Expected excess return a year", interval),
        Text(_between(found)),
        *_measure(found, found.volatility, "volatility", "Volatility a year", interval),
        *_measure(found, found.share, "share", "Residual share of the variance", interval),
        Heading("Which predicts best"),
        *_best(found.comparison, found.reasons),
    )


def verdicts(tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Return in words, by entry, whether intervals of all models overlap, and whether means differ in sign."""
    lower, upper, mean = (
        pd.concat([table[name] for table in tables.values()], axis=1) for name in ("lower", "upper", "mean")
    )
    apart = lower.max(axis=1) > upper.min(axis=1)
    turned = (mean.min(axis=1) < 0) & (mean.max(axis=1) > 0)
    words = np.select([apart & turned, apart, turned], [f"{APART}; {SIGN}", APART, f"{ALIKE}; {SIGN}"], ALIKE)
    return pd.Series(words, index=apart.index)


def _measure(
    found: SeveralFits, tables: Mapping[str, pd.DataFrame], id: str, what: str, interval: str
) -> tuple[Part, ...]:
    """Return a sentence and a table of a measure, with a column for each model."""
    words = verdicts(tables)
    columns = dict(tables)
    caption = f"{what}, by model: mean and {interval}"
    if id == "premium":
        columns[EQUAL] = found.mixture
        caption += f"; of their mixture with {EQUAL}, and which share of its variance is between models"
    shares = [Head("between models")] if id == "premium" else []
    heads = (Head(found.unit, False), *(Head(name) for name in columns), *shares, Head("beside each other", False))
    rows = []
    for place, (name, said_of) in enumerate(words.items()):
        told = (_told(table.iloc[place]) for table in columns.values())
        share = [cell(found.between.iloc[place], "percent", DIGITS)] if id == "premium" else []
        rows.append((Cell(str(name)), *told, *share, Cell(said_of, mark="" if said_of == ALIKE else "bad")))
    label = f"{found.unit}s"
    return Text(_sentence(what, tables, words, label)), TablePart(
        Grid(heads, tuple(rows)), f"model-{id}", f"{caption}.", label
    )


def _told(row: pd.Series) -> Cell:
    """Return a mean with its interval; what is fixed has none."""
    mean, lower, upper, sd = (float(row[name]) for name in ("mean", "lower", "upper", "sd"))
    return Cell(percent(mean, sd), mean, f"{percent(lower, sd)} to {percent(upper, sd)}" if upper > lower else "")


def _sentence(what: str, tables: Mapping[str, pd.DataFrame], words: pd.Series, label: str) -> str:
    """Return in one sentence how much a measure depends on the model."""
    if len(words) == 1:
        cells = {name: _told(table.iloc[0]) for name, table in tables.items()}
        each = [f"{one.text}{f' ({one.below})' if one.below else ''} by {name}" for name, one in cells.items()]
        name = str(words.index[0])
        whose = "the portfolio" if name == PORTFOLIO else name
        return f"{what} of {whose}: {join(each)}; {_verdict(str(words.iloc[0]))}."
    marked = [
        f"{phrase} for {len(names)} ({_listed(names)})"
        for phrase, names in (
            (phrase, [str(name) for name, word in words.items() if mark in word])
            for mark, phrase in ((APART, APART), (SIGN, "the answer changes sign"))
        )
        if names
    ]
    if not marked:
        return f"{what}: intervals of all models overlap, for each of the {len(words)} {label}, and no sign changes."
    return f"{what}: of {len(words)} {label}, {join(marked)}."


def _verdict(words: str) -> str:
    return words.replace(SIGN, "the answer changes sign").replace("; ", ", and ")


def _listed(names: list[str]) -> str:
    return ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")


def _between(found: SeveralFits) -> str:
    """Return which share of the uncertainty of expected returns is between models, by equal weights."""
    known = found.between.dropna().sort_values()
    start = WEIGHED.format(len(found.fits))
    if known.empty:
        return f"{start}of expected excess returns there is none."
    if len(known) == 1:
        mean = _told(found.mixture.iloc[0])
        told = f"{percent(known.iloc[0], DIGITS)} is between models and the rest within them; it is {mean.text}"
        told += f" ({mean.below})" if mean.below else ""
        return f"{start}of their mixture's expected excess return, {told}."
    middle, least, most = (percent(value, DIGITS) for value in (known.median(), known.iloc[0], known.iloc[-1]))
    return (
        f"{start}of their mixture's expected excess returns, {middle} is between models (median over {found.unit}s; "
        f"from {least} of {known.index[0]} to {most} of {known.index[-1]}), and the rest within them."
    )


def _best(found: Comparison | None, reasons: tuple[str, ...]) -> tuple[Part, ...]:
    """Return the comparison of models, and why others are not in it."""
    why = tuple(Text(f"Not compared: {reason}") for reason in reasons)
    if found is None:
        return why
    table = found.table().set_index("model")
    columns: list[Column] = [*COLUMNS, ("warning", "warning", "text")] if "warning" in table else COLUMNS
    return (
        *(Text(f"Note: {note}.") for note in found.notes),
        TablePart(plain(table, "model", columns), "model-compared", COMPARED, "models"),
        *why,
    )
