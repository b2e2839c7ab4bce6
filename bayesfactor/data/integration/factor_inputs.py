"""Factors as they are given to `integrate`: a frame, a series with its own description, or a list of both."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.integration.factor_series import FactorSeries
from bayesfactor.data.integration.frames import read_frame
from bayesfactor.data.integration.info import entries_of, read_factor_info
from bayesfactor.panel.records import Factor, Note


@dataclass(frozen=True)
class FactorInputs:
    """Factors on the union of their dates.

    Attributes
    ----------
    table : DataFrame (dates, factor)
        As given, in floats.
    zones : dict of str to str
        Time zone of each frame and series.
    info : tuple of Factor
    series : dict of str to FactorSeries
        Those that came with a description of their own, whose values are decimals whatever the units of frames.
    """

    table: pd.DataFrame
    zones: dict[str, str]
    info: tuple[Factor, ...]
    series: dict[str, FactorSeries] = field(default_factory=dict)

    @property
    def gross(self) -> frozenset[str]:
        """Traded factors whose values are no excess returns yet."""
        return frozenset(name for name, one in self.series.items() if not one.excess)

    @property
    def notes(self) -> list[Note]:
        """What was said of series when they were made."""
        said = [Note(name, "done", text) for name, one in self.series.items() for text in one.notes]
        return said + [Note(name, "warning", text) for name, one in self.series.items() for text in one.warnings]


def read_factors(factors: Any, factor_info: Any) -> FactorInputs:
    """Check the factors that were given, and bring them to one table.

    Raises
    ------
    DataError
        For a list without members, a name that comes twice, what `read_frame` refuses, and a description in
        `factor_info` of a factor that has its own.
    """
    if not isinstance(factors, FactorSeries | list | tuple):
        table, zone = read_frame(factors, "factors")
        return FactorInputs(table, {"factors": zone}, read_factor_info(factor_info, list(table.columns)))
    parts = [factors] if isinstance(factors, FactorSeries) else list(factors)
    if not parts:
        raise DataError("factors is an empty list.", series="factors", remedy="Give a frame, or bf.FactorSeries.")
    tables, zones = [], {}
    for number, part in enumerate(parts):
        place = f"factors[{number}]"
        table, zones[place] = read_frame(_as_frame(part, place), place)
        tables.append(table)
    _check_twice(tables)
    own = {part.factor.name: part for part in parts if isinstance(part, FactorSeries)}
    names = [name for table in tables for name in table.columns]
    _check_described(factor_info, own)
    told = read_factor_info(factor_info, [name for name in names if name not in own])
    known = {factor.name: factor for factor in told} | {name: one.factor for name, one in own.items()}
    table = tables[0] if len(tables) == 1 else pd.concat(tables, axis=1, join="outer", sort=True)
    return FactorInputs(table, zones, tuple(known[name] for name in names), own)


def _as_frame(part: Any, place: str) -> Any:
    """Return a member of a list as a frame."""
    if isinstance(part, FactorSeries):
        return part.values.to_frame()
    if isinstance(part, pd.Series):
        name = part.name or "market"
        raise DataError(
            f"{place} is a Series, which says nothing about itself.",
            series=place,
            value="Series",
            remedy=f"Give a frame, {place}.to_frame({name!r}), or bf.FactorSeries with its description.",
        )
    return part


def _check_twice(tables: Sequence[pd.DataFrame]) -> None:
    """Raise an error for a factor that is in two members of a list."""
    seen: dict[str, int] = {}
    for number, table in enumerate(tables):
        for name in table.columns:
            if name in seen:
                raise DataError(
                    f"'{name}' is in factors[{seen[name]}] and in factors[{number}].",
                    series=str(name),
                    value=(seen[name], number),
                    remedy="Leave one of them out, or give one another name: frame.rename(columns=...), and name= of "
                    "what makes a factor.",
                )
            seen[name] = number


def _check_described(factor_info: Any, own: dict[str, FactorSeries]) -> None:
    """Raise an error where `factor_info` describes a factor that came with its own description."""
    for name in [] if factor_info is None else entries_of(factor_info, "factor_info"):
        if name in own:
            raise DataError(
                f"factor_info describes '{name}', a FactorSeries with a description of its own.",
                series=name,
                remedy=f"Leave '{name}' out of factor_info; another description is "
                "dataclasses.replace(series, factor=dataclasses.replace(series.factor, lag=1)).",
            )
