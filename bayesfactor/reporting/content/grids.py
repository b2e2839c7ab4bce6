"""Tables of results as a report sets them: cells of numbers with their intervals."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, assert_never

import numpy as np
import pandas as pd

from bayesfactor.analysis.assessment.verdicts import NO_VERDICT, UNIDENTIFIED, WEAK
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.wording import MINUS, chance, decimal_places, observed, percent, sensible
from bayesfactor.reporting.content.parts import BAR, Cell, Fold, Grid, Head, Part, TablePart

Form = Literal["percent", "number", "count", "chance", "text"]
Column = tuple[str, str, Form]  # of a table: its name there, head, form
POSTERIOR_UNITS = dict.fromkeys(("mean", "sd", "lower", "upper"), "sd")
LARGE = (999.5, 1e12)  # numbers that are written out, with commas between thousands
PLACES = 6  # decimal places of a number, beyond which it is small throughout
ROUNDING = 1e-12  # what is smaller is 0 that was computed


def spread(table: pd.DataFrame, first: Sequence[str] = ()) -> Grid:
    """Return a long table of contributions or shares with a row for each of its first labels, a column for each source.

    Parameters
    ----------
    table : DataFrame
        As `Attribution.table` or `Attribution.share_table` returns it; under the head of a source stands how well it is
        known, unless that is well.
    first : sequence of str
        Sources that come first; the first of them has a bar.
    """
    probability = "prob_positive" if "prob_positive" in table else "prob_above"
    over = f"P(> {100 * table.attrs['above']:g} %)" if probability == "prob_above" else "P(> 0)"
    order, names, values = _wide(table, ["mean", "sd", "lower", "upper", probability], first)
    low, high = _ends(values["lower"][:, :1], values["upper"][:, :1])
    body = []
    for name, *numbers in zip(names, *(value.tolist() for value in values.values()), strict=True):
        line = [Cell(str(name))]
        for j, (mean, sd, lower, upper, likely) in enumerate(zip(*numbers, strict=True)):
            bar = _bar(lower, mean, upper, low, high) if j == 0 and first else None
            below = f"{percent(lower, sd)} to {percent(upper, sd)}" if upper > lower else ""  # what is fixed has none
            more = f"{chance(likely)}; {percent(sd, sd / 3)}" if below else ""
            line.append(Cell(percent(mean, sd) if below else observed(mean), mean, below, more, bar))
        body.append(tuple(line))
    known: Any = (
        table.drop_duplicates("source").set_index("source")["identification"] if "identification" in table else {}
    )
    said = (UNIDENTIFIED, NO_VERDICT, WEAK)
    notes = {name: verdict for name, verdict in known.items() if str(verdict).endswith(said)}
    scales = [_scale(low, high)] if first else []
    heads = (
        Head(str(name), True, notes.get(name, ""), scale)
        for name, scale in zip(order, [*scales, *[None] * (len(order) - len(scales))], strict=True)
    )
    return Grid((Head(str(table.columns[0]), False), *heads), tuple(body), f"{over}; standard deviation")


def spread_loadings(table: pd.DataFrame, notes: Mapping[str, str]) -> Grid:
    """Return a table of loadings with a row for each asset and a column for each factor, with a note under its name."""
    order, names, values = _wide(table, ["mean", "sd", "lower", "upper", "least_squares", "shrinkage"])
    body = []
    for name, *numbers in zip(names, *(value.tolist() for value in values.values()), strict=True):
        line = [Cell(str(name))]
        for mean, sd, lower, upper, own, shrunk in zip(*numbers, strict=True):
            more = f"{number(own, sd) or 'none'}; {f'{shrunk:.2f}' if math.isfinite(shrunk) else 'not known'}"
            line.append(Cell(number(mean, sd), mean, f"{number(lower, sd)} to {number(upper, sd)}", more))
        body.append(tuple(line))
    heads = (Head("asset", False), *(Head(str(name), note=notes.get(name, "")) for name in order))
    return Grid(heads, tuple(body), "least squares; shrinkage", shown=True)


def _wide(
    table: pd.DataFrame, columns: list[str], first: Sequence[str] = ()
) -> tuple[list[str], list[str], dict[str, np.ndarray]]:
    """Return the labels of columns and rows of a long table, and its values by them."""
    rows, across = table.columns[:2]
    names, every = (table[label].drop_duplicates().tolist() for label in (rows, across))
    order = [*first, *(name for name in every if name not in first)]
    place = [every.index(name) for name in order]
    row = sorted(range(len(names)), key=lambda i: names[i] != PORTFOLIO)  # the portfolio before its assets
    shape = (len(names), len(every))  # every row has every column, in one order
    values = {name: table[name].to_numpy(dtype=float).reshape(shape)[row][:, place] for name in columns}
    return order, [names[i] for i in row], values


def plain(table: pd.DataFrame, first: str, columns: Iterable[Column], units: Mapping[str, str] | None = None) -> Grid:
    """Return a table as it is.

    Parameters
    ----------
    table : DataFrame
        Its index names the rows.
    first : str
        Head of the index.
    columns : iterable of (column, head, form)
        The form: ``percent``, ``number``, ``count``, ``chance`` or ``text``.
    units : mapping of str to str, optional
        Of columns in per cent and of numbers: the column of the standard deviation that says how many digits they have;
        that column itself has one or two significant ones.
    """
    known = units or {}
    asked = list(columns)
    heads = (Head(first, False), *(Head(head, form != "text") for _, head, form in asked))
    body = []
    for name, row in zip(table.index, table.to_dict("records"), strict=True):
        sd = {column: float(row[unit]) / (3 if column == unit else 1) for column, unit in known.items()}
        body.append((Cell(str(name)), *(cell(row[column], form, sd.get(column, 0.0)) for column, _, form in asked)))
    return Grid(heads, tuple(body))


def barred(grid: Grid, column: int, lower: pd.Series, upper: pd.Series) -> Grid:
    """Return a table with bars in a column, on one scale, which stands in its head."""
    low, high = _ends(lower.to_numpy(dtype=float), upper.to_numpy(dtype=float))
    rows = []
    for row, start, end in zip(grid.rows, lower, upper, strict=True):
        value = row[column].value
        drawn = value is not None and np.isfinite([value, start, end]).all()
        bar = _bar(start, value, end, low, high) if drawn and value is not None else None
        rows.append((*row[:column], replace(row[column], bar=bar), *row[column + 1 :]))
    head = replace(grid.heads[column], scale=_scale(low, high))
    return replace(grid, heads=(*grid.heads[:column], head, *grid.heads[column + 1 :]), rows=tuple(rows))


def beside(grid: Grid, heads: Sequence[Head], cells: Iterable[Sequence[Cell]]) -> Grid:
    """Return a table with more columns after its first number."""
    rows = tuple((*row[:2], *more, *row[2:]) for row, more in zip(grid.rows, cells, strict=True))
    return replace(grid, heads=(*grid.heads[:2], *heads, *grid.heads[2:]), rows=rows)


def folded(part: TablePart, shown: Sequence[str] | None, what: str, notes: tuple[Part, ...] = ()) -> tuple[Part, ...]:
    """Return a table of the rows to show at once, and those that follow, folded; all at once where `shown` is None.

    `notes`: what is to be known of those that are folded, before them.
    """
    names = None if shown is None else {str(name) for name in shown}
    if names is None or all(row[0].text in names for row in part.grid.rows):
        return (part,)
    first, rest = (
        replace(part.grid, rows=tuple(row for row in part.grid.rows if (row[0].text in names) is held))
        for held in (True, False)
    )
    if not first.rows:
        return (Fold(what.format(len(rest.rows)), (*notes, part)),)
    others = replace(part, grid=rest, id=f"{part.id}-others")
    return replace(part, grid=first), Fold(what.format(len(rest.rows)), (*notes, others))


def cell(given: object, form: Form, sd: float = 0.0) -> Cell:
    """Return a cell of one value; see `plain` for the forms, and for what its standard deviation does to digits."""
    if form == "text":
        text = ("no", "yes")[given] if isinstance(given, bool) else "" if given is None else str(given)
        return Cell(text)
    value = float(given)  # type: ignore[arg-type]
    if not math.isfinite(value):
        return Cell("", float("nan"))
    match form:
        case "percent":
            text = percent(value, sd)
        case "chance":
            text = chance(value)
        case "count":
            text = f"{value:,.0f}".replace("-", MINUS)
        case "number":
            text = number(value, sd)
        case _:
            assert_never(form)
    return Cell(text, value)


def number(value: float, sd: float = 0.0) -> str:
    """Return a number to three digits, with a real minus and commas; nothing for one that is not known.

    With a standard deviation, to the largest power of ten within a fifth of it.
    """
    if not math.isfinite(value):
        return ""
    places = decimal_places(sd) if 0 < sd < math.inf else PLACES + 1
    if places <= PLACES:
        text = f"{sensible(value, sd):,.{max(places, 0)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return text.replace("-", MINUS)
    if LARGE[0] <= abs(value) < LARGE[1]:
        return f"{float(f'{value:.3g}'):,.0f}".replace("-", MINUS)
    return "0" if abs(value) < ROUNDING else f"{value:.3g}".replace("-", MINUS)


def _ends(lower: np.ndarray, upper: np.ndarray) -> tuple[float, float]:
    """Return the ends of an axis that holds intervals and 0."""
    if not np.isfinite(lower).any():
        return -1.0, 1.0
    low, high = min(0.0, float(np.nanmin(lower))), max(0.0, float(np.nanmax(upper)))
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _bar(lower: float, mean: float, upper: float, low: float, high: float) -> tuple[float, float, float, float]:
    a, b, c, z = (round(2 + (BAR - 4) * (value - low) / (high - low), 1) for value in (lower, mean, upper, 0.0))
    return a, b, c, z


def _scale(low: float, high: float) -> tuple[str, str, float]:
    left, right = (percent(end, (high - low) / 20) for end in (low, high))
    return left, right, _bar(0.0, 0.0, 0.0, low, high)[3]
