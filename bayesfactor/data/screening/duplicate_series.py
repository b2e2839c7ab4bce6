"""Duplicate series: the same values under two names."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayesfactor.base.correlations import pairwise
from bayesfactor.data.screening.extremes import winsorised
from bayesfactor.panel.moments import Moments
from bayesfactor.panel.records import Note

_ROWS = 20  # common rows from which a copy can be told
_SAME = 1 - 1e-4  # correlation of copies
_NEAR, _KEPT, _EXACT = 0.8, 0.95, 1 - 1e-5  # of copies with bad quotes: winsorised, share of rows kept, and on these
_EQUAL, _SHARE = 1e-9, 0.95  # relative difference of equal values, and share of rows that have them
_SLOPE, _REST = 0.01, 0.02  # of an asset that is a factor: slope less 1; residual over factor, standard deviations


@dataclass(frozen=True)
class Copy:
    """Two columns that hold the same series.

    Attributes
    ----------
    one, other : int
        Their positions.
    correlation : float
        On common rows; without the worst of them when `kept` is below 1.
    kept : float
        Share of common rows on which they agree.
    equal : bool
        Whether they have the same values.
    """

    one: int
    other: int
    correlation: float
    kept: float
    equal: bool


def copies(returns: np.ndarray) -> list[Copy]:
    """Return the pairs of columns (time, asset) that are the same series up to scale, sign and a few bad values."""
    calm, found = np.where(np.isfinite(returns), winsorised(returns)[0], np.nan), []
    for (start, correlation, count, _), (_, without, _, _) in zip(pairwise(returns), pairwise(calm), strict=True):
        before = np.arange(correlation.shape[0])[:, None] < start + np.arange(correlation.shape[1])
        may = before & (count >= _ROWS)
        near = np.where(may, np.abs(without), 0.0)
        pairs = may & (np.abs(correlation) > _SAME)
        for one, other in np.argwhere(pairs):
            a, b = _both(returns, int(one), start + int(other))
            found.append(Copy(int(one), start + int(other), float(correlation[one, other]), 1.0, _are_equal(a, b)))
        best = np.nan_to_num(near).argmax(axis=0)
        for other in np.flatnonzero(~pairs.any(axis=0)):
            one = int(best[other])
            if near[one, other] > _NEAR and (copy := _bad_quotes(returns, one, start + int(other))):
                found.append(copy)
    return found


def _both(returns: np.ndarray, one: int, other: int) -> tuple[np.ndarray, np.ndarray]:
    rows = np.isfinite(returns[:, one]) & np.isfinite(returns[:, other])
    return returns[rows, one], returns[rows, other]


def _are_equal(a: np.ndarray, b: np.ndarray) -> bool:
    return float((np.abs(a - b) <= _EQUAL * np.abs(a) + 1e-15).mean()) >= _SHARE


def _bad_quotes(returns: np.ndarray, one: int, other: int) -> Copy | None:
    """Return two columns as a copy if they agree up to scale on all but a few rows."""
    a, b = _both(returns, one, other)
    turn = 1.0 if winsorised(a[:, None])[0][:, 0] @ winsorised(b[:, None])[0][:, 0] > 0 else -1.0
    size = np.median(np.abs(a - np.median(a)))
    scale = turn * np.median(np.abs(b - np.median(b))) / size if size > 0 else 0.0
    rest = np.abs(b - np.median(b) - scale * (a - np.median(a)))
    kept = rest <= np.quantile(rest, _KEPT)
    if kept.sum() < _ROWS or not (np.std(a[kept]) > 0 and np.std(b[kept]) > 0):
        return None
    correlation = float(np.corrcoef(a[kept], b[kept])[0, 1])
    if not abs(correlation) > _EXACT:
        return None
    return Copy(one, other, correlation, float(kept.mean()), _are_equal(a, b))


def note_copies(returns: np.ndarray, names: Sequence[str]) -> list[Note]:
    """Warn of assets that are the same series under two names."""
    return [_note(copy, names[copy.one], names[copy.other]) for copy in copies(returns)]


def note_equal_moments(moments: Moments, names: Sequence[str]) -> list[Note]:
    """Warn of assets whose returns have exactly the same cross-products, up to sign."""
    seen: dict[bytes, tuple[str, bool]] = {}
    notes = []
    for place, name in enumerate(names):
        cross = moments.xy[:, place]
        turned = bool(cross[0] < 0)
        sums = (np.abs(cross[:1]), cross[1:] * (-1.0 if turned else 1.0) + 0.0)
        key = np.concatenate([*sums, moments.yy[[place]], moments.count[[place]]]).tobytes()
        other, its = seen.setdefault(key, (name, turned))
        if moments.count[place] >= _ROWS and other != name:
            words = "the same series as" if its == turned else "moves exactly against"
            notes.append(_warn(name, f"{words} '{other}'"))
    return notes


def _note(copy: Copy, one: str, other: str) -> Note:
    on = f" on {copy.kept:.0%} of the rows of both" if copy.kept < 1 else ""
    found = f" (correlation {copy.correlation:.6f}{on})"
    if copy.equal:
        return _warn(other, f"the same series as '{one}'{found}")
    if copy.correlation < 0:
        return _warn(other, f"moves exactly against '{one}'{found}, the same series as it with the sign turned")
    return _warn(other, f"moves exactly with '{one}'{found}, the same series as it but for its size or rounding")


def _warn(name: str, text: str) -> Note:
    why = "drop one of them, as the model takes their residuals as independent and would say that one hedges the other "
    return Note(name, "warning", f"{text}: {why}only in part")


def note_gross(
    returns: np.ndarray, factors: np.ndarray, names: Sequence[str], drivers: Sequence[str], rate: np.ndarray
) -> list[Note]:
    """Warn of an asset that equals a traded factor before the risk-free rate is subtracted from it.

    It does where it moves as the factor does, and its mean is nearer to the factor's than to that and the rate's.
    `returns` (time, asset) are those before that, `factors` (time, factor) the traded factors on the same rows, and
    `rate` (time) is the risk-free return.
    """
    notes = []
    f = factors - factors.mean(axis=0)
    for place, name in enumerate(names):
        rows = np.isfinite(returns[:, place])
        if rows.sum() < _ROWS:
            continue
        own, fixed = returns[rows, place, None], rate[rows].mean()
        apart, driver = own - factors[rows], f[rows] - f[rows].mean(axis=0)
        spread = (driver**2).mean(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = (driver * apart).mean(axis=0) / spread  # less 1
            rest = np.sqrt(np.maximum(apart.var(axis=0) - slope**2 * spread, 0.0) / spread)
        near = np.abs(apart.mean(axis=0)) < np.abs(apart.mean(axis=0) - fixed)
        for one in np.flatnonzero((np.abs(slope) < _SLOPE) & (rest < _REST) & near).tolist():
            text = (
                f"equals the traded factor '{drivers[one]}' before the risk-free rate is taken off it: either the "
                "asset is an excess return already, or the factor is not one. As it is, its alpha is minus the rate"
            )
            notes.append(Note(name, "warning", text))
    return notes
