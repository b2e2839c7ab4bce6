"""Screens of funding rates."""

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError

_TYPICAL, _HIGHEST = 0.003, 0.08  # of one payment, decimal: a median and a rate above which they are in per cent
_USUAL = 0.01  # per cent, the rate of most exchanges when a future stands at its index
_LOW = 3e-6  # a median below which rates in per cent were decimals already


def check_funding(frame: pd.DataFrame, lines: pd.Index, name: str, *, percent: bool) -> None:
    """Raise an error for rates whose size says another unit; `percent` is whether they were written in per cent."""
    size = frame["rate"].abs()
    known = size[size > 0.0]
    if not len(known):
        return
    middle, most = float(known.median()), float(size.max())
    often = float(np.isclose(size, _USUAL).mean()) >= 0.2
    if middle > _TYPICAL or most > _HIGHEST or often:
        at = int(np.isclose(size, _USUAL).argmax() if often else np.nan_to_num(size.to_numpy()).argmax())
        raise DataError(
            f"{name}, {lines.name} {lines[at]}: a rate of {frame['rate'].iloc[at]:g} ({100 * size.iloc[at]:g} % at one "
            f"payment; the typical one is {100 * middle:.3g} %) looks like per cent, read as decimal.",
            series="rate",
            date=frame.index[at],
            value=float(frame["rate"].iloc[at]),
            remedy="If they are in per cent: read_funding(path, units='percent'). If not, repair that line."
            if not percent
            else "Download the file again, or repair that line.",
        )
    if percent and middle < _LOW:
        raise DataError(
            f"{name}: the typical rate is {100 * middle:.3g} % at one payment: they are decimals, read as per cent.",
            series="rate",
            date=frame.index[0],
            value=middle,
            remedy="Leave units='percent' out.",
        )


def note_payments(frame: pd.DataFrame) -> list[str]:
    """Say which payments are absent, and where the hours between them change; `frame` has rate and hours, in order."""
    notes = []
    times, hours = pd.DatetimeIndex(frame.index), frame["hours"].to_numpy()
    step = np.diff(times.to_numpy()) / np.timedelta64(1, "h")
    absent = step > hours[1:] + 1e-9
    if absent.any():
        count = int(np.round((step[absent] - hours[1:][absent]) / hours[1:][absent]).sum())
        notes.append(f"{count} payments are absent, and were not filled: the first after {times[:-1][absent][0]}")
    change = np.flatnonzero(np.diff(hours))
    if len(change):
        at = int(change[0])
        notes.append(f"payments are for {hours[at]:g} hours, and for {hours[at + 1]:g} from {times[at + 1]}")
    if frame["rate"].isna().any():
        notes.append(f"{int(frame['rate'].isna().sum())} payments have no rate, and were not filled")
    return notes
