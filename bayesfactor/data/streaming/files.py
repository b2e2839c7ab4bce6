"""Parquet files: finding them, checking their columns and reading their rows."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bayesfactor.base.errors import DataError, SpecError, unknown

ROWS = 1 << 17  # of a batch
UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
Columns = tuple[str, str, str]


@dataclass(frozen=True, eq=False)
class Batch:
    """Some rows of a file.

    Attributes
    ----------
    stamps, scale : array (row) of int64, int
        Times; `scale` makes nanoseconds of them.
    codes : array (row) of int32
        Place of each row's asset in `assets`.
    assets : pyarrow.Array
        Names, some of which may have no row.
    values : array (row)
        Returns; NaN where there is none.
    """

    stamps: np.ndarray
    scale: int
    codes: np.ndarray
    assets: Any
    values: np.ndarray


def list_files(folder: object) -> tuple[Path, ...]:
    """Return the Parquet files of a folder and of those below it, in order of their names."""
    if not isinstance(folder, (str, os.PathLike)):
        raise SpecError(
            f"integrate_parquet: {folder!r} is not a path.",
            place="integrate_parquet.folder",
            found=folder,
            remedy='Give the name of a folder, such as "bars/".',
        )
    root = Path(folder)
    if root.is_file():
        return (root,)
    found = [path for path in sorted(root.rglob("*.parquet")) if path.is_file() and not _hidden(path, root)]
    if not found:
        what = "holds no file named *.parquet" if root.is_dir() else "is no folder"
        raise DataError(f"'{root}' {what}.", series=str(root), remedy="Give the folder in which the files are.")
    return tuple(found)


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.relative_to(root).parts)


def _opened(path: Path) -> Any:
    """Return an open Parquet file."""
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise DataError(
            f"{path.name} is a Parquet file, and pyarrow is not installed.",
            series=path.name,
            remedy="pip install bayesfactor[parquet]",
        ) from None
    try:
        return parquet.ParquetFile(path)
    except (ArrowException, OSError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> DataError:
    reason = str(error).splitlines()[0][:120]
    return DataError(f"{path.name} cannot be read as Parquet: {reason}.", series=path.name, remedy="Write it again.")


def in_order(files: tuple[Path, ...], columns: Columns, zone: str) -> tuple[Path, ...]:
    """Check the columns of every file, and return the files in order of time, then of name.

    Where a file does not say when it begins, all stay in the order of their names.
    """
    starts: list[int] = []
    for path in files:
        with _opened(path) as file:
            _check_columns(file.schema_arrow, path, columns, zone)
            start = _start(file, columns[0])
            starts += [] if start is None else [start]
    if len(starts) < len(files):
        return files
    return tuple(path for _, path in sorted(zip(starts, files, strict=True), key=lambda pair: pair[0]))


def _start(file: Any, column: str) -> int | None:
    """Return the first time of a file, in nanoseconds, when its footer says so."""
    import pyarrow as pa

    scale, place = _scale(file.schema_arrow.field(column).type, pa), file.schema.names.index(column)
    groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
    known = [group.column(place).statistics for group in groups if group.num_rows]
    if not known:
        return 0  # without rows, wherever it stands
    if any(one is None or not one.has_min_max or not isinstance(one.min_raw, int) for one in known):
        return None
    return min(one.min_raw for one in known) * scale


def _scale(kind: Any, pa: Any) -> int:
    """Return the nanoseconds in one unit of a type of times."""
    if pa.types.is_timestamp(kind):
        return UNITS[kind.unit]
    return UNITS["ms"] if pa.types.is_date64(kind) else 86_400 * UNITS["s"]


def _check_columns(schema: Any, path: Path, columns: Columns, zone: str) -> None:
    """Raise an error for a file without the columns, or with types that they cannot have."""
    import pyarrow as pa

    for name in columns:
        if name not in schema.names:
            raise unknown("column", name, schema.names, place=path.name)
    time, asset, value = (schema.field(name).type for name in columns)
    names = asset.value_type if pa.types.is_dictionary(asset) else asset
    text = pa.types.is_string(names) or pa.types.is_large_string(names) or pa.types.is_string_view(names)
    number = pa.types.is_integer(value) or pa.types.is_floating(value) or pa.types.is_decimal(value)
    clock = pa.types.is_timestamp(time) or pa.types.is_date(time)
    wanted = (
        (columns[0], time, clock, "times", "Write timestamps or dates."),
        (columns[1], asset, text or pa.types.is_integer(names), "names of assets", "Write them as text."),
        (columns[2], value, number, "returns", "Write them as floating-point numbers."),
    )
    for name, kind, fits, what, remedy in wanted:
        if not fits:
            raise DataError(
                f"Column '{name}' of {path.name} holds {kind}, not {what}.",
                series=path.name,
                value=str(kind),
                remedy=remedy,
            )
    _check_zone(str(getattr(time, "tz", None) or ""), zone, path)


def _check_zone(own: str, zone: str, path: Path) -> None:
    """Raise an error if only one of times and factors has a time zone; any two zones can be compared."""
    if bool(own) == bool(zone):
        return
    how = f".tz_localize(None), if the file is on the clock of {zone}, or .tz_convert('UTC').tz_localize(None)"
    if own:
        how = f".tz_localize({own!r}), if they are on its clock"
    raise DataError(
        f"The times are not in one time zone (factors: {zone or 'none'}, {path.name}: {own or 'none'}).",
        series="factors",
        value=own or zone,
        remedy=f"Give the factors the same: factors.index = factors.index{how}.",
    )


def batches(path: Path, columns: Columns) -> Iterator[Batch]:
    """Yield the rows of a file, a batch at a time; the next one is read meanwhile, in another thread."""
    read = _read(path, columns)
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, read, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, read, None)
            yield batch


def _read(path: Path, columns: Columns) -> Iterator[Batch]:
    """Yield the rows of a file, a batch at a time."""
    import pyarrow as pa
    from pyarrow import dataset, fs

    source = dataset.ParquetFileFormat(dictionary_columns=[columns[1]])
    try:
        fragment = source.make_fragment(str(path), filesystem=fs.LocalFileSystem())
        scanner = dataset.Scanner.from_fragment(
            fragment, columns=list(columns), batch_size=ROWS, batch_readahead=4, fragment_readahead=1
        )
        for batch in scanner.to_batches():
            if batch.num_rows:
                yield _numbers(batch, path, columns)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from None


def _numbers(batch: Any, path: Path, columns: Columns) -> Batch:
    """Return a batch as arrays of numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    time, asset, value = (batch.column(place) for place in range(3))
    for name, array in zip(columns[:2], (time, asset), strict=True):
        if array.null_count or (name == columns[1] and pa.types.is_dictionary(array.type) and _nameless(array)):
            raise DataError(
                f"Column '{name}' of {path.name} has a missing value.",
                series=path.name,
                remedy="Drop the rows without a time or an asset.",
            )
    scale = _scale(time.type, pa)
    stamps = time.cast(pa.int32()).cast(pa.int64()) if pa.types.is_date32(time.type) else time.view(pa.int64())
    if scale > 1 and len(stamps):
        reach = pc.min_max(stamps)
        if max(abs(reach["min"].as_py()), abs(reach["max"].as_py())) > np.iinfo(np.int64).max // scale:
            raise DataError(
                f"{path.name} has a time outside the years 1678 to 2261.", series=path.name, remedy="Correct it."
            )
    if not pa.types.is_dictionary(asset.type):
        asset = asset.dictionary_encode()
    values = value.cast(pa.float64(), safe=False)
    if values.null_count:
        values = values.fill_null(float("nan"))
    codes = asset.indices.to_numpy(zero_copy_only=False).astype(np.int32)  # a copy: one compiled loop for all files
    return Batch(stamps.to_numpy(), scale, codes, asset.dictionary, values.to_numpy())


def _nameless(array: Any) -> bool:
    """Whether a row of a dictionary array points at a missing name."""
    return bool(array.dictionary.null_count) and bool(array.dictionary.take(array.indices).null_count)
