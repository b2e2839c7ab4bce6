"""Notes on what was done to each series."""

import numpy as np

from bayesfactor.data.integration.series import Rows, Series
from bayesfactor.panel.records import Factor, Note

_MANY = 0.1  # share of an asset's rows that are dropped
_HOW = {
    "compound": "{} compounded to {}",
    "sum": "{} summed to {}",
    "mean": "{} averaged to {}",
    "last": "last {} value of each {} row",
}
_THEN = {
    "none": "",
    "diff": "then differenced",
    "log_diff": "then differenced in logs",
    "innovation": "then the residual of an AR(1)",
}


def note_asset(series: Series, rows: Rows, used: np.ndarray, excess: bool) -> list[Note]:
    """Say what was done to an asset; `used` marks the rows on which it has a return."""
    if not used.any():
        what = "no row of the panel has a return of it" if len(series.dates) else "it has no value at all"
        return [Note(series.name, "warning", f"{what}: only its group speaks for it")]
    texts = []
    if series.pattern != rows.frequency:
        texts.append(f"{series.pattern} compounded to {rows.frequency}")
    if excess:
        texts.append("risk-free subtracted")
    by_date = series.fine or rows.stamped
    place = series.dates if by_date else rows.numbers(series.dates)
    first, last = (rows.starts[0], rows.ends[-1]) if by_date else (rows.low[0], rows.high[-1])
    outside = int(((place <= first) | (place > last)).sum())
    if outside:
        texts.append(f"{outside} dates outside the factors' common span")
    ends = rows.ends if by_date else rows.high
    lost = int(((ends >= place[0]) & (ends <= place[-1]) & ~used).sum())
    notes = [Note(series.name, "done", text) for text in texts]
    if lost:
        most = lost > _MANY * (lost + int(used.sum()))
        text = f"{lost} rows dropped: not covered exactly by its own dates"
        notes.append(Note(series.name, "warning" if most else "done", text))
    return notes


def note_factor(series: Series, factor: Factor, rows: Rows, excess: bool, moved: int) -> list[Note]:
    """Say what was done to a factor: whether the risk-free rate was subtracted, and by how many rows it was moved."""
    texts = []
    if moved:
        texts.append(
            f"lagged by {moved} whole {rows.frequency} row{'s' if moved > 1 else ''}: it shares the price with the "
            f"return, and {factor.lag} of its own {series.pattern} values before the end of a row may be inside it"
        )
    elif factor.lag:
        texts.append(f"lagged by {factor.lag} of its own {series.pattern} values")
    if series.pattern != rows.frequency:
        texts.append(_HOW[factor.aggregate].format(series.pattern, rows.frequency))
    if excess:
        texts.append("risk-free subtracted")
    if _THEN[factor.transform]:
        texts.append(_THEN[factor.transform].removeprefix("then " if not texts else ""))
    place = series.dates if series.fine or rows.stamped else rows.numbers(series.dates)
    last = rows.ends[-1] if series.fine or rows.stamped else rows.high[-1]
    outside = int((place > last).sum())
    if outside:
        texts.append(f"{outside} dates after the last row")
    return [Note(series.name, "done", text) for text in texts]


def mark_shared(notes: list[Note], role: str, shared: set[str]) -> list[Note]:
    """Say for which of the two a note is, where an asset and a factor share a name."""
    return [
        Note(note.series, note.kind, f"as {role}: {note.text}") if note.series in shared else note for note in notes
    ]
