"""Pairwise-complete correlations of all columns, in blocks of columns."""

from collections.abc import Iterator

import numpy as np

BLOCK = 256  # columns whose correlations are computed at once


def pairwise(values: np.ndarray, block: int = BLOCK) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield correlations of a block of columns with all columns up to its last, and their numbers of common rows.

    Parameters
    ----------
    values : array (row, column)
        NaN where missing.
    block : int
        Columns at a time, so that memory does not grow with the square of their number.

    Yields
    ------
    start : int
        Index of the first column of the block.
    correlation, count : arrays (column, column of the block)
        NaN for a constant column. Pairs within the block come twice, and each column is paired with itself.
    """
    known = np.isfinite(values)
    centred = np.where(known, values, 0.0)
    centred = np.where(known, centred - centred.sum(axis=0) / np.maximum(known.sum(axis=0), 1), 0.0)
    square, whole, seen = centred**2, bool(known.all()), known.astype(float)
    for start in range(0, values.shape[1], block):
        upto, own = slice(0, start + block), slice(start, start + block)
        cross = centred[:, upto].T @ centred[:, own]
        with np.errstate(divide="ignore", invalid="ignore"):
            if whole:
                count = np.full(cross.shape, float(len(values)))
                spread = np.outer(square[:, upto].sum(axis=0), square[:, own].sum(axis=0))
            else:
                count = seen[:, upto].T @ seen[:, own]
                left, right = centred[:, upto].T @ seen[:, own], seen[:, upto].T @ centred[:, own]
                cross = cross - left * right / count
                spread = (square[:, upto].T @ seen[:, own] - left**2 / count) * (
                    seen[:, upto].T @ square[:, own] - right**2 / count
                )
            yield start, cross / np.sqrt(spread), count
