"""Checks of the factors on a panel's rows: constant, collinear, or more of them than dates."""

from collections.abc import Sequence

import numpy as np

from bayesfactor.base.errors import DataError
from bayesfactor.panel.moments import condition_number, never_varies
from bayesfactor.panel.records import Note

_EXACT = 1e8
_NEAR = 30.0


def _involved(values: np.ndarray, names: Sequence[str]) -> list[str]:
    """Names of the factors in the most nearly constant combination of them."""
    direction = np.linalg.svd((values - values.mean(axis=0)) / values.std(axis=0))[2][-1]
    return [name for name, part in zip(names, np.abs(direction), strict=True) if part > 0.2 * np.abs(direction).max()]


def check_rows(counts: np.ndarray, assets: Sequence[str], factors: int) -> None:
    """Raise an error for a panel in which no asset has more dates than coefficients; `counts` are the dates of each."""
    if counts.max() < factors + 1:
        best = int(counts.argmax())
        raise DataError(
            f"More coefficients than dates for all assets: {factors + 1} coefficients, and "
            f"'{assets[best]}', the longest, has {int(counts[best])} periods.",
            series=assets[best],
            value=int(counts[best]),
            remedy="Use fewer factors, a longer history, or a finer calendar.",
        )


def check_factors(values: np.ndarray, names: Sequence[str]) -> list[Note]:
    """Raise an error for constant and exactly collinear factors over the rows used; warn of nearly collinear ones."""
    still = never_varies(values)
    if still.any():
        name = names[int(still.argmax())]
        raise DataError(
            f"Factor '{name}' is constant ({values[0, int(still.argmax())]:.6g}) over the dates used.",
            series=name,
            value=float(values[0, int(still.argmax())]),
            remedy="Drop it: it cannot be told from alpha.",
        )
    condition = condition_number(values)
    if condition > _EXACT:
        involved = _involved(values, names)
        raise DataError(
            f"Factors {', '.join(map(repr, involved))} are collinear (condition number {condition:.2g}).",
            series=involved[0],
            value=condition,
            remedy="Drop one of them.",
        )
    if condition > _NEAR:
        close = ", ".join(map(repr, _involved(values, names)))
        text = f"factors {close} are nearly collinear: condition number {condition:.0f}"
        return [Note("panel", "warning", text)]
    return []


def constant_in_life(
    observed: np.ndarray, values: np.ndarray, assets: Sequence[str], factors: Sequence[str]
) -> list[Note]:
    """Warn of factors that do not move over the whole life of an asset."""
    notes = []
    for place, asset in enumerate(assets):
        rows = values[observed[:, place]]
        still = never_varies(rows) if len(rows) else np.zeros(len(factors), dtype=bool)
        for name in np.asarray(factors, dtype=object)[still]:
            text = f"factor '{name}' is constant over its whole life: the loading on it comes from the prior"
            notes.append(Note(asset, "warning", text))
    return notes
