"""What is said of several fits: how much of the answer depends on the model, and which predicts best."""

from collections.abc import Iterator, Mapping

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
MIXTURE = "; of the mixture of models with " + EQUAL + ", and which share of its variance is between them"
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
        *(_at_once(found, interval) if len(found.mixture) == 1 else _one_by_one(found, interval)),
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


def _one_by_one(found: SeveralFits, interval: str) -> Iterator[Part]:
    """Yield a sentence and a table of every measure, with a row for each entry."""
    label = f"{found.unit}s"
    for id, what, tables in _measures(found):
        words = verdicts(tables)
        mixed = id == "premium"
        rows = tuple(
            (Cell(str(name)), *_row(found, tables, place, words.iloc[place], mixed))
            for place, name in enumerate(words.index)
        )
        caption = f"{what}, by model: mean and {interval}{MIXTURE * mixed}."
        yield Text(_sentence(what, tables, words, label))
        yield TablePart(Grid(_heads(found, found.unit, mixed), rows), f"model-{id}", caption, label)
        if mixed:
            yield Text(_between(found))


def _at_once(found: SeveralFits, interval: str) -> Iterator[Part]:
    """Yield one table with a row for each measure of the one entry, and a sentence on each."""
    rows, said = [], list[Part]()
    for id, what, tables in _measures(found):
        words = verdicts(tables)
        said.append(Text(_sentence(what, tables, words, "")))
        if id == "premium":
            said.append(Text(_between(found)))
        known = _row(found, tables, 0, words.iloc[0], id == "premium")
        empty = () if id == "premium" else (Cell(""), Cell(""))
        rows.append((Cell(what), *known[:-1], *empty, known[-1]))
    caption = f"{_whose(found.mixture)}, by model: mean and {interval}{MIXTURE}."
    caption = caption[0].upper() + caption[1:]
    yield TablePart(Grid(_heads(found, "measure", True), tuple(rows)), "model-measures", caption, "measures")
    yield from said


def _measures(found: SeveralFits) -> tuple[tuple[str, str, Mapping[str, pd.DataFrame]], ...]:
    """Return what is asked of each model: a name, what it is, and the answers by model."""
    return (
        ("premium", "Expected excess return a year", found.premium),
        ("volatility", "Volatility a year", found.volatility),
        ("share", "Residual share of the variance", found.share),
    )


def _heads(found: SeveralFits, first: str, mixed: bool) -> tuple[Head, ...]:
    more = [Head(EQUAL), Head("between models")] if mixed else []
    return (Head(first, False), *(Head(name) for name in found.fits), *more, Head("beside each other", False))


def _row(
    found: SeveralFits, tables: Mapping[str, pd.DataFrame], place: int, said_of: str, mixed: bool
) -> tuple[Cell, ...]:
    """Return what each model says of an entry, their mixture where it is known, and how they compare."""
    told = [_told(table.iloc[place]) for table in tables.values()]
    if mixed:
        told += [_told(found.mixture.iloc[place]), cell(found.between.iloc[place], "percent", DIGITS)]
    return (*told, Cell(said_of, mark="" if said_of == ALIKE else "bad"))


def _whose(table: pd.DataFrame) -> str:
    name = str(table.index[0])
    return "the portfolio" if name == PORTFOLIO else name


def _told(row: pd.Series) -> Cell:
    """Return a mean with its interval; what is fixed has none."""
    mean, lower, upper, sd = (float(row[name]) for name in ("mean", "lower", "upper", "sd"))
    return Cell(percent(mean, sd), mean, f"{percent(lower, sd)} to {percent(upper, sd)}" if upper > lower else "")


def _sentence(what: str, tables: Mapping[str, pd.DataFrame], words: pd.Series, label: str) -> str:
    """Return in one sentence how much a measure depends on the model."""
    if len(words) == 1:
        cells = {name: _told(table.iloc[0]) for name, table in tables.items()}
        each = [f"{one.text}{f' ({one.below})' if one.below else ''} by {name}" for name, one in cells.items()]
        return f"{what} of {_whose(next(iter(tables.values())))}: {join(each)}; {_verdict(str(words.iloc[0]))}."
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
