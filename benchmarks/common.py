"""What the parts share: settings, tables, the machine, summaries of repeated runs, exponents."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

LIBRARIES = ("bayesfactor", "nutpie", "numba", "numpy", "pymc", "pytensor")


@dataclass(frozen=True)
class Settings:
    """How long to measure.

    Attributes
    ----------
    repeats : int
        Runs of each of our programs.
    peer_repeats : int
        Runs of each program that it is compared with.
    quick : bool
        Tiny sizes, to see that everything works; the figures mean nothing.
    """

    repeats: int = 3
    peer_repeats: int = 1
    quick: bool = False


@dataclass(frozen=True)
class Table:
    """One table of a report.

    Attributes
    ----------
    title : str
    rows : tuple of dict
        Column -> cell, the same columns in every row.
    note : str
        How to read it.
    libraries : tuple of str
        Packages whose versions matter besides `LIBRARIES`.
    """

    title: str
    rows: tuple[dict[str, object], ...]
    note: str
    libraries: tuple[str, ...] = ()


def markdown(table: Table) -> str:
    """Return a table as Markdown, with its title and note."""
    columns = list(table.rows[0])
    if any(list(row) != columns for row in table.rows):
        raise ValueError(f"'{table.title}': every row must have the columns {columns}.")
    lines = [f"## {table.title}", "", "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(value) for value in row.values()) + " |" for row in table.rows]
    return "\n".join([*lines, "", table.note, ""])


def report(tables: Sequence[Table], settings: Settings) -> str:
    """Return the text of a report: its tables, then machine, versions and repeats."""
    found = versions(*(name for table in tables for name in table.libraries))
    size = " Tiny sizes: these figures mean nothing." if settings.quick else ""
    last = f"{machine()}. {found}. Where a cell has a range: median (least to most)."
    return "\n".join([*map(markdown, tables), last + size, ""])


def versions(*more: str) -> str:
    """Return the versions of Python and of the libraries that are there."""
    names = dict.fromkeys((*LIBRARIES, *more))
    return f"Python {platform.python_version()}, " + ", ".join(
        f"{name} {at}" for name in names if (at := _version(name))
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def machine() -> str:
    """Return the processor, its cores, and the memory."""
    model, cpuinfo = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB"


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Return the median, and the range in brackets where there are several values."""
    low, middle, high = (figure(value, digits) for value in (min(values), float(np.median(values)), max(values)))
    return f"{middle} ({low} to {high})" if len(values) > 1 else middle


def figure(value: float, digits: int = 3) -> str:
    """Return a number with so many significant digits, without an exponent where it is of ordinary size."""
    if value == 0 or not np.isfinite(value):
        return f"{value:g}"
    size = int(np.floor(np.log10(abs(float(f"{value:.{digits - 1}e}")))))
    if size < -4:
        return f"{value:.{digits - 1}e}"
    return f"{round(value, digits - 1 - size):,.{max(digits - 1 - size, 0)}f}"


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> tuple[float, float]:
    """Return the exponent b of seconds = a size^b and its standard error, by least squares of logarithms."""
    x, y = np.log(np.asarray(sizes, dtype=float)), np.log(np.asarray(seconds, dtype=float))
    design = np.column_stack([np.ones(x.size), x])
    coefficients, *_ = np.linalg.lstsq(design, y)
    left = y - design @ coefficients
    error = np.sqrt(left @ left / (x.size - 2) * np.linalg.inv(design.T @ design)[1, 1])
    return float(coefficients[1]), float(error)
