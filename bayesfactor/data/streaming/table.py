"""Factors and risk-free return at the times of streamed returns."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.data.calendars import FREQUENCIES
from bayesfactor.data.integration.frames import read_times
from bayesfactor.data.integration.info import read_factor_info
from bayesfactor.data.screening.columns import check_fields
from bayesfactor.data.screening.dates import strip_time
from bayesfactor.data.screening.rates import check_rate_size, note_rate
from bayesfactor.data.screening.returns import check_return_size
from bayesfactor.data.screening.timestamps import are_bars, check_zones, frame_words, times_of, whole_days
from bayesfactor.data.screening.units import large_return
from bayesfactor.data.streaming.choices import SHORTEST_YEAR
from bayesfactor.data.streaming.kernel import BLOCK
from bayesfactor.panel.records import NO_RATE, Calendar, Factor, Note, check_histories, written

NANOSECONDS = 365.25 * 86_400 * 1e9  # in a year
_BARS = "Say how many of them make a year, such as calendar=bf.Calendar('hour', 8760)."
AGGREGATES = {True: "compound", False: "sum"}  # by default, traded or not


@dataclass(frozen=True, eq=False)
class FactorTable:
    """The times at which every factor is known, and what stands beside a return then.

    Attributes
    ----------
    times : array (time) of int64
        Nanoseconds; in coordinated universal time when there is a zone.
    x : array (time, width)
        1, the factors, and zeros up to a multiple of four.
    rate : array (time)
        Risk-free return; NaN where none is given.
    zone : str
        Time zone that the files have to have; empty for none.
    large : float
        Size of return that the typical period of no asset exceeds.
    """

    times: np.ndarray
    x: np.ndarray
    rate: np.ndarray
    zone: str
    large: float

    @cached_property
    def blocks(self) -> np.ndarray:
        """Cross-products of every whole block of `BLOCK` times: (block, width, width)."""
        whole = len(self.x) // BLOCK
        some = self.x[: whole * BLOCK].reshape(whole, BLOCK, self.x.shape[1])
        return np.matmul(some.transpose(0, 2, 1), some)

    def label(self, stamp: int) -> str:
        """Write a time for an error."""
        return written(np.datetime64(int(stamp), "ns")) + (" UTC" if self.zone else "")


@dataclass(frozen=True, eq=False)
class Factors:
    """The factors of a stream: as the panel holds them, and the table for the rows."""

    values: xr.DataArray
    info: tuple[Factor, ...]
    table: FactorTable
    notes: tuple[Note, ...]


def read_factors(factors: Any, factor_info: Any, risk_free: Any, calendar: Calendar) -> Factors:
    """Check factors and risk-free return, and bring them to one table.

    Raises
    ------
    DataError, SpecError
        As `integrate`; and for a factor that is not ready to stand beside a return.
    """
    frame = read_times(factors, "factors")
    info = read_factor_info(factor_info, list(frame.columns))
    check_fields(frame[[one.name for one in info if one.traded]], "factors")
    for factor in info:
        _check_ready(factor)
    frame, notes = _own_span(frame)
    labels, instants, zone = _clock(_times(frame), calendar.frequency)
    values = xr.DataArray(
        frame.to_numpy(), {"time": labels, "factor": [one.name for one in info]}, ("time", "factor"), "factors"
    )
    known = np.isfinite(values.values)
    check_histories(values, labels[known.all(axis=1)])
    for place, factor in enumerate(info):
        if factor.traded:
            own = known[:, place]
            check_return_size(labels[own], values.values[own, place], factor.name, calendar.periods_per_year)
    common = known.all(axis=1)
    if not common.any():
        raise DataError(
            "No time has a value of every factor.", series="panel", remedy="Drop the factor that is not on their times."
        )
    if not common.all():
        text = f"returns are used from {written(labels[common][0])}, when the youngest factor begins"
        notes.append(Note("panel", "done", f"{text}; older factors keep their own history, for their means"))
    rate, more = _rate(risk_free, _times(frame)[common], calendar.periods_per_year)
    width = -(-(len(info) + 1) // 4) * 4
    x = np.zeros((int(common.sum()), width))
    x[:, 0], x[:, 1 : len(info) + 1] = 1.0, values.values[common]
    table = FactorTable(instants[common], x, rate, zone, large_return(calendar.periods_per_year))
    return Factors(values, info, table, (*notes, *more))


def _times(frame: pd.DataFrame) -> pd.DatetimeIndex:
    """Return the times of a frame that `read_times` has read."""
    assert isinstance(frame.index, pd.DatetimeIndex)
    return frame.index


def _check_ready(factor: Factor) -> None:
    """Raise an error for a factor that would have to be transformed, lagged or aggregated first."""
    usual = AGGREGATES[factor.traded]
    for key, found, allowed in (
        ("transform", factor.transform, "none"),
        ("lag", factor.lag, 0),
        ("aggregate", factor.aggregate, usual),
    ):
        if found != allowed:
            raise SpecError(
                f"factor_info['{factor.name}'].{key} is {found!r}: returns in files are met by factors as they are, at "
                "the same times.",
                place=f"factor_info['{factor.name}'].{key}",
                found=found,
                allowed=(str(allowed),),
                remedy=f"Make the series first (such as pandas' diff or shift), and leave '{key}' out or say 'none'.",
            )


def _own_span(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Note]]:
    """Cut the factors to the times from the first value of the oldest to the end of the first that ends."""
    empty = [str(name) for name in frame.columns if frame[name].isna().all()]
    if empty:
        raise DataError(f"Factor '{empty[0]}' has no value at all.", series=empty[0], remedy="Drop it.")
    times = _times(frame)
    known = {name: times[frame[name].notna().to_numpy()] for name in frame.columns}
    first, ends = min(own[0] for own in known.values()), {name: own[-1] for name, own in known.items()}
    early = min(ends, key=lambda name: ends[name])
    notes = []
    if ends[early] < max(ends.values()):
        text = f"the factors' common span ends {ends[early]}, with '{early}'"
        notes.append(Note("panel", "done", text))
    return frame.loc[first : ends[early]], notes


def _clock(index: pd.DatetimeIndex, frequency: str) -> tuple[np.ndarray, np.ndarray, str]:
    """Return labels for the panel, instants in nanoseconds, and the time zone.

    Labels are days where times are days, by the rule of every door; else universal time, on calendars of bars.
    """
    times = times_of(index)
    instants = (times.local if times.universal.hasnans else times.universal).to_numpy().astype("datetime64[ns]")
    found = whole_days(times)
    if found is None and frequency in FREQUENCIES:
        _require_whole_days(index, frequency)
    labels = instants if found is None else found[0].to_numpy().astype("datetime64[ns]")
    return labels, np.ascontiguousarray(instants.astype(np.int64)), str(index.tz or "")


def _require_whole_days(index: pd.DatetimeIndex, frequency: str) -> None:
    """Raise an error for times within the day on a calendar of days; times too close for it fail a later check."""
    bars = are_bars(times_of(index))
    usual = float(np.median(np.diff(index.to_numpy().astype("datetime64[ns]").astype(np.int64)))) if bars else 0.0
    if bars and usual / NANOSECONDS * FREQUENCIES[frequency] < SHORTEST_YEAR:
        return
    words = frame_words("factors", index.tz is not None)
    own = f"To keep them as they are: calendar=bf.Calendar('own', {FREQUENCIES[frequency]})."
    several = {"bars": f"there are several a day on a {frequency} calendar", "use": _BARS}
    strip_time(index, "factors", replace(words, **several) if bars else replace(words, also=own))


def _rate(risk_free: Any, index: pd.DatetimeIndex, year: int) -> tuple[np.ndarray, list[Note]]:
    """Return the risk-free return at each time, NaN where none is given, and a note."""
    if risk_free is None:
        note = Note("panel", "done", NO_RATE)
        return np.zeros(len(index)), [note]
    note = Note("panel", "done", "risk-free return subtracted")
    if isinstance(risk_free, int | float | np.number) and not isinstance(risk_free, bool):
        if not np.isfinite(risk_free):
            raise DataError(f"risk_free is {risk_free}.", series="risk_free", value=risk_free, remedy="Give a number.")
        given = np.array([float(risk_free)])
        check_rate_size(given, year)
        return np.full(len(index), given[0]), [note, *note_rate(given, year)]
    frame = read_times(risk_free.to_frame() if isinstance(risk_free, pd.Series) else risk_free, "risk_free")
    if frame.shape[1] != 1:
        raise DataError(
            f"risk_free has {frame.shape[1]} columns.", series="risk_free", remedy="Give the one to subtract."
        )
    zones = {what: str(times.tz or "") for what, times in (("factors", index), ("risk_free", _times(frame)))}
    check_zones(zones)
    series = frame.iloc[:, 0]
    known = series.dropna()
    check_rate_size(known.to_numpy(), year, known.index.to_numpy())
    return np.array(series.reindex(index), dtype=float), [note, *note_rate(known.to_numpy(), year)]
