"""What it says of a panel that assets go with the factors of another row better than with those of their own."""

from collections.abc import Sequence

import numpy as np

from bayesfactor.errors import DataError
from bayesfactor.integration.inputs import Inputs
from bayesfactor.integration.intervals import PERIODS, stamps_of
from bayesfactor.integration.series import Series
from bayesfactor.panel import Note
from bayesfactor.screening.leadlag import Shift, lead_lag

_SURE, _LARGE = 4.0, 0.3  # ratio of squared correlations, and correlation, from which stamps are misread for certain
_SOME = 0.05  # error rate where stamps have two meanings
_NAMES = 12


def note_shifts(inputs: Inputs, returns: np.ndarray, factors: np.ndarray) -> list[Note]:
    """Warn of assets that go with a traded factor one row earlier or later clearly better than on the same row.

    `returns` (time, asset) and `factors` (time, factor) are those of the panel, on the rows that have returns.

    Raises
    ------
    DataError
        When that is so because a weekly or coarser series is stamped at the other end of what it covers.
    """
    notes = []
    for number, (factor, known) in enumerate(inputs.known):
        if not known.traded:
            continue
        _check_beginnings(inputs.assets, factor, returns, factors[:, [number]])
    traded = [place for place, factor in enumerate(inputs.info) if factor.traded]
    found = lead_lag(returns, factors[:, traded])
    for place, number in enumerate(traded):
        for rows in (-1, 1):
            shifts = [one for one in found if one.factor == place and one.rows == rows]
            if shifts:
                _check_ends(inputs.assets, inputs.factors[number], shifts)
                notes.append(_note([one.name for one in inputs.assets], inputs.factors[number].name, shifts))
    return notes


def _note(assets: Sequence[str], factor: str, shifts: list[Shift]) -> Note:
    shifts = sorted(shifts, key=lambda one: -abs(one.other))
    shown = [f"'{assets[one.asset]}' (correlation {one.other:.2f} against {one.same:.2f})" for one in shifts[:_NAMES]]
    more = f" and {len(shifts) - _NAMES} more" if len(shifts) > _NAMES else ""
    when = "before" if shifts[0].rows < 0 else "after"
    text = (
        f"goes better with '{factor}' of the row {when} than with that of its own row: {', '.join(shown)}{more}. Rows "
        "that do not cover the same interval look like this; so do markets that close before the factor's (Asian "
        "stocks and US factors), which are right"
    )
    return Note(assets[shifts[0].asset] if len(shifts) == 1 else "panel", "warning", text)


def _begins(series: Series) -> bool:
    return not series.fine and len(series.dates) > 0 and stamps_of(series).kind == "start"


def _check_beginnings(assets: Sequence[Series], factor: Series, returns: np.ndarray, values: np.ndarray) -> None:
    """Refuse first days of months that are not those of the months that begin there, but of those that end."""
    unlike = [place for place, one in enumerate(assets) if _begins(one) != _begins(factor)]
    for place in unlike:
        asset = assets[place]
        wanted, coarse, other = (-1, asset, factor) if _begins(asset) else (1, factor, asset)
        for shift in lead_lag(returns[:, [place]], values, _SOME / len(unlike)):
            if shift.rows == wanted:
                period = PERIODS[coarse.pattern]
                remedy = (
                    f"Stamp each value on the last day of the {period} that it covers: index - pd.Timedelta(days=1)."
                )
                raise _misread(coarse, other, shift, f"the {period} that ends there, not that begins there", remedy)


def _check_ends(assets: Sequence[Series], factor: Series, shifts: list[Shift]) -> None:
    """Refuse stamps at the beginning of an interval, where a coarse series meets finer ones."""
    sure = [one for one in shifts if one.other**2 > _SURE * one.same**2 and abs(one.other) > _LARGE]
    fine = [place for place, one in enumerate(assets) if one.fine]
    most = 2 * sum(one.asset in fine for one in sure) >= len(fine)
    for shift in sure:
        asset = assets[shift.asset]
        if shift.rows > 0 and factor.fine and not asset.fine:
            coarse, other = asset, factor
        elif shift.rows < 0 and asset.fine and not factor.fine and most:
            coarse, other = factor, asset
        else:
            continue
        remedy = (
            "Stamp each value on the last day of the interval that it covers: the next stamp, or the day before it."
        )
        raise _misread(coarse, other, shift, "what follows its stamps, not what precedes them", remedy)


def _misread(coarse: Series, other: Series, shift: Shift, what: str, remedy: str) -> DataError:
    return DataError(
        f"Values of '{coarse.name}' ({coarse.pattern}, stamped {coarse.dates[0]}, ...) seem to cover {what}: with "
        f"'{other.name}' its correlation is {shift.same:.2f} on the same row, and {shift.other:.2f} one row away.",
        series=coarse.name,
        date=coarse.dates[0],
        value=(shift.same, shift.other),
        remedy=remedy,
    )
