"""Winsorised columns."""

import numpy as np

_FAR = 2.5  # standard deviations


def winsorised(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return columns (time, series) around their mean and over their standard deviation, zero where missing.

    Values beyond 2.5 standard deviations count as that far, twice over: a few extreme days tell little of the others.
    Returned are also what is known (1, else 0), and the size of one unit of each column.
    """
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    away, unit = np.where(known, values, 0.0), np.ones(values.shape[1])
    for _ in range(2):
        away = np.where(known, away - away.sum(axis=0) / count, 0.0)
        size = np.sqrt((away**2).sum(axis=0) / count)
        away = np.clip(away / np.where(size > 0, size, np.inf), -_FAR, _FAR)
        unit = unit * size
    return away, known.astype(float), unit
