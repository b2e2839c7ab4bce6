"""The panel: returns, factors and what is known about them, on one calendar."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import xarray as xr

from bayesfactor.errors import SpecError
from bayesfactor.fingerprints import fingerprint
from bayesfactor.moments import Moments, cross_products
from bayesfactor.panelbase import PanelBase, check_histories, frozen

SOURCES = (
    "alpha",
    "zero_beta",
    "residual",
    "idiosyncratic",
    "total",
)  # of an attribution, besides factors and families
NO_RATE = "no risk-free rate: returns are taken as excess returns"  # a note on a panel
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
    frequency : str
        ``daily``, ``business``, ``weekly``, ``monthly``, ``quarterly`` or ``annual``; of streamed bars any name.
    periods_per_year : int
        365, 252, 52, 12, 4 or 1; of streamed bars what it is: 525,600 minutes.
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


@dataclass(frozen=True, eq=False)
class Panel(PanelBase):
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
            object.__setattr__(self, name, frozen(getattr(self, name)))
        check_histories(self.factors, self.times)

    @property
    def times(self) -> np.ndarray:
        """Dates on which there are returns."""
        return self.returns["time"].values

    @cached_property
    def moments(self) -> Moments:
        """Cross-products of factors and returns over each asset's own dates."""
        return cross_products(self.returns.values, self.aligned)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of every value and label that a fit depends on (16 hexadecimal digits)."""
        return fingerprint(self, self.numbers())

    def numbers(self) -> Iterator[bytes]:
        """Yield every number and time that a fit depends on."""
        for array in (self.returns, self.factors):
            values = np.where(np.isnan(array.values), np.nan, array.values)  # every NaN by the same bits
            yield np.ascontiguousarray(values, dtype="<f8").tobytes()
            yield array["time"].values.astype("datetime64[ns]").astype("<i8").tobytes()

    def select(self, assets: Iterable[str] | None = None, factors: Iterable[str] | None = None) -> "Panel":
        """Return the panel of some of the assets and some of the factors, in the order given.

        Dates on which none of these factors had begun are left out; the dates of `returns` stay as they are.

        Raises
        ------
        SpecError
            When a name is not in the panel.
        """
        keep, shared = self._chosen(assets, factors)
        return replace(self, returns=self.returns.sel(asset=keep), **shared)

    def __repr__(self) -> str:
        size = f"{len(self.assets)} assets, {len(self.factor_info)} factors, {self.returns.sizes['time']} periods"
        if not self.returns.sizes["time"]:
            return f"Panel({size}, {self.calendar.frequency})"
        first, last = self.returns["time"].values[[0, -1]].astype("datetime64[D]")
        return f"Panel({size} from {first} to {last}, {self.calendar.frequency}, {self.periods_per_year} a year)"


def require_returns(panel: PanelBase, what: str = "This") -> Panel:
    """Return the panel, or say that `what` cannot be had from statistics.

    Raises
    ------
    SpecError
        When the panel holds statistics instead of returns.
    """
    if isinstance(panel, Panel):
        return panel
    raise SpecError(
        f"{what} needs every single return, and a {type(panel).__name__} holds only their cross-products.",
        place="panel",
        found=type(panel).__name__,
        allowed=("Panel",),
        remedy="Use a panel in memory (bf.integrate), of fewer assets or a coarser calendar.",
    )
