"""Rows of a table of posteriors as marks and words."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.plots.marks import Along, Intervals, Role
from bayesfactor.plots.scales import Unit, with_interval

Row = Mapping[Hashable, Any]


def part_of(table: pd.DataFrame, label: str, level: str, names: Sequence[str]) -> pd.DataFrame:
    """Return the rows of one label of a level, of some names in their order."""
    return pd.DataFrame(table.xs(label, level=level)).loc[list(names)]


def ends_of(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the columns lower, mean and upper."""
    lower, mean, upper = (table[name].to_numpy(dtype=float) for name in ("lower", "mean", "upper"))
    return lower, mean, upper


def numbers(row: Row, unit: Unit) -> str:
    """Return mean and interval of a row, to the digits that its standard deviation allows."""
    mean, lower, upper, sd = (float(row[name]) for name in ("mean", "lower", "upper", "sd"))
    return with_interval(mean, lower, upper, unit, sd)


def all_numbers(table: pd.DataFrame, unit: Unit) -> list[str]:
    """Return mean and interval of each row."""
    return [numbers(row, unit) for row in table.to_dict("records")]


def told(middle: np.ndarray, lower: np.ndarray, upper: np.ndarray, unit: Unit) -> list[str]:
    """Return numbers with intervals, whose width says how many digits they have."""
    rows = zip(middle.tolist(), lower.tolist(), upper.tolist(), strict=True)
    return [with_interval(m, a, b, unit, (b - a) / 3) for m, a, b in rows]


def single(at: float, ends: tuple[float, float, float], role: Role, text: str, along: Along = "x") -> Intervals:
    """Return one interval: its lower end, middle and upper end."""
    place, lower, middle, upper = (np.array([float(value)]) for value in (at, *ends))
    return Intervals(place, lower, middle, upper, role, (text,), along=along)
