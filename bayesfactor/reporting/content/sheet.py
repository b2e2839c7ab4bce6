"""A table of a report as a frame, with what its columns are called, and in which unit and form they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, assert_never

import pandas as pd

CellFormat = Literal["percent", "number", "money", "small", "count", "chance", "text"]
COUNTS = {"periods", "effective", "lag", "as_far", "high_k", "refits", "factor_high_k", "rows", "rank", "windows"}
PLAIN = {
    "value", "limit", "shrinkage", "change_in_sd", "posterior_contraction", "max_contraction", "strength",
    "strength_lower", "strength_upper", "gap_in_errors", "implied_gap", "variance_ratio", "correlation",
}  # fmt: skip
UNITLESS = {*PLAIN, "weight"}
CHANCES = {"probability", "prior", "rate", "rate_lower", "rate_upper", "inclusion", "prior_inclusion"}
HEADS = {
    "prob_positive": "P(> 0)", "prob_above": "P(> 50 %)", "prob_higher": "P(higher now)", "prob_loss": "P(loss)",
    "mcse": "Monte Carlo error", "sd": "posterior sd", "done": "what was done", "identification": "how it is known",
    "advice": "what to do",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table with its name, what it says, and the unit of its values.

    Attributes
    ----------
    name : str
        Of at most 31 characters.
    about : str
    table : DataFrame
        As the result that it is of has it; everything in columns.
    unit : str
        Of its values: a year, of the variance, ...
    form : {"percent", "number"}
        What a value is that its column does not say otherwise of.
    heads, forms, units : mapping of str to str
        Of columns that are called, written or measured otherwise.
    """

    name: str
    about: str
    table: pd.DataFrame
    unit: str = ""
    form: CellFormat = "percent"
    heads: Mapping[str, str] = field(default_factory=dict)
    forms: Mapping[str, CellFormat] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    def form_of(self, column: str) -> CellFormat:
        """Return what a column holds."""
        kind = self.table[column]
        if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
            return "text"
        if column in self.forms:
            return self.forms[column]
        if column in COUNTS:
            return "count"
        if column.startswith("prob_") or column in CHANCES:
            return "chance"
        return "number" if column in PLAIN else self.form

    def head_of(self, column: str) -> str:
        """Return what a column is called, with its unit."""
        name = self.heads.get(column, HEADS.get(column, column.replace("_", " ")))
        unit = self.units.get(column, "" if column in UNITLESS else self.unit)
        match self.form_of(column):
            case "percent":
                return f"{name} ({f'% {unit}'.strip()})"
            case "chance":
                return f"{name} (%)"
            case "number" | "small" | "money":
                return f"{name} ({unit})" if unit else name
            case "text" | "count":
                return name
            case _ as other:
                assert_never(other)
