"""The common base of Panel and PanelStatistics: labels, factors, calendar."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import xarray as xr

from bayesfactor.base.errors import unknown
from bayesfactor.base.records import restore
from bayesfactor.panel.moments import Moments
from bayesfactor.panel.records import Calendar, Factor, Note

if TYPE_CHECKING:
    from bayesfactor.panel.description import Description


class PanelBase:
    """Labels, factors and calendar of a panel, whether it holds returns or their statistics."""

    factors: xr.DataArray
    factor_info: tuple[Factor, ...]
    groups: xr.DataArray
    calendar: Calendar
    notes: tuple[Note, ...]

    if TYPE_CHECKING:

        @property
        def fingerprint(self) -> str:
            """Hash of every value and label that a fit depends on."""

        def numbers(self) -> Iterator[bytes]:
            """Yield every number and time that a fit depends on."""

        @property
        def times(self) -> np.ndarray:
            """Dates on which there are returns."""

        @property
        def moments(self) -> Moments:
            """Cross-products of factors and returns over each asset's own dates."""

        def spans(self) -> Iterator[np.ndarray]:
            """Yield first and last date of each asset, or an empty array without a return."""

        def select(self, assets: Iterable[str] | None = None, factors: Iterable[str] | None = None) -> Self:
            """Return the panel of some of the assets and some of the factors, in the order given."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        restore(self, state)

    @property
    def assets(self) -> tuple[str, ...]:
        """Names of the assets, in order."""
        return tuple(self.groups["asset"].values.tolist())

    @property
    def factor_names(self) -> tuple[str, ...]:
        """Names of the factors, in order."""
        return tuple(factor.name for factor in self.factor_info)

    @cached_property
    def group_names(self) -> tuple[str, ...]:
        """Names of the groups, in order of first appearance."""
        return tuple(dict.fromkeys(self.groups.values.tolist()))

    @cached_property
    def group_numbers(self) -> np.ndarray:
        """Number of every asset's group among `group_names` (asset)."""
        numbers = {name: i for i, name in enumerate(self.group_names)}
        found = np.array([numbers[name] for name in self.groups.values.tolist()], dtype="int64")
        found.flags.writeable = False
        return found

    @property
    def families(self) -> tuple[str, ...]:
        """Names of the factor families, in order of first appearance."""
        return tuple(dict.fromkeys(factor.family for factor in self.factor_info))

    @property
    def indexes(self) -> dict[str, frozenset[str]]:
        """Of each factor that is known to be an index of assets of the panel, which these are."""
        held = {factor.name: frozenset(factor.members) & set(self.assets) for factor in self.factor_info}
        return {name: members for name, members in held.items() if members}

    @property
    def periods_per_year(self) -> int:
        """Periods in a year: 365, 252, 52, 12, 4 or 1."""
        return self.calendar.periods_per_year

    @cached_property
    def aligned(self) -> np.ndarray:
        """Factor values (time, factor) on the dates on which there are returns."""
        values = self.factors.sel(time=self.times).values.copy()
        values.flags.writeable = False
        return values

    def _chosen(self, assets: Iterable[str] | None, factors: Iterable[str] | None) -> tuple[list[str], dict[str, Any]]:
        """Return the names of the selected assets, and factors, groups and notes of the selection."""
        keep = list(self.assets) if assets is None else list(assets)
        names = list(self.factor_names) if factors is None else list(factors)
        for kind, wanted, known in (
            ("asset", keep, self.assets),
            ("factor", names, self.factor_names),
        ):
            for name in wanted:
                if name not in known:
                    raise unknown(kind, name, known, place="Panel.select")
        info = {factor.name: factor for factor in self.factor_info}
        kept = {*keep, *names, "panel"}
        chosen = self.factors.sel(factor=names)
        dated = chosen.notnull().any("factor").values | np.isin(chosen["time"].values, self.times)
        return keep, {
            "factors": chosen.isel(time=dated),
            "factor_info": tuple(info[name] for name in names),
            "groups": self.groups.sel(asset=keep),
            "notes": tuple(note for note in self.notes if note.series in kept),
        }

    def describe(self) -> "Description":
        """Describe what was done to each series, the span and count used, and warnings.

        Returns
        -------
        Description
            Prints as text; its ``assets``, ``factors`` and ``warnings`` are DataFrames.
        """
        from bayesfactor.panel.description import describe_panel

        return describe_panel(self)
