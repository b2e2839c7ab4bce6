"""The compiled loop over rows of (time, asset, return).

An asset's factors enter its cross-products through *which* times it was observed, not through its returns. The loop
therefore only counts on while an asset's times follow each other, and adds the cross-products of the factors for the
whole run of them when it ends: those of every whole block of times are made once and shared by all assets.
"""

import numpy as np

from bayesfactor.base.jit import jit_strict
from bayesfactor.data.screening.missing_codes import IN_RETURNS
from bayesfactor.data.screening.returns import HUGE

BLOCK = 16  # times whose cross-products are shared
FINE, ORDER, VALUE, NO_FACTORS, NO_RATE = range(5)
LATEST, STOP, START, EARLIEST, FIRST, LAST, ROWS, MISSING, OUTSIDE, LARGE, CODED, CODES = range(12)
CODE = tuple(float(code) for code in IN_RETURNS)  # marks count how often each comes, from CODES on; CODED: when first
MARKS = CODES + len(CODE)  # columns of what is remembered of each asset
_BELOW = max(CODE) + 1e-6
NEVER = np.iinfo(np.int64).min


@jit_strict
def _add_times(xx: np.ndarray, x: np.ndarray, start: int, stop: int) -> None:
    """Add the cross-products of rows start..stop to the upper triangle of xx, four by four."""
    four = x.shape[1] // 4
    for i in range(four):
        p = 4 * i
        for j in range(i, four):
            q = 4 * j
            c00 = c01 = c02 = c03 = c10 = c11 = c12 = c13 = 0.0
            c20 = c21 = c22 = c23 = c30 = c31 = c32 = c33 = 0.0
            for r in range(start, stop):
                a0, a1, a2, a3 = x[r, p], x[r, p + 1], x[r, p + 2], x[r, p + 3]
                b0, b1, b2, b3 = x[r, q], x[r, q + 1], x[r, q + 2], x[r, q + 3]
                c00, c01, c02, c03 = c00 + a0 * b0, c01 + a0 * b1, c02 + a0 * b2, c03 + a0 * b3
                c10, c11, c12, c13 = c10 + a1 * b0, c11 + a1 * b1, c12 + a1 * b2, c13 + a1 * b3
                c20, c21, c22, c23 = c20 + a2 * b0, c21 + a2 * b1, c22 + a2 * b2, c23 + a2 * b3
                c30, c31, c32, c33 = c30 + a3 * b0, c31 + a3 * b1, c32 + a3 * b2, c33 + a3 * b3
            for k, row in enumerate(
                ((c00, c01, c02, c03), (c10, c11, c12, c13), (c20, c21, c22, c23), (c30, c31, c32, c33))
            ):
                xx[p + k, q] += row[0]
                xx[p + k, q + 1] += row[1]
                xx[p + k, q + 2] += row[2]
                xx[p + k, q + 3] += row[3]


@jit_strict
def _add_run(xx: np.ndarray, x: np.ndarray, blocks: np.ndarray, start: int, stop: int) -> None:
    """Add the cross-products of a run of times: whole blocks from the shared table."""
    first = min(-(-start // BLOCK) * BLOCK, stop)
    last = max(first, stop // BLOCK * BLOCK)
    if start < first:
        _add_times(xx, x, start, first)
    for b in range(first // BLOCK, last // BLOCK):
        for i in range(x.shape[1]):
            for j in range(x.shape[1]):
                xx[i, j] += blocks[b, i, j]
    if last < stop:
        _add_times(xx, x, last, stop)


@jit_strict
def _end_run(
    slot: int, times: np.ndarray, x: np.ndarray, blocks: np.ndarray, xx: np.ndarray, marks: np.ndarray
) -> None:
    """Add the run of times of one asset to its sums."""
    start, stop = marks[slot, START], marks[slot, STOP]
    if start == stop:
        return
    _add_run(xx[slot], x, blocks, start, stop)
    if marks[slot, ROWS] == 0:
        marks[slot, FIRST] = times[start]
    marks[slot, LAST] = times[stop - 1]
    marks[slot, ROWS] += stop - start
    marks[slot, START] = marks[slot, STOP] = 0


@jit_strict
def add_rows(
    stamps: np.ndarray,
    scale: int,
    codes: np.ndarray,
    slots: np.ndarray,
    values: np.ndarray,
    large: float,
    times: np.ndarray,
    x: np.ndarray,
    rate: np.ndarray,
    blocks: np.ndarray,
    xx: np.ndarray,
    xy: np.ndarray,
    yy: np.ndarray,
    least: np.ndarray,
    marks: np.ndarray,
    seen: np.ndarray,
    place: np.ndarray,
) -> int:
    """Add rows to the sums of their assets; return `FINE`, or what is wrong with row number ``place[0]``.

    Parameters
    ----------
    stamps, scale : array (row), int
        Times as whole numbers; `scale` makes nanoseconds of them.
    codes, slots : array (row), array (code)
        Code of each row's asset, and where the sums of that asset are.
    values, large : array (row), float
        Returns, NaN where not traded; size above which one is counted as large.
    times, x, rate, blocks : arrays (time), (time, width), (time), (block, width, width)
        What stands beside a return: (1, f_t', 0...) and the risk-free return.
    xx, xy, yy, least : arrays (slot, width, width), (slot, width), (slot), (slot)
        Cross-products, and the least return.
    marks : array (slot, MARKS)
    seen : array (time)
        Whether any asset has a return then.
    place : array (1)
        The time at which to look first; in an error the row.
    """
    hint, end, width = place[0], len(times) - 1, x.shape[1]
    for n in range(len(stamps)):
        slot, stamp, value = slots[codes[n]], stamps[n] * scale, values[n]
        before = marks[slot, LATEST]
        if stamp <= before:
            place[0] = n
            return ORDER
        marks[slot, LATEST] = stamp
        if before == NEVER:
            marks[slot, EARLIEST] = stamp
        if np.isnan(value):
            marks[slot, MISSING] += 1
            continue
        if not (-1.0 <= value <= HUGE):
            place[0] = n
            return VALUE
        if times[hint] != stamp:
            hint = hint + 1 if hint < end else 0
            if times[hint] != stamp:
                if stamp < times[0] or stamp > times[end]:
                    marks[slot, OUTSIDE] += 1
                    continue
                hint = np.searchsorted(times, stamp)
                if times[hint] != stamp:
                    place[0] = n
                    return NO_FACTORS
        y = value - rate[hint]
        if np.isnan(y):
            place[0] = n
            return NO_RATE
        if hint != marks[slot, STOP]:
            _end_run(slot, times, x, blocks, xx, marks)
            marks[slot, START] = hint
        marks[slot, STOP] = hint + 1
        if abs(value) > large:
            marks[slot, LARGE] += 1
        if value < least[slot]:
            least[slot] = value
        if value < _BELOW:
            for j in range(len(CODE)):
                if abs(value - CODE[j]) <= 1e-7:
                    if marks[slot, CODED] == 0:
                        marks[slot, CODED] = stamp
                    marks[slot, CODES + j] += 1
        seen[hint] = True
        for j in range(width):
            xy[slot, j] += y * x[hint, j]
        yy[slot] += y * y
    place[0] = hint
    return FINE


@jit_strict
def end_runs(times: np.ndarray, x: np.ndarray, blocks: np.ndarray, xx: np.ndarray, marks: np.ndarray) -> None:
    """Add the runs of times that are still open."""
    for slot in range(len(marks)):
        _end_run(slot, times, x, blocks, xx, marks)
