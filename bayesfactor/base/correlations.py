"""Pairwise-complete correlations of all columns, in blocks of columns."""

from collections.abc import Iterator

import numpy as np

BLOCK = 256  # columns whose correlations are computed at once


def pairwise(
    values: np.ndarray, block: int = BLOCK, weight: np.ndarray | None = None
) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield correlations of a block of columns with all columns up to its last, and their numbers of common rows.

    Parameters
    ----------
    values : array (row, column)
        NaN where missing.
    block : int
        Columns at a time, so that memory does not grow with the square of their number.
    weight : array (row, column), optional
        A pair's rows have the weights sqrt(w_ti w_tj).

    Yields
    ------
    start : int
        Index of the first column of the block.
    correlation, count, size : arrays (column, column of the block)
        NaN for a constant column. Pairs within the block come twice, and each column is paired with itself. `size` is
        the effective number of common rows, (sum of weights)^2 over the sum of their squares: `count` without weights.
    """
    known = np.isfinite(values)
    size = known.astype(float) if weight is None else np.where(known, weight, 0.0)
    root = np.sqrt(size)
    centred = np.where(known, values, 0.0)
    whole_size = size.sum(axis=0)
    mean = (size * centred).sum(axis=0) / np.where(whole_size > 0, whole_size, 1.0)
    centred = np.where(known, centred - mean, 0.0)
    scaled, square, whole = root * centred, root * centred**2, weight is None and bool(known.all())
    for start in range(0, values.shape[1], block):
        upto, own = slice(0, start + block), slice(start, start + block)
        cross = scaled[:, upto].T @ scaled[:, own]
        with np.errstate(divide="ignore", invalid="ignore"):
            if whole:
                count = number = np.full(cross.shape, float(len(values)))
                spread = np.outer(square[:, upto].sum(axis=0), square[:, own].sum(axis=0))
            else:
                total = root[:, upto].T @ root[:, own]
                left, right = scaled[:, upto].T @ root[:, own], root[:, upto].T @ scaled[:, own]
                cross = cross - left * right / total
                spread = (square[:, upto].T @ root[:, own] - left**2 / total) * (
                    root[:, upto].T @ square[:, own] - right**2 / total
                )
                count = number = total
                if weight is not None:
                    count = known[:, upto].T.astype(float) @ known[:, own]
                    number = total**2 / (size[:, upto].T @ size[:, own])
            yield start, cross / np.sqrt(spread), count, number
