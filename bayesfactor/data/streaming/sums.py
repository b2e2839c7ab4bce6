"""Cross-products summed over one file, and over several."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bayesfactor.base.errors import DataError
from bayesfactor.data.screening.missing_codes import THREE_NINES, which_codes
from bayesfactor.data.streaming import kernel
from bayesfactor.data.streaming.files import Batch, Columns, batches
from bayesfactor.data.streaming.kernel import CODE, CODED, CODES, EARLIEST, FIRST, LAST, LATEST, MARKS, NEVER, ROWS
from bayesfactor.data.streaming.table import FactorTable

_NULL = "Write a null in its place, or drop those rows."
FIELDS = ("xx", "xy", "yy", "least", "marks")  # what is kept of each asset


@dataclass(frozen=True, eq=False)
class Sums:
    """What is kept of the rows of each asset.

    Attributes
    ----------
    places : dict of str to int
        Name of each asset -> where its sums are.
    xx, xy, yy : arrays (slot, width, width), (slot, width), (slot)
        Cross-products; of the first, the upper triangle.
    least : array (slot)
        Least return; positive infinity without one.
    marks : array (slot, MARKS) of int64
        First and last time, counts: see `kernel`.
    seen : array (time)
        Whether any asset has a return then.
    """

    places: dict[str, int]
    xx: np.ndarray
    xy: np.ndarray
    yy: np.ndarray
    least: np.ndarray
    marks: np.ndarray
    seen: np.ndarray

    @classmethod
    def empty(cls, table: FactorTable) -> "Sums":
        """Return sums of no asset."""
        times, width = table.x.shape
        return cls(
            {},
            np.zeros((0, width, width)),
            np.zeros((0, width)),
            np.zeros(0),
            np.zeros(0),
            np.zeros((0, MARKS), dtype=np.int64),
            np.zeros(times, dtype=bool),
        )

    def make_room(self, names: Iterable[str]) -> "Sums":
        """Return sums with a place for each of these assets."""
        new = [name for name in dict.fromkeys(names) if name not in self.places]
        if not new:
            return self
        places = self.places | {name: len(self.places) + i for i, name in enumerate(new)}
        if len(places) <= len(self.yy):
            return replace(self, places=places)
        more = max(2 * len(self.yy), len(places)) - len(self.yy)
        grown = {name: _longer(getattr(self, name), more) for name in FIELDS}
        grown["least"][len(self.yy) :] = np.inf
        grown["marks"][len(self.yy) :, [EARLIEST, LATEST]] = NEVER
        return replace(self, places=places, **grown)

    def at(self, names: Iterable[str]) -> np.ndarray:
        """Return where the sums of these assets are."""
        return np.array([self.places[name] for name in names], dtype=np.int64)


def _longer(array: np.ndarray, more: int) -> np.ndarray:
    return np.concatenate([array, np.zeros((more, *array.shape[1:]), array.dtype)])


def reduce_file(path: Path, columns: Columns, table: FactorTable) -> Sums:
    """Return the sums of one file, of the assets that have a row in it.

    Raises
    ------
    DataError
        For rows of an asset that are not in order of time, returns that are none, and times without factors.
    """
    sums, place = Sums.empty(table), np.zeros(1, dtype=np.int64)
    last, slots = None, np.zeros(0, dtype=np.int64)
    for batch in batches(path, columns):
        if last is None or not batch.assets.equals(last):
            last, names = batch.assets, [str(name) for name in batch.assets.to_pylist()]
            sums = sums.make_room(names)
            slots = sums.at(names)
        arrays = (sums.xx, sums.xy, sums.yy, sums.least, sums.marks, sums.seen)
        beside = (table.times, table.x, table.rate, table.blocks)
        rows = (batch.stamps, batch.scale, batch.codes, slots, batch.values, table.large)
        found = kernel.add_rows(*rows, *beside, *arrays, place)
        if found != kernel.FINE:
            raise _wrong(found, batch, int(place[0]), sums, path, table)
    kernel.end_runs(table.times, table.x, table.blocks, sums.xx, sums.marks)
    seen = [name for name, at in sums.places.items() if sums.marks[at, LATEST] != NEVER]
    at = sums.at(seen)
    kept = {name: getattr(sums, name)[at] for name in FIELDS}
    _check_codes(seen, kept["marks"], table, f"in {path.name}")
    return replace(sums, places={name: i for i, name in enumerate(seen)}, **kept)


def _check_codes(names: list[str], marks: np.ndarray, table: FactorTable, where: str) -> None:
    """Raise an error for a missing-value code that repeats in an asset, or one of four nines in two assets."""
    counts = marks[:, CODES:]
    nines = np.array(CODE) < THREE_NINES
    again = (counts > 1) | ((counts > 0) & nines & (counts.sum(axis=0) > 1))
    if again.any():
        at, place = (int(i) for i in np.argwhere(again)[0])
        stamp = int(marks[at, CODED])
        raise DataError(
            f"'{names[at]}' returns {CODE[place]:.8g} on {table.label(stamp)} {where}, and {counts[:, place].sum()} "
            "times in all: a code for a missing value, not a return.",
            series=names[at],
            date=np.datetime64(stamp, "ns"),
            value=CODE[place],
            remedy=_NULL,
        )


def _wrong(found: int, batch: Batch, row: int, sums: Sums, path: Path, table: FactorTable) -> DataError:
    """Say what is wrong with a row."""
    name, value = str(batch.assets[int(batch.codes[row])]), float(batch.values[row])
    stamp = int(batch.stamps[row]) * batch.scale
    time, where = table.label(stamp), f"in {path.name}"
    match found:
        case kernel.ORDER if stamp == sums.marks[sums.places[name], LATEST]:
            text, remedy = f"'{name}' has two rows of {time} {where}.", "Keep one row for each asset and time."
        case kernel.ORDER:
            text = f"The rows of '{name}' {where} are not in order of time: {time} comes after a later time."
            remedy = "Sort each file by time, or by asset and time."
        case kernel.VALUE if np.isinf(value):
            text = f"The return of '{name}' is infinite on {time} {where}."
            remedy = "Look for a price of zero before it; put a missing value there, or drop the row."
        case kernel.VALUE if not np.isnan(which_codes(np.array([value]))[0]):
            text = f"'{name}' returns {value:.8g} on {time} {where}: a code for a missing value, or per cent?"
            remedy = f"{_NULL} Give decimals (0.01 for one per cent)."
        case kernel.VALUE if value < 0:
            text = f"'{name}' returns {value:.4g} on {time} {where}, a loss of more than everything."
            remedy = "Give decimals (0.01 for one per cent); of log returns take numpy.expm1."
        case kernel.VALUE:
            text = f"'{name}' returns {value:.4g} on {time} {where}: no return is that large."
            remedy = "Correct it; if the column holds prices, make simple returns of them first."
        case kernel.NO_RATE:
            text = f"risk_free has no value on {time}, on which '{name}' has a return {where}."
            remedy = "Supply it, or drop that time."
        case _:
            text = f"The factors have no row of {time}, on which '{name}' has a return {where}."
            remedy = "Give the factors on the times of the returns, or drop those rows."
    return DataError(text, series=name, date=np.datetime64(stamp, "ns"), value=value, remedy=remedy)


@dataclass(frozen=True, eq=False)
class Span:
    """From when to when the assets of one file have rows in it.

    Attributes
    ----------
    path : Path
    at : array (asset)
        Where their sums are in the total.
    earliest, latest : array (asset)
    """

    path: Path
    at: np.ndarray
    earliest: np.ndarray
    latest: np.ndarray


def join(total: Sums, part: Sums, path: Path, past: list[Span], table: FactorTable) -> Sums:
    """Add the sums of one file to those of the files before it, and its span to theirs (`past`).

    Raises
    ------
    DataError
        When an asset has rows in two files over the same span, so that some might count twice.
    """
    total = total.make_room(part.places)
    at = total.at(part.places)
    old, new = total.marks[at], part.marks
    fresh = old[:, LATEST] == NEVER
    apart = fresh | (new[:, EARLIEST] > old[:, LATEST]) | (new[:, LATEST] < old[:, EARLIEST])
    span = Span(path, at, new[:, EARLIEST].copy(), new[:, LATEST].copy())  # not the whole of the marks
    if not apart.all():
        _check_apart(span, ~apart, list(part.places), past, table)
    past.append(span)
    marks = old + new
    for first, last, had, has in (
        (EARLIEST, LATEST, ~fresh, np.ones_like(fresh)),
        (FIRST, LAST, old[:, ROWS] > 0, new[:, ROWS] > 0),
    ):
        marks[:, first] = _either(old[:, first], new[:, first], had, has, np.minimum)
        marks[:, last] = _either(old[:, last], new[:, last], had, has, np.maximum)
    marks[:, CODED] = _either(old[:, CODED], new[:, CODED], old[:, CODED] != 0, new[:, CODED] != 0, np.minimum)
    total.marks[at] = marks
    if marks[:, CODES:].any():
        _check_codes(list(total.places), total.marks, table, f"in the files up to {path.name}")
    for name in ("xx", "xy", "yy"):
        getattr(total, name)[at] += getattr(part, name)
    total.least[at] = np.minimum(total.least[at], part.least)
    total.seen[:] |= part.seen
    return total


def _check_apart(span: Span, unsure: np.ndarray, names: list[str], past: list[Span], table: FactorTable) -> None:
    """Raise an error for rows of the `unsure` assets that overlap with an earlier file; they may lie between two."""
    place = np.full(1 + max(one.at.max(initial=0) for one in (*past, span)), -1)
    place[span.at[unsure]] = np.flatnonzero(unsure)
    for before in past:
        own = place[before.at]
        mixed = (own >= 0) & (before.earliest <= span.latest[own]) & (before.latest >= span.earliest[own])
        if mixed.any():
            i = int(np.flatnonzero(mixed)[0])
            ends = (span.earliest[own[i]], span.latest[own[i]]), (before.earliest[i], before.latest[i])
            spans = [f"{table.label(one)} to {table.label(two)}" for one, two in ends]
            name = names[own[i]]
            raise DataError(
                f"{span.path.name} has rows of '{name}' from {spans[0]}, and {before.path.name} from {spans[1]}: "
                "they overlap.",
                series=name,
                date=np.datetime64(int(ends[0][0]), "ns"),
                value=(before.path.name, span.path.name),
                remedy="Drop rows that are in two files, and split files so that each asset's rows follow each other.",
            )


def _either(old: np.ndarray, new: np.ndarray, had: np.ndarray, has: np.ndarray, choose: np.ufunc) -> np.ndarray:
    """Return the chosen of two values where both are there, else the one that is."""
    return np.where(had & has, choose(old, new), np.where(has, new, old))
