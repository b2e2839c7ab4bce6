"""Descriptions of a panel's series and calendar, and checks of complete factor histories."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import xarray as xr

from bayesfactor.base.errors import DataError
from bayesfactor.panel.moments import Moments

SOURCES = (
    "alpha",
    "zero_beta",
    "residual",
    "common residual",
    "idiosyncratic",
    "total",
)  # of an attribution, besides factors and families
NO_RATE = "no risk-free rate: returns are taken as excess returns"  # a note on a panel
Transform = Literal["none", "diff", "log_diff", "innovation"]
Aggregate = Literal["compound", "sum", "mean", "last"]


@dataclass(frozen=True)
class Factor:
    """Description of one factor.

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
    members : tuple of str
        The assets of which it is an index, where that is known.
    shares_price : bool
        Whether its value holds the assets' price, as a ratio to capitalisation does, and with it their return of the
        same period. Where rows of a panel are longer than its own periods, its lag is then a number of whole rows.
    frequency : str
        How often its values came, as `integrate` found it: daily, business, weekly, ...
    """

    name: str
    traded: bool = True
    family: str = "other"
    transform: Transform = "none"
    lag: int = 0
    aggregate: Aggregate = "compound"
    description: str = ""
    members: tuple[str, ...] = ()
    shares_price: bool = False
    frequency: str = ""


PERIODS = {
    "daily": "day", "business": "business day", "weekly": "week", "monthly": "month", "quarterly": "quarter",
    "annual": "year",
}  # fmt: skip


@dataclass(frozen=True)
class Calendar:
    """The frequency of a panel and its periods per year.

    Attributes
    ----------
    frequency : str
        ``daily``, ``business``, ``weekly``, ``monthly``, ``quarterly`` or ``annual``; any name for streamed bars.
    periods_per_year : int
        365, 252, 52, 12, 4 or 1; any number for streamed bars, such as 525,600 minutes.
    """

    frequency: str
    periods_per_year: int

    @property
    def period(self) -> str:
        """What one period is called: ``week`` of a weekly calendar, ``period`` of one of another name."""
        return PERIODS.get(self.frequency, "period")


@dataclass(frozen=True)
class Note:
    """One transformation of a series, or a warning about it.

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


class PanelFacts(Protocol):
    """The attributes of a panel that its description needs, whether it holds returns or their statistics."""

    @property
    def factors(self) -> xr.DataArray:
        """Values (time, factor), each from its own first date on."""

    @property
    def factor_info(self) -> tuple[Factor, ...]:
        """Description of each factor."""

    @property
    def groups(self) -> xr.DataArray:
        """Group of each asset."""

    @property
    def calendar(self) -> Calendar:
        """Frequency, and periods in a year."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was done to series, and warnings."""

    @property
    def assets(self) -> tuple[str, ...]:
        """Names of the assets."""

    @property
    def times(self) -> np.ndarray:
        """Dates on which there are returns."""

    @property
    def aligned(self) -> np.ndarray:
        """Factor values (time, factor) on these dates."""

    @property
    def moments(self) -> Moments:
        """Cross-products over each asset's own dates."""

    def spans(self) -> Iterator[np.ndarray]:
        """Yield first and last date of each asset, or an empty array without a return."""


def written(time: np.datetime64) -> str:
    """Return a time as a date, with the time of day unless it is midnight."""
    stamp, day = np.datetime64(time, "ns"), np.datetime64(time, "D")
    return str(day) if stamp == day else str(stamp).rstrip("0").rstrip(".").replace("T", " ")


def _day(time: np.datetime64) -> np.datetime64:
    return time.astype("datetime64[D]")


def _require_values(factors: xr.DataArray, lost: np.ndarray, what: str) -> None:
    """Raise a DataError for the first (date, factor) whose value is missing."""
    if lost.any():
        row, place = np.argwhere(lost)[0]
        name, date = str(factors["factor"].values[place]), factors["time"].values[row]
        raise DataError(
            f"Factor '{name}' has no value on {written(date)}, {what}.",
            series=name,
            date=_day(date),
            value=float(factors.values[row, place]),
            remedy="Supply it, or remove that date from factors and returns.",
        )


def check_histories(factors: xr.DataArray, times: np.ndarray) -> None:
    """Raise a DataError for a gap in a factor, a date without factors, or one of `times` without all of them."""
    known, dates = np.isfinite(factors.values), factors["time"].values
    _require_values(factors, np.logical_or.accumulate(known) & ~known, "after its first one")
    _require_values(factors, ~known & np.isin(dates, times)[:, None], "on which there are returns")
    _require_values(factors, ~known & ~known.any(axis=1, keepdims=True), "nor has any other factor")
    alone = np.setdiff1d(times, dates)
    if len(alone):
        raise DataError(
            f"The panel has returns on {written(alone[0])}, but no factors.",
            series="panel",
            date=_day(alone[0]),
            remedy="Supply the factors, or remove that date from the returns.",
        )
