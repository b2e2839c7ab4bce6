"""Warnings and errors where assets correlate better with the factors of another row than of their own."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bayesfactor.base.errors import DataError
from bayesfactor.data.integration.inputs import Inputs
from bayesfactor.data.integration.intervals import PERIODS, stamps_of
from bayesfactor.data.integration.series import Rows, Series
from bayesfactor.data.screening.extremes import winsorised
from bayesfactor.data.screening.lead_lag import ERROR_RATE, Shift, lead_lag
from bayesfactor.panel.records import Note

_MOST = 1 - 1e-9  # correlation of series that are the same
_ODDS = 5.0  # log odds above which one of two readings of a stamp is an error
_FEW = 3
_SUMMER = (4, 10)  # months in which clocks in the north are an hour ahead


def note_shifts(inputs: Inputs, rows: Rows, returns: np.ndarray, factors: np.ndarray) -> list[Note]:
    """Warn of assets that correlate with a traded factor some rows earlier or later better than on the same row.

    All of the rows are looked at, for each asset and for the average of them; then one half of the sample and the
    other, and summer and winter, as daylight saving and a change of vendor move some stamps only. `returns` (time,
    asset) and `factors` (time, factor) are those of the panel on `rows`.

    Raises
    ------
    DataError
        When that is so because a series is stamped at the first day of the month that follows what it covers.
    """
    traded = inputs.traded
    for number in traded:
        _check_beginnings(inputs.assets, inputs.factors[number], returns, factors[:, [number]])
    found = [(one, "") for one in lead_lag(returns, factors[:, traded], ERROR_RATE / 2)]
    found += _average(returns, factors[:, traded])
    seen = {(one.asset, one.factor) for one, _ in found}
    for when, mask in _parts(rows.ends).items():
        some = lead_lag(np.where(mask[:, None], returns, np.nan), factors[:, traded], ERROR_RATE / 16)
        found += [(one, when) for one in some if (one.asset, one.factor) not in seen]
        seen |= {(one.asset, one.factor) for one in some}
    notes = []
    for key in dict.fromkeys((one.factor, one.rows, when) for one, when in found):
        shifts = [one for one, when in found if (one.factor, one.rows, when) == key]
        factor = inputs.info[traded[key[0]]].name
        notes.append(_note([one.name for one in inputs.assets], factor, shifts, key[2]))
    return notes


def _average(returns: np.ndarray, factors: np.ndarray) -> list[tuple[Shift, str]]:
    """Return the shifts of the average asset, which tells more than any one of them; as asset -1."""
    if returns.shape[1] < _FEW:
        return []
    z, known, _ = winsorised(returns)
    mean = z.sum(axis=1) / np.where(known.any(axis=1), known.sum(axis=1), np.nan)
    return [(replace(one, asset=-1), "") for one in lead_lag(mean[:, None], factors, ERROR_RATE / 4)]


def _parts(ends: np.ndarray) -> dict[str, np.ndarray]:
    """Return the parts of a sample that may have stamps of their own: halves, and halves of the year."""
    first = np.arange(len(ends)) < len(ends) // 2
    month = ends.astype("datetime64[M]").astype(np.int64) % 12 + 1
    summer = (month >= _SUMMER[0]) & (month <= _SUMMER[1])
    return {
        " in the first half of the sample": first,
        " in the second half of the sample": ~first,
        " from April to October": summer,
        " from November to March": ~summer,
    }


def _note(assets: Sequence[str], factor: str, shifts: list[Shift], when: str) -> Note:
    shifts = sorted(shifts, key=lambda one: -abs(one.other))
    named = [f"'{assets[one.asset]}'" if one.asset >= 0 else "the average asset" for one in shifts]
    shown = [
        f"{name} (correlation {one.other:.2f} against {one.same:.2f})" for name, one in zip(named, shifts, strict=True)
    ]
    far = abs(shifts[0].rows)
    where = f"{far} row{'s' if far > 1 else ''} {'earlier' if shifts[0].rows < 0 else 'later'}"
    text = (
        f"{', '.join(shown)} {'goes' if len(shifts) == 1 else 'go'} better with '{factor}' {where} than on the "
        f"same row{when}. Rows that do not cover the same interval look like this: move the stamps of what is off. So "
        "do markets that close before the factor's (Asian stocks and US factors), which are right"
    )
    return Note(assets[shifts[0].asset] if len(shifts) == 1 and shifts[0].asset >= 0 else "panel", "warning", text)


def _begins(series: Series) -> bool:
    return not series.fine and len(series.dates) > 0 and stamps_of(series).kind == "start"


def _check_beginnings(assets: Sequence[Series], factor: Series, returns: np.ndarray, values: np.ndarray) -> None:
    """Raise an error for first days of months that are not those of the months that begin there, but of those that end.

    The two readings have the likelihoods of two regressions; the one in use is an error where the other is
    e^`_ODDS` times as likely.
    """
    for place, asset in enumerate(assets):
        if _begins(asset) == _begins(factor) or len(returns) < _FEW:
            continue
        coarse, other = (asset, factor) if _begins(asset) else (factor, asset)
        x = (values[1:], values[:-1]) if coarse is asset else (values[:-1], values[1:])
        y = returns[1:, [place]] if coarse is asset else returns[:-1, [place]]
        same, else_ = (_correlation(y, some) for some in x)
        odds = 0.5 * np.isfinite(y).sum() * np.log((1 - same**2) / (1 - else_**2))
        if odds > _ODDS:
            period = PERIODS[coarse.pattern]
            shift = Shift(place, 0, -1 if coarse is asset else 1, same, else_)
            remedy = f"Stamp each value on the last day of the {period} that it covers: index - pd.Timedelta(days=1)."
            raise _misread(coarse, other, shift, f"the {period} that ends there, not that begins there", remedy)


def _correlation(y: np.ndarray, x: np.ndarray) -> float:
    z = winsorised(np.where(np.isfinite(y), np.column_stack([y, x]), np.nan))[0]
    sizes = np.sqrt((z**2).sum(axis=0))
    return float(np.clip(z[:, 0] @ z[:, 1] / (sizes[0] * sizes[1]), -_MOST, _MOST)) if sizes.all() else 0.0


def _misread(coarse: Series, other: Series, shift: Shift, what: str, remedy: str) -> DataError:
    return DataError(
        f"Values of '{coarse.name}' ({coarse.pattern}, stamped {coarse.dates[0]}, ...) seem to cover {what}: with "
        f"'{other.name}' its correlation is {shift.same:.2f} on the same row, and {shift.other:.2f} one row away.",
        series=coarse.name,
        date=coarse.dates[0],
        value=(shift.same, shift.other),
        remedy=remedy,
    )
