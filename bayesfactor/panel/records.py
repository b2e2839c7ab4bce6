"""What is known about a panel's series beside their numbers, and what makes a history whole."""

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


class PanelFacts(Protocol):
    """What describes a panel, whether it holds returns or their statistics."""

    @property
    def factors(self) -> xr.DataArray:
        """Values (time, factor), each from its own first date on."""

    @property
    def factor_info(self) -> tuple[Factor, ...]:
        """What is known of each factor."""

    @property
    def groups(self) -> xr.DataArray:
        """Group of each asset."""

    @property
    def calendar(self) -> Calendar:
        """Frequency, and periods in a year."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was done to series, and what looks wrong."""

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
        """Yield first and last date of each asset, or nothing of one without a return."""


def written(time: np.datetime64) -> str:
    """Write a time as a date, with the time of day where there is one."""
    stamp, day = np.datetime64(time, "ns"), np.datetime64(time, "D")
    return str(day) if stamp == day else str(stamp).rstrip("0").rstrip(".").replace("T", " ")


def _day(time: np.datetime64) -> np.datetime64:
    return time.astype("datetime64[D]")


def _lacking(factors: xr.DataArray, lost: np.ndarray, what: str) -> None:
    """Refuse the first (date, factor) on which a value is lost."""
    if lost.any():
        row, place = np.argwhere(lost)[0]
        name, date = str(factors["factor"].values[place]), factors["time"].values[row]
        raise DataError(
            f"Factor '{name}' has no value on {written(date)}, {what}.",
            series=name,
            date=_day(date),
            value=float(factors.values[row, place]),
            remedy="Supply it, or leave that date out of the factors and the returns.",
        )


def check_histories(factors: xr.DataArray, times: np.ndarray) -> None:
    """Refuse factors with a hole, a date without any of them, or one of `times` (with returns) without all of them."""
    known, dates = np.isfinite(factors.values), factors["time"].values
    _lacking(factors, np.logical_or.accumulate(known) & ~known, "after its first one")
    _lacking(factors, ~known & np.isin(dates, times)[:, None], "on which there are returns")
    _lacking(factors, ~known & ~known.any(axis=1, keepdims=True), "nor has any other factor")
    alone = np.setdiff1d(times, dates)
    if len(alone):
        raise DataError(
            f"The panel has returns on {written(alone[0])}, and no factors.",
            series="panel",
            date=_day(alone[0]),
            remedy="Supply the factors, or leave that date out of the returns.",
        )
