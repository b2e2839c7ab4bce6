"""The cells of a file as text, and as numbers.

Every reader goes through here, so that a bad file gives the same error whoever published it.
"""

import csv
import gzip
import io
import math
import re
import zipfile
import zlib
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Literal

import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.readers.plain_cells import plain_numbers, split_plain
from bayesfactor.data.screening.number_formats import describe_number, is_clock, is_mark

Source = str | PathLike[str]

MISSING = frozenset({"", "NA", "N/A", "#N/A", "NaN", "nan", "<NA>", "null", "NULL", "None"})
CODE = "Clear those cells, or take pandas.read_csv(path, index_col=0, parse_dates=True).replace({code}, float('nan'))."
CODE_LONG = "Clear those cells, or drop those rows."
CODE_PARQUET = "Write them as missing: pandas.read_parquet(path).replace({code}, float('nan')).to_parquet(path)."
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
LONG = "With one row per date and asset, name the columns of the asset and of the value in read_table."


def read_raw(path: Source) -> bytes:
    """Return the bytes of a file, unpacked where it is a gzip file or a zip archive of one file."""
    file, name = Path(path), Path(path).name
    if file.is_dir():
        raise DataError(f"'{file}' is a folder.", series=name, remedy="Give the path of one file in it.")
    try:
        data = file.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            return gzip.decompress(data)
        if data.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                members = [one for one in archive.namelist() if not _is_clutter(one)]
                if len(members) != 1:
                    raise DataError(
                        f"{name} is an archive of {len(members)} files (an Excel workbook is one, too).",
                        series=name,
                        value=", ".join(members[:5]),
                        remedy="Unpack it, or save the sheet as CSV, and give the path of one file.",
                    )
                return archive.read(members[0])
    except FileNotFoundError:
        raise DataError(f"There is no file '{file}'.", series=name, remedy="Check the path.") from None
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        raise DataError(
            f"{name} cannot be opened: {error}.", series=name, remedy="Check the file, or download it again."
        ) from None
    return data


def _is_clutter(member: str) -> bool:
    """Whether a member of an archive is a folder, or what a computer keeps of its own beside the files."""
    return member.endswith("/") or member.startswith("__MACOSX/") or Path(member).name.startswith(".")


def decode_text(data: bytes, name: str, errors: str = "strict") -> str:
    """Return the text of a file after checking that it is a data file."""
    start = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not data.strip():
        raise DataError(f"{name} is empty.", series=name, remedy="Write or download it again.")
    if start.startswith(b"version https://git-lfs"):
        raise DataError(
            f"{name} is a pointer and not data.",
            series=name,
            value="version https://git-lfs",
            remedy="Run `git lfs pull` where it came from.",
        )
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise DataError(
            f"{name} is a web page and not data.",
            series=name,
            value=start[:30].decode("ascii", "replace"),
            remedy="Download the file that the page links to.",
        )
    try:
        if b"\0" in data:
            raise ValueError("it has zero bytes, as UTF-16, Parquet and Excel files do")
        return data.decode("utf-8-sig", errors)
    except ValueError as error:
        raise DataError(f"{name} is not UTF-8 text: {error}.", series=name, remedy="Save it as CSV in UTF-8.") from None


def split_cells(text: str, name: str, header: Sequence[str] = ()) -> pd.DataFrame:
    """Return the cells of a CSV as text: one column per name of the header, indexed by line number.

    `header` names the columns of a file whose first line is data.
    """
    plain = split_plain(text, header)
    if plain is not None:
        if not header:
            _check_header(list(plain.columns), name)
        return plain
    reader = csv.reader(io.StringIO(text, newline=""))
    lines, rows = [], []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                lines.append(reader.line_num)
                rows.append(row)
    except csv.Error as error:
        raise DataError(
            f"{name}, line {reader.line_num}: {error}.", series=name, remedy="Check the quotes on that line."
        ) from None
    if not header:
        header = [cell.strip() for cell in rows[0]] if rows else [""]
        while len(header) > 1 and not header[-1]:
            header.pop()
        _check_header(header, name)
        lines, rows = lines[1:], rows[1:]
    if not rows:
        raise DataError(f"{name} has a header and no rows.", series=name, remedy="Write or download it again.")
    for line, row in zip(lines, rows, strict=True):
        if len(row) < len(header) or any(cell.strip() for cell in row[len(header) :]):
            raise DataError(
                f"{name}, line {line}: {len(row)} cells where the header has {len(header)}.",
                series=name,
                date=row[0],
                value=",".join(row)[:80],
                remedy="The file may be cut short or damaged: download it again, or repair that line.",
            )
    cells = [row[: len(header)] for row in rows]
    return pd.DataFrame(cells, columns=list(header), index=pd.Index(lines, name="line"), dtype=object)


