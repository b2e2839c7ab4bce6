"""What a report is built of, whatever it is set in: sections of sentences, lists, tables and figures."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from bayesfactor.plots.style import chance
from bayesfactor.reporting.prose import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BAR = 120  # width of a small interval, in pixels


@dataclass(frozen=True)
class Cell:
    """One cell: what is written, what it is sorted by (None: its text), a line below, a hint, the ends of a bar."""

    text: str
    value: float | None = None
    below: str = ""
    hint: str = ""
    bar: tuple[float, float, float, float] | None = None  # lower, mean, upper, zero: from 0 to BAR


@dataclass(frozen=True)
class Head:
    """The head of a column."""

    text: str
    number: bool = True
    note: str = ""


@dataclass(frozen=True)
class Grid:
    """A table; the first cell of a row names it."""

    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Answer:
    """The sentences at the top."""

    kind: ClassVar[str] = "answer"
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    kind: ClassVar[str] = "text"
    text: str
    quiet: bool = False


@dataclass(frozen=True)
class Listing:
    """A list."""

    kind: ClassVar[str] = "list"
    entries: tuple[str, ...]


@dataclass(frozen=True)
class Heading:
    """A title within a section."""

    kind: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True)
class Code:
    """Text as it is."""

    kind: ClassVar[str] = "code"
    text: str
    label: str


@dataclass(frozen=True)
class TablePart:
    """A table with its caption, and what its rows are called."""

    kind: ClassVar[str] = "grid"
    grid: Grid
    id: str
    caption: str
    label: str


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure, drawn when it is set, with its caption and what it shows in words."""

    kind: ClassVar[str] = "figure"
    draw: Callable[[], "Figure"]
    label: str
    caption: str


Part = Answer | Text | Listing | Heading | Code | TablePart | Picture


@dataclass(frozen=True)
class Section:
    """A titled part of a report."""

    id: str
    title: str
    parts: tuple[Part, ...]


def spread(table: pd.DataFrame, rows: str, columns: str, first: Sequence[str], notes: dict[str, str]) -> Grid:
    """Return a long table of means and intervals with a row for each of one label and a column for each of another.

    Parameters
    ----------
    table : DataFrame
        Columns `rows`, `columns`, mean, sd, lower, upper, and prob_positive or prob_above.
    rows, columns : str
    first : sequence of str
        Columns that come first; the first of them has a bar.
    notes : dict
        What to write under the head of a column.
    """
    every = table[columns].drop_duplicates().tolist()
    order = [*first, *(name for name in every if name not in first)]
    facts = [name for name in ("mean", "sd", "lower", "upper", "prob_positive", "prob_above") if name in table]
    wide = {name: table.pivot(index=rows, columns=columns, values=name)[order] for name in facts}
    names = table[rows].drop_duplicates().tolist()
    values = {name: frame.loc[names].to_numpy(dtype=float) for name, frame in wide.items()}
    chances = values.get("prob_positive", values.get("prob_above"))
    over = "P(> 0)" if "prob_positive" in values else f"P(> {table.attrs['above']:.0%})"
    low, high = _ends(values["lower"][:, 0], values["upper"][:, 0])
    body = []
    for i, name in enumerate(names):
        line = [Cell(str(name))]
        for j in range(len(order)):
            mean, lower, upper = (values[key][i, j] for key in ("mean", "lower", "upper"))
            bar = _bar(lower, mean, upper, low, high) if j == 0 else None
            hint = f"{over} {chance(chances[i, j])}; deviation {percent(values['sd'][i, j])}"
            line.append(Cell(percent(mean), float(mean), f"{percent(lower)} to {percent(upper)}", hint, bar))
        body.append(tuple(line))
    heads = (Head(rows, False), *(Head(str(name), True, notes.get(name, "")) for name in order))
    return Grid(heads, tuple(body))


def plain(table: pd.DataFrame, first: str, columns: Iterable[tuple[str, str, str]]) -> Grid:
    """Return a table as it is.

    Parameters
    ----------
    table : DataFrame
        Its index names the rows.
    first : str
        Head of the index.
    columns : iterable of (column, head, form)
        The form: ``percent``, ``number``, ``count``, ``chance`` or ``text``.
    """
    asked = list(columns)
    heads = (Head(first, False), *(Head(head, form != "text") for _, head, form in asked))
    body = []
    for name, row in zip(table.index, table.to_dict("records"), strict=True):
        body.append((Cell(str(name)), *(_cell(row[column], form) for column, _, form in asked)))
    return Grid(heads, tuple(body))


def _cell(value: object, form: str) -> Cell:
    if form == "text":
        return Cell("" if value is None else str(value))
    number = float(value)  # type: ignore[arg-type]
    if not np.isfinite(number):
        return Cell("", float("nan"))
    match form:
        case "percent":
            text = percent(number)
        case "chance":
            text = chance(number)
        case "count":
            text = f"{number:,.0f}"
        case _:
            text = f"{number:.3g}"
    return Cell(text, number)


def _ends(lower: np.ndarray, upper: np.ndarray) -> tuple[float, float]:
    """Return the ends of an axis that holds intervals and 0."""
    low, high = min(0.0, float(lower.min())), max(0.0, float(upper.max()))
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _bar(lower: float, mean: float, upper: float, low: float, high: float) -> tuple[float, float, float, float]:
    a, b, c, z = (round(2 + (BAR - 4) * (value - low) / (high - low), 1) for value in (lower, mean, upper, 0.0))
    return a, b, c, z
