"""A panel whose returns were reduced to cross-products: for data larger than memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import xarray as xr

from bayesfactor.base.records import frozen
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.fingerprints import fingerprint
from bayesfactor.panel.moments import Moments
from bayesfactor.panel.panel import require_returns
from bayesfactor.panel.records import Calendar, Factor, Note, check_histories, written


@dataclass(frozen=True, eq=False)
class PanelStatistics(PanelBase):
    """Factors and, in place of returns, their cross-products with the factors over each asset's own dates.

    Under normal noise these are sufficient, so that a fit equals that of the returns themselves up to rounding.
    Student-t noise, residuals and realised returns over a window need single returns and raise a SpecError.

    Attributes
    ----------
    moments : Moments
        S_i, b_i, q_i and T_i of excess returns, decimal, per period.
    observed : DataArray (time)
        Whether any asset has a return at each time of `factors`.
    first, last : DataArray (asset)
        Times of the first and the last return of each asset; NaT without one.
    factors : DataArray (time, factor)
        As in a Panel: each factor from its own first value on.
    factor_info : tuple of Factor
    groups : DataArray (asset)
    calendar : Calendar
    notes : tuple of Note

    Raises
    ------
    DataError
        When a factor has a gap, or is missing at a time with returns.
    """

    moments: Moments
    observed: xr.DataArray
    first: xr.DataArray
    last: xr.DataArray
    factors: xr.DataArray
    factor_info: tuple[Factor, ...]
    groups: xr.DataArray
    calendar: Calendar
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        for name in ("observed", "first", "last", "factors", "groups"):
            object.__setattr__(self, name, frozen(getattr(self, name)))
        check_histories(self.factors, self.times)

    @property
    def times(self) -> np.ndarray:
        """Times at which there are returns."""
        return self.factors["time"].values[self.observed.values]

    def spans(self) -> Iterator[np.ndarray]:
        """Yield first and last time of each asset, or nothing of one without a return."""
        for ends in np.column_stack([self.first.values, self.last.values]):
            yield ends[~np.isnat(ends)]

    @property
    def returns(self) -> xr.DataArray:
        """Raises a SpecError: a PanelStatistics has no single returns."""
        return require_returns(self).returns

    @cached_property
    def fingerprint(self) -> str:
        """Hash of every value and label that a fit depends on (16 hexadecimal digits)."""
        return fingerprint(self, self.numbers())

    def numbers(self) -> Iterator[bytes]:
        """Yield every number and time that a fit depends on."""
        sums = self.moments
        values = np.where(np.isnan(self.factors.values), np.nan, self.factors.values)  # every NaN by the same bits
        for array in (sums.xx, sums.xy, sums.yy, sums.count, values):
            yield np.ascontiguousarray(array, dtype="<f8").tobytes()
        for times in (self.factors["time"], self.first, self.last):
            yield times.values.astype("datetime64[ns]").astype("<i8").tobytes()
        yield self.observed.values.astype("u1").tobytes()

    def select(self, assets: Iterable[str] | None = None, factors: Iterable[str] | None = None) -> "PanelStatistics":
        """Return the panel of some of the assets and some of the factors, in the order given.

        Times at which none of these factors had begun are left out.

        Raises
        ------
        SpecError
            When a name is not in the panel.
        """
        keep, shared = self._chosen(assets, factors)
        place = {name: i for i, name in enumerate(self.assets)}
        number = {name: i + 1 for i, name in enumerate(self.factor_names)}
        columns = [0, *(number[factor.name] for factor in shared["factor_info"])]
        return replace(
            self,
            moments=self.moments.select([place[name] for name in keep], columns),
            observed=self.observed.sel(time=shared["factors"]["time"]),
            first=self.first.sel(asset=keep),
            last=self.last.sel(asset=keep),
            **shared,
        )

    def __repr__(self) -> str:
        size = f"{len(self.assets)} assets, {len(self.factor_info)} factors, {int(self.moments.count.sum())} returns"
        if not self.times.size:
            return f"PanelStatistics({size}, {self.calendar.frequency})"
        span = f"from {written(self.times[0])} to {written(self.times[-1])}"
        return f"PanelStatistics({size} {span}, {self.calendar.frequency}, {self.periods_per_year} a year)"