def _check_header(header: Sequence[str], name: str) -> None:
    if len(header) == 1:
        mark = next((mark for mark in ";\t|" if mark in header[0]), "")
        raise DataError(
            f"{name} has one column, '{header[0][:40]}'.",
            series=name,
            value=header[0][:40],
            remedy=f"Its cells are separated by {mark!r}: save it with commas."
            if mark
            else "A date column and at least one column of numbers, separated by commas, are needed.",
        )
    for position, column in enumerate(header):
        if column in header[:position] or (position and not column):
            found = f"appears twice: '{column}'" if column else "is empty"
            raise DataError(
                f"{name}, line 1: the name of column {position + 1} {found}.",
                series=name,
                value=column,
                remedy="Give every column its own name.",
            )


def number_of(text: str, what: str, series: str, remedy: str) -> float:
    """Return the number in one cell, or raise a DataError that says what it is of."""
    if re.fullmatch(NUMBER, text.strip()) and math.isfinite(float(text)):
        return float(text)
    says, how = describe_number(text) or ("is not a number", remedy)
    raise DataError(
        f"{what} is '{text}', which {says}.", series=series, value=text, remedy=remedy if "%" in text else how
    )


def read_number(cells: pd.Series, missing: frozenset[str]) -> tuple[pd.Series, pd.Series]:
    """Return one column as floats, and where a cell is neither a finite number nor missing."""
    if cells.dtype.kind in "iuf":
        values = pd.Series(cells.to_numpy(dtype=float, na_value=float("nan")), index=cells.index)
        return values, values.abs() == float("inf")
    plain = plain_numbers(cells)
    if plain is not None:
        return plain, pd.Series(False, cells.index)
    text = cells.astype(object).where(cells.notna(), "").astype(str).str.strip()
    number = text.str.fullmatch(NUMBER)
    values = text.where(number, "nan").astype(float)
    return values, (~number & ~text.isin(missing)) | (values.abs() == float("inf"))


def tell_content(cells: pd.Series) -> Literal["numbers", "text", "mixed", "nothing"]:
    """Tell what the cells of one column are."""
    values, bad = read_number(cells, MISSING)
    if bad.any():
        return "mixed" if values.notna().any() else "text"
    return "numbers" if values.notna().any() else "nothing"


def make_numbers(
    cells: pd.DataFrame, index: pd.DatetimeIndex, name: str, *, missing: frozenset[str], remedy: str
) -> pd.DataFrame:
    """Return the cells as floats on the index; NaN where missing. Text among them is an error."""
    columns = {}
    for column in cells.columns:
        values, bad = read_number(cells[column], missing)
        if bad.any():
            at = int(bad.argmax())
            found = cells[column].iloc[at]
            says, how = describe_number(found) or ("is not a number", remedy)
            if is_mark(found):
                says = "looks like a mark of a missing value"
                how = remedy if "read_fred" in remedy else _empty(found, cells.index.name == "row")
            raise DataError(
                f"{name}, {cells.index.name} {cells.index[at]}: column '{column}' holds '{found}' on "
                f"{index[at].date()}, which {says}.",
                series=str(column),
                date=index[at],
                value=found,
                remedy=how,
            )
        columns[str(column)] = values.to_numpy()
    return pd.DataFrame(columns, index=index)


def _empty(mark: str, parquet: bool) -> str:
    """Say how to make the cells empty that hold a mark."""
    if parquet:
        return f"Make such cells empty: pandas.read_parquet(path).replace({mark!r}, '').to_parquet(path)."
    return f"Make such cells empty: pandas.read_csv(path, dtype=str).replace({mark!r}, '').to_csv(path, index=False)."


def check_clock(cells: pd.DataFrame, date: str, name: str) -> None:
    """Raise an error for a column of times of day beside the column of dates."""
    for column in cells.columns:
        if cells[column].dtype.kind in "iufM":
            continue
        text = cells[column].dropna().astype(str).str.strip()
        times = text[text != ""]
        if not len(times) or not all(map(is_clock, times.unique())):
            continue
        found, last = times.iloc[0], times.iloc[-1]
        read = "pandas.read_parquet(path)" if cells.index.name == "row" else "pandas.read_csv(path, dtype=str)"
        raise DataError(
            f"{name}: column '{column}' holds times of day ('{found}'{f' to {last!r}' if last != found else ''}), "
            f"beside the dates of '{date}': it is neither an asset nor a series.",
            series=str(column),
            value=found,
            remedy=f"Keep one row a day: frame = {read}; frame[frame[{column!r}].astype(str).str.strip() == {last!r}]"
            f".drop(columns={column!r}).to_{'parquet' if cells.index.name == 'row' else 'csv'}(path, index=False). Of "
            "bars within the day, join both in one column as YYYY-MM-DD hh:mm:ss, for bf.integrate_parquet.",
        )
