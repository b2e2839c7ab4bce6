"""Series that are one and the same under two names."""

from collections.abc import Sequence

import numpy as np

from bayesfactor.moments import Moments
from bayesfactor.panel import Note

_ROWS = 20  # common rows from which a copy can be told
_SAME = 1 - 1e-4  # correlation of copies
_EQUAL, _SHARE = 1e-9, 0.95  # relative difference of equal values, and share of rows that have them
_BLOCK = 256


def _standardised(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, values, 0.0)
    return np.where(known, filled - filled.sum(axis=0) / count, 0.0), known.astype(float)


def copies(returns: np.ndarray) -> list[tuple[int, int, float]]:
    """Return the pairs of columns (time, asset) that are one series, and their correlation on the rows of both."""
    x, known = _standardised(returns)
    whole, found = bool(known.all()), []
    for start in range(0, x.shape[1], _BLOCK):
        upto = slice(0, start + _BLOCK)  # pairs are looked at once
        y, m = x[:, start : start + _BLOCK], known[:, start : start + _BLOCK]
        cross = x[:, upto].T @ y
        count: np.ndarray | float = float(len(x))
        spread = np.outer((x[:, upto] ** 2).sum(axis=0), (y**2).sum(axis=0))
        if not whole:
            count = known[:, upto].T @ m
            left, right = x[:, upto].T @ m, known[:, upto].T @ y
            with np.errstate(divide="ignore", invalid="ignore"):
                cross = cross - left * right / count
                spread = ((x[:, upto] ** 2).T @ m - left**2 / count) * (known[:, upto].T @ y**2 - right**2 / count)
        with np.errstate(divide="ignore", invalid="ignore"):
            correlation = cross / np.sqrt(spread)
        for one, other in np.argwhere((count >= _ROWS) & (correlation > _SAME)):
            if one < start + other:
                found.append((int(one), start + int(other), float(correlation[one, other])))
    return found


def note_copies(returns: np.ndarray, names: Sequence[str]) -> list[Note]:
    """Warn of assets that are the same series under two names."""
    return [_note(names[one], names[other], f" (correlation {found:.6f})") for one, other, found in copies(returns)]


def note_equal_moments(moments: Moments, names: Sequence[str]) -> list[Note]:
    """Warn of assets whose returns have the same cross-products, to the last digit: they are one series."""
    seen: dict[bytes, str] = {}
    notes = []
    for place, name in enumerate(names):
        key = np.concatenate([moments.xy[:, place], moments.yy[[place]], moments.count[[place]]]).tobytes()
        if moments.count[place] >= _ROWS and key in seen:
            notes.append(_note(seen[key], name, ""))
        seen.setdefault(key, name)
    return notes


def _note(one: str, other: str, found: str) -> Note:
    text = (
        f"the same series as '{one}'{found}: drop one of them, as the model takes their residuals as independent and "
        "would say that one hedges the other only in part"
    )
    return Note(other, "warning", text)


def note_gross(returns: np.ndarray, factors: np.ndarray, names: Sequence[str], drivers: Sequence[str]) -> list[Note]:
    """Warn of an asset that equals a traded factor before the risk-free rate is taken off it.

    `returns` (time, asset) are those before that, `factors` (time, factor) the traded factors on the same rows.
    """
    notes = []
    for place, name in enumerate(names):
        rows = np.isfinite(returns[:, place])
        if rows.sum() < _ROWS:
            continue
        own = returns[rows, place, None]
        equal = np.abs(own - factors[rows]) <= _EQUAL * np.abs(own) + 1e-15
        for driver in np.flatnonzero(equal.mean(axis=0) > _SHARE).tolist():
            text = (
                f"equals the traded factor '{drivers[driver]}' before the risk-free rate is taken off it: either the "
                "asset is an excess return already, or the factor is not one. As it is, its alpha is minus the rate"
            )
            notes.append(Note(name, "warning", text))
    return notes
