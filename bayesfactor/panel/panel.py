"""The panel: returns, factors and their descriptions on one calendar."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import xarray as xr

from bayesfactor.base.errors import SpecError
from bayesfactor.base.records import frozen
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.dates import row_of
from bayesfactor.panel.fingerprints import fingerprint
from bayesfactor.panel.moments import Moments, cross_products
from bayesfactor.panel.records import Calendar, Factor, Note, check_histories


@dataclass(frozen=True, eq=False)
class Panel(PanelBase):
    """Excess returns and factors on one calendar, with their descriptions.

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
        What was done to each series, and warnings.

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

    def spans(self) -> Iterator[np.ndarray]:
        """Yield first and last date of each asset, or an empty array without a return."""
        for column in self.returns.values.T:
            yield self.times[~np.isnan(column)][[0, -1]] if np.isfinite(column).any() else self.times[:0]

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

    def without(self, *periods: object) -> "Panel":
        """Return the panel as if no return had been observed in some periods, whose factors stay: to leave them out.

        Parameters
        ----------
        *periods : str, date or numpy datetime64
            Dates of single periods, or what holds one: ``"2008-10-31"``, of a monthly panel ``"2008-10"``.

        Raises
        ------
        SpecError
            When one is no period of the panel.
        """
        kept = np.ones(len(self.times), dtype=bool)
        kept[[row_of(self.times, one, "Panel.without") for one in periods]] = False
        return replace(self, returns=self.returns.where(xr.DataArray(kept, dims="time")))

    def __repr__(self) -> str:
        size = f"{len(self.assets)} assets, {len(self.factor_info)} factors, {self.returns.sizes['time']} periods"
        if not self.returns.sizes["time"]:
            return f"Panel({size}, {self.calendar.frequency})"
        first, last = self.returns["time"].values[[0, -1]].astype("datetime64[D]")
        return f"Panel({size} from {first} to {last}, {self.calendar.frequency}, {self.periods_per_year} a year)"


def require_returns(panel: PanelBase, what: str = "This", instead: str = "") -> Panel:
    """Return the panel if it holds single returns, which `what` needs; `instead` is a remedy that comes first.

    Raises
    ------
    SpecError
        When the panel holds statistics instead of returns.
    """
    if isinstance(panel, Panel):
        return panel
    use = "use a panel in memory (bf.integrate), with fewer assets or a coarser calendar."
    raise SpecError(
        f"{what} needs single returns, but a {type(panel).__name__} holds only their cross-products.",
        place="panel",
        found=type(panel).__name__,
        allowed=("Panel",),
        remedy=f"{instead}, or {use}" if instead else use.capitalize(),
    )
