"""The description of a panel: what was done to each series, and warnings."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from textwrap import fill, wrap

import numpy as np
import pandas as pd

from bayesfactor.panel.moments import condition_number
from bayesfactor.panel.records import Note, PanelFacts

_ROWS = 20
_WIDTH = 100
_CELL, _DATE, _LAST = 24, 10, 8  # characters of a text, of a date, and of `as above`


def _table(frame: pd.DataFrame, title: str, where: str) -> str:
    """Print the first rows of a table within the width of a terminal, long texts over several lines.

    What was done to a series is in the last column where it fits, else on lines below the row. `where` says how to
    see all rows.
    """
    shown = frame.head(_ROWS)
    heads = [frame.index.name, *shown.columns]
    rows = [[str(name), *map(str, row)] for name, row in zip(shown.index, shown.itertuples(index=False), strict=True)]
    columns = list(zip(heads, *rows, strict=True))
    longest, cell = [max(map(len, column)) for column in columns[:-1]], _CELL
    while sum(min(width, cell) + 2 for width in longest) > _WIDTH - _LAST and cell > _DATE:
        cell -= 1
    widths = [min(width, cell) for width in longest]
    widths.append(_WIDTH - sum(widths) - 2 * len(widths))
    numbers = [pd.api.types.is_numeric_dtype(dtype) for dtype in [object, *shown.dtypes]]
    for above, row in reversed(list(pairwise(rows))):
        if row[-1] == above[-1] and len(row[-1]) > widths[-1]:
            row[-1] = "as above"
    lines = [title, *_row(heads, widths, numbers)]
    for row in rows:
        fits = len(row[-1]) <= widths[-1]
        lines += _row(row if fits else [*row[:-1], ""], widths, numbers)
        if not fits:
            lines.append(fill(row[-1], _WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False))
    if len(frame) > _ROWS:
        lines.append(f"... and {len(frame) - _ROWS} more: {where}")
    return "\n".join(lines)


def _folded(text: str) -> str:
    """Wrap a text at the width of a terminal."""
    return fill(text, _WIDTH, subsequent_indent="    ", break_on_hyphens=False)


def _row(cells: Sequence[str], widths: Sequence[int], numbers: Sequence[bool]) -> Iterator[str]:
    """Yield the lines of a row, each cell wrapped within its width; numbers are right-aligned."""
    wrapped = [wrap(text, width, break_on_hyphens=False) for text, width in zip(cells, widths, strict=True)]
    for parts in zip_longest(*wrapped, fillvalue=""):
        yield "  ".join(
            part.rjust(width) if number else part.ljust(width)
            for part, width, number in zip(parts, widths, numbers, strict=True)
        ).rstrip()


@dataclass(frozen=True, eq=False)
class Description:
    """What a panel is made of.

    Attributes
    ----------
    assets : DataFrame
        Per asset: group, first and last date, periods used, what was done.
    factors : DataFrame
        Per factor: family, traded, transform, aggregate, lag, first and last date and periods of its own
        history, what was done.
    warnings : DataFrame
        series, text.
    panel : str
        Calendar, span and condition number of the factors.
    moves : tuple of str
        What moves in a model of the panel, of a fit.
    """

    assets: pd.DataFrame
    factors: pd.DataFrame
    warnings: pd.DataFrame
    panel: str
    moves: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the text for a terminal of 100 columns: the first rows of each table, and every warning."""
        short = self.factors.drop(columns=["aggregate"])
        parts = [
            "\n".join(_folded(fact) for fact in re.findall(r".*?(?:; |$)", self.panel) if fact),
            _table(self.assets, "Assets", "panel.describe().assets.to_string()"),
            _table(short, "Factors", "panel.describe().factors.to_string()"),
        ]
        if self.moves:
            parts.append(
                "\n".join(
                    ["What moves", *(fill(f"  {line}.", _WIDTH, subsequent_indent="    ") for line in self.moves)]
                )
            )
        if len(self.warnings):
            texts = [f"{row.series}: {row.text}" for row in self.warnings.itertuples()]
            lines = [
                fill(text, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
                for text in texts
            ]
            parts.append("\n".join(["Warnings", *lines]))
        else:
            parts.append("No warnings.")
        return "\n\n".join(parts)


def _done(notes: tuple[Note, ...], name: str, role: str) -> str:
    """Join what was done to a series, for the asset or for the factor of that name."""
    other = "as a factor: " if role == "an asset" else "as an asset: "
    texts = [note.text for note in notes if note.series == name and note.kind == "done"]
    own = [text.removeprefix(f"as {role}: ") for text in texts if not text.startswith(other)]
    return "; ".join(own) or "as given"


def _span(time: np.ndarray) -> tuple[str, str]:
    if not len(time):
        return "", ""
    first, last = time[[0, -1]].astype("datetime64[D]")
    return str(first), str(last)


def _describe_assets(panel: PanelFacts, effective: np.ndarray | None) -> pd.DataFrame:
    rows = []
    for place, (name, life) in enumerate(zip(panel.assets, panel.spans(), strict=True)):
        first, last = _span(life)
        rows.append(
            {
                "group": panel.groups.values[place],
                "first": first,
                "last": last,
                "periods": int(panel.moments.count[place]),
                **({} if effective is None else {"effective": round(float(effective[place]), 1)}),
                "done": _done(panel.notes, name, "an asset"),
            }
        )
    return pd.DataFrame(rows, index=pd.Index(panel.assets, name="asset"))


def _describe_factors(panel: PanelFacts) -> pd.DataFrame:
    time, known = panel.factors["time"].values, ~np.isnan(panel.factors.values)
    rows = []
    for place, factor in enumerate(panel.factor_info):
        first, last = _span(time[known[:, place]])
        rows.append(
            {
                "family": factor.family,
                "traded": factor.traded,
                "transform": factor.transform,
                "aggregate": factor.aggregate,
                "lag": factor.lag,
                "first": first,
                "last": last,
                "periods": int(known[:, place].sum()),
                "done": _done(panel.notes, factor.name, "a factor"),
            }
        )
    return pd.DataFrame(rows, index=pd.Index([factor.name for factor in panel.factor_info], name="factor"))


def describe_panel(panel: PanelFacts, effective: np.ndarray | None = None, moves: tuple[str, ...] = ()) -> Description:
    """Say what was done to each series of a panel, the span and count used, and what looks wrong.

    Parameters
    ----------
    panel : Panel or PanelStatistics
    effective : array (asset), optional
        The effective number of each asset's returns, where a model weights them.
    moves : tuple of str
        What moves in a model of it.

    Returns
    -------
    Description
        Prints as text; its ``assets``, ``factors`` and ``warnings`` are DataFrames. Dates are text, empty for
        an asset without a return.
    """
    first, last = _span(panel.times)
    condition = condition_number(panel.aligned)
    done = [note.text for note in panel.notes if note.series == "panel" and note.kind == "done"]
    text = (
        f"{panel.calendar.frequency.capitalize()} panel, {panel.calendar.periods_per_year} periods a year: "
        f"{len(panel.assets)} assets, {len(panel.factor_info)} factors, "
        f"{len(panel.times)} periods from {first} to {last}; "
        f"condition number of the factors {condition:.1f}"
    )
    warnings = [(note.series, note.text) for note in panel.notes if note.kind == "warning"]
    return Description(
        assets=_describe_assets(panel, effective),
        factors=_describe_factors(panel),
        warnings=pd.DataFrame(warnings, columns=["series", "text"]),
        panel="; ".join([text, *done]) + ".",
        moves=moves,
    )
