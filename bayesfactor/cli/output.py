"""What the command line prints: plain in a pipe, no wider than the terminal."""

import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from textwrap import fill

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.errors import DataError
from bayesfactor.base.files import write_whole
from bayesfactor.cli.interrupts import wrote
from bayesfactor.panel.panel import Panel
from bayesfactor.posterior.fit import Fit

LINES = 60
WIDTH = 100


def show_models(texts: Mapping[str, str]) -> None:
    """Print the names of model files and the comment at the top of each."""
    for name, text in texts.items():
        comment = takewhile(lambda line: line.startswith("#"), text.splitlines())
        words = " ".join(line.lstrip("# ") for line in comment)
        print(fill(words, WIDTH, initial_indent=f"{name:<14}", subsequent_indent=" " * 14))


def console() -> Console:
    """Return a console as wide as the terminal; 100 columns and no colours where there is none."""
    return Console() if sys.stdout.isatty() else Console(width=WIDTH, color_system=None)


def command() -> str:
    """Return how the command line is called: by a path where it is not on the search path."""
    if shutil.which("bayesfactor"):
        return "bayesfactor"
    beside = Path(sys.executable).with_name("bayesfactor")
    return os.path.relpath(beside) if beside.exists() else "python -m bayesfactor"


def say(*lines: str) -> None:
    """Print lines of prose, wrapped at the width of the console."""
    for line in lines:
        console().print(Text(line), soft_wrap=False)


def head(title: str) -> None:
    """Print the title of a section."""
    print()
    console().print(Text(title, style="bold"))
    print("-" * len(title))


def show_rows(columns: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1, remarks: int = 0) -> None:
    """Print a table; the first `words` and the last `remarks` columns are text, the others numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(columns):
        number = words <= place < len(columns) - remarks
        table.add_column(name, justify="right" if number else "left", overflow="fold", no_wrap=number)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console().print(table)


def show_panel(panel: Panel) -> None:
    """Print the size of a panel, its factors and warnings about its data."""
    description = panel.describe()
    say(description.panel)
    warnings = [f"  {row.series}: {row.text}" for row in description.warnings.itertuples()]
    if warnings:
        say("Warnings:", *warnings)


def show_timings(fit: Fit) -> None:
    """Print how long each part of a fit took."""
    parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in fit.timings.items())
    say(f"Seconds: {parts}.")


def show_moves(fit: Fit) -> None:
    """Print what moves in a fit; nothing where nothing does."""
    moves = fit.describe().moves
    if moves:
        say("What moves:", *(f"  {line}." for line in moves))


def percent(value: float) -> str:
    """Write a decimal as per cent with one digit."""
    text = f"{100 * value:.1f}"
    return "0.0" if text == "-0.0" else text


def money(value: float) -> str:
    """Write an amount with four digits or more, with commas between thousands."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def share_or_money(value: float, *, in_money: bool) -> str:
    """Write a gain: as per cent, or as money where it is of a book whose gains are."""
    return money(value) if in_money else percent(value)


def probability(value: float) -> str:
    """Write a probability with two digits; near 0 and 1 as <0.01 and >0.99, and of NaN nothing."""
    text = "" if np.isnan(value) else f"{value:.2f}"
    return {"1.00": ">0.99", "0.00": "<0.01"}.get(text, text)


def under(below: float, *, in_money: bool) -> str:
    """Return the head of a column of probabilities of less than a return, or than an amount of money."""
    return f"P(< {below:g})" if in_money else f"P(< {100 * below:g})"


def interval_name(table: pd.DataFrame) -> str:
    """Return for instance ``90 % eti``."""
    return f"{100 * table.attrs['ci_prob']:g} % {table.attrs['ci_kind']}"


def show_attribution(table: pd.DataFrame, *, in_money: bool = False) -> None:
    """Print a table of an attribution: whole entries up to `LINES` rows, the portfolio first, perhaps in money."""
    unit, chance = table.columns[0], next(name for name in table.columns if name.startswith("prob_"))
    entries = list(dict.fromkeys(table[unit]))
    room = max(1, LINES // max(1, len(table) // len(entries)))
    shown = entries[:room]  # the portfolio is the first
    label = "P(> 0)" if chance == "prob_positive" else f"P(> {100 * table.attrs['above']:g})"
    keep = table[unit].isin(shown) & ((chance == "prob_positive") | (table["source"] != "total"))
    known = ["identification"] if "identification" in table else []
    rows, previous = [], None
    for row in table[keep].to_dict("records"):
        own = in_money and row[unit] == PORTFOLIO and table.attrs["kind"] == "premium"
        numbers = [share_or_money(row[name], in_money=own) for name in ("mean", "sd", "lower", "upper")]
        name = "" if row[unit] == previous else str(row[unit])
        numbers += [probability(row[chance]), f"{(1 if own else 100) * row['mcse']:.2g}"]
        rows.append([name, str(row["source"]), *numbers, *(row[column] for column in known)])
        previous = row[unit]
    paid = f"Premium, % a year{'; of the portfolio, money a year' * in_money}"
    what = {"premium": paid, "return": "Realised excess return, %"}
    say(f"{what.get(table.attrs['kind'], 'Share of the variance, %')}; interval: {interval_name(table)}.")
    say(*(f"Note: {note}." for note in table.attrs["notes"]))
    print()
    columns = [unit, "source", "mean", "sd", "lower", "upper", label, "MC error", *known]
    show_rows(columns, rows, words=2, remarks=len(known))
    if len(shown) < len(entries):
        say("", f"{len(shown)} of {len(entries)} entries shown. All of them: --csv FILE.")


def show_wide(table: pd.DataFrame, entries: Sequence[str]) -> None:
    """Print some entries of an attribution, one column per source: the mean, and below it the interval."""
    sources = list(dict.fromkeys(table["source"]))
    lines = []
    for entry in entries:
        part = table[table.iloc[:, 0] == entry].set_index("source").loc[sources]
        lines.append([entry, *map(percent, part["mean"])])
        spans = [f"{percent(a)}..{percent(b)}" for a, b in zip(part["lower"], part["upper"], strict=True)]
        lines.append(["", *spans])
    show_rows(["", *sources], lines)


def number(value: float) -> str:
    """Write a number with two digits; an empty text for NaN."""
    text = "" if np.isnan(value) else f"{value:.2f}"
    return "0.00" if text == "-0.00" else text


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV and print its path; the columns' names state the interval, a column states the unit, if any.

    Raises
    ------
    DataError
        When the file cannot be written.
    """
    names = {}
    if "ci_kind" in table.attrs:
        kind = f"{table.attrs['ci_kind']}_{100 * table.attrs['ci_prob']:g}"
        names = {name: f"{name}_{kind}" for name in table.columns if name.endswith(("lower", "upper"))}
    if "above" in table.attrs:
        names["prob_above"] = f"prob_above_{table.attrs['above']:g}"
    units = {"units": table.attrs["units"]} if "units" in table.attrs else {}
    whole = table.rename(columns=names).assign(**units)
    try:
        write_whole(path, whole.to_csv(index=False).encode("utf-8", "replace"))
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise DataError(
            f"'{path}' cannot be written: {reason}.", series=path.name, remedy="Give another path."
        ) from None
    print(f"Wrote {len(table)} rows to {wrote(path)}.")


def covered(low: np.ndarray, high: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return whether intervals cover the true values."""
    return (low <= truth) & (truth <= high)
