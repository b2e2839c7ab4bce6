"""The panel: returns, factors and what is known about them, on one calendar."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr

from bayesfactor.errors import DataError, unknown

if TYPE_CHECKING:
    from bayesfactor.description import Description

SOURCES = (
    "alpha",
    "zero_beta",
    "residual",
    "idiosyncratic",
    "total",
)  # of an attribution, besides factors and families
Transform = Literal["none", "diff", "log_diff", "innovation"]
Aggregate = Literal["compound", "sum", "mean", "last"]


@dataclass(frozen=True)
class Factor:
    """What is known about one factor.

    Attributes
    ----------
    name : str
    traded : bool
        True when the factor is itself an excess return, so that its mean is its risk premium.
    family : str
        The set of factors it belongs to (market, rates, volatility, ...). Priors are keyed by it.
    transform : {"none", "diff", "log_diff", "innovation"}
        What was done to the series after it was brought to the panel's calendar.
    lag : int
        Publication delay in periods of the factor's own calendar.
    aggregate : {"compound", "sum", "mean", "last"}
        How several values inside one period of the panel became one.
    description : str
    """

    name: str
    traded: bool = True
    family: str = "other"
    transform: Transform = "none"
    lag: int = 0
    aggregate: Aggregate = "compound"
    description: str = ""


@dataclass(frozen=True)
class Calendar:
    """The dates of a panel and how many of them make a year.

    Attributes
    ----------
    frequency : {"daily", "business", "weekly", "monthly", "quarterly", "annual"}
    periods_per_year : int
        365, 252, 52, 12, 4 or 1.
    """

    frequency: str
    periods_per_year: int


@dataclass(frozen=True)
class Note:
    """One thing that was done to a series, or that looks wrong with it.

    Attributes
    ----------
    series : str
        Name of the asset or factor; ``"panel"`` when it concerns all of them.
    kind : str
        ``"done"`` or ``"warning"``.
    text : str
    """

    series: str
    kind: Literal["done", "warning"]
    text: str


def _frozen(array: xr.DataArray) -> xr.DataArray:
    copied = array.copy(deep=True)
    copied.values.flags.writeable = False
    return copied


def _lacking(factors: xr.DataArray, lost: np.ndarray, what: str) -> None:
    """Refuse the first (date, factor) on which a value is lost."""
    if lost.any():
        row, place = np.argwhere(lost)[0]
        name, date = str(factors["factor"].values[place]), factors["time"].values[row].astype("datetime64[D]")
        raise DataError(
            f"Factor '{name}' has no value on {date}, {what}.",
            series=name,
            date=date,
            value=float(factors.values[row, place]),
            remedy="Supply it, or leave that date out of the factors and the returns.",
        )


def _check_factors(returns: xr.DataArray, factors: xr.DataArray) -> None:
    """Refuse factors with a hole, a date without any of them, or a return without all of them."""
    known, dates = np.isfinite(factors.values), factors["time"].values
    _lacking(factors, np.logical_or.accumulate(known) & ~known, "after its first one")
    _lacking(factors, ~known & np.isin(dates, returns["time"].values)[:, None], "on which there are returns")
    _lacking(factors, ~known & ~known.any(axis=1, keepdims=True), "nor has any other factor")
    alone = np.setdiff1d(returns["time"].values, dates)
    if len(alone):
        date = alone[0].astype("datetime64[D]")
        raise DataError(
            f"The panel has returns on {date}, and no factors.",
            series="panel",
            date=date,
            remedy="Supply the factors, or leave that date out of the returns.",
        )


@dataclass(frozen=True, eq=False)
class Panel:
    """Excess returns and factors on one calendar, with what is known about them.

    Attributes
    ----------
    returns : DataArray (time, asset)
        Simple excess returns, decimal, per period; NaN where the asset was not observed.
    factors : DataArray (time, factor)
        Factor values per period, transformed. Each factor has its own history: NaN before its first value,
        and no missing value after it. Histories may be longer than that of `returns`; every factor is known
        on every date of it.
    factor_info : tuple of Factor
        In the order of ``factors.factor``.
    groups : DataArray (asset)
        Name of each asset's group.
    calendar : Calendar
    notes : tuple of Note
        What was done to each series, and what looks wrong.

    Raises
    ------
    DataError
        When the factors are not as above; the error names the factor and the date.
    """

    returns: xr.DataArray
    factors: xr.DataArray
    factor_info: tuple[Factor, ...]
    groups: xr.DataArray
    calendar: Calendar
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        for name in ("returns", "factors", "groups"):
            object.__setattr__(self, name, _frozen(getattr(self, name)))
        _check_factors(self.returns, self.factors)

    @property
    def assets(self) -> tuple[str, ...]:
        """Names of the assets, in order."""
        return tuple(self.returns["asset"].values.tolist())

    @property
    def factor_names(self) -> tuple[str, ...]:
        """Names of the factors, in order."""
        return tuple(factor.name for factor in self.factor_info)

    @cached_property
    def group_names(self) -> tuple[str, ...]:
        """Names of the groups, in order of first appearance."""
        return tuple(dict.fromkeys(self.groups.values.tolist()))

    @property
    def families(self) -> tuple[str, ...]:
        """Names of the factor families, in order of first appearance."""
        return tuple(dict.fromkeys(factor.family for factor in self.factor_info))

    @property
    def periods_per_year(self) -> int:
        """Periods in a year: 365, 252, 52, 12, 4 or 1."""
        return self.calendar.periods_per_year

    @cached_property
    def aligned(self) -> np.ndarray:
        """Factor values (time, factor) on the dates of `returns` only."""
        values = self.factors.sel(time=self.returns["time"]).values.copy()
        values.flags.writeable = False
        return values

    @cached_property
    def fingerprint(self) -> str:
        """Hash of every value and label that a fit depends on (16 hexadecimal digits)."""
        digest = hashlib.sha256()
        for array in (self.returns, self.factors):
            values = np.where(np.isnan(array.values), np.nan, array.values)  # every NaN by the same bits
            digest.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
            digest.update(array["time"].values.astype("datetime64[ns]").astype("<i8").tobytes())
        labels = (self.assets, self.factor_info, tuple(self.groups.values.tolist()), self.calendar)
        digest.update(repr(labels).encode())
        return digest.hexdigest()[:16]

    def select(self, assets: Iterable[str] | None = None, factors: Iterable[str] | None = None) -> "Panel":
        """Return the panel of some of the assets and some of the factors, in the order given.

        Dates on which none of these factors had begun are left out; the dates of `returns` stay as they are.

        Raises
        ------
        SpecError
            When a name is not in the panel.
        """
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
        dated = chosen.notnull().any("factor") | chosen["time"].isin(self.returns["time"])
        return replace(
            self,
            returns=self.returns.sel(asset=keep),
            factors=chosen.isel(time=dated.values),
            factor_info=tuple(info[name] for name in names),
            groups=self.groups.sel(asset=keep),
            notes=tuple(note for note in self.notes if note.series in kept),
        )

    def describe(self) -> "Description":
        """Say what was done to each series, the span and count used, and what looks wrong.

        Returns
        -------
        Description
            Prints as text; its ``assets``, ``factors`` and ``warnings`` are DataFrames.
        """
        from bayesfactor.description import describe_panel

        return describe_panel(self)

    def __repr__(self) -> str:
        size = f"{len(self.assets)} assets, {len(self.factor_info)} factors, {self.returns.sizes['time']} periods"
        if not self.returns.sizes["time"]:
            return f"Panel({size}, {self.calendar.frequency})"
        first, last = self.returns["time"].values[[0, -1]].astype("datetime64[D]")
        return f"Panel({size} from {first} to {last}, {self.calendar.frequency}, {self.periods_per_year} a year)"
