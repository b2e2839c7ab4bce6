"""What it says of a panel that assets go with the factors of another row better than with those of their own."""

from collections.abc import Sequence

import numpy as np

from bayesfactor.errors import DataError
from bayesfactor.integration.inputs import Inputs
from bayesfactor.integration.intervals import stamps_of
from bayesfactor.integration.series import Series
from bayesfactor.panel import Note
from bayesfactor.screening.leadlag import Shift, lead_lag

_SURE, _LARGE = 4.0, 0.3  # ratio of squared correlations, and correlation, from which stamps are misread for certain
_NAMES = 12


def note_shifts(inputs: Inputs, returns: np.ndarray, factors: np.ndarray) -> list[Note]:
    """Warn of assets that go with a traded factor one row earlier or later clearly better than on the same row.

    `returns` (time, asset) and `factors` (time, factor) are those of the panel, on the rows that have returns.

    Raises
    ------
    DataError
        When that is so because a weekly or coarser series is stamped at the beginning of what it covers, and what it
        is compared with is finer or stamped at the end.
    """
    traded = [place for place, factor in enumerate(inputs.info) if factor.traded]
    found = lead_lag(returns, factors[:, traded])
    notes = []
    for place, number in enumerate(traded):
        for rows in (-1, 1):
            shifts = [one for one in found if one.factor == place and one.rows == rows]
            if shifts:
                _check_stamps(inputs.assets, inputs.factors[number], shifts)
                notes.append(_note([one.name for one in inputs.assets], inputs.factors[number].name, shifts))
    return notes


def _note(assets: Sequence[str], factor: str, shifts: list[Shift]) -> Note:
    shifts = sorted(shifts, key=lambda one: -abs(one.other))
    shown = [f"'{assets[one.asset]}' (correlation {one.other:.2f} against {one.same:.2f})" for one in shifts[:_NAMES]]
    more = f" and {len(shifts) - _NAMES} more" if len(shifts) > _NAMES else ""
    when = "before" if shifts[0].rows < 0 else "after"
    text = (
        f"goes better with '{factor}' of the row {when} than with that of its own row: {', '.join(shown)}{more}. Rows "
        "that do not cover the same interval look like this; so do markets that close before the factor's (Asian stocks "
        "and US factors), which are right"
    )
    return Note(assets[shifts[0].asset] if len(shifts) == 1 else "panel", "warning", text)


def _check_stamps(assets: Sequence[Series], factor: Series, shifts: list[Shift]) -> None:
    """Refuse stamps that say the beginning of an interval where its end is meant, or the other way round."""
    sure = [one for one in shifts if one.other**2 > _SURE * one.same**2 and abs(one.other) > _LARGE]
    finer = [place for place, one in enumerate(assets) if one.fine]
    for shift in sure:
        asset = assets[shift.asset]
        if asset.pattern == factor.pattern and _begins(asset) == _begins(factor):
            continue
        if not asset.fine and (shift.rows > 0 or _begins(asset)) and (factor.fine or _begins(asset)):
            raise _misread(asset, factor, shift)
        most = 2 * sum(one.asset in finer for one in sure) >= len(finer)
        if asset.fine and not factor.fine and most and (shift.rows < 0 or _begins(factor)):
            raise _misread(factor, asset, shift)


def _begins(series: Series) -> bool:
    return not series.fine and stamps_of(series).kind == "start"


def _misread(coarse: Series, other: Series, shift: Shift) -> DataError:
    read, meant = ("beginning", "end") if _begins(coarse) else ("end", "beginning")
    return DataError(
        f"'{coarse.name}' seems to be stamped at the {meant} of the {coarse.pattern} intervals that it covers, and is read "
        f"as stamped at the {read}: with '{other.name}' its correlation is {shift.same:.2f} on the same row, "
        f"and {shift.other:.2f} one row away.",
        series=coarse.name,
        date=coarse.dates[0],
        value=(shift.same, shift.other),
        remedy="Stamp each value on the last day of the interval that it covers: the day before the next stamp where "
        "stamps are beginnings, the day before the stamp where a first of the month ends the month before.",
    )
