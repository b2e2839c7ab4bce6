"""Tables to paste into a paper, a deck or a page: Markdown, LaTeX, HTML. For Excel, pandas' ``to_excel`` will do."""

import re
from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.base.errors import SpecError
from bayesfactor.base.wording import interval_name
from bayesfactor.posterior.diagnostics import misfits, said

DIGITS = 3
MARKDOWN = str.maketrans(
    {c: f"\\{c}" for c in "\\`*_[]|~$#"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "\n": " ", "\r": " "}
)
LATEX = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}"}
    | {">": r"\textgreater{}", "|": r"\textbar{}", "[": "{[}", "*": "{*}", "\n": " ", "\r": " "}
)


def to_markdown(table: pd.DataFrame, *, digits: int = DIGITS) -> str:
    """Return a table as Markdown, with a line below that states units, kind and probability of its intervals.

    Parameters
    ----------
    table : DataFrame
        As any ``.table()`` returns it; any other frame will do.
    digits : int
        Significant digits of numbers that the table has not rounded further.

    Returns
    -------
    str

    Raises
    ------
    SpecError
        When it is no frame, or `digits` is not positive. When tabulate is not installed.
    """
    shown = _shown(table, digits, "to_markdown", lambda text: text.translate(MARKDOWN))
    try:
        text = shown.to_markdown(index=False, disable_numparse=True, colalign=_sides(table))
    except ImportError:
        raise _missing("tabulate") from None
    caption = caption_of(table)
    return f"{text}\n\n*{caption.translate(MARKDOWN)}*\n" if caption else f"{text}\n"


def to_latex(table: pd.DataFrame, *, digits: int = DIGITS, label: str | None = None) -> str:
    """Return a table as LaTeX (booktabs) with a caption that states units, kind and probability of its intervals.

    Parameters
    ----------
    table : DataFrame
    digits : int
        Significant digits.
    label : str, optional
        To refer to it.

    Returns
    -------
    str

    Raises
    ------
    SpecError
        As `to_markdown`; when a label is no text that LaTeX can refer to. When jinja2 is not installed.
    """
    if label is not None and not (isinstance(label, str) and re.fullmatch(r"[^\s\\%#{}~^&$]+", label)):
        raise SpecError(
            f"to_latex: label is {label!r}.",
            place="to_latex.label",
            found=label,
            remedy="A label has letters, digits and signs such as : - _, and no blanks.",
        )
    shown = _shown(table, digits, "to_latex", lambda text: text.translate(LATEX))
    sides = "".join(side[0] for side in _sides(table))
    caption = caption_of(table).translate(LATEX) or None
    try:
        return shown.to_latex(index=False, escape=False, caption=caption, label=label, column_format=sides)
    except ImportError:
        raise _missing("jinja2") from None


def to_html(table: pd.DataFrame, *, digits: int = DIGITS) -> str:
    """Return a table as a piece of HTML with a caption that states units, kind and probability of its intervals.

    Parameters
    ----------
    table : DataFrame
    digits : int
        Significant digits.

    Returns
    -------
    str

    Raises
    ------
    SpecError
        As `to_markdown`.
    """
    shown = _shown(table, digits, "to_html", str)
    text = shown.to_html(index=False, escape=True, border=0)
    caption, head = caption_of(table), text.index(">") + 1
    return f"{text[:head]}\n  <caption>{escape(caption)}</caption>{text[head:]}" if caption else text


def caption_of(table: pd.DataFrame) -> str:
    """Return what a reader must know of a table: units, interval, notes, and that its fit failed."""
    facts = table.attrs
    parts = [str(facts["units"])] if facts.get("units") else []
    if "ci_prob" in facts:
        parts.append(f"lower and upper: {interval_name(facts['ci_prob'], facts['ci_kind'])}")
    parts += [str(note) for note in facts.get("notes", ())]
    if facts.get("problems"):
        converged = len(misfits(facts["problems"])) == len(facts["problems"])
        parts.append(f"{'WARNING' if converged else 'NOT CONVERGED'}: {said(facts['problems'])}")
    text = "; ".join(parts)
    return text[:1].upper() + text[1:] + "." if text else ""


def _shown(table: object, digits: int, verb: str, clean: Callable[[str], str]) -> pd.DataFrame:
    """Return the frame as text, its index among its columns."""
    if not isinstance(table, pd.DataFrame):
        raise SpecError(
            f"{verb}: expected a DataFrame, found {type(table).__name__}.",
            place=f"{verb}.table",
            found=table,
            remedy="Pass what .table() returned.",
        )
    if isinstance(digits, bool) or not isinstance(digits, int) or digits < 1:
        raise SpecError(f"{verb}: digits is {digits!r}, and must be 1 or more.", place=f"{verb}.digits", found=digits)
    flat = _flat(table)
    shown = pd.DataFrame({i: [clean(_text(value, digits)) for value in flat.iloc[:, i]] for i in range(flat.shape[1])})
    return shown.set_axis([clean(str(name)) for name in flat.columns], axis=1)  # two of which may be alike


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with a named index as columns."""
    return table if table.index.names == [None] and isinstance(table.index, pd.RangeIndex) else table.reset_index()


def _text(value: Any, digits: int) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (float, np.floating)):
        if np.isnan(value):
            return ""
        if abs(value) >= 10**digits:
            return f"{value:.0f}"
        return np.format_float_positional(value, precision=digits, fractional=False, trim="-")
    return "" if value is None else str(value).replace("\n", " ").replace("\r", " ")


def _sides(table: pd.DataFrame) -> list[str]:
    flat = _flat(table)
    return [
        "right" if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind) else "left"
        for kind in flat.dtypes
    ]


def _missing(library: str) -> SpecError:
    return SpecError(f"This needs {library}.", place=library, remedy='pip install "bayesfactor[report]"')
